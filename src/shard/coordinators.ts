/**
 * The coordinators of this shard of one kind: one for each partition of their topic that this broker leads and that this shard owns. Lives
 * on the owner's thread; one a shard and kind (groups, transactions).
 *
 *   log open, and this broker leads ─▶ load ─▶ active ─▶ the log closes, fails, or leads no more: stop
 *
 * At the start logs are opened while the broker is still fenced; loading begins when it is not (a restart raises the leader epoch).
 */
import type { Uuid } from '../base/uuid.ts';
import type { CoordinatorResult } from '../coordinator/answers.ts';
import type { CoordinatorPartition } from '../coordinator/coordinator-log.ts';
import type { MetadataImage } from '../machine/image/image.ts';
import type { Logger } from '../port/log.ts';
import { ERRORS } from '../protocol/errors.ts';
import type { Log } from '../storage/log.ts';
import { OwnPartition } from './own-partition.ts';
import type { Partition } from './partition.ts';
import type { PartitionTable } from './partition-table.ts';

/** A coordinator of one partition, as its shard sees it. */
export interface Coordinator<Event, Answer> {
  readonly state: 'loading' | 'active' | 'stopped';
  /** Loads the log and begins in the partition's leader epoch. Rejects where the log cannot be read. */
  load(): Promise<void>;
  /** The partition leads in a later epoch. */
  raiseEpoch(): void;
  /** What changed in the cluster. */
  tell(event: Event): void;
  /** Decides, or answers a question; `done` is called once. */
  submit(event: Event, done: (result: CoordinatorResult<Answer>) => void): void;
  /** Nothing new is begun: the broker is stopping. */
  drain(): void;
  stop(): void;
}

export interface CoordinatorsParts<C> {
  /** The internal topic. */
  readonly topic: string;
  /** What its partitions hold, for the log: 'groups'. */
  readonly what: string;
  readonly image: MetadataImage;
  readonly log: Logger;
  readonly nodeId: number;
  readonly table: PartitionTable;
  create(partition: CoordinatorPartition): C;
  readonly crash: (error: unknown) => void;
}

interface Running<C> {
  readonly partition: Partition;
  readonly log: Log;
  epoch: number;
  readonly coordinator: C;
}

const NOT_HERE = { ok: false, errorCode: ERRORS.NOT_COORDINATOR } as const;

/** Errors of the log or of what stands in it. */
const LOAD_ERRORS: ReadonlySet<string> = new Set(['LoadError', 'DecodeError', 'DiskFault']);

export class Coordinators<Event, Answer, C extends Coordinator<Event, Answer> = Coordinator<Event, Answer>> {
  readonly #parts: CoordinatorsParts<C>;
  /** By partition of the topic. */
  readonly #running = new Map<number, Running<C>>();
  #loading: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(parts: CoordinatorsParts<C>) {
    this.#parts = parts;
  }

  // ---- life

  /** Brings the coordinators into line with the logs and the image. */
  refresh(): void {
    const { image, nodeId, table, topic } = this.#parts;
    if (this.#isStopped) return;
    const topicId: Uuid | null = image.topics.byName(topic)?.id ?? null;
    const isUnfenced = image.cluster.broker(nodeId)?.fenced === false;
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
    const coordinator = this.#parts.create(new OwnPartition(partition, log));
    this.#running.set(partition.index, { partition, log, epoch: partition.state.leaderEpoch, coordinator });
    // One after the other: each reads with a buffer of megabytes.
    this.#loading = this.#loading.then(() => this.#load(coordinator, partition));
  }

  async #load(coordinator: C, partition: Partition): Promise<void> {
    const { log, what, crash } = this.#parts;
    if (coordinator.state !== 'loading') return;
    await coordinator.load().catch((error: unknown) => {
      // The log was taken away meanwhile.
      const isOver = coordinator.state !== 'loading';
      // Else the partition has none, as with Kafka, until its leadership changes. What is no error of the log is a bug.
      coordinator.stop();
      const name = error instanceof Error ? error.name : '';
      if (!LOAD_ERRORS.has(name)) crash(error);
      else if (!isOver) {
        log.error(`The ${what} of a partition could not be loaded`, {
          partition: `${partition.topic}-${partition.index}`,
          reason: error instanceof Error ? error.message : String(error),
        });
      }
    });
  }

  tell(event: Event): void {
    for (const { coordinator } of this.#running.values()) coordinator.tell(event);
  }

  /** Whoever waits for others is refused, what is under way is still answered. */
  drain(): void {
    for (const { coordinator } of this.#running.values()) coordinator.drain();
  }

  stop(): void {
    this.#isStopped = true;
    for (const { coordinator } of this.#running.values()) coordinator.stop();
    this.#running.clear();
  }

  // ---- work

  /** The coordinator in this partition of the topic, where it is here. */
  at(partition: number): C | undefined {
    return this.#running.get(partition)?.coordinator;
  }

  /** Asks the coordinator of one partition; `done` is called once. */
  ask(partition: number, event: Event, done: (result: CoordinatorResult<Answer>) => void): void {
    const coordinator = this.at(partition);
    if (coordinator === undefined) done(NOT_HERE);
    else coordinator.submit(event, done);
  }

  /** Asks every coordinator of this shard; the answers in the order of the partitions, or the first error. */
  askAll(event: Event, done: (results: readonly Answer[], errorCode: number) => void): void {
    const asked = [...this.#running.values()];
    const answers: Answer[] = [];
    let errorCode: number = ERRORS.NONE;
    let open = asked.length;
    if (open === 0) done([], ERRORS.NONE);
    for (const { coordinator } of asked) {
      coordinator.submit(event, (result) => {
        if (result.ok) answers.push(result.answer);
        // One that ended meanwhile has nothing here any more.
        else if (result.errorCode !== ERRORS.NOT_COORDINATOR) errorCode = result.errorCode;
        if (--open === 0) done(answers, errorCode);
      });
    }
  }
}
