/**
 * The log directories as a whole: locking, formatting, identity, checkpoints, clean-shutdown files. On control, which alone touches the
 * files of a directory that belong to no single partition.
 */
import type { Uuid } from '../base/uuid.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { Clock } from '../port/clock.ts';
import { type Disk, DiskFault } from '../port/disk.ts';
import type { Logger } from '../port/log.ts';
import type { Random } from '../port/random.ts';
import type { CheckpointResult } from '../shard/owner-calls.ts';
import { type FoundPartition, type LogDirectory, openLogDirectory } from '../storage/log-directory.ts';
import { type MetaProperties, readMetaProperties } from '../storage/meta-properties.ts';
import { LOG_START_OFFSET_FILE, RECOVERY_POINT_FILE, REPLICATION_OFFSET_FILE } from '../storage/offset-checkpoint.ts';
import { setAsideDirectory, writePartitionMetadata } from '../storage/partition-metadata.ts';
import { BootError } from './boot-error.ts';

/** Formats the directories of the configuration that have no meta.properties (odradek format), but for those that cannot be used. */
export type FormatDirectories = (config: BrokerConfig, disk: Disk, unusable: ReadonlySet<string>) => Promise<void>;

export interface OpenDirectory {
  readonly id: Uuid;
  readonly path: string;
  /** Whether the last process that used it stopped cleanly. */
  readonly isClean: boolean;
}

export interface OpenedDirectories {
  readonly clusterId: string;
  readonly opened: readonly OpenDirectory[];
  /** Where the metadata log is. */
  readonly metadata: OpenDirectory;
}

/** A partition's directory, with what the checkpoints say of it. */
export interface Located extends FoundPartition {
  /** Which of the log directories: an index of `opened`. */
  readonly home: number;
  readonly recoveryPoint: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
}

export interface DirectoriesParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly disk: Disk;
  readonly log: Logger;
  readonly config: BrokerConfig;
  readonly format: FormatDirectories;
  readonly formatIfMissing: boolean;
  /** Ends the process: nothing is left to store records or metadata in. */
  readonly end: (reason: string) => void;
}

/** What is done without a checkpoint file. */
const WITHOUT: Readonly<Record<string, string>> = {
  [RECOVERY_POINT_FILE]: 'after an unclean stop logs are recovered from their first segment',
  [REPLICATION_OFFSET_FILE]: 'high watermarks follow from the logs',
  [LOG_START_OFFSET_FILE]: 'logs begin at their first segment, records that were deleted may come back',
};

export type CheckpointKind = 'recoveryPoint' | 'highWatermark' | 'startOffset';

export class Directories {
  readonly #parts: DirectoriesParts;
  /** All that are locked: those of log.dirs, in their order, and the metadata log's where it is another. */
  readonly #locked: LogDirectory[] = [];
  #homes: readonly LogDirectory[] = [];
  readonly #ids = new Map<Uuid, string>();
  /** Directories that could not be used at the start. */
  readonly #unusable = new Map<string, string>();
  /** Partitions that were found, as the checkpoints name them. */
  readonly #located = new Set<string>();
  #writing: Promise<void> = Promise.resolve();
  /** Told the id of a directory that went offline: its partitions must not be written any more. */
  onFailed: (id: Uuid, reason: string) => void = () => {};

  constructor(parts: DirectoriesParts) {
    this.#parts = parts;
  }

