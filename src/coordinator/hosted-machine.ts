/**
 * A machine over one partition of its internal topic: the runtime around it, its log, and its life from loading to the end. What coordinators of
 * groups and of transactions have in common.
 *
 * One a partition, on the thread that owns it, from the moment it leads until it does not.
 */
import { type CoordinatorResult, type FAULT, guarded, resultOf } from './answers.ts';
import type { Machine } from './contract.ts';
import { CoordinatorLog, type CoordinatorPartition } from './coordinator-log.ts';
import { loadRecords, type LoadingPorts } from './loading.ts';
import type { RecordCodec } from './record-codec.ts';
import { Runtime, type RuntimeOptions } from './runtime.ts';
import type { Timers } from './timers.ts';

/** What all coordinators of a shard share. */
export interface HostPorts extends LoadingPorts {
  readonly timers: Timers;
  /** An exception while deciding: whoever asked is answered UNKNOWN_SERVER_ERROR. */
  readonly onFault: (error: unknown) => void;
}

type Answered<Answer> = Answer | typeof FAULT;

export interface HostedOptions<Event, Record, Answer>
  extends Pick<RuntimeOptions<Event, Record, Answered<Answer>>, 'lingerMs' | 'timeoutMs' | 'onBatch'> {
  readonly machine: Machine<Event, Record, Answer>;
  readonly codec: RecordCodec<Record>;
  /** The number of the codec that batches are compressed with. */
  readonly compression: number;
  /** Bytes read at a time while it is loaded. */
  readonly loadBufferBytes: number;
  /** Told to the machine when it has been loaded and begins. */
  readonly began: Event;
  /** What it has loaded, for the log: 'Groups'. */
  readonly what: string;
}

export class HostedMachine<Event extends { readonly kind: string }, Record, Answer> {
  protected readonly ports: HostPorts;
  protected readonly runtime: Runtime<Event, Record, Answered<Answer>>;
  readonly #partition: CoordinatorPartition;
  readonly #options: HostedOptions<Event, Record, Answer>;

  constructor(ports: HostPorts, partition: CoordinatorPartition, options: HostedOptions<Event, Record, Answer>) {
    this.ports = ports;
    this.#partition = partition;
    this.#options = options;
    const { machine, codec, compression, began: _began, what: _what, loadBufferBytes: _buffer, ...runtime } = options;
    const log = new CoordinatorLog(partition, ports.native, codec, compression);
    this.runtime = new Runtime<Event, Record, Answered<Answer>>({
      ...runtime,
      clock: ports.clock,
      timers: ports.timers,
      log,
      machine: {
        decide: (event, context) => guarded(ports, event.kind, () => machine.decide(event, context)),
        query: (event, committed, context) => machine.query?.(event, committed, context) ?? null,
        replay: (record, offset, epoch, producer) => machine.replay(record, offset, epoch, producer),
        endTransaction: (producerId, producerEpoch, commit, offset) =>
          machine.endTransaction?.(producerId, producerEpoch, commit, offset),
        commit: (endOffset) => machine.commit(endOffset),
        revert: (endOffset) => machine.revert(endOffset),
      },
    });
    log.onCommitted = (endOffset) => this.runtime.committed(endOffset);
    log.onLost = () => this.runtime.failed();
  }

  get partition(): number {
    return this.#partition.partition;
  }

  get state(): 'loading' | 'active' | 'stopped' {
    return this.runtime.state;
  }

  get held(): Runtime<Event, Record, Answered<Answer>>['held'] {
    return this.runtime.held;
  }

  // ---- life

  /** Loads the log and begins in the partition's leader epoch. Rejects where the log cannot be read: then there is no coordinator. */
  async load(): Promise<void> {
    const { clock, log } = this.ports;
    const { codec, began, what, loadBufferBytes } = this.#options;
    const { runtime } = this;
    const start = clock.monotonic();
    const isStopped = (): boolean => runtime.state === 'stopped';
    await runtime.load(loadRecords(this.ports, this.#partition, loadBufferBytes, isStopped, codec));
    if (isStopped()) return;
    // What it has read it tells to others, and acts on it: a power failure must not take that back.
    await this.#partition.makeSafe();
    if (isStopped()) return;
    const { topic, partition, endOffset, startOffset, leaderEpoch } = this.#partition;
    runtime.begin(leaderEpoch);
    runtime.tell(began);
    if (endOffset === startOffset) return;
    const ms = Math.round(clock.monotonic() - start);
    log.debug(`${what} are loaded`, { partition: `${topic}-${partition}`, records: endOffset - startOffset, ms });
  }

  /** The partition leads in a later epoch. */
  raiseEpoch(): void {
    this.runtime.raiseEpoch(this.#partition.leaderEpoch);
  }

  /** Nothing new is begun, and what waits for others is refused: the broker is stopping. */
  drain(): void {
    this.runtime.drain();
  }

  stop(): void {
    this.runtime.stop();
  }

  // ---- work

  /** What changed in the cluster. Nothing of it is lost while the log is loaded. */
  tell(event: Event): void {
    this.runtime.tell(event);
  }

  /** Decides, or answers a question; `done` is called once, inside the call or later. */
  submit(event: Event, done: (result: CoordinatorResult<Answer>) => void): void {
    if (this.runtime.state === 'active') {
      const ask = (): { answer: Answered<Answer> | null } => ({ answer: this.runtime.query(event) });
      const { answer } = guarded(this.ports, event.kind, ask);
      if (answer !== null) {
        done(resultOf({ ok: true, answer }));
        return;
      }
    }
    this.runtime.submit(event, (outcome) => done(resultOf(outcome)));
  }
}
