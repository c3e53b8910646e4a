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
import { ERRORS } from '../protocol/errors.ts';
import type { RuntimeOutcome } from './contract.ts';
import { loadGroups, type LoadingPorts } from './group-loading.ts';
import { type CoordinatorPartition, GroupLog } from './group-log.ts';
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

export type GroupResult =
  | { readonly ok: true; readonly answer: GroupAnswer }
  | { readonly ok: false; readonly errorCode: number };

/** In the place of an answer: deciding met a bug. */
const FAULT: unique symbol = Symbol('fault');
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
    const log = new GroupLog(partition, native, values['offsets.topic.compression.codec']);
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
          return this.#guarded(event, () => machine.decide(event, { ...context, errorCode, image, uuid }));
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

  /** A decision that throws has changed nothing that is replayed. */
  #guarded<D>(event: GroupEvent, decide: () => D): D | { readonly records: []; readonly answer: typeof FAULT } {
    try {
      return decide();
    } catch (error) {
      this.#parts.log.error('The coordinator of groups met a bug', { event: event.kind, error: stackOf(error) });
      this.#parts.onFault(error);
      return { records: [], answer: FAULT };
    }
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
    await runtime.load(loadGroups(this.#parts, this.#partition, bufferBytes, isStopped));
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

  #query(event: GroupEvent): Answer | null {
    return this.#guarded<{ answer: Answer | null }>(event, () => ({ answer: this.#runtime.query(event) })).answer;
  }
}

function resultOf(outcome: RuntimeOutcome<Answer>): GroupResult {
  if (!outcome.ok) {
    const { error, errorCode } = outcome;
    switch (error) {
      case 'loading':
        return { ok: false, errorCode: ERRORS.COORDINATOR_LOAD_IN_PROGRESS };
      case 'stopped':
      case 'failed':
        return { ok: false, errorCode: ERRORS.NOT_COORDINATOR };
      case 'overloaded':
      case 'timed-out':
        return { ok: false, errorCode: ERRORS.COORDINATOR_NOT_AVAILABLE };
      case 'refused':
        return { ok: false, errorCode: clientCode(errorCode ?? ERRORS.UNKNOWN_SERVER_ERROR) };
    }
  }
  if (outcome.answer === FAULT) return { ok: false, errorCode: ERRORS.UNKNOWN_SERVER_ERROR };
  return { ok: true, answer: outcome.answer };
}

/** What a client of a group is told where the log answered so (as Kafka's GroupCoordinatorService): it knows nothing of that log. */
function clientCode(errorCode: number): number {
  switch (errorCode) {
    case ERRORS.UNKNOWN_TOPIC_OR_PARTITION:
    case ERRORS.NOT_ENOUGH_REPLICAS:
    case ERRORS.REQUEST_TIMED_OUT:
      return ERRORS.COORDINATOR_NOT_AVAILABLE;
    case ERRORS.NOT_LEADER_OR_FOLLOWER:
    case ERRORS.KAFKA_STORAGE_ERROR:
      return ERRORS.NOT_COORDINATOR;
    case ERRORS.MESSAGE_TOO_LARGE:
    case ERRORS.RECORD_LIST_TOO_LARGE:
    case ERRORS.INVALID_FETCH_SIZE:
      return ERRORS.UNKNOWN_SERVER_ERROR;
    default:
      return errorCode;
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
