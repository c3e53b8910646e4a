/**
 * One of `log.dirs`: its lock, the partitions in it, and the files that belong to no single partition. Lives on the control thread.
 *
 *   lock ─▶ read clean-shutdown and checkpoints ─▶ list partitions ─▶ … ─▶ checkpoints, clean-shutdown ─▶ unlock
 */
import type { Uuid } from '../base/uuid.ts';
import type { Disk, FileLock } from '../port/disk.ts';
import { readCleanShutdown, removeCleanShutdown, writeCleanShutdown } from './clean-shutdown.ts';
import type { CleanShutdown } from './clean-shutdown.ts';
import { parsePartitionDirectory } from './names.ts';
import {
  LOG_START_OFFSET_FILE,
  RECOVERY_POINT_FILE,
  REPLICATION_OFFSET_FILE,
  readOffsetCheckpoint,
  writeOffsetCheckpoint,
} from './offset-checkpoint.ts';
import type { PartitionOffset } from './offset-checkpoint.ts';
import { readPartitionMetadata } from './partition-metadata.ts';

export const LOCK_FILE = '.lock';

/** The metadata log lives beside the partitions, and is none. */
const METADATA_DIRECTORY = '__cluster_metadata-0';

export interface FoundPartition {
  readonly topic: string;
  readonly partition: number;
  readonly directory: string;
  /** A copy that moves here from another log directory. */
  readonly isFuture: boolean;
  /** Null: the directory does not say. ZERO_UUID: its partition.metadata is damaged. */
  readonly topicId: Uuid | null;
}

/** What a partition of this directory begins with at start. Offsets are 0 where no checkpoint has them. */
export interface CheckpointedOffsets {
  readonly recoveryPoint: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
}

/** A partition as its owner publishes it, for the checkpoints. */
export interface PublishedOffsets {
  readonly topic: string;
  readonly partition: number;
  readonly recoveryPoint: number;
  readonly highWatermark: number;
  /** Null: it follows from the files. */
  readonly startOffset: number | null;
}

export class LogDirectory {
  readonly path: string;
  readonly #disk: Disk;
  readonly #lock: FileLock;
  /** Null: the last stop was not clean, every partition must be recovered. */
  readonly cleanShutdown: CleanShutdown | null;
  /** Why nothing is stored here any more; null while it works. */
  offline: string | null = null;
  readonly #recoveryRows: readonly PartitionOffset[];
  readonly #recoveryPoints: Map<string, number>;
  readonly #highWatermarks: Map<string, number>;
  readonly #startOffsets: Map<string, number>;

  constructor(
    disk: Disk,
    path: string,
    lock: FileLock,
    cleanShutdown: CleanShutdown | null,
    checkpoints: readonly (readonly PartitionOffset[])[],
  ) {
    this.#disk = disk;
    this.path = path;
    this.#lock = lock;
    this.cleanShutdown = cleanShutdown;
    const [recoveryPoints = [], highWatermarks = [], startOffsets = []] = checkpoints;
    this.#recoveryRows = recoveryPoints;
    this.#recoveryPoints = byPartition(recoveryPoints);
    this.#highWatermarks = byPartition(highWatermarks);
    this.#startOffsets = byPartition(startOffsets);
  }

  /** What the checkpoints said when the directory was opened. */
  offsetsOf(topic: string, partition: number): CheckpointedOffsets {
    const key = keyOf(topic, partition);
    return {
      recoveryPoint: this.#recoveryPoints.get(key) ?? 0,
      highWatermark: this.#highWatermarks.get(key) ?? 0,
      logStartOffset: this.#startOffsets.get(key) ?? 0,
    };
  }

  /** What the checkpoint of recovery points said when the directory was opened. */
  get checkpointed(): readonly PartitionOffset[] {
    return this.#recoveryRows;
  }

