/**
 * A transaction coordinator without a runtime: its machine, a log that commits late, refuses, and is read again after a crash, and its markers
 * under way. What it says and what it keeps comes through the records' bytes.
 */
import assert from 'node:assert/strict';
import type { BrokerConfig } from '../../../src/config/broker-config.ts';
import { TransactionMarkers } from '../../../src/coordinator/transaction-markers.ts';
import {
  NEEDS_PRODUCER_ID,
  type PendingMarkers,
  type TransactionAnswer,
  type TransactionEvent,
} from '../../../src/machine/transaction/decision.ts';
import { TransactionMachine } from '../../../src/machine/transaction/machine.ts';
import type { TransactionRecord } from '../../../src/machine/transaction/records.ts';
import type { Logger } from '../../../src/port/log.ts';
import { ERRORS } from '../../../src/protocol/errors.ts';
import type { TransactionMarker } from '../../../src/protocol/transaction-marker.ts';
import { stored } from '../../unit/machine/transaction/log.ts';
import type { Network } from './network.ts';

export type Outcome =
  | { readonly ok: true; readonly answer: TransactionAnswer }
  | { readonly ok: false; readonly errorCode: number };

interface Waiting {
  readonly endOffset: number;
  readonly answer: TransactionAnswer;
  readonly complete: (outcome: Outcome) => void;
}

export interface CoordinatorParts {
  readonly network: Network;
  readonly config: BrokerConfig;
  readonly transactionVersion: number;
  readonly write: (
    topic: string,
    partition: number,
    marker: TransactionMarker,
    done: (errorCode: number) => void,
  ) => void;
}

const QUIET: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => QUIET };
const NOT_HERE = { ok: false, errorCode: ERRORS.NOT_COORDINATOR } as const;
const OFFSETS_PARTITIONS = 1;

export class ModelCoordinator {
  readonly #parts: CoordinatorParts;
  readonly #markers: TransactionMarkers;
  machine: TransactionMachine;
  #log: TransactionRecord[] = [];
  #committed = 0;
  #waiting: Waiting[] = [];
  #epoch = 0;
  isDown = false;
  /** Chance that a batch is refused, and that no producer id is at hand. */
  faults = 0;
  #nextProducerId = 0;
  crashes = 0;

  constructor(parts: CoordinatorParts) {
    this.#parts = parts;
    const { network, config } = parts;
    this.machine = new TransactionMachine({ config });
    this.#markers = new TransactionMarkers({ clock: network.clock, log: QUIET, write: parts.write });
  }

  /** A record that stood in the log before. */
  preload(record: TransactionRecord, nextProducerId: number): void {
    this.#append([record]);
    this.#commit(this.#log.length);
    this.#nextProducerId = nextProducerId;
  }

