/**
 * `__cluster_metadata-0`: the log that everything else in a cluster follows from, in KRaft's format, with one voter: this node. On the control
 * thread, one.
 *
 *   open ─▶ load (newest snapshot, then the log) ─▶ lead (next epoch: quorum-state, LeaderChange) ─▶ append … commit …
 *
 *   │ snapshot ├───────────── log ─────────────┤
 *   0        offset   committed (fsynced)    end       one fsync under way, one gathering
 *
 * With one voter a record is committed when it is on the medium. Records here are opaque values; the batch of an append is atomic.
 * Observers would learn of commits by NoOpRecords every 500 ms; a quorum of one has none, so they are not written.
 */
import { assert } from '../../base/assert.ts';
import { METADATA_TOPIC_ID, type Uuid, ZERO_UUID } from '../../base/uuid.ts';
import { DEFAULT_LOG_CONFIG, type LogConfig } from '../../config/log-config.ts';
import type { DiskFault } from '../../port/disk.ts';
import { SEAL_TIMESTAMP } from '../../port/native.ts';
import { batchesOf, isControl } from '../../protocol/batch.ts';
import { BatchBuilder } from '../../protocol/batch-builder.ts';
import { recordsOf } from '../../protocol/batch-records.ts';
import { type ControlRecord, decodeControlRecord, encodeControlRecord } from '../../protocol/record/control-records.ts';
import type { VotersRecord } from '../../protocol/record/raft/voters.ts';
import type { Append, AppendError } from '../append.ts';
import type { LogEnvironment } from '../environment.ts';
import { type Log, openLog } from '../log.ts';
import { createPartitionDirectory, readPartitionMetadata } from '../partition-metadata.ts';
import { UNVERIFIED } from '../producer-state.ts';
import { recoverPartition } from '../recovery.ts';
import { committedDamage } from './damage.ts';
import { NO_QUORUM_STATE, readQuorumState, writeQuorumState } from './quorum-state.ts';
import {
  type SnapshotContent,
  type SnapshotId,
  encodeSnapshot,
  listSnapshots,
  readSnapshot,
  snapshotName,
} from './snapshot.ts';

export const METADATA_TOPIC = '__cluster_metadata';
export const METADATA_DIRECTORY = `${METADATA_TOPIC}-0`;

/** Read at once while loading. */
const READ_BYTES = 1 << 20;

export interface MetadataLogOptions {
  /** The partition's directory: `<metadata.log.dir>/__cluster_metadata-0`. */
  readonly directory: string;
  readonly nodeId: number;
  /** Of the log directory that it is in. */
  readonly directoryId: Uuid;
  /** metadata.log.segment.bytes, metadata.log.segment.ms */
  readonly segmentBytes: number;
  readonly segmentMs: number;
  /** metadata.max.retention.bytes and .ms: beyond one of them the oldest snapshot goes, and the log below the next. */
  readonly maxRetentionBytes: number;
  readonly maxRetentionMs: number;
  /** After a clean stop nothing is scanned. */
  readonly wasClean: boolean;
  /** Whether there are directories of partitions, which only metadata can have brought about. */
  readonly partitionsExist?: boolean;
}

/** Records as they were read back: of the snapshot, or of one batch of the log. */
export interface LoadedRecords {
  readonly values: readonly Buffer[];
  /** Offset of the last record they bring the state to; of a snapshot its end offset minus one. */
  readonly lastOffset: number;
  readonly epoch: number;
}

/** What stands in the way of using the log, for the operator. */
export class MetadataError extends Error {
  override readonly name = 'MetadataError';
}