  /** Locks and identifies every directory. A BootError says what is in the way. */
  async open(): Promise<OpenedDirectories> {
    const { disk, config } = this.#parts;
    const paths = [...new Set([...config.logDirs, config.metadataLogDir])];
    const locked: LogDirectory[] = [];
    for (const path of paths) await this.#ifUsable(path, async () => void locked.push(await this.#lock(path)));
    const unusable = new Set(this.#unusable.keys());
    if (this.#parts.formatIfMissing) await this.#parts.format(config, disk, unusable);
    const opened: OpenDirectory[] = [];
    let clusterId: string | null = null;
    for (const directory of locked) {
      const { path } = directory;
      await this.#ifUsable(path, async () => {
        const properties = await this.#identify(path, clusterId);
        ({ clusterId } = properties);
        if (properties.directoryId === null) throw new BootError(`${path}/meta.properties has no directory.id`);
        this.#locked.push(directory);
        opened.push({ id: properties.directoryId, path, isClean: directory.cleanShutdown !== null });
        this.#ids.set(properties.directoryId, path);
      });
    }
    this.#homes = this.#locked.filter(({ path }) => config.logDirs.includes(path));
    const metadata = opened.find(({ path }) => path === config.metadataLogDir);
    if (clusterId === null || !metadata || this.#homes.length === 0) throw this.#noneUsable();
    for (const [directory, reason] of this.#unusable) {
      this.#parts.log.error('A log directory cannot be used and is offline', { directory, reason });
    }
    return { clusterId, opened: opened.filter(({ path }) => config.logDirs.includes(path)), metadata };
  }

  /** A directory whose files cannot be read or written is left out, as long as others work. */
  async #ifUsable(path: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof DiskFault)) throw error;
      this.#unusable.set(path, error.message);
    }
  }

  #noneUsable(): BootError {
    const { logDirs, metadataLogDir } = this.#parts.config;
    const metadata = this.#unusable.get(metadataLogDir);
    if (metadata !== undefined && logDirs.length > 1) {
      return new BootError(`the directory of the metadata log cannot be used: ${metadata}`);
    }
    const reasons = [...this.#unusable].map(([path, reason]) => `\n  ${path}: ${reason}`);
    return new BootError(`none of the log directories ${logDirs.join(', ')} can be used:${reasons.join('')}`);
  }

  async #lock(path: string): Promise<LogDirectory> {
    const { disk, log } = this.#parts;
    const directory = await openLogDirectory(disk, path, (file) => {
      log.warn(`A checkpoint file is damaged and is left out: ${WITHOUT[file.slice(path.length + 1)] ?? ''}`, { file });
    });
    if (directory !== null) return directory;
    throw new BootError(
      `Failed to acquire lock on file .lock in ${path}. A Kafka instance in another process or thread is using this directory.`,
    );
  }

  async #identify(path: string, clusterId: string | null): Promise<MetaProperties> {
    const found = await readMetaProperties(this.#parts.disk, path);
    if (found.kind === 'absent') throw new BootError(`${path} is not formatted: run "odradek format" first`);
    if (found.kind === 'invalid') throw new BootError(`${path}/meta.properties cannot be used: ${found.reason}`);
    const { properties } = found;
    if (clusterId !== null && properties.clusterId !== clusterId) {
      throw new BootError(
        `${path} belongs to cluster ${properties.clusterId}, the other log directories to ${clusterId}`,
      );
    }
    const { nodeId } = this.#parts.config;
    if (properties.nodeId !== nodeId)
      throw new BootError(`${path} belongs to node ${properties.nodeId}, and node.id is ${nodeId}`);
    return properties;
  }

  /** Before anything is appended, and after everything that may refuse the start: the next one is to know that the last stop was clean. */
  async begin(): Promise<void> {
    for (const directory of this.#locked) await this.#unlessItFails(directory, () => directory.begin());
  }

  /** The partitions of all directories. */
  async locate(): Promise<Located[]> {
    const located: Located[] = [];
    for (const [home, directory] of this.#homes.entries()) {
      await this.#unlessItFails(directory, async () => {
        for (const found of await directory.partitions()) {
          located.push({ ...found, home, ...directory.offsetsOf(found.topic, found.partition) });
          this.#located.add(`${found.topic}-${found.partition}`);
        }
      });
    }
    return located;
  }

  /** Moves a directory out of the way that belongs to no partition of the cluster: a topic of its name must not find old records. */
  async setAside({ directory, topic, partition, isFuture, home }: Located): Promise<void> {
    const { disk, log, random } = this.#parts;
    if (isFuture) {
      log.warn('A copy that was moving to another log directory is left alone', { directory });
      return;
    }
    await this.#unlessItFails(this.#homes[home], async () => {
      const aside = await setAsideDirectory(disk, random, directory, topic, partition);
      log.warn('A directory belongs to no partition of this cluster and is set aside', { directory, aside });
    });
  }

  /** A directory that does not say whose it is, and whose topic exists: it says so from now on. */
  identify({ directory, home }: Located, topicId: Uuid): Promise<void> {
    return this.#unlessItFails(this.#homes[home], () => writePartitionMetadata(this.#parts.disk, directory, topicId));
  }

  /** Whether a directory works, by its path. */
  works(path: string): boolean {
    return this.#homes.some((directory) => directory.path === path && directory.offline === null);
  }

  async #unlessItFails(directory: LogDirectory | undefined, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof DiskFault) || directory === undefined) throw error;
      this.#goOffline(directory, error.message);
    }
  }

  /** Says which partitions had records and have no directory any more. */
  tellMissing(isKnown: (topic: string, partition: number) => boolean): void {
    for (const { path, checkpointed } of this.#homes) {
      for (const { topic, partition, offset } of checkpointed) {
        if (offset === 0 || this.#located.has(`${topic}-${partition}`) || !isKnown(topic, partition)) continue;
        this.#parts.log.error('The directory of a partition is gone, and its records are lost', {
          directory: `${path}/${topic}-${partition}`,
          recoveryPoint: offset,
        });
      }
    }
  }

  /** Writes the checkpoint files of every directory, one call after the other. */
  writeCheckpoints(results: readonly CheckpointResult[], kinds: readonly CheckpointKind[]): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write(results, kinds));
    return this.#writing;
  }

  async #write(results: readonly CheckpointResult[], kinds: readonly CheckpointKind[]): Promise<void> {
    for (const directory of this.#homes) {
      if (directory.offline !== null) continue;
      const rows = rowsOf(results, directory.path);
      await this.#unlessItFails(directory, async () => {
        if (kinds.includes('recoveryPoint')) await directory.writeRecoveryPoints(rows);
        if (kinds.includes('highWatermark')) await directory.writeHighWatermarks(rows);
        if (kinds.includes('startOffset')) await directory.writeStartOffsets(rows);
      });
    }
  }

  /** A shard has found that a directory does not work any more. */
  failed(id: Uuid, reason: string): void {
    const path = this.#ids.get(id);
    const directory = this.#locked.find((locked) => locked.path === path);
    if (directory) this.#goOffline(directory, reason);
  }

  /** One line a directory, however many find out. The process ends where nothing is left to go on with, as Kafka does. */
  #goOffline(directory: LogDirectory, reason: string): void {
    if (directory.offline !== null) return;
    directory.offline = reason;
    const { log, end, config } = this.#parts;
    log.error('A log directory failed and is offline', { directory: directory.path, reason });
    if (directory.path === config.metadataLogDir) end(`the directory of the metadata log has failed: ${reason}`);
    else if (this.#homes.every(({ offline }) => offline !== null)) {
      end(`all log directories have failed: ${config.logDirs.join(', ')}`);
    }
    for (const [id, path] of this.#ids) if (path === directory.path) this.onFailed(id, reason);
  }

  /** The end of a clean stop. A directory that failed gets no clean-shutdown file. */
  async close(results: readonly CheckpointResult[], brokerEpoch: number): Promise<void> {
    await this.#writing;
    for (const directory of this.#locked) {
      try {
        if (directory.offline === null) await directory.end(rowsOf(results, directory.path), brokerEpoch);
        else await directory.unlock();
      } catch (error) {
        if (!(error instanceof DiskFault)) throw error;
        const { path } = directory;
        this.#parts.log.error('A log directory could not be closed in order', {
          directory: path,
          reason: error.message,
        });
      }
    }
  }
}

function rowsOf(results: readonly CheckpointResult[], path: string): PublishedRow[] {
  return results
    .filter(({ directory }) => directory === path)
    .map((row) => ({ ...row, startOffset: row.startOffset < 0 ? null : row.startOffset }));
}

type PublishedRow = Omit<CheckpointResult, 'startOffset'> & { readonly startOffset: number | null };
