/**
 * The logs of this shard: which partitions it owns by the image, where their directories are, opening and recovering them, closing and
 * deleting them, retention, flushing, and what goes into the checkpoint files.
 *
 * Lives on the owner's thread; one a shard. Changes of the image are applied one after the other.
 */
import type { Uuid } from '../base/uuid.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { LogConfig } from '../config/log-config.ts';
import { resolveTopicConfig } from '../config/topic-config.ts';
import type { ImageChanges } from '../machine/image/changes.ts';
import type { MetadataImage } from '../machine/image/image.ts';
import type { TopicImage } from '../machine/image/topic.ts';
import { PartitionState } from '../machine/partition/partition.ts';
import type { Clock } from '../port/clock.ts';
import { DiskFault } from '../port/disk.ts';
import type { Logger } from '../port/log.ts';
import { ERRORS } from '../protocol/errors.ts';
import type { LogEnvironment } from '../storage/environment.ts';
import { type Log, openLog } from '../storage/log.ts';
import { parentDirectory } from '../storage/names.ts';
import { OLD_FORMAT } from '../storage/old-format.ts';
import { recoverIfSmall } from '../storage/recovery.ts';
import { createPartitionDirectory, setAsideDirectory } from '../storage/partition-metadata.ts';
import type { CheckpointResult } from './owner-calls.ts';
import { Partition, type PartitionHost } from './partition.ts';
import type { PartitionTable } from './partition-table.ts';
import { ownerOf } from './routing.ts';

/** A log directory that works. */
export interface Directory {
  readonly id: Uuid;
  readonly path: string;
  /** Whether the last process that used it stopped cleanly: nothing to recover. */
  readonly isClean: boolean;
}

/** What recovery of one log needs; runs in the background pool. */
export interface RecoveryInput {
  readonly directory: string;
  readonly recoveryPoint: number;
  readonly logStartOffset: number;
  readonly config: LogConfig;
  readonly producerIdExpirationMs: number;
}

export interface LogsParts {
  readonly self: number;
  readonly shardCount: number;
  readonly nodeId: number;
  readonly config: BrokerConfig;
  readonly image: MetadataImage;
  readonly table: PartitionTable;
  readonly environment: LogEnvironment;
  readonly clock: Clock;
  readonly log: Logger;
  readonly host: PartitionHost;
  /** Recovers a log in the background: one with much to read. */
  recover(input: RecoveryInput): Promise<unknown>;
  /** A file of this path could not be read or written while its log was being opened. */
  readonly onFault: (path: string, fault: DiskFault) => void;
}

/** A partition that was found on disk, and what the checkpoint files said of it. */
export interface Found {
  readonly topicId: Uuid;
  readonly partition: number;
  /** The partition's own directory. */
  readonly path: string;
  /** Whether it must be recovered. */
  readonly isClean: boolean;
  readonly recoveryPoint: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
}

export interface OpenSummary {
  readonly logs: number;
  readonly recovered: number;
}

const TOPIC_RESOURCE = 2;
/** Logs that are opened at once: enough to keep a disk busy. */
const OPENING_AT_ONCE = 16;
/** A log of which recovery has no more to read is recovered on this thread: a millisecond at most between turns of the loop. */
const RECOVERED_HERE_BYTES = 1024 * 1024;
const PROGRESS_MS = 2000;

/** Ids up to 100 are no directories but words: unassigned, lost, migrating (KIP-858). */
function isReservedId(id: Uuid): boolean {
  return id <= `${'\0'.repeat(15)}d`;
}

function keyOf(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

/** Does the work for each of `waiting`, which is empty then. */
async function severalAtOnce<T>(waiting: T[], work: (one: T) => Promise<void>): Promise<void> {
  const next = async (): Promise<void> => {
    for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) await work(one);
  };
  await Promise.all(Array.from({ length: Math.min(OPENING_AT_ONCE, waiting.length) }, next));
}

export class Logs {
  readonly #parts: LogsParts;
  readonly #configs = new Map<string, LogConfig>();
  #directories: readonly Directory[] = [];
  #offline = new Set<string>();
  /** What the checkpoints said of partitions that could not be opened: they go on saying it. */
  readonly #unopened = new Map<Partition, Found>();
  #isOpen = false;

