/**
 * The coordinator of the groups of one partition of `__consumer_offsets`: the machine (machine/group), the runtime around it, and its log.
 * One a partition, on the thread that owns it, from the moment it leads until it does not.
 */
import { uuidFromRandom, uuidToText } from '../base/uuid.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { GroupAnswer, GroupEvent } from '../machine/group/decision.ts';
import { GroupMachine } from '../machine/group/machine.ts';
import type { GroupRecord } from '../machine/group/records.ts';
import type { MetadataImage } from '../machine/image/image.ts';
import type { Random } from '../port/random.ts';
import type { TransactionMarker } from '../protocol/transaction-marker.ts';
import { clientCode, type CoordinatorResult, type FAULT, guarded, markerCode, resultOf } from './answers.ts';
import { CoordinatorLog, type CoordinatorPartition } from './coordinator-log.ts';
import { loadRecords, type LoadingPorts } from './loading.ts';
import { groupCodec } from './record-codec.ts';
import { Runtime } from './runtime.ts';
import type { Timers } from './timers.ts';

/** What all coordinators of a shard share. */
export interface GroupParts extends LoadingPorts {
  readonly config: BrokerConfig;
  readonly image: MetadataImage;
  readonly random: Random;
  readonly timers: Timers;
  /** An exception while deciding: whoever asked is answered UNKNOWN_SERVER_ERROR. */
  readonly onFault: (error: unknown) => void;
}

export type GroupResult = CoordinatorResult<GroupAnswer>;

type Answer = GroupAnswer | typeof FAULT;

export class GroupCoordinator {
  readonly #parts: GroupParts;
  readonly #partition: CoordinatorPartition;
  readonly #machine: GroupMachine;
  readonly #runtime: Runtime<GroupEvent, GroupRecord, Answer>;

  constructor(parts: GroupParts, partition: CoordinatorPartition) {
    this.#parts = parts;
    this.#partition = partition;
    const { config, clock, native, timers } = parts;
    const { values } = config;
    const machine = new GroupMachine({ config, partition: partition.partition });
    this.#machine = machine;
    const log = new CoordinatorLog(partition, native, groupCodec, values['offsets.topic.compression.codec']);
    const { image } = parts;
    const uuid = (): string => this.#uuid();
    this.#runtime = new Runtime<GroupEvent, GroupRecord, Answer>({
      clock,
      timers,
      log,
      lingerMs: values['group.coordinator.append.linger.ms'],
      timeoutMs: values['offsets.commit.timeout.ms'],
      machine: {
        decide: (event, context) => {
          const errorCode = context.errorCode === 0 ? 0 : clientCode(context.errorCode);
          return guarded(parts, event.kind, () => machine.decide(event, { ...context, errorCode, image, uuid }));
        },
        query: (event, committed, { now }) => machine.query(event, committed, { now, image }),
        replay: (record, offset, epoch, producer) => machine.replay(record, offset, epoch, producer),
        endTransaction: (producerId, producerEpoch, commit, offset) =>
          machine.endTransaction(producerId, producerEpoch, commit, offset),
        commit: (endOffset) => machine.commit(endOffset),
        revert: (endOffset) => machine.revert(endOffset),
      },
    });
    log.onCommitted = (endOffset) => this.#runtime.committed(endOffset);
    log.onLost = () => this.#runtime.failed();
  }

  #uuid(): string {
    for (;;) {
      const uuid = uuidFromRandom(this.#parts.random.bytes(16));
      if (uuid !== null) return uuidToText(uuid);
    }
  }

  get partition(): number {
    return this.#partition.partition;
  }

  get state(): 'loading' | 'active' | 'stopped' {
    return this.#runtime.state;
  }

  get held(): Runtime<GroupEvent, GroupRecord, Answer>['held'] {
    return this.#runtime.held;
  }

  /** For tests: what was replayed. */
  get machine(): GroupMachine {
    return this.#machine;
  }

  // ---- life

  /** Loads the log and begins in the partition's leader epoch. Rejects where the log cannot be read: then there is no coordinator. */
  async load(): Promise<void> {
    const { clock, log, config } = this.#parts;
    const runtime = this.#runtime;
    const start = clock.monotonic();
    const bufferBytes = config.values['offsets.load.buffer.size'];
    const isStopped = (): boolean => runtime.state === 'stopped';
    await runtime.load(loadRecords(this.#parts, this.#partition, bufferBytes, isStopped, groupCodec));
    if (isStopped()) return;
    runtime.begin(this.#partition.leaderEpoch);
    runtime.tell({ kind: 'began' });
    const { topic, partition, endOffset, startOffset } = this.#partition;
    if (endOffset === startOffset) return;
    const ms = Math.round(clock.monotonic() - start);
    log.debug('Groups are loaded', { partition: `${topic}-${partition}`, records: endOffset - startOffset, ms });
  }

  /** The partition leads in a later epoch. */
  raiseEpoch(): void {
    this.#runtime.raiseEpoch(this.#partition.leaderEpoch);
  }

  /** Nothing new is begun, and what waits for other members is refused: the broker is stopping. */
  drain(): void {
    this.#runtime.drain();
  }

  stop(): void {
    this.#runtime.stop();
  }

  // ---- work

  /** What changed in the cluster. Nothing of it is lost while the log is loaded. */
  tell(event: GroupEvent): void {
    this.#runtime.tell(event);
  }

  /** Decides, or answers a question; `done` is called once, inside the call or later. */
  submit(event: GroupEvent, done: (result: GroupResult) => void): void {
    if (this.#runtime.state === 'active') {
      const answer = this.#query(event);
      if (answer !== null) {
        done(resultOf({ ok: true, answer }));
        return;
      }
    }
    this.#runtime.submit(event, (outcome) => done(resultOf(outcome)));
  }

  /**
   * Ends a producer's transaction here, behind what was submitted before; `done` is called once, with NONE when the marker is committed, else
   * with a code of Kafka's.
   */
  endTransaction(marker: TransactionMarker, done: (errorCode: number) => void): void {
    this.#runtime.endTransaction(marker, (outcome) => done(markerCode(outcome)));
  }

  /** Whether a marker of this producer was taken that the log does not know yet. */
  isEnding(producerId: number): boolean {
    return this.#runtime.isEnding(producerId);
  }

  #query(event: GroupEvent): Answer | null {
    const ask = (): { answer: Answer | null } => ({ answer: this.#runtime.query(event) });
    return guarded(this.#parts, event.kind, ask).answer;
  }
}
