/**
 * The batches of one machine on their way into its log: what several decisions say in a turn gathers and is written together, one append at
 * a time.
 *
 *   add ─▶ gathering ─(the turn ends, or full)─▶ sealed ─▶ in flight ─▶ written
 *                                                             │
 *                                                             └─▶ refused: nothing after it exists either
 *
 * Records are replayed as they are added, at the offsets that they will have: nobody else appends while a batch gathers, and where somebody did, the
 * batch is refused.
 *
 * What a producer commits in its transaction, and the marker that ends it, go alone and at once, and nothing is decided until the log has
 * taken them: it may refuse them for what only concerns this producer (a stale epoch), and then nobody else is to suffer (KIP-98).
 */
import { assert } from '../base/assert.ts';
import type { Clock, Timer } from '../port/clock.ts';
import { BATCH_HEADER_SIZE } from '../protocol/batch.ts';
import { ERRORS } from '../protocol/errors.ts';
import type { TransactionMarker } from '../protocol/transaction-marker.ts';
import type { Encoded, MachineLog, RecordProducer, Written } from './contract.ts';

/** Records of one batch of a divisible decision, at most. */
const MAX_BATCH_RECORDS = 10_000;

export interface BatchesOptions<Record> {
  readonly log: MachineLog<Record>;
  readonly clock: Clock;
  /** See RuntimeOptions. */
  readonly lingerMs: number;
  replay(record: Record, offset: number, producer: RecordProducer | null): void;
  /** The marker of a transaction will stand at `offset`. */
  endTransaction(marker: TransactionMarker, offset: number): void;
  /** Of markers nothing is told. */
  written(batch: { records: readonly Record[]; baseOffset: number; lastOffset: number }): void;
  /** One more than the last record that was replayed. */
  endOffset(): number;
  /** What was added from `baseOffset` on is not in the log and will not be. Before it, `endOffset` was so far. */
  refused(baseOffset: number, endOffset: number, errorCode: number): void;
  /** `isFull` is false again. */
  free(): void;
}

interface Batch<Record> {
  readonly baseOffset: number;
  /** One more than the last record before the batch. */
  readonly endBefore: number;
  readonly now: number;
  readonly records: Encoded<Record>[];
  sizeInBytes: number;
  /** Of a transactional batch. */
  readonly producer: RecordProducer | null;
  /** In the place of records. */
  readonly marker: TransactionMarker | null;
}

/** One more than its last offset. */
function endOf<Record>({ baseOffset, records, marker }: Batch<Record>): number {
  return baseOffset + (marker === null ? records.length : 1);
}

function isAlone<Record>({ producer, marker }: Batch<Record>): boolean {
  return producer !== null || marker !== null;
}

export class Batches<Record> {
  readonly #options: BatchesOptions<Record>;
  #gathering: Batch<Record> | null = null;
  #sealed: Batch<Record>[] = [];
  #inFlight: Batch<Record> | null = null;
  #linger: Timer | null = null;
  #endsWithTurn = false;
  /** What gathers is to be written as soon as the log is free. */
  #isDue = false;
  #isStopped = false;
  /** It was full, and `free` was not called since. */
  #hasFilled = false;

  constructor(options: BatchesOptions<Record>) {
    this.#options = options;
  }

  /** Where the next record will stand. */
  get nextOffset(): number {
    const last = this.#gathering ?? this.#sealed.at(-1) ?? this.#inFlight;
    return last === null ? this.#options.log.endOffset : endOf(last);
  }

  /** A whole batch waits behind the one that is being written, or that one is alone: the machine decides nothing more for now. */
  get isFull(): boolean {
    return this.#sealed.length > 0 || (this.#inFlight !== null && isAlone(this.#inFlight));
  }

