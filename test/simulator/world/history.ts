/**
 * What the clients of a simulation know: every answer is held against all answers before it. Throws `Violation` where they cannot
 * all be true of one broker that keeps its promises.
 *
 * Rules, per partition (topic id and number):
 *   an offset holds one record for ever; offsets are dense; batches have their checksum; a reader sees nothing at or above the HW
 *   the HW, the start and the end are never lower in an answer to a request that was sent after an answer had shown them
 *   an idempotent record stands at one offset; those of one producer and epoch stand in the order of their sequences without gaps
 *   the last stable offset is never above the HW, and goes back as little; what a reader of committed records is shown, and what it is not, stays so
 *   what was sent without a wish for an answer stands at one offset at most
 *   what was acknowledged stays: through kills always, through power failures where the settings promise it
 */
import { required } from '../../../src/base/assert.ts';
import type { Uuid } from '../../../src/base/uuid.ts';
import { ATTRIBUTE, type BatchHeader, batchesOf, isChecksumRight } from '../../../src/protocol/batch.ts';
import type { LogRecord } from '../../../src/protocol/batch-records.ts';
import { decodeControlRecord } from '../../../src/protocol/record/control-records.ts';
import { crc32c, recordsIn } from '../../harness/batches.ts';
import { Ledger } from './ledger.ts';
import { Violation } from './violation.ts';

export { Violation } from './violation.ts';

/**
 * One record that a producer sent: `pid/epoch/sequence` for idempotent ones, with `/transaction` behind it for those of a transaction; `-text` for
 * others, `-0…` for those that nobody sends twice. A marker is one of the others: it may be written more than once.
 */
export type RecordId = string;

/** What is sent without a wish for an answer (acks=0), and so once. */
export const ONCE = '-0';

/** The end of a transaction. */
function markerId(type: string, producerId: number, epoch: number): RecordId {
  return `-${type} of ${producerId}/${epoch}`;
}

function isMarker(id: RecordId): boolean {
  return id.startsWith('-commit of ') || id.startsWith('-abort of ');
}

export function idempotentId(producerId: number, epoch: number, sequence: number): RecordId {
  return `${producerId}/${epoch}/${sequence}`;
}

export class PartitionHistory {
  readonly key: string;
  /** Offset → record. */
  readonly entries = new Map<number, RecordId>();
  /** Offset → timestamp, of the records that were read. */
  readonly times = new Map<number, bigint>();
  /** Record that stands once → offset. */
  readonly places = new Map<RecordId, number>();
  /** Acknowledged records that must be there, with their offsets where the answer told them. */
  readonly acknowledged = new Map<RecordId, number>();
  /** Records without a wish for an answer, behind which the same connection has answered something: they were appended. */
  readonly taken = new Set<RecordId>();
  /** The highest values that an answer has shown, in this life (start) and since the last power failure (HW). */
  highWatermark = 0;
  startOffset = 0;
  /** Since the last power failure. */
  lastStableOffset = 0;
  /** Offset → whether a reader of committed records is shown it, of all that such a reader has come by. */
  readonly visible = new Map<number, boolean>();
  /** Whether records may leave at the beginning. */
  deletes: boolean;
  /** The power has failed, and what is left is being read: whether what was acknowledged is to be there. */
  #tookStock: { readonly start: number; readonly isDurable: boolean } | null = null;

  constructor(key: string, deletes: boolean) {
    this.key = key;
    this.deletes = deletes;
  }

  fail(what: string): never {
    throw new Violation(`${this.key}: ${what}`);
  }

  /** A record stands at an offset. */
  learn(offset: number, id: RecordId): void {
    const known = this.entries.get(offset);
    if (known !== undefined && known !== id) {
      this.#replaced(offset, id, `offset ${offset} held ${known} and now holds ${id}`);
    }
    this.entries.set(offset, id);
    if (id.startsWith('-') && !id.startsWith(ONCE)) return;
    const place = this.places.get(id);
    if (place !== undefined && place !== offset) this.fail(`record ${id} stands at ${place} and at ${offset}`);
    this.places.set(id, offset);
  }

