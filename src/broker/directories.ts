/**
 * The log directories as a whole: locking, formatting, identity, checkpoints, clean-shutdown files. On control, which alone touches the
 * files of a directory that belong to no single partition.
 */
import type { Uuid } from '../base/uuid.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { Clock } from '../port/clock.ts';
import type { Disk } from '../port/disk.ts';
import type { Logger } from '../port/log.ts';
import type { CheckpointResult } from '../shard/owner-calls.ts';
import { type FoundPartition, type LogDirectory, openLogDirectory } from '../storage/log-directory.ts';
import { type MetaProperties, readMetaProperties } from '../storage/meta-properties.ts';
import { BootError } from './boot-error.ts';

/** Formats the directories of the configuration that have no meta.properties (odradek format). */
export type FormatDirectories = (config: BrokerConfig, disk: Disk) => Promise<void>;

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
  readonly disk: Disk;
  readonly log: Logger;
  readonly config: BrokerConfig;
  readonly format: FormatDirectories;
  readonly formatIfMissing: boolean;
}

export type CheckpointKind = 'recoveryPoint' | 'highWatermark' | 'startOffset';

export class Directories {
  readonly #parts: DirectoriesParts;
  /** All that are locked: those of log.dirs, in their order, and the metadata log's where it is another. */
  readonly #locked: LogDirectory[] = [];
  #homes: readonly LogDirectory[] = [];
  readonly #ids = new Map<Uuid, string>();
  #writing: Promise<void> = Promise.resolve();

  constructor(parts: DirectoriesParts) {
    this.#parts = parts;
  }

  /** Locks and identifies every directory. A BootError says what is in the way. */
  async open(): Promise<OpenedDirectories> {
    const { disk, config } = this.#parts;
    const paths = [...new Set([...config.logDirs, config.metadataLogDir])];
    for (const path of paths) this.#locked.push(await this.#lock(path));
    if (this.#parts.formatIfMissing) await this.#parts.format(config, disk);
    const opened: OpenDirectory[] = [];
    let clusterId: string | null = null;
    for (const directory of this.#locked) {
      const { path } = directory;
      const properties = await this.#identify(path, clusterId);
      ({ clusterId } = properties);
      if (properties.directoryId === null) throw new BootError(`${path}/meta.properties has no directory.id`);
      opened.push({ id: properties.directoryId, path, isClean: directory.cleanShutdown !== null });
      this.#ids.set(properties.directoryId, path);
      await directory.begin();
    }
    this.#homes = this.#locked.filter(({ path }) => config.logDirs.includes(path));
    const metadata = opened.find(({ path }) => path === config.metadataLogDir);
    if (clusterId === null || !metadata) throw new BootError('log.dirs names no directory');
    return { clusterId, opened: opened.filter(({ path }) => config.logDirs.includes(path)), metadata };
  }

  async #lock(path: string): Promise<LogDirectory> {
    const { disk, log } = this.#parts;
    const directory = await openLogDirectory(disk, path, (file) => {
      log.warn('A checkpoint file is damaged; the logs are recovered from their start', { file });
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

  /** The partitions of all directories. */
  async locate(): Promise<Located[]> {
    const located: Located[] = [];
    for (const [home, directory] of this.#homes.entries()) {
      for (const found of await directory.partitions()) {
        located.push({ ...found, home, ...directory.offsetsOf(found.topic, found.partition) });
      }
    }
    return located;
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
      try {
        if (kinds.includes('recoveryPoint')) await directory.writeRecoveryPoints(rows);
        if (kinds.includes('highWatermark')) await directory.writeHighWatermarks(rows);
        if (kinds.includes('startOffset')) await directory.writeStartOffsets(rows);
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'DiskFault') throw error;
        directory.offline = error.message;
        this.#parts.log.error('The checkpoints of a log directory could not be written', { reason: error.message });
      }
    }
  }

  /** A shard has found that a directory does not work any more. */
  failed(id: Uuid, reason: string): void {
    const path = this.#ids.get(id);
    for (const directory of this.#homes) if (directory.path === path) directory.offline = reason;
  }

  /** The end of a clean stop. A directory that failed gets no clean-shutdown file. */
  async close(results: readonly CheckpointResult[], brokerEpoch: number): Promise<void> {
    await this.#writing;
    for (const directory of this.#locked) {
      if (directory.offline === null) await directory.end(rowsOf(results, directory.path), brokerEpoch);
      else await directory.unlock();
    }
  }
}

function rowsOf(results: readonly CheckpointResult[], path: string): PublishedRow[] {
  return results
    .filter(({ directory }) => directory === path)
    .map((row) => ({ ...row, startOffset: row.startOffset < 0 ? null : row.startOffset }));
}

type PublishedRow = Omit<CheckpointResult, 'startOffset'> & { readonly startOffset: number | null };
