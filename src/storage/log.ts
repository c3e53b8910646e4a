/**
 * The log of one partition. Lives on the thread that owns the partition, one a partition; nobody else touches it.
 *
 *   append ──▶ appender ──▶ segment ──▶ disk          locate ──▶ reader ──▶ (segment, position, length)
 *                 │            │ indexes
 *                 ▼            ▼
 *          producers, epochs   persistence: flush, roll, close        retention: what leaves at either end
 *
 * Slow work of one log (index files, flushes, deletions) runs one after the other in its serial chain and never holds up appends and
 * reads. After a failed file operation `failed` is set, `env.onFailed` has been called, and all that is asked fails.
 */
import type { LogConfig } from '../config/log-config.ts';
import { DiskFault } from '../port/disk.ts';
import type { Append } from './append.ts';
import { Appender } from './appender.ts';
import { readInto } from './batch-walk.ts';
import type { LogEnvironment } from './environment.ts';
import { ensureAborted, ensureIndexes } from './index-loading.ts';
import type { EpochEndOffset } from './leader-epochs.ts';
import { loadLog } from './load.ts';
import type { OpenOptions } from './load.ts';
import type { LogState } from './log-state.ts';
import { offsetForTimestamp, offsetOfMaxTimestamp } from './lookup.ts';
import type { TimestampAndOffset } from './lookup.ts';
import { movedDirectoryName, parentDirectory } from './names.ts';
import { flushLog, saveIndexes, saveSnapshot, syncSegment } from './persistence.ts';
import type { ProducerStates } from './producer-state.ts';
import { locate } from './reader.ts';
import type { Located, ReadError, ReadRequest } from './reader.ts';
import { applyRetention, raiseStartOffset, truncateFully, truncateTo } from './retention.ts';
import { collectAborted } from './transaction-index.ts';
import type { AbortedTransaction } from './transaction-index.ts';

/** Bytes in memory, for those who look inside: coordinators, tools, tests. */
export type ReadBytes = { readonly error: ReadError } | { readonly error: null; readonly bytes: Buffer };

/** Opens the log of a partition's directory, creating its first segment where it has none. Rejects with a DiskFault. */
export async function openLog(env: LogEnvironment, options: OpenOptions): Promise<Log> {
  return new Log(await loadLog(env, options));
}

export class Log {
  readonly #state: LogState;
  readonly #appender: Appender;

  constructor(state: LogState) {
    this.#state = state;
    this.#appender = new Appender(state);
  }

  /** What `env.onFailed` is called with. */
  get state(): LogState {
    return this.#state;
  }

  get topic(): string {
    return this.#state.topic;
  }

  get partition(): number {
    return this.#state.partition;
  }

  get directory(): string {
    return this.#state.directory;
  }

  get config(): LogConfig {
    return this.#state.config;
  }

  get startOffset(): number {
    return this.#state.startOffset;
  }

  /** LEO: readers see what is below. */
  get endOffset(): number {
    return this.#state.endOffset;
  }

  /** What the next batch gets: `endOffset`, plus what is sealed and not written. */
  get sealedEndOffset(): number {
    return this.#state.sealedEndOffset;
  }

  get highWatermark(): number {
    return this.#state.highWatermark;
  }

  /** How far a read_committed consumer may read. */
  get lastStableOffset(): number {
    const { producers, highWatermark, startOffset } = this.#state;
    const unstable = producers.firstUnstableOffset;
    return unstable < 0 || unstable >= highWatermark ? highWatermark : Math.max(unstable, startOffset);
  }

  get recoveryPoint(): number {
    return this.#state.recoveryPoint;
  }

  get sizeInBytes(): number {
    return this.#state.sizeInBytes;
  }

  get segmentCount(): number {
    return this.#state.segments.length;
  }

  /** The start offset where a checkpoint must keep it, as it does not follow from the first segment; else null. */
  get startOffsetToCheckpoint(): number | null {
    const first = this.#state.segments[0];
    return first !== undefined && this.#state.startOffset > first.baseOffset ? this.#state.startOffset : null;
  }

  /** -1: none known. */
  get latestEpoch(): number {
    return this.#state.epochs.latest;
  }

  get producers(): ProducerStates {
    return this.#state.producers;
  }

  get failed(): DiskFault | null {
    return this.#state.failed;
  }

  /** Cut to [startOffset, endOffset]. True where it changed. */
  setHighWatermark(offset: number): boolean {
    const state = this.#state;
    const next = Math.max(state.startOffset, Math.min(offset, state.endOffset));
    if (next === state.highWatermark) return false;
    state.highWatermark = next;
    state.producers.onHighWatermark(next);
    return true;
  }

  // --- append

