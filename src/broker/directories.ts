/**
 * The log directories as a whole: locking, formatting, identity, checkpoints, clean-shutdown files. On control, which alone touches the
 * files of a directory that belong to no single partition.
 */
import type { Uuid } from '../base/uuid.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { Clock } from '../port/clock.ts';
import type { Disk, FileLock } from '../port/disk.ts';
import type { Logger } from '../port/log.ts';
import type { CheckpointResult } from '../shard/owner-calls.ts';
import { writeOffsetCheckpoint } from '../storage/checkpoint.ts';
import { readCleanShutdown, removeCleanShutdown, writeCleanShutdown } from '../storage/clean-shutdown.ts';
import { readMetaProperties } from '../storage/meta-properties.ts';
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
  readonly metadata: { readonly id: Uuid; readonly path: string };
}

export type CheckpointKind = 'recoveryPoint' | 'highWatermark' | 'startOffset';

const CHECKPOINT_FILES: Readonly<Record<CheckpointKind, string>> = {
  recoveryPoint: 'recovery-point-offset-checkpoint',
  highWatermark: 'replication-offset-checkpoint',
  startOffset: 'log-start-offset-checkpoint',
};

export interface DirectoriesParts {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly log: Logger;
  readonly config: BrokerConfig;
  readonly format: FormatDirectories;
  readonly formatIfMissing: boolean;
}

export class Directories {
  readonly #parts: DirectoriesParts;
  readonly #locks: FileLock[] = [];
  #opened: readonly OpenDirectory[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(parts: DirectoriesParts) {
    this.#parts = parts;
  }

  /** Locks and identifies every directory. A BootError says what is in the way. */
  async open(): Promise<OpenedDirectories> {
    const { disk, config, formatIfMissing } = this.#parts;
    const paths = [...new Set([...config.logDirs, config.metadataLogDir])];
    for (const path of paths) {
      await disk.makeDirectory(path);
      await this.#lock(path);
    }
    if (formatIfMissing) await this.#parts.format(config, disk);
    const opened: OpenDirectory[] = [];
    let clusterId: string | null = null;
    for (const path of paths) {
      const properties = await readMetaProperties(disk, path);
      if (properties === null) {
        throw new BootError(`${path} is not formatted: run "odradek format" first, or start without --no-format`);
      }
      if (clusterId !== null && properties.clusterId !== clusterId) {
        throw new BootError(`${path} belongs to cluster ${properties.clusterId}, the other log directories to ${clusterId}`);
      }
      if (properties.nodeId !== config.nodeId) {
        throw new BootError(`${path} belongs to node ${properties.nodeId}, and node.id is ${config.nodeId}`);
      }
      ({ clusterId } = properties);
      const isClean = (await readCleanShutdown(disk, path)) !== null;
      if (isClean) await removeCleanShutdown(disk, path);
      opened.push({ id: properties.directoryId, path, isClean });
    }
    this.#opened = opened.filter(({ path }) => config.logDirs.includes(path));
    const metadata = opened.find(({ path }) => path === config.metadataLogDir);
    if (clusterId === null || !metadata) throw new BootError('log.dirs names no directory');
    return { clusterId, opened: this.#opened, metadata };
  }

  async #lock(path: string): Promise<void> {
    const lock = await this.#parts.disk.lockFile(`${path}/.lock`);
    if (lock === null) {
      throw new BootError(`Failed to acquire lock on file .lock in ${path}. A broker (Odradek or Apache Kafka) is using this directory.`);
    }
    this.#locks.push(lock);
  }

  /** Writes the checkpoint files of every directory, one call after the other. */
  writeCheckpoints(results: readonly CheckpointResult[], kinds: readonly CheckpointKind[]): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write(results, kinds));
    return this.#writing;
  }

  async #write(results: readonly CheckpointResult[], kinds: readonly CheckpointKind[]): Promise<void> {
    const { disk, log } = this.#parts;
    for (const { path } of this.#opened) {
      const here = results.filter(({ directory }) => directory === path);
      for (const kind of kinds) {
        const entries = here
          // As Kafka: a log that starts at its first segment needs no entry.
          .filter((result) => kind !== 'startOffset' || result.startOffset > 0)
          .map((result) => ({ topic: result.topic, partition: result.partition, offset: result[kind] }));
        await writeOffsetCheckpoint(disk, `${path}/${CHECKPOINT_FILES[kind]}`, entries).catch((error: unknown) => {
          if (!(error instanceof Error) || error.name !== 'DiskFault') throw error;
          log.error('A checkpoint file could not be written', { file: CHECKPOINT_FILES[kind], reason: error.message });
        });
      }
    }
  }

  /** The end of a clean stop. */
  async close(brokerEpoch: number): Promise<void> {
    await this.#writing;
    for (const { path } of this.#opened) await writeCleanShutdown(this.#parts.disk, path, brokerEpoch);
    for (const lock of this.#locks.splice(0)) await lock.release();
  }
}
