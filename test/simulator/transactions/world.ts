/** A coordinator, partitions and producers in one thread without promises: a run takes milliseconds, and all of it comes from its seed. */
import { SeededRandom } from '../../../src/base/prng.ts';
import type { Uuid } from '../../../src/base/uuid.ts';
import { initialized, newTransaction } from '../../../src/machine/transaction/state.ts';
import { recordOf } from '../../../src/machine/transaction/records.ts';
import { MetadataImage } from '../../../src/machine/image/image.ts';
import { ERRORS } from '../../../src/protocol/errors.ts';
import { record } from '../../../src/protocol/record/metadata-records.ts';
import { TRANSACTIONS_TOPIC } from '../../../src/protocol/topic-names.ts';
import type { CoordinatorAnswerOf, CoordinatorAsk, CoordinatorCalls } from '../../../src/shard/coordinator-calls.ts';
import { Verifier } from '../../../src/shard/verification.ts';
import type { ResponseOf } from '../../../src/protocol/schema/index.ts';
import type { TransactionMarker } from '../../../src/protocol/transaction-marker.ts';
import { brokerConfig } from '../../unit/machine/controller/fixture.ts';
import type { VirtualClock } from '../virtual-clock.ts';
import { History, type TopicHistory } from '../world/history.ts';
import { Identity } from '../world/ledger.ts';
import { Violation } from '../world/violation.ts';
import { ModelCoordinator } from './coordinator.ts';
import { Network } from './network.ts';
import { ModelPartition } from './partition.ts';
import { ModelProducer } from './producer.ts';

const CONFIG = brokerConfig();
const STEPS = 1500;
const PATIENCE_STEPS = 20_000;
/** Longer than every timeout of a transaction. */
const LONGEST_MS = 11_000;
const LAST_EPOCHS = 32_758;

const IMAGE = new MetadataImage();
const STATE_ID = 'transaction-ids!' as Uuid;
IMAGE.replay(record('topic', { name: TRANSACTIONS_TOPIC, topicId: STATE_ID }));
IMAGE.replay(
  record('partition', {
    partitionId: 0,
    topicId: STATE_ID,
    replicas: [1],
    isr: [1],
    removingReplicas: [],
    addingReplicas: [],
    leader: 1,
    leaderRecoveryState: 0,
    leaderEpoch: 0,
    partitionEpoch: 0,
    directories: [],
    eligibleLeaderReplicas: null,
    lastKnownElr: null,
  }),
);

export class TransactionWorld {
  readonly network: Network;
  readonly coordinator: ModelCoordinator;
  readonly partitions: readonly ModelPartition[];
  readonly producers: ModelProducer[] = [];
  readonly history = new History();
  /** Of the producers' world. */
  readonly clock: VirtualClock;
  readonly idsExpire = false;
  /** What is under way may come to any coordinator: no life of its ends it. */
  readonly life = 1;
  readonly losses = 0;
  isBusy = true;
  /** Whether markers come more than once: then what waits for an answer may be void though its transaction is not over. */
  readonly repeatsMarkers: boolean;
  /** Chance that a producer loses a connection before it does anything. */
  loss: number;
  readonly #crashes: number;

  constructor(seed: number) {
    const random = new SeededRandom(seed);
    const network = new Network(random);
    this.network = network;
    this.clock = network.clock;
    this.loss = random.chance(0.5) ? 0 : random.fraction() * 0.1;
    this.#crashes = random.chance(0.3) ? 0 : random.fraction() * 0.03;
    this.repeatsMarkers = random.chance(0.2);
    const transactionVersion = random.chance(0.3) ? random.below(2) : 2;
    const { coordinator, verifier } = this.#brokers(transactionVersion);
    this.coordinator = coordinator;
    coordinator.faults = random.chance(0.5) ? 0 : random.fraction() * 0.2;
    this.partitions = Array.from({ length: 1 + random.below(4) }, (_, n) => new ModelPartition(network, verifier, n));
    const { ledger } = this.history;
    const partitions = this.partitions.map(({ history }) => history);
    const id = 'topic-of-records' as Uuid;
    const wanted = partitions.length;
    const topic: TopicHistory = { name: 't', id, state: 'there', partitions, deletes: false, wanted };
    const protocols = transactionVersion < 2 ? (['first'] as const) : (['first', 'second', 'second'] as const);
    for (let n = 1 + random.below(3); n > 0; n--) {
      const identity = new Identity(`id-${n}`);
      ledger.identities.push(identity);
      if (random.chance(0.3)) this.#almostExhaust(identity.transactionalId, 100 * n);
      for (let twins = random.chance(0.4) ? 2 : 1; twins > 0; twins--) {
        const parts = { network, coordinator, partitions: this.partitions, topic, world: this, protocols };
        this.producers.push(new ModelProducer(parts, identity));
      }
    }
  }

