/**
 * A Produce request on the side of the connection: validate every part, take the good ones to their owners, collect the results.
 *
 * Lives on the thread of the connection; one a shard.
 */
import type { Uuid } from '../base/uuid.ts';
import type { LogConfig } from '../config/log-config.ts';
import { ERRORS } from '../protocol/errors.ts';
import type { TransactionOfRequest } from '../protocol/transaction-of-request.ts';
import type { AppendRouter, Loan } from './append-router.ts';
import type { LateLines } from './produce-late.ts';
import type { ProduceEntry, ProduceValidator, RecordError, Verdict } from './produce-validation.ts';

/** One partition's part of the request. */
export interface Part {
  readonly topicId: Uuid;
  readonly topic: string;
  readonly partition: number;
  readonly records: Buffer;
}

export interface PartResult {
  readonly errorCode: number;
  readonly baseOffset: number;
  readonly logAppendTimeMs: bigint;
  readonly logStartOffset: number;
  readonly errorMessage: string | null;
  readonly recordErrors: readonly RecordError[];
  /** Refused for what is in it: its partition was not asked. */
  readonly isInvalid: boolean;
}

const NO_RECORD_ERRORS: readonly RecordError[] = [];

/** A Produce request, as this side of the connection sees it. */
export interface Asker {
  /** The connection: what it sends to one partition stays in order. Only compared. */
  readonly connection: object;
  /** Whether the connection is closed. */
  isGone(): boolean;
  /** Keeps a view of the request beyond this turn; in the first turn only. */
  lend(view: Buffer): Loan;
  /** What the request says of its transaction; null without a transactional id. */
  readonly transaction: TransactionOfRequest | null;
}

/** The answer for a batch that was dropped because nobody waits for it any more. */
const ABANDONED: Verdict = { ok: false, error: 'REQUEST_TIMED_OUT', message: null, recordErrors: [] };

export class Producing {
  readonly #validator: ProduceValidator;
  readonly #router: AppendRouter;
  readonly #late: LateLines;
  readonly #configOf: (topic: string) => LogConfig;
  readonly #now: () => number;

  constructor(
    validator: ProduceValidator,
    router: AppendRouter,
    late: LateLines,
    configOf: (topic: string) => LogConfig,
    now: () => number,
  ) {
    this.#validator = validator;
    this.#router = router;
    this.#late = late;
    this.#configOf = configOf;
    this.#now = now;
  }

  /** Calls `done` once with a result for each part, inside the call where everything is immediate. */
  produce(parts: readonly Part[], acks: number, asker: Asker, done: (results: PartResult[]) => void): void {
    if (parts.length === 0) {
      done([]);
      return;
    }
    const entries: ProduceEntry[] = parts.map((part) => ({
      topic: part.topic,
      partition: part.partition,
      records: part.records,
      config: this.#configOf(part.topic),
    }));
    const verdicts = this.#validator.validate(entries, this.#now());
    const results = new Array<PartResult>(parts.length);
    let open = parts.length;
    for (let place = 0; place < parts.length; place++) {
      const settle = (result: PartResult): void => {
        results[place] = result;
        if (--open === 0) done(results);
      };
      const part = parts[place] as Part;
      const verdict = verdicts[place] as Verdict | 'large';
      const key = `${part.topicId}${part.partition}`;
      const { transaction } = asker;
      if (verdict === 'large') this.#appendLarge(part, key, entries[place] as ProduceEntry, acks, asker, settle);
      else if (verdict.ok && this.#late.holds(asker.connection, key)) {
        this.#appendBehind(part, key, verdict, acks, asker, settle);
      } else this.#append(part, verdict, acks, transaction, (view) => asker.lend(view), settle);
    }
  }

  #append(
    part: Part,
    verdict: Verdict,
    acks: number,
    transaction: TransactionOfRequest | null,
    lend: (view: Buffer) => Loan,
    settle: (result: PartResult) => void,
  ): void {
    if (!verdict.ok) {
      settle(refusedPart(verdict));
      return;
    }
    const isOwn = verdict.bytes !== part.records;
    const entry = {
      topicId: part.topicId,
      partition: part.partition,
      bytes: verdict.bytes,
      isOwn,
      transaction: verdict.isTransactional ? transaction : null,
    };
    this.#router.append(entry, acks, lend, (appended, errorMessage = null) => {
      settle({ ...appended, errorMessage, recordErrors: NO_RECORD_ERRORS, isInvalid: false });
    });
  }

  /** Its records stay in the arena until the pool has looked at them and the owner has written them. */
  #appendLarge(
    part: Part,
    key: string,
    entry: ProduceEntry,
    acks: number,
    asker: Asker,
    settle: (result: PartResult) => void,
  ): void {
    const loan = asker.lend(part.records);
    const lent = { ...part, records: loan.bytes };
    const { connection, transaction } = asker;
    const isGone = (): boolean => asker.isGone();
    this.#late.addLarge(connection, key, { ...entry, records: loan.bytes }, isGone, (verdict) => {
      this.#appendLent(lent, verdict ?? ABANDONED, acks, transaction, loan, settle);
    });
  }

  /** Validated, and behind a batch of its connection and partition that is not. */
  #appendBehind(
    part: Part,
    key: string,
    verdict: Verdict & { readonly ok: true },
    acks: number,
    asker: Asker,
    settle: (result: PartResult) => void,
  ): void {
    const { transaction } = asker;
    const isGone = (): boolean => asker.isGone();
    if (verdict.bytes !== part.records) {
      const noLoan = (): Loan => {
        throw new Error('bytes of our own are not lent');
      };
      this.#late.addReady(asker.connection, key, isGone, () => {
        this.#append(part, verdict, acks, transaction, noLoan, settle);
      });
      return;
    }
    const loan = asker.lend(part.records);
    const lent = { ...part, records: loan.bytes };
    this.#late.addReady(asker.connection, key, isGone, () => {
      this.#appendLent(lent, { ...verdict, bytes: loan.bytes }, acks, transaction, loan, settle);
    });
  }

  /** Appends what has been lent already; the loan goes to the router, or back. */
  #appendLent(
    part: Part,
    verdict: Verdict,
    acks: number,
    transaction: TransactionOfRequest | null,
    loan: Loan,
    settle: (result: PartResult) => void,
  ): void {
    let isTaken = false;
    const take = (): Loan => {
      isTaken = true;
      return loan;
    };
    this.#append(part, verdict, acks, transaction, take, settle);
    if (!isTaken) loan.release();
  }
}

function refusedPart({ error, message, recordErrors }: Verdict & { readonly ok: false }): PartResult {
  return {
    errorCode: ERRORS[error],
    baseOffset: -1,
    logAppendTimeMs: -1n,
    logStartOffset: -1,
    errorMessage: message,
    recordErrors,
    isInvalid: true,
  };
}
