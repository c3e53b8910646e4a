/**
 * What a log is made of: its segments, its offsets, its producers and epochs, and the chain of its slow work.
 *
 *   startOffset        highWatermark        endOffset        sealedEndOffset
 *       ├────────────────────┼──────────────────┼───────────────────┤
 *       │     committed      │   applied: in    │ sealed: offsets   │
 *       │                    │   the file       │ given, not written│
 *
 * Lives on the thread that owns the partition, and nobody else touches it. The appender, the reader and the care of the log are functions
 * over this state.
 */
import type { LogConfig } from '../config/log-config.ts';
import { DiskFault } from '../port/disk.ts';
import type { LogEnvironment } from './environment.ts';
import { LEADER_EPOCH_FILE, LeaderEpochs } from './leader-epochs.ts';
import { ProducerStates } from './producer-state.ts';
import { RecentBatches } from './recent-batches.ts';
import { Segment } from './segment.ts';

export class LogState {
  readonly env: LogEnvironment;
  readonly topic: string;
  readonly partition: number;
  directory: string;
  config: LogConfig;
  producerIdExpirationMs: number;

  /** Ascending by base offset, never empty. */
  segments: Segment[] = [];
  startOffset = 0;
  /** The log end offset (LEO): readers see what is below. */
  endOffset = 0;
  /** What the next batch gets. */
  sealedEndOffset = 0;
  highWatermark = 0;
  /** What is below is on the medium, with its indexes as far as its segment is not active. */
  recoveryPoint = 0;
  /** When the last flush began: for log.flush.interval.ms. */
  lastFlushMs: number;

  producers = new ProducerStates();
  epochs = new LeaderEpochs();
  /**
   * Epochs have begun that the checkpoint file does not have: it gets them before the recovery point passes their records
   * (persistence). Until then recovery finds them in the batches, and an epoch without records is of no use after a restart.
   */
  epochsUnsaved = false;
  readonly recent = new RecentBatches(0, 0);

  failed: DiskFault | null = null;
  /** Whether the log has said that a segment is damaged. */
  damageIsTold = false;
  closed = false;
  /** The directory is being renamed away: what is not found there is no fault of the disk. */
  deleting = false;
  #care: Promise<unknown> = Promise.resolve();

  constructor(
    env: LogEnvironment,
    directory: string,
    topic: string,
    partition: number,
    config: LogConfig,
    producerIdExpirationMs: number,
  ) {
    this.env = env;
    this.directory = directory;
    this.topic = topic;
    this.partition = partition;
    this.config = config;
    this.producerIdExpirationMs = producerIdExpirationMs;
    this.lastFlushMs = env.clock.now();
  }

  get active(): Segment {
    return this.segments[this.segments.length - 1] as Segment;
  }

  get sizeInBytes(): number {
    let size = 0;
    for (const segment of this.segments) size += segment.sizeInBytes;
    return size;
  }

  /** The last segment with a base offset at or below `offset`; -1 where there is none. */
  floorSegment(offset: number): number {
    let low = 0;
    let high = this.segments.length - 1;
    if ((this.segments[high] as Segment).baseOffset <= offset) return high;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.segments[middle] as Segment).baseOffset <= offset) low = middle;
      else high = middle - 1;
    }
    return (this.segments[low] as Segment).baseOffset <= offset ? low : -1;
  }

  /** A random part of segment.ms that a new segment is rolled earlier by, so that not all partitions roll at once. */
  drawRollJitter(): number {
    const limit = Math.min(this.config.segmentJitterMs, this.config.segmentMs);
    return limit > 0 ? this.env.random.below(Math.min(limit, 0x7fffffff)) : 0;
  }

  /** Does slow work of this log, one after the other: index files, snapshots, flushes, deletions. A fault takes the log offline. */
  serially<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#care.then(async () => {
      if (this.failed !== null) throw this.failed;
      try {
        const result = await this.env.careLimit.run(work);
        // Where it failed meanwhile, elsewhere, files were given up that `work` took for done.
        if (this.failed !== null) throw this.failed;
        return result;
      } catch (error) {
        if (error instanceof DiskFault) this.fail(error);
        throw error;
      }
    });
    this.#care = next.catch((error: unknown) => {
      if (!(error instanceof DiskFault)) throw error;
    });
    return next;
  }

  /** As `serially`, for work that nobody waits for: its fault has been told by `fail`. */
  inBackground(work: () => Promise<void>): void {
    this.serially(work).catch((error: unknown) => {
      if (!(error instanceof DiskFault)) throw error;
    });
  }

  /** Nothing is undone: what was written stays, this memory is of no more use. */
  fail(fault: DiskFault): void {
    if (this.failed !== null || (this.deleting && fault.code === 'ENOENT')) return;
    this.failed = fault;
    this.env.onFailed(this, fault);
  }

  /** At once: for what was taken away. */
  saveEpochs(): void {
    this.epochsUnsaved = false;
    const bytes = this.epochs.encode();
    this.inBackground(() => this.env.disk.replaceFile(`${this.directory}/${LEADER_EPOCH_FILE}`, bytes));
  }
}
