/**
 * The coordinators of groups that live on this shard: one for each partition of `__consumer_offsets` that this broker leads and this shard
 * owns. They begin when the log is open and the broker is not fenced, and end with the leadership, the topic, the directory or the broker.
 *
 *   image, logs ─▶ refresh ─▶ load ─▶ begin … stop
 *   request ─▶ ask (mine, or by `coordinatorCall`) ─▶ GroupCoordinator
 *
 * Lives on the owner's thread; one a shard.
 */
import type { Uuid } from '../base/uuid.ts';
import type { LogConfig } from '../config/log-config.ts';
import type { CoordinatorPartition } from '../coordinator/group-log.ts';
import { GroupCoordinator, type GroupParts, type GroupResult } from '../coordinator/groups.ts';
import type { GroupAnswer, GroupEvent } from '../machine/group/decision.ts';
import { CONFIG_RESOURCE } from '../machine/image/configs.ts';
import type { ImageChanges } from '../machine/image/changes.ts';
import { ERRORS } from '../protocol/errors.ts';
import { OFFSETS_TOPIC } from '../protocol/topic-names.ts';
import type { Log } from '../storage/log.ts';
import type { Partition } from './partition.ts';
import type { PartitionTable } from './partition-table.ts';

export interface CoordinatorsParts {
  readonly groups: GroupParts;
  readonly nodeId: number;
  readonly table: PartitionTable;
  readonly crash: (error: unknown) => void;
}

interface Running {
  readonly partition: Partition;
  readonly log: Log;
  epoch: number;
  readonly coordinator: GroupCoordinator;
}

const NOT_HERE: GroupResult = { ok: false, errorCode: ERRORS.NOT_COORDINATOR };