  constructor(parts: LogsParts) {
    this.#parts = parts;
  }

  // ---- the image

  /** The effective settings of a topic's logs; the same object until they change. */
  configOf(topic: string): LogConfig {
    let config = this.#configs.get(topic);
    if (!config) {
      const overrides = Object.fromEntries(this.#parts.image.configs.of(TOPIC_RESOURCE, topic));
      config = resolveTopicConfig(this.#parts.config, overrides);
      this.#configs.set(topic, config);
    }
    return config;
  }

  /** Brings the partitions into line with what changed in the image. Done when new logs are open and deleted ones are let go of. */
  async apply(changes: ImageChanges): Promise<void> {
    for (const { name } of changes.deletedTopics.values()) this.#configs.delete(name);
    for (const { type, name } of changes.configs.values()) if (type === TOPIC_RESOURCE) this.#reconfigure(name);
    const work: Promise<unknown>[] = [];
    for (const topicId of changes.deletedTopics.keys()) work.push(...this.#delete(topicId));
    await Promise.all(work);
    const opening: Partition[] = [];
    for (const [topicId, partitions] of changes.partitions) {
      const topic = this.#parts.image.topics.byId(topicId);
      if (!topic) continue;
      for (const index of partitions) {
        if (!this.#isOurs(topicId, index)) continue;
        const partition = this.#place(topic, index);
        if (this.#isOpen && partition.log === null && !partition.offline) opening.push(partition);
        else if (partition.log) this.#applyAssignment(partition, partition.log);
      }
    }
    await severalAtOnce(opening, (partition) => this.#open(partition, null));
  }

  /** The broker's settings are others: the topics that set nothing of their own follow them. */
  reconfigureAll(): void {
    const topics = [...this.#configs.keys()];
    for (const topic of topics) this.#reconfigure(topic);
  }

  #isOurs(topicId: Uuid, partition: number): boolean {
    return ownerOf(topicId, partition, this.#parts.shardCount) === this.#parts.self;
  }

  #reconfigure(topic: string): void {
    this.#configs.delete(topic);
    const known = this.#parts.image.topics.byName(topic);
    if (!known) return;
    const config = this.configOf(topic);
    for (const partition of this.#parts.table.ofTopic(known.id)) {
      partition.config = config;
      partition.log?.updateConfig(config);
    }
  }

  #place(topic: TopicImage, index: number): Partition {
    const known = this.#parts.table.get(topic.id, index);
    if (known) return known;
    const { nodeId, host, table } = this.#parts;
    const state = new PartitionState(nodeId);
    const partition = new Partition(topic.id, topic.name, index, state, this.configOf(topic.name), host);
    table.add(partition);
    return partition;
  }

  #applyAssignment(partition: Partition, log: Log): void {
    const topic = this.#parts.image.topics.byId(partition.topicId);
    if (!topic) return;
    const p = partition.index;
    const began = partition.state.apply(
      {
        leader: topic.leader(p),
        leaderEpoch: topic.leaderEpoch(p),
        partitionEpoch: topic.partitionEpoch(p),
        replicas: topic.replicas(p),
        isr: topic.isr(p),
      },
      log.endOffset,
      this.#parts.clock.monotonic(),
    );
    if (began && partition.state.isLeader) log.assignEpoch(partition.state.leaderEpoch, log.endOffset);
    log.setHighWatermark(partition.state.highWatermark);
    partition.wakeAll();
  }

  // ---- opening

  /** Opens every log of this shard: the start. */
  async openAll(
    directories: readonly Directory[],
    onDisk: readonly Found[],
    failed: readonly string[] = [],
  ): Promise<OpenSummary> {
    this.#directories = directories;
    this.#offline = new Set(failed);
    const found = new Map(onDisk.map((entry) => [`${entry.topicId}${entry.partition}`, entry]));
    this.#isOpen = true;
    const waiting = [...this.#parts.table];
    const total = waiting.length;
    let recovered = 0;
    let elsewhere = 0;
    const progress = this.#tellProgress(total, () => total - waiting.length);
    await severalAtOnce(waiting, async (partition) => {
      const where = found.get(`${partition.topicId}${partition.index}`) ?? null;
      if (where && !where.isClean) recovered++;
      if (where !== null || !this.#isElsewhere(partition)) await this.#open(partition, where);
      else {
        partition.offline = true;
        elsewhere++;
      }
    });
    progress.stop();
    if (elsewhere > 0) {
      this.#parts.log.error('Partitions are offline: their log directory is not here or cannot be used', {
        partitions: elsewhere,
      });
    }
    return { logs: total, recovered };
  }

  /** A line every few seconds while the opening goes on. */
  #tellProgress(total: number, done: () => number): { stop(): void } {
    const { clock, log } = this.#parts;
    const tell = (): void => {
      log.info('Opening and recovering logs', { done: done(), of: total });
      timer = clock.after(PROGRESS_MS, tell);
    };
    let timer = clock.after(PROGRESS_MS, tell);
    return { stop: () => timer.cancel() };
  }

  async #open(partition: Partition, found: Found | null): Promise<void> {
    const { environment, log, onFault } = this.#parts;
    let directory = found?.path;
    try {
      if (directory === undefined) {
        const home = this.#homeOf(partition);
        if (home === null) {
          partition.offline = true;
          return;
        }
        directory = `${home.path}/${keyOf(partition.topic, partition.index)}`;
        await this.#create(directory, partition);
      }
      const { recoveryPoint = 0, logStartOffset = 0, highWatermark = 0 } = found ?? {};
      const { config } = partition;
      const producerIdExpirationMs = this.#parts.config.values['producer.id.expiration.ms'];
      if (this.#offline.has(this.directoryOf(directory)?.path ?? '')) {
        partition.offline = true;
        return;
      }
      const isRecovered = found !== null && !found.isClean;
      if (isRecovered) {
        await this.#recover({ directory, recoveryPoint, logStartOffset, config, producerIdExpirationMs });
      }
      const opened = await openLog(environment, {
        directory,
        topic: partition.topic,
        partition: partition.index,
        config,
        recoveryPoint,
        logStartOffset,
        highWatermark,
        isRecovered,
        producerIdExpirationMs,
      });
      if (this.#offline.has(this.directoryOf(directory)?.path ?? '')) {
        partition.offline = true;
        opened.abandon();
        return;
      }
      partition.log = opened;
      this.#applyAssignment(partition, opened);
    } catch (error) {
      if (!(error instanceof DiskFault)) throw error;
      partition.offline = true;
      if (found) this.#unopened.set(partition, found);
      log.error('A partition could not be opened and is offline', {
        partition: keyOf(partition.topic, partition.index),
        reason: error.message,
      });
      // What the files say is of this partition alone; what the system says of them is the directory's.
      if (error.code !== OLD_FORMAT && directory !== undefined) onFault(directory, error);
    }
  }

  /** Here where there is little to read, else in the background. */
  async #recover(input: RecoveryInput): Promise<void> {
    const { environment, clock } = this.#parts;
    const options = { ...input, now: clock.now() };
    const recovered = await recoverIfSmall(environment, options, RECOVERED_HERE_BYTES);
    if (recovered === null) await this.#parts.recover(input);
  }

  /** An empty directory for a new partition. One that is in the way, of an older topic of its name, is set aside: its records are not ours. */
  async #create(directory: string, { topic, index, topicId }: Partition): Promise<void> {
    const { environment, log } = this.#parts;
    const { disk, random } = environment;
    if ((await disk.status(directory)) !== null) {
      const aside = await setAsideDirectory(disk, random, directory, topic, index);
      log.warn('A directory of an older topic is in the way of a new partition and is set aside', { directory, aside });
    }
    await createPartitionDirectory(disk, directory, topicId);
  }