  /** The coordinator, and who asks it on behalf of partitions. */
  #brokers(transactionVersion: number): { coordinator: ModelCoordinator; verifier: Verifier } {
    const { network } = this;
    const coordinator = new ModelCoordinator({
      network,
      config: CONFIG,
      transactionVersion,
      write: (_topic, index, marker, done) => this.#write(index, marker, done),
    });
    const calls = {
      ask: (
        _topicId: Uuid,
        _partition: number,
        { api, version, request }: CoordinatorAsk<'AddPartitionsToTxn'>,
        done: (answer: CoordinatorAnswerOf<'AddPartitionsToTxn'>) => void,
      ): void => {
        network.later(() =>
          coordinator.submit({ kind: api, version, request }, (outcome) =>
            network.later(() => {
              if (!outcome.ok) done(outcome);
              // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the answer is of the event's API
              else done({ ok: true, response: outcome.answer as unknown as ResponseOf<'AddPartitionsToTxn'> });
            }),
          ),
        );
      },
    };
    const verifier = new Verifier({
      clock: network.clock,
      image: IMAGE,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else of it is called
      calls: () => calls as unknown as CoordinatorCalls,
      retryBackoffMs: 20,
      retryMs: 100,
      isEnabled: () => true,
    });
    return { coordinator, verifier };
  }

  /** A marker goes to its partition: it is lost with its request, or with its answer. */
  #write(index: number, marker: TransactionMarker, done: (errorCode: number) => void): void {
    const { network } = this;
    const { random } = network;
    const isLost = random.chance(this.loss);
    // Of the second protocol it may come once more, whenever.
    const comesAgain = this.repeatsMarkers && marker.transactionVersion === 2 && random.chance(this.loss);
    network.later(() => {
      if (comesAgain) network.later(() => this.partitions[index]?.writeMarker(marker));
      const code = isLost ? ERRORS.REQUEST_TIMED_OUT : (this.partitions[index]?.writeMarker(marker) ?? 0);
      network.note(`marker ${marker.producerId}/${marker.producerEpoch} in t-${index}: ${code}`);
      network.later(() => done(this.loss > 0 && random.chance(0.05) ? ERRORS.REQUEST_TIMED_OUT : code));
    });
  }

  /** The id has used up nearly all epochs of its producer id. */
  #almostExhaust(transactionalId: string, producerId: number): void {
    const { random, clock } = this.network;
    const producerEpoch = LAST_EPOCHS + random.below(8);
    const fields = { producerId, producerEpoch, lastProducerEpoch: -1, timeoutMs: 1000 };
    const known = initialized(newTransaction(transactionalId, producerId, clock.now()), fields, clock.now());
    this.coordinator.preload(recordOf(known, 2), 1000);
  }

  #step(): void {
    const { network, coordinator, partitions, producers } = this;
    const { random, clock } = network;
    const dice = random.fraction();
    if (dice < this.#crashes && this.isBusy) {
      if (random.chance(0.5)) partitions[random.below(partitions.length)]?.restart();
      else if (!coordinator.isDown) coordinator.crash();
    } else if (dice < 0.35) producers[random.below(producers.length)]?.act();
    else if (dice < 0.37 || network.isIdle) {
      const until = clock.monotonic() + random.below(random.chance(0.1) ? 500 : 10);
      clock.advanceTo(network.isIdle && clock.next < Infinity ? Math.max(until, clock.next) : until);
      clock.runSoon();
      if (random.chance(0.2)) this.#abortTimedOut();
    } else network.step();
  }

  #abortTimedOut(): void {
    this.coordinator.submit({ kind: 'abortTimedOut' }, () => {});
  }

  run(): void {
    for (let left = STEPS; left > 0; left--) {
      this.#step();
      if (left % 100 === 0) for (const partition of this.partitions) partition.read(this.history.ledger);
    }
    this.isBusy = false;
    this.loss = 0;
    this.coordinator.faults = 0;
    this.#until('producers end', () => this.producers.every(({ isDone }) => isDone));
    this.#until('what is under way arrives', () => this.network.isIdle);
    this.network.clock.advance(LONGEST_MS);
    this.#abortTimedOut();
    this.#until('transactions end', () => this.network.isIdle && this.coordinator.open.length === 0);
    for (const partition of this.partitions) partition.complete(this.history.ledger);
  }

  #until(what: string, isSo: () => boolean): void {
    for (let left = PATIENCE_STEPS; !isSo(); left--) {
      if (left === 0) throw new Violation(`${what}, for ever: ${this.coordinator.open.join(', ')}`);
      this.#step();
    }
  }

  get counts(): { transactions: number; committed: number; aborted: number; crashes: number } {
    const { transactions } = this.history.ledger;
    return {
      transactions: transactions.length,
      committed: transactions.filter(({ outcome }) => outcome === 'committed').length,
      aborted: transactions.filter(({ outcome }) => outcome === 'aborted').length,
      crashes: this.coordinator.crashes,
    };
  }
}