  /** Replays and gathers the records of one decision. Returns Kafka's code where they do not fit into a batch; then nothing was done. */
  add(records: readonly Record[], divisible: boolean, now: number, producer: RecordProducer | null): number {
    const { log } = this.#options;
    const encoded: Encoded<Record>[] = [];
    let size = 0;
    let largest = 0;
    for (const record of records) {
      const one = log.encode(record);
      encoded.push(one);
      size += one.sizeInBytes;
      largest = Math.max(largest, one.sizeInBytes);
    }
    const room = log.maxBatchBytes - BATCH_HEADER_SIZE;
    if ((divisible ? largest : size) > room) return ERRORS.RECORD_LIST_TOO_LARGE;
    if (producer !== null || (!divisible && size > this.#room())) this.#seal();
    for (const one of encoded) {
      const isFull = one.sizeInBytes > this.#room() || (this.#gathering?.records.length ?? 0) >= MAX_BATCH_RECORDS;
      if (divisible && isFull) this.#seal();
      this.#put(one, now, producer);
    }
    if (producer !== null) this.#seal();
    return ERRORS.NONE;
  }

  /** Puts the marker of a transaction behind all that was added. */
  addMarker(marker: TransactionMarker, now: number): void {
    this.#seal();
    const offset = this.nextOffset;
    const endBefore = this.#options.endOffset();
    this.#gathering = { baseOffset: offset, endBefore, now, records: [], sizeInBytes: 0, producer: null, marker };
    this.#seal();
    this.#options.endTransaction(marker, offset);
  }

  #room(): number {
    const { log } = this.#options;
    const room = log.maxBatchBytes - BATCH_HEADER_SIZE;
    return this.#gathering === null ? room : room - this.#gathering.sizeInBytes;
  }

  #put(one: Encoded<Record>, now: number, producer: RecordProducer | null): void {
    const offset = this.nextOffset;
    const options = this.#options;
    this.#gathering ??= {
      baseOffset: offset,
      endBefore: options.endOffset(),
      now,
      records: [],
      sizeInBytes: 0,
      producer,
      marker: null,
    };
    this.#gathering.records.push(one);
    this.#gathering.sizeInBytes += one.sizeInBytes;
    options.replay(one.record, offset, producer);
  }

  /** A decision is complete: what gathers is written now, at the end of the turn, or after the linger time. */
  flush(): void {
    const { lingerMs, clock } = this.#options;
    if (this.#sealed.length > 0) this.#pump();
    if (lingerMs === 0) this.#writeOrWait();
    else if (lingerMs > 0) {
      this.#linger ??= clock.after(lingerMs, () => {
        this.#linger = null;
        this.#writeOrWait();
      });
    } else if (!this.#endsWithTurn) {
      this.#endsWithTurn = true;
      clock.soon(() => {
        this.#endsWithTurn = false;
        this.#writeOrWait();
      });
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#linger?.cancel();
    this.#gathering = null;
    this.#sealed = [];
    this.#inFlight = null;
  }

  #writeOrWait(): void {
    if (this.#isStopped) return;
    if (this.#inFlight === null && this.#sealed.length === 0) this.#seal();
    else this.#isDue = this.#gathering !== null;
    this.#pump();
  }

  #seal(): void {
    const batch = this.#gathering;
    if (batch === null) return;
    this.#gathering = null;
    this.#isDue = false;
    this.#sealed.push(batch);
    this.#hasFilled = true;
  }

  #isPumping = false;

  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (this.#inFlight === null && this.#sealed.length > 0) {
      const batch = this.#sealed.shift() as Batch<Record>;
      this.#inFlight = batch;
      // Somebody else wrote into this log since the offsets were given.
      if (this.#options.log.endOffset === batch.baseOffset) this.#append(batch);
      else this.#refuse(batch, ERRORS.COORDINATOR_NOT_AVAILABLE);
      if (this.#inFlight === null && this.#sealed.length === 0 && this.#isDue) this.#seal();
    }
    this.#isPumping = false;
    if (!this.#hasFilled || this.isFull) return;
    this.#hasFilled = false;
    this.#options.free();
  }

  #append(batch: Batch<Record>): void {
    const { log } = this.#options;
    const { baseOffset, now, records, producer, marker } = batch;
    const done = (written: Written): void => this.#written(batch, written);
    if (marker === null) log.append(records, baseOffset, now, producer, done);
    else {
      assert(log.appendMarker !== undefined, 'this log has no transactions');
      log.appendMarker(marker, baseOffset, now, done);
    }
  }

  #written(batch: Batch<Record>, written: Written): void {
    if (this.#isStopped || batch !== this.#inFlight) return;
    if (!written.ok) {
      this.#refuse(batch, written.errorCode);
      return;
    }
    const { baseOffset, records } = batch;
    assert(written.baseOffset === baseOffset, `a batch for ${baseOffset} was written at ${written.baseOffset}`);
    this.#inFlight = null;
    if (batch.marker === null) {
      const lastOffset = endOf(batch) - 1;
      this.#options.written({ records: records.map(({ record }) => record), baseOffset, lastOffset });
    }
    this.#goOn();
  }

  #refuse({ baseOffset, endBefore }: Batch<Record>, errorCode: number): void {
    this.#inFlight = null;
    this.#sealed = [];
    this.#gathering = null;
    this.#isDue = false;
    this.#options.refused(baseOffset, endBefore, errorCode);
    this.#goOn();
  }

  /** The log is free again. */
  #goOn(): void {
    if (this.#isPumping) return;
    if (this.#sealed.length === 0 && this.#isDue) this.#seal();
    this.#pump();
  }
}