  /** The partitions in it. What was being deleted is removed; strays stay where they are. */
  async partitions(): Promise<FoundPartition[]> {
    const found: FoundPartition[] = [];
    for (const entry of await this.#disk.list(this.path)) {
      if (!entry.directory || entry.name === METADATA_DIRECTORY) continue;
      const parsed = parsePartitionDirectory(entry.name);
      if (parsed === null || parsed.kind === 'stray') continue;
      const directory = `${this.path}/${entry.name}`;
      if (parsed.kind === 'delete') {
        await this.#disk.removeDirectory(directory);
        continue;
      }
      const topicId = await readPartitionMetadata(this.#disk, directory);
      found.push({
        topic: parsed.topic,
        partition: parsed.partition,
        directory,
        isFuture: parsed.kind === 'future',
        topicId,
      });
    }
    return found;
  }

  /** Before anything is appended: the clean-shutdown file does not speak of this run. */
  begin(): Promise<void> {
    return removeCleanShutdown(this.#disk, this.path);
  }

  async writeRecoveryPoints(rows: readonly PublishedOffsets[]): Promise<void> {
    await this.#write(
      RECOVERY_POINT_FILE,
      rows.map(({ topic, partition, recoveryPoint }) => ({ topic, partition, offset: recoveryPoint })),
    );
  }

  async writeHighWatermarks(rows: readonly PublishedOffsets[]): Promise<void> {
    await this.#write(
      REPLICATION_OFFSET_FILE,
      rows.map(({ topic, partition, highWatermark }) => ({ topic, partition, offset: highWatermark })),
    );
  }

  async writeStartOffsets(rows: readonly PublishedOffsets[]): Promise<void> {
    const kept: PartitionOffset[] = [];
    for (const { topic, partition, startOffset } of rows) {
      if (startOffset !== null) kept.push({ topic, partition, offset: startOffset });
    }
    await this.#write(LOG_START_OFFSET_FILE, kept);
  }

  #write(name: string, rows: readonly PartitionOffset[]): Promise<void> {
    return writeOffsetCheckpoint(this.#disk, `${this.path}/${name}`, rows);
  }

  /** The last act of a clean stop: every log is closed, every checkpoint written. Then the lock goes. */
  async end(rows: readonly PublishedOffsets[], brokerEpoch: number): Promise<void> {
    await this.writeRecoveryPoints(rows);
    await this.writeHighWatermarks(rows);
    await this.writeStartOffsets(rows);
    await writeCleanShutdown(this.#disk, this.path, { brokerEpoch });
    await this.unlock();
  }

  unlock(): Promise<void> {
    return this.#lock.release();
  }
}

/** Locks the directory (creating it) and reads its checkpoints. Null where another process has it. Rejects with a DiskFault. */
export async function openLogDirectory(
  disk: Disk,
  path: string,
  onDamaged: (file: string) => void,
): Promise<LogDirectory | null> {
  await disk.makeDirectory(path);
  const lock = await disk.lockFile(`${path}/${LOCK_FILE}`);
  if (lock === null) return null;
  const cleanShutdown = await readCleanShutdown(disk, path);
  const checkpoints: PartitionOffset[][] = [];
  for (const name of [RECOVERY_POINT_FILE, REPLICATION_OFFSET_FILE, LOG_START_OFFSET_FILE]) {
    const rows = await readOffsetCheckpoint(disk, `${path}/${name}`);
    if (rows === null) onDamaged(`${path}/${name}`);
    checkpoints.push(rows ?? []);
  }
  return new LogDirectory(disk, path, lock, cleanShutdown, checkpoints);
}

/** Where a new partition goes: the directory that works and has the fewest, the first of those. Null: none works. */
export function pickDirectory<D extends Pick<LogDirectory, 'offline'>>(
  directories: readonly D[],
  partitionsIn: (directory: D) => number,
): D | null {
  let best: D | null = null;
  let fewest = Infinity;
  for (const directory of directories) {
    const count = directory.offline === null ? partitionsIn(directory) : Infinity;
    if (count >= fewest) continue;
    best = directory;
    fewest = count;
  }
  return best;
}

function keyOf(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

function byPartition(rows: readonly PartitionOffset[]): Map<string, number> {
  return new Map(rows.map(({ topic, partition, offset }) => [keyOf(topic, partition), offset]));
}