export class MetadataLog {
  readonly #env: LogEnvironment;
  readonly #options: MetadataLogOptions;
  readonly #log: Log;
  /** The oldest first. */
  #snapshots: SnapshotId[];
  #newest: SnapshotContent | null = null;
  #voters: VotersRecord | null = null;
  #votersInLog = false;
  #kraftVersion = 0;
  #epoch: number;
  /** Of the last batch that was appended or loaded. */
  #lastTimestamp = -1n;
  #committed = 0;
  #syncing = false;
  #closed = false;
  /** Called when the committed end of the log moves. Set before the first append. */
  onCommitted: (endOffset: number) => void = () => {};
  /** Called once, when the log can no longer be written: nothing that is not committed will be. */
  onFailed: (fault: DiskFault | null) => void = () => {};
  /** The records that the directory was formatted with; for an empty log. */
  bootstrap: readonly Buffer[] = [];

  private constructor(
    env: LogEnvironment,
    options: MetadataLogOptions,
    log: Log,
    snapshots: SnapshotId[],
    epoch: number,
  ) {
    this.#env = env;
    this.#options = options;
    this.#log = log;
    this.#snapshots = snapshots;
    this.#epoch = epoch;
  }

  /** Rejects with a DiskFault, or a MetadataError where the files contradict themselves. */
  static async open(env: LogEnvironment, options: MetadataLogOptions): Promise<MetadataLog> {
    const { disk } = env;
    const { directory } = options;
    if ((await disk.status(directory)) === null || (await readPartitionMetadata(disk, directory)) === null) {
      await createPartitionDirectory(disk, directory, METADATA_TOPIC_ID);
    }
    const { snapshots, content } = await newestSnapshot(env, directory);
    const newest = snapshots.at(-1);
    const config = logConfig(options);
    const oldest = snapshots[0]?.offset ?? 0;
    const recoveryPoint = newest?.offset ?? 0;
    const common = { directory, config, logStartOffset: oldest, producerIdExpirationMs: Infinity };
    await refuseDamage(env, options, recoveryPoint);
    if (!options.wasClean) await recoverPartition(env, { ...common, recoveryPoint, now: env.clock.now() });
    const place = { topic: METADATA_TOPIC, partition: 0, recoveryPoint, highWatermark: recoveryPoint };
    const log = await openLog(env, { ...common, ...place, isRecovered: !options.wasClean });
    // What a snapshot holds was committed: a log that ends before it has lost bytes that were on the medium.
    if (newest !== undefined && log.endOffset < newest.offset) {
      const snapshot = snapshotName(newest);
      env.logger.warn('the metadata log ends before its snapshot and begins anew', { directory, snapshot });
      await log.truncateFullyAndStartAt(newest.offset);
    }
    refuseGap(log, newest, options);
    const state = await readQuorumState(disk, directory);
    if (state === null) {
      throw new MetadataError(
        `${directory}/quorum-state is damaged. Delete it: where this node is the only voter, it is written again from the log`,
      );
    }
    const epoch = Math.max(state.leaderEpoch, log.latestEpoch, newest?.epoch ?? 0);
    const metadata = new MetadataLog(env, options, log, snapshots, epoch);
    metadata.#take(content, newest);
    return metadata;
  }

  get endOffset(): number {
    return this.#log.sealedEndOffset;
  }

  /** Records below are on the medium. */
  get committedOffset(): number {
    return this.#committed;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get kraftVersion(): number {
    return this.#kraftVersion;
  }

  get voters(): VotersRecord | null {
    return this.#voters;
  }

  get failed(): DiskFault | null {
    return this.#log.failed;
  }

  /** Bytes of the log that a snapshot would make unnecessary to replay, where the state is that of its end. */
  get sizeInBytes(): number {
    return this.#log.sizeInBytes;
  }

  /** The newest snapshot; null where there is none but what the directory was formatted with. */
  get snapshot(): SnapshotId | null {
    const newest = this.#snapshots.at(-1);
    return newest !== undefined && newest.offset > 0 ? newest : null;
  }

