/**
 * Batches whose validation takes too long for a shard's loop: they are validated in the background pool, where they lie in the arena.
 * One a shard, on its thread.
 *
 *     produce ─▶ validated at once ────────────────────────────────────▶ router
 *         └─▶ line of a connection and partition: [large|ready|large|ready] ─▶ router, in this order
 *                                                   └ in turn ─▶ pool
 *
 * Order is kept for each connection and partition, and nobody else waits: what comes behind a large batch on its own line waits for it.
 * Connections take turns; one has one batch in the pool at a time, so that a client's thousand large batches hold up its own only.
 *
 * How much waits is bounded by the connections' requests in work and by the arena, in which everything that waits lies.
 */
import { EMPTY_BYTES } from '../base/bytes.ts';
import type { ProduceEntry, ProduceValidator, Verdict } from './produce-validation.ts';

/** What the pool is sent: plain, but for records, a view of memory that all threads see. */
export interface LateTask {
  readonly entry: Omit<ProduceEntry, 'records'> & { readonly records: Uint8Array };
  readonly now: number;
}

/** What it answers. `rewritten` in place of `verdict.bytes`; null: the records as they lie. */
export interface LateResult {
  readonly verdict: Verdict;
  readonly rewritten: Uint8Array | null;
}

/** One batch that waits. */
interface Waiting {
  /** Null: it has been validated. */
  readonly large: ProduceEntry | null;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Goes on with it: to the router. Null stands for the verdict of one that was validated, and for a large one that is dropped. */
  go(verdict: Verdict | null): void;
}

interface Line {
  readonly key: string;
  readonly waiting: Waiting[];
}

/** The lines of one connection. */
interface Source {
  readonly identity: object;
  readonly isGone: () => boolean;
  readonly lines: Map<string, Line>;
  /** Lines whose first batch is large, and not in the pool. */
  readonly ready: Line[];
  isBusy: boolean;
}

export interface LateParts {
  /** Runs `validateLarge` in the pool. */
  readonly validate: (task: LateTask) => Promise<LateResult>;
  readonly now: () => number;
  /** The pool failed at a task: its thread died, or a bug. */
  readonly failed: (error: unknown) => void;
}

/** Batches of a shard in the pool at once. */
const AT_ONCE = 2;
/** A batch that has waited so long, and whose connection is gone, is dropped. */
const ABANDONED_MS = 30_000;

const FAILED: Verdict = { ok: false, error: 'UNKNOWN_SERVER_ERROR', message: null, recordErrors: [] };

export class LateLines {
  readonly #parts: LateParts;
  readonly #sources = new Map<object, Source>();
  /** Sources that have something for the pool and nothing in it. */
  readonly #turns: Source[] = [];
  #running = 0;
  #waiting = 0;

  constructor(parts: LateParts) {
    this.#parts = parts;
  }

  /** Batches that wait or are being validated. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether something of this connection waits before a batch for the partition. */
  holds(identity: object, key: string): boolean {
    return this.#waiting > 0 && this.#sources.get(identity)?.lines.has(key) === true;
  }

  /** A batch that must be validated in the pool. Its records lie in the arena until `go`, which has the verdict. */
  addLarge(
    identity: object,
    key: string,
    entry: ProduceEntry,
    isGone: () => boolean,
    go: (verdict: Verdict | null) => void,
  ): void {
    this.#add(identity, key, isGone, { large: entry, since: this.#parts.now(), go });
  }

  /** A validated batch behind a large one. */
  addReady(identity: object, key: string, isGone: () => boolean, go: () => void): void {
    this.#add(identity, key, isGone, { large: null, since: this.#parts.now(), go });
  }

  #add(identity: object, key: string, isGone: () => boolean, waiting: Waiting): void {
    let source = this.#sources.get(identity);
    if (source === undefined) {
      source = { identity, isGone, lines: new Map(), ready: [], isBusy: false };
      this.#sources.set(identity, source);
    }
    let line = source.lines.get(key);
    if (line === undefined) {
      line = { key, waiting: [] };
      source.lines.set(key, line);
    }
    line.waiting.push(waiting);
    this.#waiting++;
    if (line.waiting.length > 1) return;
    source.ready.push(line);
    this.#takeTurn(source);
    this.#next();
  }

  #takeTurn(source: Source): void {
    if (!source.isBusy && source.ready.length === 1) this.#turns.push(source);
  }

  #next(): void {
    while (this.#running < AT_ONCE) {
      const source = this.#turns.shift();
      const line = source?.ready.shift();
      if (source === undefined || line === undefined) return;
      this.#validate(source, line);
    }
  }

  #validate(source: Source, line: Line): void {
    const first = line.waiting[0];
    if (first === undefined || first.large === null)
      throw new Error('a line that waits for the pool has a large batch');
    const { large, since } = first;
    source.isBusy = true;
    this.#running++;
    const done = (verdict: Verdict | null): void => {
      this.#running--;
      source.isBusy = false;
      const going = this.#take(source, line);
      if (source.ready.length > 0) this.#turns.push(source);
      else if (source.lines.size === 0) this.#sources.delete(source.identity);
      going.forEach((each, place) => each.go(place === 0 ? verdict : null));
      this.#next();
    };
    if (source.isGone() && this.#parts.now() - since > ABANDONED_MS) {
      queueMicrotask(() => done(null));
      return;
    }
    this.#parts.validate({ entry: large, now: since }).then(
      ({ verdict, rewritten }) => done(verdict.ok ? { ...verdict, bytes: bytesOf(rewritten, large.records) } : verdict),
      (error: unknown) => {
        this.#parts.failed(error);
        done(FAILED);
      },
    );
  }

  /** Takes the first of the line, which has its verdict, and what waits behind it up to the next large one. */
  #take(source: Source, line: Line): Waiting[] {
    const { waiting } = line;
    let count = 1;
    while (waiting[count]?.large === null) count++;
    const taken = waiting.splice(0, count);
    this.#waiting -= count;
    if (waiting.length > 0) source.ready.push(line);
    else source.lines.delete(line.key);
    return taken;
  }
}

/** What the pool does with a task. `bound` as in ProduceValidator.validateLarge. */
export function validateLate(validator: ProduceValidator, { entry, now }: LateTask, bound: number): LateResult {
  const { buffer, byteOffset, byteLength } = entry.records;
  const records = Buffer.from(buffer, byteOffset, byteLength);
  const verdict = validator.validateLarge({ ...entry, records }, now, bound);
  if (!verdict.ok) return { verdict, rewritten: null };
  // The records lie where the shard sees them too; only new bytes travel.
  return { verdict: { ...verdict, bytes: EMPTY_BYTES }, rewritten: verdict.bytes === records ? null : verdict.bytes };
}

function bytesOf(rewritten: Uint8Array | null, records: Buffer): Buffer {
  return rewritten === null ? records : Buffer.from(rewritten.buffer, rewritten.byteOffset, rewritten.byteLength);
}