  /** Nobody writes while stock is taken, but coordinators: their markers stand where the log ended. */
  #replaced(offset: number, id: RecordId, what: string): void {
    const stock = isMarker(id) ? this.#tookStock : null;
    if (stock === null) this.fail(what);
    this.#cut(stock.start, offset, stock.isDurable);
  }

  acknowledge(id: RecordId, offset: number): void {
    this.acknowledged.set(id, offset);
    if (offset < 0) return;
    this.learn(offset, id);
    this.highWatermark = Math.max(this.highWatermark, offset + 1);
  }

  /** Bounds in an answer to a request that was sent when `asOf` was known. */
  bounds(asOf: Bounds, highWatermark: number, startOffset: number): void {
    if (highWatermark < asOf.highWatermark) {
      this.fail(`the high watermark went back from ${asOf.highWatermark} to ${highWatermark}`);
    }
    if (startOffset >= 0) this.start(asOf, startOffset);
    if (startOffset > highWatermark) this.fail(`it starts at ${startOffset} and ends at ${highWatermark}`);
    this.highWatermark = Math.max(this.highWatermark, highWatermark);
  }

  start(asOf: Bounds, startOffset: number): void {
    if (startOffset < asOf.startOffset) this.fail(`the start went back from ${asOf.startOffset} to ${startOffset}`);
    if (startOffset > 0 && !this.deletes) this.fail(`it starts at ${startOffset}, and nothing deletes`);
    this.startOffset = Math.max(this.startOffset, startOffset);
  }

  /**
   * How far committed records may be read, in the same answer as a high watermark and a start. Where it is no more than the start, a transaction
   * that is open holds it there: with the start it may go back in the next life.
   */
  stable(asOf: Bounds, lastStableOffset: number, highWatermark: number, startOffset: number): void {
    if (lastStableOffset > highWatermark) this.fail(`LSO ${lastStableOffset} is above HW ${highWatermark}`);
    if (lastStableOffset < asOf.lastStableOffset) {
      this.fail(`the last stable offset went back from ${asOf.lastStableOffset} to ${lastStableOffset}`);
    }
    if (startOffset >= 0 && lastStableOffset > startOffset) {
      this.lastStableOffset = Math.max(this.lastStableOffset, lastStableOffset);
    }
  }

  get now(): Bounds {
    const { highWatermark, startOffset, lastStableOffset } = this;
    return { highWatermark, startOffset, lastStableOffset };
  }

  /** Checks what a fetch from `from` gave; the offset after the last whole batch. */
  read(bytes: Buffer, from: number, highWatermark: number): number {
    let next = from;
    let isFirst = true;
    for (const header of batchesOf(bytes)) {
      if (header.baseOffset !== next && !(isFirst && header.baseOffset < next && header.lastOffset >= next)) {
        this.fail(`a read from ${from} has a batch at ${header.baseOffset} where ${next} was due`);
      }
      isFirst = false;
      if (!isChecksumRight(bytes, header, crc32c)) this.fail(`the batch at ${header.baseOffset} is garbage`);
      if (header.lastOffset >= highWatermark) this.fail(`offset ${header.lastOffset} is read at HW ${highWatermark}`);
      let sequence = header.baseSequence;
      for (const record of recordsIn(bytes, header)) {
        const id = this.#identify(header, record, sequence);
        const known = this.times.get(record.offset);
        if (known !== undefined && known !== record.timestamp) {
          this.#replaced(record.offset, id, `the record at ${record.offset} changes its time`);
        }
        this.learn(record.offset, id);
        this.times.set(record.offset, record.timestamp);
        sequence++;
      }
      next = header.lastOffset + 1;
    }
    return next;
  }

  #identify(header: BatchHeader, { offset, key, value }: LogRecord, sequence: number): RecordId {
    const { producerId, producerEpoch, attributes } = header;
    const isTransactional = (attributes & ATTRIBUTE.transactional) !== 0;
    if ((attributes & ATTRIBUTE.control) !== 0) {
      const control = decodeControlRecord(required(key, 'a key'), required(value, 'a value'));
      if (!isTransactional || (control?.type !== 'commit' && control?.type !== 'abort')) {
        this.fail(`a control batch at ${offset} that ends no transaction`);
      }
      return markerId(control.type, producerId, producerEpoch);
    }
    const text = required(value, 'a value').toString('latin1').split('|', 1)[0] ?? '';
    if (producerId < 0) return `-${text}`;
    const id = idempotentId(producerId, producerEpoch, sequence);
    const isRight = isTransactional ? text.startsWith(`${id}/`) : text === id;
    return isRight ? text : this.fail(`the record at ${offset} is ${text}, not ${id}`);
  }

  /** The power failed, and what is there now goes from `start` to `end`; it is going to be read. */
  cutAt(start: number, end: number, isDurable: boolean): void {
    this.#cut(start, end, isDurable);
    this.#tookStock = { start, isDurable };
    this.taken.clear();
    this.highWatermark = end;
    this.lastStableOffset = 0;
  }

  /** What the power failure has left has been read. */
  tookStock(): void {
    this.#tookStock = null;
  }

  #cut(start: number, end: number, isDurable: boolean): void {
    for (const [id, offset] of this.acknowledged) {
      if (offset < end) continue;
      if (isDurable) this.fail(`record ${id} was acknowledged at ${offset}, and the log ends at ${end}`);
      this.acknowledged.delete(id);
    }
    for (const [offset, id] of this.entries) {
      // Below the start nothing tells what was lost: who has no answer may send it again.
      if (offset < end && (start < end || this.acknowledged.has(id))) continue;
      this.entries.delete(offset);
      this.times.delete(offset);
      this.places.delete(id);
    }
    // Without a promise a marker may be gone that stood behind records which are still there.
    for (const offset of this.visible.keys()) if (!isDurable || offset >= end) this.visible.delete(offset);
  }

  /** The power failed while its deletion was under way: nothing more is known of it. */
  forget(): void {
    this.entries.clear();
    this.times.clear();
    this.taken.clear();
    this.places.clear();
    this.acknowledged.clear();
    this.visible.clear();
    this.highWatermark = 0;
    this.lastStableOffset = 0;
  }

  /** Everything from `start` to `end` has been read: what was acknowledged is there, in order. */
  complete(start: number, end: number): void {
    for (let offset = start; offset < end; offset++) {
      if (!this.entries.has(offset)) this.fail(`offset ${offset} was never read`);
    }
    const standing = new Set(
      [...this.entries].filter(([offset]) => offset >= start && offset < end).map(([, id]) => id),
    );
    for (const [id, offset] of this.acknowledged) {
      if (standing.has(id) || (offset >= 0 ? offset < start : this.deletes)) continue;
      this.fail(`record ${id}, acknowledged at ${offset}, is not among ${start} to ${end}`);
    }
    if (!this.deletes) {
      for (const id of this.taken) if (!standing.has(id)) this.fail(`record ${id} was taken and is not there`);
    }
    this.#inOrder(start, end);
  }

  /** What ListOffsets said of a time, when everything from `start` to `end` had been read. */
  lookedUp(time: bigint, offset: number, found: bigint, start: number, end: number): void {
    if (offset >= 0) {
      const stands = this.times.get(offset);
      if (offset >= end || stands !== found || found < time) {
        this.fail(`time ${time} is said to be at ${offset} of ${end} with ${found}; there is ${stands}`);
      }
    }
    // Retention goes on: what was read may be gone.
    if (this.deletes) return;
    for (let before = start; before < (offset < 0 ? end : offset); before++) {
      const stands = this.times.get(before) ?? 0n;
      // Records of one time are not told apart by the index.
      if (stands > time || (offset < 0 && stands === time)) {
        this.fail(`time ${time} is said to be at ${offset}, and ${before} has ${stands}`);
      }
    }
  }

  /** The records of each idempotent producer stand in the order of their sequences; a gap is only where something was lost. */
  #inOrder(start: number, end: number): void {
    const last = new Map<string, number>();
    for (const [offset, id] of [...this.entries].sort(([a], [b]) => a - b)) {
      if (offset < start || offset >= end || id.startsWith('-')) continue;
      const [producerId, epoch, number] = id.split('/');
      const producer = `${producerId}/${epoch}`;
      const sequence = Number(number);
      const before = last.get(producer);
      if (before !== undefined && sequence !== before + 1) {
        this.fail(`producer ${producer} has sequence ${sequence} after ${before}`);
      }
      last.set(producer, sequence);
    }
  }
}