  submit(event: TransactionEvent, complete: (outcome: Outcome) => void): void {
    const { network, transactionVersion } = this.#parts;
    if (this.isDown) {
      complete(NOT_HERE);
      return;
    }
    const machine = this.machine;
    const hasIds = !network.random.chance(this.faults);
    const { records, answer } = machine.decide(event, {
      now: network.clock.now(),
      errorCode: 0,
      transactionVersion,
      offsetsPartitionCount: OFFSETS_PARTITIONS,
      producerId: () => (hasIds ? this.#nextProducerId++ : null),
    });
    this.#append(records);
    if (answer === NEEDS_PRODUCER_ID) {
      network.later(() => this.submit(event, complete));
      return;
    }
    if (this.#log.length === this.#committed) {
      complete({ ok: true, answer });
      return;
    }
    this.#waiting.push({ endOffset: this.#log.length, answer, complete });
    network.later(() => {
      if (this.machine === machine) this.#settle();
    });
  }

  #append(records: readonly TransactionRecord[]): void {
    for (const record of records) {
      const one = stored(record);
      this.#log.push(one);
      this.machine.replay(one, this.#log.length - 1, this.#epoch);
      const { transactionalId } = one.key;
      const now = this.machine.transactions.get(transactionalId);
      this.#parts.network.note(`${transactionalId} is ${now?.producerId}/${now?.producerEpoch} ${now?.status}`);
    }
  }

  /** The log says what became of the oldest that wait. */
  #settle(): void {
    const { random } = this.#parts.network;
    const next = this.#waiting[random.below(this.#waiting.length)];
    if (next === undefined) return;
    if (random.chance(this.faults) && this.#committed < this.#log.length) {
      // Refused from here on: nobody has seen what was decided, but for those who are told now.
      this.machine.revert(this.#committed);
      this.#log.length = this.#committed;
      const refused = this.#waiting.splice(0);
      for (const { complete } of refused) complete({ ok: false, errorCode: ERRORS.COORDINATOR_NOT_AVAILABLE });
      return;
    }
    this.#commit(next.endOffset);
    const done = this.#waiting.filter(({ endOffset }) => endOffset <= this.#committed);
    this.#waiting = this.#waiting.filter(({ endOffset }) => endOffset > this.#committed);
    for (const { complete, answer } of done) complete({ ok: true, answer });
  }

  #commit(endOffset: number): void {
    const from = this.#committed;
    this.#committed = Math.max(from, endOffset);
    this.machine.commit(this.#committed);
    for (const record of this.#log.slice(from, this.#committed)) {
      const pending = this.machine.markersOf(record);
      if (pending !== null) this.#send(pending);
    }
  }

  #send(pending: PendingMarkers): void {
    const { machine } = this;
    const { transactionalId, producerId, producerEpoch } = pending;
    const isStopped = (): boolean => this.machine !== machine || this.isDown;
    const event = { kind: 'markersWritten', transactionalId, producerId, producerEpoch } as const;
    const complete = (): void => {
      if (isStopped()) return;
      this.submit(event, (outcome) => {
        if (!outcome.ok) this.#parts.network.later(complete);
      });
    };
    this.#markers.send(pending, this.#epoch, isStopped, complete);
  }

  // ---- its life

  /** What was committed is there again, and perhaps more; whoever waits hears that nobody is here. */
  crash(): void {
    const { network, config, transactionVersion } = this.#parts;
    this.crashes++;
    network.note('-- the coordinator crashes');
    const isFirst = transactionVersion === 0;
    const before = stateOf(this.machine, this.#committed, isFirst);
    const waiting = this.#waiting.splice(0);
    const kept = this.#committed + network.random.below(this.#log.length - this.#committed + 1);
    const log = this.#log.slice(0, kept);
    this.isDown = true;
    this.machine = new TransactionMachine({ config });
    this.#log = [];
    for (const record of log.slice(0, this.#committed)) this.#append([record]);
    assert.deepEqual(stateOf(this.machine, Infinity, isFirst), before, 'what is loaded is what was committed');
    for (const record of log.slice(this.#committed)) this.#append([record]);
    this.#committed = kept;
    this.machine.commit(kept);
    for (const { complete } of waiting) complete(NOT_HERE);
    network.later(() => this.#begin());
  }

  #begin(): void {
    this.isDown = false;
    this.#epoch++;
    for (const pending of this.machine.pendingMarkers()) this.#send(pending);
  }

  /** Transactions that have begun and not ended. */
  get open(): string[] {
    const open = ['Ongoing', 'PrepareCommit', 'PrepareAbort'];
    return [...this.machine.transactions.values()]
      .filter(({ status }) => open.includes(status))
      .map(({ transactionalId, status }) => `${transactionalId} ${status}`);
  }
}

/** Without what stands in no record: the epoch before, and whatever the first version of records has no place for. */
function stateOf(machine: TransactionMachine, committed: number, isFirst: boolean): Map<string, object> {
  const state = new Map<string, object>();
  for (const [id, transaction] of machine.transactions.entriesAt(committed)) {
    const { lastProducerEpoch: _, previousProducerId, nextProducerId, clientTransactionVersion, ...kept } = transaction;
    state.set(id, isFirst ? kept : { ...kept, previousProducerId, nextProducerId, clientTransactionVersion });
  }
  return state;
}