  /** See Append. True: its bytes are not needed any more when this returns; false: they are until `complete`. */
  append(append: Append): boolean {
    return this.#appender.append(append);
  }

  /** Whether `append` of so many bytes would return true: else they must lie where they stay. */
  takesInCall(sizeInBytes: number): boolean {
    return this.#appender.takesInCall(sizeInBytes);
  }

  /** Writes what is staged, without waiting for the end of the turn. */
  flushStaged(): void {
    this.#appender.flushStaged();
  }

  /** A new leader epoch begins at the end of the log. */
  assignEpoch(epoch: number, startOffset: number): void {
    if (this.#state.epochs.assign(epoch, startOffset)) this.#state.epochsUnsaved = true;
  }

  // --- read

  /** Completes inside the call where the newest batches are read and the file is open. */
  locate(request: ReadRequest): void {
    if (request.offset >= this.#state.endOffset) this.#appender.flushStaged();
    locate(this.#state, request);
  }

  /** Whether what lies below `upperBound` goes on in a later segment than that of a slice. */
  hasLaterSegment(located: Located, upperBound: number): boolean {
    const { active, segments } = this.#state;
    if (located.error !== null || located.segment === null || located.segment === active) return false;
    return segments[this.#state.floorSegment(upperBound)] !== located.segment;
  }

  /** Whole batches from the one that holds `offset` on, into memory. A batch that does not fit is left out, but for the first. */
  async read(offset: number, maxBytes: number, upperBound: number): Promise<ReadBytes> {
    const located = await new Promise<Located>((resolve) => {
      this.locate({ offset, maxBytes, upperBound, minOneMessage: true, complete: resolve });
    });
    if (located.error !== null) return located;
    const { segment, position, length } = located;
    if (segment === null) return { error: null, bytes: Buffer.alloc(0) };
    const bytes = Buffer.allocUnsafe(length);
    try {
      const read = segment.file === null ? 0 : await readInto(segment.file, bytes, position);
      return { error: null, bytes: bytes.subarray(0, read) };
    } catch (error) {
      this.#state.fail(error as DiskFault);
      return { error: 'kafka-storage-error' };
    } finally {
      this.#state.env.descriptors.release(segment);
    }
  }

  /**
   * The aborted transactions that a read_committed consumer must know for a slice that `locate` gave for `fetchOffset`. Null: the slice's segment
   * was deleted meanwhile, and with it perhaps what tells; it must not be shown.
   */
  async abortedTransactions(fetchOffset: number, located: Located): Promise<readonly AbortedTransaction[] | null> {
    if (located.error !== null || located.segment === null) return [];
    const state = this.#state;
    const { segment, position, length } = located;
    await ensureIndexes(state, segment);
    const index = state.segments.indexOf(segment);
    if (index < 0) return null;
    const next = state.segments[index + 1];
    const upperBound = segment.offsetIndex?.ceilingOffset(position + length) ?? next?.baseOffset ?? state.endOffset;
    const found: AbortedTransaction[] = [];
    for (const later of state.segments.slice(index)) {
      if (collectAborted(await ensureAborted(state, later), fetchOffset, upperBound, found)) break;
    }
    // Segments leave from the front: while it is there, so are those behind it.
    return state.segments.includes(segment) ? found : null;
  }

  // --- look up

  /** The first record whose timestamp is at least this; the caller limits it by HW or LSO. */
  offsetForTimestamp(timestamp: bigint): Promise<TimestampAndOffset | null> {
    return offsetForTimestamp(this.#state, timestamp);
  }

  offsetOfMaxTimestamp(): Promise<TimestampAndOffset | null> {
    return offsetOfMaxTimestamp(this.#state);
  }

  /** As OffsetForLeaderEpoch answers; (-1, -1) for what is not known. */
  endOffsetForEpoch(epoch: number): EpochEndOffset {
    return this.#state.epochs.endOffsetOf(epoch, this.#state.endOffset);
  }

  /** -1: not known. */
  epochForOffset(offset: number): number {
    return this.#state.epochs.epochOf(offset);
  }

  // --- care

  updateConfig(config: LogConfig): void {
    this.#state.config = config;
  }

  /** DeleteRecords: what is below is not readable any more. The caller has checked it against the high watermark. */
  raiseStartOffset(offset: number): boolean {
    return raiseStartOffset(this.#state, Math.min(offset, this.#state.endOffset));
  }

  /** Deletes segments by time, size and start offset. `now` in milliseconds since the epoch. Resolves to how many. */
  applyRetention(now: number): Promise<number> {
    return this.#state.serially(() => applyRetention(this.#state, this.#appender, now));
  }

  /** Producers that were silent for producer.id.expiration.ms are forgotten. */
  expireProducers(now: number, producerIdExpirationMs = this.#state.producerIdExpirationMs): void {
    this.#state.producerIdExpirationMs = producerIdExpirationMs;
    this.#state.producers.expire(now, producerIdExpirationMs);
  }

  /** Whether flush.messages or flush.ms ask for a flush. What a flush that is under way will bring does not count as flushed. */
  flushDue(now: number): boolean {
    const { config, endOffset, recoveryPoint, lastFlushMs } = this.#state;
    const unflushedRecords = endOffset - recoveryPoint;
    return unflushedRecords > 0 && (unflushedRecords >= config.flushMessages || now - lastFlushMs >= config.flushMs);
  }

  /** All that is applied goes to the medium; `recoveryPoint` follows. */
  flush(): Promise<void> {
    this.#appender.flushStaged();
    return this.#state.serially(() => flushLog(this.#state));
  }

  /**
   * fdatasync of what is applied now, at once, beside the serial chain: for appends that wait for it. Resolves to the end offset that
   * is safe. Rejects with a DiskFault, and the log is offline.
   */
  async sync(): Promise<number> {
    const state = this.#state;
    const upTo = state.endOffset;
    try {
      // Oldest first, and past those that are on the medium: one that ended may be behind its successor.
      for (const segment of state.segments.slice(Math.max(0, state.floorSegment(state.recoveryPoint)))) {
        await syncSegment(state.env, segment);
      }
    } catch (error) {
      state.fail(error as DiskFault);
      throw error;
    }
    // The files of a log that failed are given up, and those are not synced.
    if (state.failed !== null) throw state.failed;
    return upTo;
  }

  /** Ends the active segment, where it is not empty. */
  roll(): void {
    const state = this.#state;
    if (state.active.sizeInBytes > 0) this.#appender.roll(state.sealedEndOffset);
    this.#appender.flushStaged();
  }

  /** A follower cuts what its leader does not have. Nothing may be appended meanwhile. */
  async truncateTo(offset: number): Promise<void> {
    await this.#appender.written(null);
    await this.#state.serially(() => truncateTo(this.#state, offset));
  }

  /** A follower begins anew at an offset. Nothing may be appended meanwhile. */
  async truncateFullyAndStartAt(offset: number, startOffset = offset): Promise<void> {
    await this.#appender.written(null);
    await this.#state.serially(() => truncateFully(this.#state, offset, startOffset));
  }

  /** Resolves when what was appended has been written. */
  written(): Promise<void> {
    return this.#appender.written(null);
  }

  /** Leaves the files as Kafka does after a clean stop: flushed, indexes trimmed, a producer snapshot at the end. */
  async close(): Promise<void> {
    const state = this.#state;
    if (state.closed) return;
    await this.#appender.written(null);
    state.closed = true;
    await state.serially(async () => {
      const { active, env } = state;
      active.finishTimeIndex();
      if (active.sizeInBytes === 0) await this.#createFile();
      await saveIndexes(env, active, true);
      await saveSnapshot(state);
      await flushLog(state);
    });
    this.#dropAll();
  }

  /** Creates the file of an empty active segment. */
  async #createFile(): Promise<void> {
    const { active, env } = this.#state;
    await env.disk.writeAt(active.path, 0, Buffer.alloc(0), { sync: false, truncate: true });
  }

  #dropAll(): void {
    const { env, segments } = this.#state;
    for (const segment of segments) {
      env.indexes.forget(segment);
      env.descriptors.drop(segment);
    }
  }

  /**
   * Gives descriptors and memory back without touching the files: the directory is offline. A flush under way fails, as the files that it
   * has not come to are given up.
   */
  abandon(): void {
    const state = this.#state;
    state.closed = true;
    state.failed ??= new DiskFault('EIO', state.directory, 'use', 'the log directory is offline');
    this.#dropAll();
  }

  /** Deletes the partition: its directory is renamed at once (`…-delete`) and removed after file.delete.delay.ms. */
  async delete(): Promise<void> {
    const state = this.#state;
    if (!state.closed) {
      if (state.failed === null) await this.#appender.written(null);
      state.closed = true;
    }
    await state.serially(async () => {
      const { env, directory, topic, partition } = state;
      const unique = env.random.bytes(16).toString('hex');
      const parent = parentDirectory(directory);
      const moved = `${parent}/${movedDirectoryName(topic, partition, unique, 'delete')}`;
      state.deleting = true;
      await env.disk.rename(directory, moved);
      state.directory = moved;
      for (const segment of state.segments) segment.directory = moved;
      await env.disk.syncDirectory(parent);
      this.#dropAll();
      env.clock.after(state.config.fileDeleteDelayMs, () => {
        // What cannot be removed now is removed at the next start.
        env.disk.removeDirectory(moved).catch(() => undefined);
      });
    });
  }
}