export class GroupCoordinators {
  readonly #parts: CoordinatorsParts;
  /** By partition of the topic. */
  readonly #running = new Map<number, Running>();
  #loading: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(parts: CoordinatorsParts) {
    this.#parts = parts;
  }

  // ---- life

  /** Brings the coordinators into line with the logs and the image. */
  refresh(): void {
    const { groups, nodeId, table } = this.#parts;
    if (this.#isStopped) return;
    const { topics, cluster } = groups.image;
    const topicId: Uuid | null = topics.byName(OFFSETS_TOPIC)?.id ?? null;
    const isUnfenced = cluster.broker(nodeId)?.fenced === false;
    for (const [index, { partition, log, coordinator }] of this.#running) {
      if (partition.topicId === topicId && partition.log === log && partition.state.isLeader) continue;
      this.#running.delete(index);
      coordinator.stop();
    }
    if (topicId === null || !isUnfenced) return;
    for (const partition of table.ofTopic(topicId)) {
      if (partition.log === null || !partition.state.isLeader) continue;
      const running = this.#running.get(partition.index);
      if (running === undefined) this.#begin(partition, partition.log);
      else if (running.epoch !== partition.state.leaderEpoch) {
        running.epoch = partition.state.leaderEpoch;
        running.coordinator.raiseEpoch();
      }
    }
  }

  #begin(partition: Partition, log: Log): void {
    const { groups } = this.#parts;
    const coordinator = new GroupCoordinator(groups, new OwnPartition(partition, log));
    this.#running.set(partition.index, { partition, log, epoch: partition.state.leaderEpoch, coordinator });
    // One after the other: each reads with a buffer of megabytes.
    this.#loading = this.#loading.then(() => this.#load(coordinator, partition));
  }

  async #load(coordinator: GroupCoordinator, partition: Partition): Promise<void> {
    const { groups, crash } = this.#parts;
    if (coordinator.state !== 'loading') return;
    await coordinator.load().catch((error: unknown) => {
      // The log was taken away meanwhile.
      const isOver = coordinator.state !== 'loading';
      // Else the partition has none, as with Kafka, until its leadership changes. What is no error of the log is a bug.
      coordinator.stop();
      const name = error instanceof Error ? error.name : '';
      if (!LOAD_ERRORS.has(name)) crash(error);
      else if (!isOver) {
        groups.log.error('The groups of a partition could not be loaded', {
          partition: `${partition.topic}-${partition.index}`,
          reason: error instanceof Error ? error.message : String(error),
        });
      }
    });
  }

  /** Tells the coordinators what changed in the image. After `refresh`. */
  changed(changes: ImageChanges): void {
    const { image } = this.#parts.groups;
    const deleted = [...changes.deletedTopics].map(([id, { name }]) => ({ id, name }));
    if (deleted.length > 0) this.#tell({ kind: 'topicsDeleted', topics: deleted });
    const topics = new Set(changes.createdTopics.values());
    for (const id of changes.partitions.keys()) {
      const name = image.topics.byId(id)?.name;
      if (name !== undefined) topics.add(name);
    }
    if (topics.size > 0) this.#tell({ kind: 'topicsChanged', topics: [...topics] });
    for (const { type, name } of changes.configs.values()) {
      if (type === CONFIG_RESOURCE.group) this.#tell({ kind: 'groupConfigChanged', groupId: name });
    }
  }

  #tell(event: GroupEvent): void {
    for (const { coordinator } of this.#running.values()) coordinator.tell(event);
  }

  /** Members that wait for others are refused, commits are still answered. */
  drain(): void {
    for (const { coordinator } of this.#running.values()) coordinator.drain();
  }

  stop(): void {
    this.#isStopped = true;
    for (const { coordinator } of this.#running.values()) coordinator.stop();
    this.#running.clear();
  }

  // ---- work

  /** Asks the coordinator of one partition; `done` is called once. */
  ask(partition: number, event: GroupEvent, done: (result: GroupResult) => void): void {
    const running = this.#running.get(partition);
    if (running === undefined) done(NOT_HERE);
    else running.coordinator.submit(event, done);
  }

  /** Asks every coordinator of this shard; the answers in the order of the partitions, or the first error. */
  askAll(event: GroupEvent, done: (results: readonly GroupAnswer[], errorCode: number) => void): void {
    const asked = [...this.#running.values()];
    const answers: GroupAnswer[] = [];
    let errorCode: number = ERRORS.NONE;
    let open = asked.length;
    if (open === 0) done([], ERRORS.NONE);
    for (const { coordinator } of asked) {
      coordinator.submit(event, (result) => {
        if (result.ok) answers.push(result.answer);
        // One that ended meanwhile has no groups here any more.
        else if (result.errorCode !== ERRORS.NOT_COORDINATOR) errorCode = result.errorCode;
        if (--open === 0) done(answers, errorCode);
      });
    }
  }
}

/** Errors of the log or of what stands in it. */
const LOAD_ERRORS: ReadonlySet<string> = new Set(['LoadError', 'DecodeError', 'DiskFault']);

/** A partition of this shard, as its coordinator sees it, for as long as it has this log. */
class OwnPartition implements CoordinatorPartition {
  readonly topic: string;
  readonly partition: number;
  readonly #partition: Partition;
  readonly #log: Log;

  constructor(partition: Partition, log: Log) {
    this.topic = partition.topic;
    this.partition = partition.index;
    this.#partition = partition;
    this.#log = log;
  }

  get leaderEpoch(): number {
    return this.#partition.state.leaderEpoch;
  }

  get startOffset(): number {
    return this.#log.startOffset;
  }

  get endOffset(): number {
    return this.#log.sealedEndOffset;
  }

  get maxBatchBytes(): number {
    const { maxMessageBytes, segmentBytes }: LogConfig = this.#partition.config;
    return Math.min(maxMessageBytes, segmentBytes);
  }

  append(bytes: Buffer, applied: (baseOffset: number) => void, settled: (errorCode: number) => void): void {
    this.#partition.append(bytes, ALL, ({ errorCode }) => settled(errorCode), null, applied);
    // The turn's records are together already.
    this.#partition.log?.flushStaged();
  }

  async read(offset: number, maxBytes: number): Promise<Buffer | null> {
    const read = await this.#log.read(offset, maxBytes, this.#log.endOffset);
    return read.error === null ? read.bytes : null;
  }
}

const ALL = -1;
