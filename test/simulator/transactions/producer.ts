/**
 * A transactional producer of either protocol over two connections, one to its coordinator and one to its partitions: it commits, aborts, dies,
 * comes back, waits too long, and loses its connections with what it has sent still under way.
 */
import { ERRORS, errorName } from '../../../src/protocol/errors.ts';
import type { TransactionApi } from '../../../src/protocol/coordinator-key.ts';
import type { RequestOf, ResponseOf } from '../../../src/protocol/schema/index.ts';
import { LAST_EPOCH } from '../../../src/machine/transaction/state.ts';
import type { TransactionEvent } from '../../../src/machine/transaction/decision.ts';
import type { TopicHistory } from '../world/history.ts';
import type { Identity, ProducerOfId } from '../world/ledger.ts';
import {
  type Batch,
  type Line,
  type OpenTransaction,
  type Protocol,
  Session,
  type SessionWorld,
} from '../world/transaction-session.ts';
import { Violation } from '../world/violation.ts';
import type { ModelCoordinator, Outcome } from './coordinator.ts';
import { Link, type Network } from './network.ts';
import type { ModelPartition } from './partition.ts';
import type { TransactionWorld } from './world.ts';

export interface ProducerParts {
  readonly network: Network;
  readonly coordinator: ModelCoordinator;
  readonly partitions: readonly ModelPartition[];
  readonly topic: TopicHistory;
  readonly world: SessionWorld & Pick<TransactionWorld, 'isBusy' | 'loss' | 'repeatsMarkers'>;
  readonly protocols: readonly Protocol[];
}

/** An epoch whose producer may find that there are none left. */
const FIRST_OF_THE_LAST = LAST_EPOCH - 3;
const TIMEOUTS = [20, 100, 1000, 10_000] as const;

export class ModelProducer {
  readonly #parts: ProducerParts;
  readonly #identity: Identity;
  #session: Session | null = null;
  #coordinatorLink: Link;
  #dataLink: Link;
  #isAsking = false;
  #inFlight = 0;
  #restsUntil = 0;
  #crashesAtAsk = -1;

  constructor(parts: ProducerParts, identity: Identity) {
    this.#parts = parts;
    this.#identity = identity;
    this.#coordinatorLink = new Link(parts.network);
    this.#dataLink = new Link(parts.network);
  }

  get isDone(): boolean {
    return this.#session === null && !this.#isAsking && this.#inFlight === 0;
  }

  act(): void {
    const { network, world } = this.#parts;
    const { random } = network;
    if (random.chance(world.loss)) this.#reconnect();
    if (this.#isAsking || network.clock.monotonic() < this.#restsUntil) return;
    const session = this.#session;
    if (session === null) {
      if (world.isBusy) this.#init();
      return;
    }
    const open = session.transaction;
    if (open !== null) this.#work(session, open);
    else if (!world.isBusy || random.chance(0.05)) this.#die();
    else if (session.needsEpoch) this.#initialize(session);
    else this.#begin(session);
  }

  #reconnect(): void {
    const { network } = this.#parts;
    if (network.random.chance(0.5)) {
      const old = this.#coordinatorLink;
      this.#coordinatorLink = new Link(network);
      old.cut();
    } else {
      const old = this.#dataLink;
      this.#dataLink = new Link(network);
      old.cut();
    }
  }

