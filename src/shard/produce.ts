/**
 * A Produce request on the side of the connection: validate every part, take the good ones to their owners, collect the results.
 *
 * Lives on the thread of the connection; one a shard.
 */
import type { Uuid } from '../base/uuid.ts';
import type { LogConfig } from '../config/log-config.ts';
import { ERRORS } from '../protocol/errors.ts';
import type { AppendRouter, Loan } from './append-router.ts';
import type { ProduceEntry, ProduceValidator, RecordError } from './produce-validation.ts';

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
}

const NO_RECORD_ERRORS: readonly RecordError[] = [];

export class Producing {
  readonly #validator: ProduceValidator;
  readonly #router: AppendRouter;
  readonly #configOf: (topic: string) => LogConfig;
  readonly #now: () => number;

  constructor(
    validator: ProduceValidator,
    router: AppendRouter,
    configOf: (topic: string) => LogConfig,
    now: () => number,
  ) {
    this.#validator = validator;
    this.#router = router;
    this.#configOf = configOf;
    this.#now = now;
  }

  /**
   * Calls `done` once with a result for each part, inside the call where everything is immediate.
   *
   * @param lend keeps a view of the request beyond this turn
   */
  produce(
    parts: readonly Part[],
    acks: number,
    lend: (view: Buffer) => Loan,
    done: (results: PartResult[]) => void,
  ): void {
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
    const settled = (place: number, result: PartResult): void => {
      results[place] = result;
      if (--open === 0) done(results);
    };
    for (let place = 0; place < parts.length; place++) {
      const part = parts[place] as Part;
      const verdict = verdicts[place];
      if (!verdict?.ok) {
        settled(place, {
          errorCode: ERRORS[verdict?.error ?? 'UNKNOWN_SERVER_ERROR'],
          baseOffset: -1,
          logAppendTimeMs: -1n,
          logStartOffset: -1,
          errorMessage: verdict?.message ?? null,
          recordErrors: verdict?.recordErrors ?? NO_RECORD_ERRORS,
        });
        continue;
      }
      const isOwn = verdict.bytes !== part.records;
      const entry = { topicId: part.topicId, partition: part.partition, bytes: verdict.bytes, isOwn };
      this.#router.append(entry, acks, lend, (appended) => {
        settled(place, { ...appended, errorMessage: null, recordErrors: NO_RECORD_ERRORS });
      });
    }
  }
}