/** What was known when a request was sent. */
export interface Bounds {
  readonly highWatermark: number;
  readonly startOffset: number;
  readonly lastStableOffset: number;
}

export interface TopicHistory {
  readonly name: string;
  readonly id: Uuid;
  /** wanted: asked for, not answered. gone: a deletion was answered. */
  state: 'there' | 'deleting' | 'gone';
  readonly partitions: PartitionHistory[];
  readonly deletes: boolean;
  /** As many partitions as were ever asked for; there may be fewer. */
  wanted: number;
}

/** All topics of a simulation. */
export class History {
  readonly topics = new Map<Uuid, TopicHistory>();
  readonly ledger = new Ledger();

  get there(): TopicHistory[] {
    return [...this.topics.values()].filter(({ state }) => state === 'there');
  }

  create(name: string, id: Uuid, partitions: number, deletes: boolean): TopicHistory {
    if (this.topics.has(id)) throw new Violation(`topic id of ${name} was given twice`);
    const topic: TopicHistory = { name, id, state: 'there', partitions: [], deletes, wanted: partitions };
    this.grow(topic, partitions);
    this.topics.set(id, topic);
    return topic;
  }

  /** It was said to have so many partitions now. */
  grow({ name, partitions, deletes }: TopicHistory, count: number): void {
    for (let n = partitions.length; n < count; n++) partitions.push(new PartitionHistory(`${name}-${n}`, deletes));
  }

  /** A new process: start offsets may be those of an older checkpoint. */
  restarted(): void {
    for (const { partitions } of this.topics.values()) for (const partition of partitions) partition.startOffset = 0;
  }
}