  /** Whether the metadata says that an older partition lies in a directory that does not work or is not ours: it must not begin anew. */
  #isElsewhere(partition: Partition): boolean {
    const topic = this.#parts.image.topics.byId(partition.topicId);
    const id = topic?.directoryOf(partition.index, this.#parts.nodeId) ?? null;
    if (id === null || isReservedId(id)) return this.#offline.size > 0;
    return !this.#directories.some((directory) => directory.id === id && !this.#offline.has(directory.path));
  }

  /** Where a new partition belongs: the directory that the controller gave it, else the first that works. */
  #homeOf(partition: Partition): Directory | null {
    const topic = this.#parts.image.topics.byId(partition.topicId);
    const id = topic?.directoryOf(partition.index, this.#parts.nodeId);
    const working = this.#directories.filter(({ path }) => !this.#offline.has(path));
    return working.find((directory) => directory.id === id) ?? working[0] ?? null;
  }

  #delete(topicId: Uuid): Promise<void>[] {
    const { table, log } = this.#parts;
    return table.removeTopic(topicId).map(async (partition) => {
      this.#unopened.delete(partition);
      const opened = partition.detach(ERRORS.UNKNOWN_TOPIC_OR_PARTITION);
      try {
        await opened?.delete();
      } catch (error) {
        if (!(error instanceof DiskFault)) throw error;
        log.error('A partition could not be deleted', {
          partition: keyOf(partition.topic, partition.index),
          reason: error.message,
        });
      }
    });
  }

  // ---- care

  /** A directory answered with a device error: its partitions are offline, here and now. */
  directoryFailed(path: string): void {
    if (this.#offline.has(path)) return;
    this.#offline.add(path);
    for (const partition of this.#parts.table) {
      if (partition.log === null || parentDirectory(partition.log.directory) !== path) continue;
      partition.offline = true;
      partition.detach(ERRORS.KAFKA_STORAGE_ERROR)?.abandon();
    }
  }

  isOffline(path: string): boolean {
    return this.#offline.has(path);
  }

  get shardCount(): number {
    return this.#parts.shardCount;
  }

  get directories(): readonly Directory[] {
    return this.#directories;
  }

  pathOf(directoryId: Uuid): string | null {
    return this.#directories.find(({ id }) => id === directoryId)?.path ?? null;
  }

  /** The directory of log.dirs that a partition's directory lies in. */
  directoryOf(path: string): Directory | null {
    const parent = parentDirectory(path);
    return this.#directories.find((directory) => directory.path === parent) ?? null;
  }

  async applyRetention(): Promise<void> {
    const now = this.#parts.clock.now();
    for (const partition of this.#parts.table) {
      const { log } = partition;
      if (log === null) continue;
      await log.applyRetention(now).catch((error: unknown) => this.#swallowFault(error));
      log.expireProducers(now, this.#parts.config.values['producer.id.expiration.ms']);
    }
  }

  async flushDue(): Promise<void> {
    const now = this.#parts.clock.now();
    for (const { log } of this.#parts.table) {
      if (log?.flushDue(now)) await log.flush().catch((error: unknown) => this.#swallowFault(error));
    }
  }

  /** A failed file operation has been reported by the log itself (`onFailed`). */
  #swallowFault(error: unknown): void {
    if (!(error instanceof DiskFault)) throw error;
  }

  /** What the checkpoint files are to say about this shard's logs. */
  checkpoint(): CheckpointResult[] {
    const results: CheckpointResult[] = [];
    for (const { log, topic, index } of this.#parts.table) {
      const directory = log === null ? null : this.directoryOf(log.directory);
      if (log === null || directory === null) continue;
      results.push({
        directory: directory.path,
        topic,
        partition: index,
        recoveryPoint: log.recoveryPoint,
        highWatermark: log.highWatermark,
        startOffset: log.startOffsetToCheckpoint ?? -1,
      });
    }
    for (const [{ topic, index }, found] of this.#unopened) {
      const { recoveryPoint, highWatermark, logStartOffset } = found;
      results.push({
        directory: parentDirectory(found.path),
        topic,
        partition: index,
        recoveryPoint,
        highWatermark,
        startOffset: logStartOffset > 0 ? logStartOffset : -1,
      });
    }
    return results;
  }

  /** Flushes and closes every log; `detached` ones answer NOT_LEADER_OR_FOLLOWER. Keeps what `checkpoint` said last. */
  async closeAll(): Promise<CheckpointResult[]> {
    // A topic that is created from now on is opened at the next start.
    this.#isOpen = false;
    const logs: Log[] = [];
    for (const partition of this.#parts.table) if (partition.log) logs.push(partition.log);
    await severalAtOnce(logs, (log) => log.close().catch((error: unknown) => this.#swallowFault(error)));
    const results = this.checkpoint();
    for (const partition of this.#parts.table) partition.detach(ERRORS.NOT_LEADER_OR_FOLLOWER);
    return results;
  }
}