  #take(content: SnapshotContent | null, id: SnapshotId | undefined): void {
    if (content === null || id === undefined) return;
    this.#kraftVersion = content.kraftVersion;
    this.#voters = content.voters;
    this.#lastTimestamp = content.lastContainedLogTimestamp;
    if (id.offset === 0) this.bootstrap = content.values;
    else {
      this.#newest = content;
      this.#votersInLog = true;
    }
  }

  // ---- load

  /** Everything that was written, in order: the newest snapshot, then the batches behind it. Once, before `lead`. */
  async *load(): AsyncGenerator<LoadedRecords> {
    const { snapshot } = this;
    let next = this.#log.startOffset;
    if (snapshot !== null && this.#newest !== null) {
      yield { values: this.#newest.values, lastOffset: snapshot.offset - 1, epoch: snapshot.epoch };
      next = snapshot.offset;
    }
    this.#newest = null;
    while (next < this.#log.endOffset) {
      const read = await this.#log.read(next, READ_BYTES, this.#log.endOffset);
      if (read.error !== null) {
        const why = this.#log.failed?.message ?? read.error;
        throw new MetadataError(`the metadata log in ${this.#log.directory} cannot be read at offset ${next}: ${why}`);
      }
      const before = next;
      for (const header of batchesOf(read.bytes)) {
        // The first batch may begin before what was asked for.
        if (header.lastOffset < next) continue;
        // A power failure may take the end of a segment and leave the next one. None of it was committed.
        if (header.baseOffset > next) break;
        next = header.lastOffset + 1;
        this.#lastTimestamp = header.maxTimestamp;
        const values: Buffer[] = [];
        for (const { key, value } of recordsOf(read.bytes, header)) {
          if (value === null) continue;
          if (!isControl(header.attributes)) values.push(value);
          else if (key !== null) this.#control(decodeControlRecord(key, value));
        }
        yield { values, lastOffset: header.lastOffset, epoch: header.leaderEpoch };
      }
      if (next > before) continue;
      this.#env.logger.warn('the metadata log has a gap and is cut there', { offset: next, endOffset: this.endOffset });
      await this.#log.truncateTo(next);
    }
  }

  #control(record: ControlRecord | null): void {
    if (record?.type === 'kraftVersion') this.#kraftVersion = record.value.kRaftVersion;
    if (record?.type !== 'kraftVoters') return;
    this.#voters = record.value;
    this.#votersInLog = true;
  }

  // ---- lead

  /**
   * Begins the next epoch. Resolves when what was there before and the beginning of the epoch are committed. Rejects with a DiskFault, or
   * a MetadataError where this node is not the only voter.
   */
  async lead(): Promise<void> {
    const { nodeId, directory } = this.#options;
    const strangers = this.#voters?.voters.filter(({ voterId }) => voterId !== nodeId) ?? [];
    if (strangers.length > 0) {
      throw new MetadataError(
        `node ${strangers[0]?.voterId} votes too: a quorum of several nodes is not supported yet`,
      );
    }
    this.#epoch++;
    const state = { ...NO_QUORUM_STATE, leaderId: nodeId, leaderEpoch: this.#epoch };
    await writeQuorumState(this.#env.disk, directory, state);
    this.#log.assignEpoch(this.#epoch, this.#log.endOffset);
    const voters = [{ voterId: nodeId, voterDirectoryId: ZERO_UUID }];
    const records: ControlRecord[] = [
      { type: 'leaderChange', value: { version: 0, leaderId: nodeId, voters, grantingVoters: voters } },
    ];
    // The voters that the directory was formatted with enter the log with the first epoch (KIP-853).
    if (this.#voters !== null && !this.#votersInLog && this.#kraftVersion > 0) {
      records.push({ type: 'kraftVersion', value: { version: 0, kRaftVersion: this.#kraftVersion } });
      records.push({ type: 'kraftVoters', value: this.#voters });
      this.#votersInLog = true;
    }
    const committed = this.#committedAt(this.endOffset + records.length);
    this.#append(records.map(encodeControlRecord), true, this.#env.clock.now());
    await committed;
  }

  #committedAt(endOffset: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const { onCommitted, onFailed } = this;
      this.onCommitted = (offset) => {
        onCommitted(offset);
        if (offset < endOffset) return;
        this.onCommitted = onCommitted;
        this.onFailed = onFailed;
        resolve();
      };
      this.onFailed = (fault) => {
        onFailed(fault);
        reject(fault ?? new MetadataError('the metadata log refused a batch'));
      };
    });
  }

  /** Appends one atomic batch; `onCommitted` follows. Returns the offset of its first record. */
  append(values: readonly Buffer[], now: number): number {
    return this.#append(
      values.map((value) => ({ key: null, value })),
      false,
      now,
    );
  }

  #append(records: readonly { key: Buffer | null; value: Buffer }[], control: boolean, now: number): number {
    assert(records.length > 0 && !this.#closed, 'a batch has records, and the log is open');
    const { native } = this.#env;
    const baseOffset = this.endOffset;
    const timestamp = BigInt(now);
    const builder = new BatchBuilder({ baseOffset, leaderEpoch: this.#epoch, isControl: control });
    for (const record of records) builder.append({ timestamp, ...record });
    this.#lastTimestamp = timestamp;
    const bytes = builder.build((piece) => native.crc32c(piece, 0, piece.length, 0));
    this.#log.append(new RaftAppend(bytes, this.#epoch, (error) => this.#applied(error)));
    return baseOffset;
  }

  #applied(error: AppendError | null): void {
    if (error !== null) this.#fail(this.#log.failed);
    else if (!this.#syncing) this.#sync();
  }

  /** One fsync is under way; what is appended meanwhile shares the next. */
  #sync(): void {
    this.#syncing = true;
    // After this turn of the loop: decisions of one turn share an fsync.
    this.#env.clock.soon(() => {
      this.#log.flushStaged();
      this.#log.sync().then(
        (endOffset) => {
          this.#syncing = false;
          this.#commit(endOffset);
        },
        () => this.#fail(this.#log.failed),
      );
    });
  }

  #commit(endOffset: number): void {
    if (this.#closed) return;
    if (this.#log.endOffset > endOffset && !this.#syncing) this.#sync();
    if (endOffset <= this.#committed) return;
    this.#committed = endOffset;
    this.#log.setHighWatermark(endOffset);
    this.onCommitted(endOffset);
  }

  #failing = false;

  #fail(fault: DiskFault | null): void {
    if (this.#failing) return;
    this.#failing = true;
    this.onFailed(fault);
  }

  // ---- snapshots

  /**
   * Writes the state as of `endOffset`, which is committed; older snapshots and the log below them go as the retention says. Rejects
   * with a DiskFault; the log goes on without.
   *
   * @param values of the records, in the order of Kafka's snapshots
   * @param epoch of the last record that the state contains
   */
  async writeSnapshot(values: readonly Buffer[], endOffset: number, epoch: number): Promise<void> {
    assert(endOffset <= this.#committed, 'a snapshot holds what is committed');
    const { disk, native, clock } = this.#env;
    const { directory } = this.#options;
    const id = { offset: endOffset, epoch };
    const content = {
      kraftVersion: this.#kraftVersion,
      voters: this.#voters,
      lastContainedLogTimestamp: this.#lastTimestamp,
      values,
    };
    const bytes = encodeSnapshot(content, epoch, clock.now(), native);
    await disk.replaceFile(`${directory}/${snapshotName(id)}`, bytes);
    this.#snapshots = await listSnapshots(disk, directory);
    await this.#clean();
  }

  /** Drops the oldest snapshots while there is a newer one and the whole is too large, or they are too old. */
  async #clean(): Promise<void> {
    const { disk, clock } = this.#env;
    const { directory, maxRetentionBytes, maxRetentionMs } = this.#options;
    const paths = this.#snapshots.map((id) => `${directory}/${snapshotName(id)}`);
    const statuses = await Promise.all(paths.map((path) => disk.status(path)));
    let total = this.#log.sizeInBytes + statuses.reduce((sum, status) => sum + (status?.sizeInBytes ?? 0), 0);
    for (const [index, path] of paths.entries()) {
      const next = this.#snapshots[1];
      const status = statuses[index];
      if (next === undefined) return;
      const old = clock.now() - (status?.modifiedMs ?? 0) > maxRetentionMs;
      if (!old && (maxRetentionBytes < 0 || total <= maxRetentionBytes)) return;
      const before = this.#log.sizeInBytes;
      this.#log.raiseStartOffset(next.offset);
      await this.#log.applyRetention(clock.now());
      await disk.unlink(path);
      total -= (status?.sizeInBytes ?? 0) + before - this.#log.sizeInBytes;
      this.#snapshots.shift();
    }
  }

  /** Leaves the files as after a clean stop. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#log.failed === null) await this.#log.close();
    else this.#log.abandon();
  }
}

class RaftAppend implements Append {
  readonly bytes: Buffer;
  readonly leaderEpoch: number;
  readonly origin = 'raft';
  readonly sealTimestamp = SEAL_TIMESTAMP.keep;
  readonly maxTimestamp = -1n;
  readonly verification = UNVERIFIED;
  baseOffset = -1;
  lastOffset = -1;
  duplicate = false;
  duplicateTimestamp = -1n;
  readonly complete: (error: AppendError | null) => void;

  constructor(bytes: Buffer, leaderEpoch: number, complete: (error: AppendError | null) => void) {
    this.bytes = bytes;
    this.leaderEpoch = leaderEpoch;
    this.complete = complete;
  }
}

/** The newest snapshot that is whole, and those that are kept. Damaged newer ones are passed over. */
async function newestSnapshot(
  env: LogEnvironment,
  directory: string,
): Promise<{ snapshots: SnapshotId[]; content: SnapshotContent | null }> {
  const snapshots = await listSnapshots(env.disk, directory);
  for (let id = snapshots.at(-1); id !== undefined; id = snapshots.at(-1)) {
    const content = await readSnapshot(env.disk, env.native, directory, id);
    if (content !== null) return { snapshots, content };
    env.logger.warn('a metadata snapshot is damaged and is passed over', { file: snapshotName(id) });
    snapshots.pop();
  }
  return { snapshots, content: null };
}

/** Damage where records had been committed is not cut: the operator must know. */
async function refuseDamage(
  { disk, native }: LogEnvironment,
  { directory, wasClean }: MetadataLogOptions,
  snapshotEnd: number,
): Promise<void> {
  const damage = await committedDamage(disk, native, { directory, snapshotEnd, wasClean });
  if (damage === null) return;
  const { path, position, offset } = damage;
  throw new MetadataError(
    `${path} is damaged at byte ${position} (offset ${offset}), and metadata was committed behind it. Restore the file from a copy; or, to go on without what is behind, cut it: truncate -s ${position} ${path}, and delete the newer .log files beside it`,
  );
}

/** The state as of the log's first record must be known, and a log that others refer to cannot be empty. */
function refuseGap(log: Log, newest: SnapshotId | undefined, { directory, partitionsExist }: MetadataLogOptions): void {
  const known = newest?.offset ?? 0;
  if (log.startOffset > known) {
    throw new MetadataError(
      `${directory} has no snapshot that is whole for the beginning of its log at offset ${log.startOffset} (…-….checkpoint is missing or damaged). Restore it from a copy`,
    );
  }
  if (known === 0 && log.endOffset === 0 && partitionsExist === true) {
    throw new MetadataError(
      `${directory} holds no metadata, and there are directories of partitions: its .log files are missing. Restore them from a copy; or, to begin a new cluster, move the partitions' directories away`,
    );
  }
}

/** Nothing leaves by age or size: only what a snapshot covers, by the start offset. */
function logConfig({ segmentBytes, segmentMs }: MetadataLogOptions): LogConfig {
  return {
    ...DEFAULT_LOG_CONFIG,
    segmentBytes,
    segmentMs,
    delete: true,
    compact: false,
    retentionMs: -1,
    retentionBytes: -1,
  };
}