  #rest(): void {
    const { network } = this.#parts;
    this.#restsUntil = network.clock.monotonic() + network.random.below(network.random.chance(0.5) ? 5 : 300);
  }

  #die(): void {
    this.#session = null;
    this.#rest();
  }

  // ---- asking

  #ask<N extends TransactionApi>(
    session: Session,
    kind: N,
    version: number,
    request: RequestOf<N>,
    codeOf: (response: ResponseOf<N>) => number,
    done: (response: ResponseOf<N> | null, code: number) => void,
  ): void {
    const { coordinator, network } = this.#parts;
    const { name } = session;
    const isFenced = session.isFenced(kind);
    this.#isAsking = true;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- kind and request are of one API
    const event = { kind, version, request } as unknown as TransactionEvent;
    this.#coordinatorLink.ask<Outcome>(
      (answer) => coordinator.submit(event, answer),
      (outcome) => {
        this.#isAsking = false;
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the answer is of the event's API
        const response = outcome?.ok === true ? (outcome.answer as unknown as ResponseOf<N>) : null;
        const code =
          outcome === null
            ? ERRORS.NETWORK_EXCEPTION
            : outcome.ok
              ? codeOf(response as ResponseOf<N>)
              : outcome.errorCode;
        network.note(`${name} ${kind} ${errorName(code)}`);
        if (outcome === null) session.lostAnswer();
        if (code === ERRORS.NONE && isFenced) throw new Violation(`${name}: ${kind} succeeds, and another has the id`);
        done(response, code);
      },
    );
  }

  #init(): void {
    const { network, world, protocols } = this.#parts;
    const { random } = network;
    const protocol = protocols[random.below(protocols.length)] ?? 'first';
    const session = new Session(world, this.#identity, protocol, TIMEOUTS[random.below(TIMEOUTS.length)] ?? 1000);
    this.#session = session;
    this.#crashesAtAsk = -1;
    this.#initialize(session);
  }

  #initialize(session: Session): void {
    const identity = this.#identity;
    const { coordinator, world } = this.#parts;
    const { transactionalId } = identity;
    const { producerId, producerEpoch, timeoutMs: transactionTimeoutMs } = session;
    const isFirst = producerId < 0;
    session.asks();
    if (this.#crashesAtAsk < 0) this.#crashesAtAsk = coordinator.crashes;
    const request = { transactionalId, transactionTimeoutMs, producerId, producerEpoch };
    const whole = { ...request, enable2Pc: false, keepPreparedTxn: false };
    this.#ask(
      session,
      'InitProducerId',
      5,
      whole,
      ({ errorCode }) => errorCode,
      (response, code) => {
        identity.initsOpen--;
        if (code === ERRORS.NETWORK_EXCEPTION) identity.ghostLife = world.life;
        if (response !== null && code === ERRORS.NONE) {
          session.given(producerOf(response));
          this.#crashesAtAsk = -1;
          return;
        }
        // A coordinator that has loaded its log does not know that this is the same producer again.
        const mayBeForgotten = !isFirst && this.#crashesAtAsk !== coordinator.crashes;
        // Kafka fails where a producer asks again whose epochs were used up meanwhile.
        const isUsedUp = !isFirst && code === ERRORS.UNKNOWN_SERVER_ERROR && producerEpoch >= FIRST_OF_THE_LAST;
        if (isUsedUp || (mayBeForgotten && code === ERRORS.PRODUCER_FENCED)) this.#leave(session);
        else if (session.judge(code, 'InitProducerId') !== 'again') {
          if (isFirst) throw new Violation(`${transactionalId}: a new producer is answered ${errorName(code)}`);
          this.#leave(session);
        } else if (isFirst && session === this.#session) this.#session = null;
      },
    );
  }

  #leave(session: Session): void {
    if (session !== this.#session) return;
    this.#session = null;
    this.#rest();
  }

  // ---- transactions

  #begin(session: Session): void {
    const { network, topic } = this.#parts;
    const { random } = network;
    const lines = new Set<Line>();
    for (let n = 1 + random.below(3); n > 0; n--) lines.add(session.line(topic, random.below(topic.partitions.length)));
    const open = session.begin([...lines], false);
    for (const line of lines) for (let n = 1 + random.below(3); n > 0; n--) session.batch(open, line, [0]);
  }

  #work(session: Session, open: OpenTransaction): void {
    const { network, world } = this.#parts;
    const { random } = network;
    const isFirst = session.protocol === 'first';
    const missing = open.lines.filter((line) => !open.added.has(line));
    if (random.chance(world.isBusy ? 0.01 : 0.2)) this.#die();
    else if (open.isEnding) this.#end(session, open);
    else if (open.mustAbort || random.chance(0.02)) {
      open.wish = 'abort';
      open.isEnding = open.inFlight === 0 || random.chance(0.2);
    } else if (isFirst && missing.length > 0 && (open.added.size === 0 || random.chance(0.4))) {
      this.#addPartitions(
        session,
        open,
        missing.filter(() => random.chance(0.7)),
      );
    } else if (open.batches.some(({ state }) => state !== 'acknowledged')) {
      if (random.chance(0.7)) this.#produce(session, open);
    } else {
      open.wish = random.chance(0.7) ? 'commit' : 'abort';
      open.isEnding = true;
      if (random.chance(0.1)) this.#rest();
    }
  }

  #failed(session: Session, open: OpenTransaction, code: number, what: string): void {
    const verdict = session.judge(code, what);
    if (verdict === 'over') this.#leave(session);
    else if (verdict === 'abort') {
      open.mustAbort = true;
      session.needsEpoch = true;
    }
  }

  #addPartitions(session: Session, open: OpenTransaction, lines: readonly Line[]): void {
    if (lines.length === 0) return;
    const request = {
      transactions: [],
      v3AndBelowTransactionalId: this.#identity.transactionalId,
      v3AndBelowProducerId: session.producerId,
      v3AndBelowProducerEpoch: session.producerEpoch,
      v3AndBelowTopics: [{ name: 't', partitions: lines.map(({ index }) => index) }],
    };
    session.begins(open);
    const codeOf = ({ resultsByTopicV3AndBelow }: ResponseOf<'AddPartitionsToTxn'>): number =>
      resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode ?? ERRORS.UNKNOWN_SERVER_ERROR;
    this.#ask(session, 'AddPartitionsToTxn', 3, request, codeOf, (_, code) => {
      if (session !== this.#session || session.transaction !== open) return;
      if (code === ERRORS.NONE) {
        open.hasBegun = true;
        for (const line of lines) open.added.add(line);
      } else this.#failed(session, open, code, 'AddPartitionsToTxn');
    });
  }

  #produce(session: Session, open: OpenTransaction): void {
    const { random } = this.#parts.network;
    const stopped = new Set<Line>(open.draining);
    for (const batch of open.batches) {
      const isAdded = session.protocol === 'second' || open.added.has(batch.line);
      if (batch.state !== 'made' || !isAdded || stopped.has(batch.line)) continue;
      // Batches of one partition go in their order.
      if (random.chance(0.7)) this.#send(session, open, batch);
      else stopped.add(batch.line);
    }
  }

  #send(session: Session, open: OpenTransaction, batch: Batch): void {
    const { partitions } = this.#parts;
    const { transactionalId } = this.#identity;
    const { name } = session;
    const isFenced = session.isFenced('Produce');
    const partition = partitions[batch.line.index];
    const { random } = this.#parts.network;
    const old = random.chance(0.5) ? 'verify' : 'verify-abortable';
    const transaction = { transactionalId, mode: session.protocol === 'second' ? 'add' : old } as const;
    const { bytes, ids } = batch;
    batch.state = 'sent';
    batch.firstLife ||= partition?.life ?? 0;
    session.begins(open);
    this.#inFlight++;
    open.inFlight++;
    this.#dataLink.ask<number>(
      (done) => partition?.produce({ bytes, ids, transaction, done }),
      (answer) => {
        this.#inFlight--;
        open.inFlight--;
        const code = answer ?? ERRORS.NETWORK_EXCEPTION;
        this.#parts.network.note(`${name} Produce ${ids[0]} to t-${batch.line.index} ${errorName(code)}`);
        if (answer === null) session.lostAnswer();
        if (code === ERRORS.NONE && isFenced) throw new Violation(`${name}: Produce succeeds, and another has the id`);
        this.#settled(session, open, batch, code);
      },
    );
  }

  #settled(session: Session, open: OpenTransaction, batch: Batch, code: number): void {
    const { line } = batch;
    if (code === ERRORS.NONE) {
      batch.state = 'acknowledged';
      open.hasBegun = true;
      for (const id of batch.ids) {
        if (!line.partition.places.has(id)) line.partition.fail(`${id} is acknowledged, and is not there`);
      }
    } else {
      batch.state = 'made';
      const first = open.batches.find((other) => other.line === line && other.state !== 'acknowledged');
      const isFirst = first === batch && !open.draining.has(line);
      open.draining.add(line);
      // What comes behind the end has lost its epoch by then.
      const isOpen = session === this.#session && session.transaction === open && !open.isEnding;
      if (isOpen) this.#refused(session, open, batch, code, isFirst);
    }
    if (!open.batches.some((other) => other.line === line && other.state === 'sent')) open.draining.delete(line);
  }

  #refused(session: Session, open: OpenTransaction, batch: Batch, code: number, isFirst: boolean): void {
    const { partitions, world } = this.#parts;
    switch (code) {
      case ERRORS.NOT_LEADER_OR_FOLLOWER:
      case ERRORS.NOT_ENOUGH_REPLICAS:
        return;
      case ERRORS.OUT_OF_ORDER_SEQUENCE_NUMBER:
        if (!isFirst) return;
        // A partition that has begun anew knows nothing of what waited in it, and has taken what came behind.
        if (!session.mayBeFenced && batch.firstLife === partitions[batch.line.index]?.life) {
          batch.line.partition.fail(`${batch.ids[0]} is out of order`);
        }
        open.mustAbort = true;
        session.needsEpoch = true;
        return;
      case ERRORS.INVALID_TXN_STATE:
        if (!world.repeatsMarkers) this.#failed(session, open, code, `Produce of ${batch.ids[0]}`);
        open.mustAbort = true;
        session.needsEpoch = true;
        return;
      default:
        this.#failed(session, open, code, `Produce of ${batch.ids[0]} to t-${batch.line.index}`);
    }
  }

  #end(session: Session, open: OpenTransaction): void {
    const { random } = this.#parts.network;
    const { known } = open;
    const isSecond = session.protocol === 'second';
    if (!open.mayHaveBegun && (!isSecond || random.chance(0.5))) {
      this.#over(session, true);
      return;
    }
    known.wish = open.wish;
    const { producerId, producerEpoch } = session;
    const { transactionalId } = this.#identity;
    const request = { transactionalId, producerId, producerEpoch, committed: known.wish === 'commit' };
    const hasMore = open.inFlight > 0 || open.batches.some(({ state }) => state !== 'acknowledged');
    session.begins(open);
    this.#ask(
      session,
      'EndTxn',
      isSecond ? 5 : 4,
      request,
      ({ errorCode }) => errorCode,
      (response, code) => {
        if (session !== this.#session) return;
        if (response !== null && code === ERRORS.NONE) {
          known.acknowledged();
          this.#over(session, hasMore);
          if (this.#identity.isOlder(session)) this.#leave(session);
          else if (isSecond) session.given(producerOf(response));
        } else if (code === ERRORS.INVALID_TXN_STATE && !open.hasBegun && known.wish === 'abort')
          this.#over(session, true);
        else if (session.judge(code, `EndTxn of ${known.name}`) !== 'again') this.#leave(session);
      },
    );
  }

  #over(session: Session, hasGap: boolean): void {
    session.transaction = null;
    if (hasGap) session.needsEpoch = true;
  }
}

function producerOf({ producerId = -1, producerEpoch = -1 }: Partial<ProducerOfId>): ProducerOfId {
  return { producerId, producerEpoch };
}
