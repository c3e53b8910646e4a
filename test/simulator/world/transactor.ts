/**
 * A simulated transactional producer. Transactions over some partitions, sometimes with an offset of a group, that it commits or aborts; it dies
 * in the middle and comes back, or another with its id does; it waits longer than its timeout; and it aborts, or is gone, while what it has
 * sent is still on its way, over another connection than what it asks of its coordinator.
 *
 *   InitProducerId ─▶ [ AddPartitionsToTxn ─▶ ] Produce … [ AddOffsetsToTxn ─▶ ] TxnOffsetCommit ─▶ EndTxn ─▶ [ InitProducerId ─▶ ] …
 */
import { ERRORS, errorName } from '../../../src/protocol/errors.ts';
import { memoryRecords } from '../../../src/protocol/records.ts';
import type { ApiName, DecodedResponseOf, RequestInputOf } from '../../../src/protocol/schema/index.ts';
import { Actor, oneOf, type World } from './actor.ts';
import type { Rpc } from './client.ts';
import type { TopicHistory } from './history.ts';
import type { Identity } from './ledger.ts';
import { type Batch, type Line, type OpenTransaction, type Protocol, Session } from './transaction-session.ts';
import { Violation } from './violation.ts';

const IN_FLIGHT = 5;
/** Offsets are about a topic that is there for ever. */
const OFFSETS_OF = '__consumer_offsets';

/** The other connection of a transactor. */
class Courier extends Actor {
  get link(): Rpc | null {
    return this.rpc;
  }

  protected override act(): void {}
}

export interface TransactorOptions {
  readonly identity: Identity;
  readonly protocols: readonly Protocol[];
}

export class Transactor extends Actor {
  readonly #identity: Identity;
  readonly #protocols: readonly Protocol[];
  readonly #courier: Courier;
  #usesCourier = false;
  #session: Session | null = null;
  #isAsking = false;
  #inFlight = 0;
  #restsUntil = 0;
  #hasChosenItsEnd = false;

  constructor(world: World, { identity, protocols }: TransactorOptions) {
    super(world);
    this.#identity = identity;
    this.#protocols = protocols;
    this.#courier = new Courier(world);
  }

  override start(): void {
    super.start();
    this.#courier.start();
  }

  override stop(): void {
    super.stop();
    this.#courier.stop();
  }

  get isDone(): boolean {
    return this.#session === null && !this.#isAsking && this.#inFlight === 0;
  }

  get told(): string {
    const open = this.#session?.transaction;
    const batches = open?.batches.map(({ line, state }) => `${line.partition.key} ${state}`).join(', ');
    return `${this.#session?.name ?? this.#identity.transactionalId}: ${open?.known.name ?? 'no transaction'} ${batches ?? ''} offsets ${open?.offsets}`;
  }

  protected override pause(): number {
    return 1 + this.random.below(30);
  }

  protected override act(rpc: Rpc): void {
    const { world, random } = this;
    if (this.#isAsking || world.clock.monotonic() < this.#restsUntil) return;
    const session = this.#session;
    if (session === null) {
      if (!world.isBusy) return;
      if (random.chance(0.2)) this.#find(rpc);
      else this.#init(rpc);
      return;
    }
    const { transaction } = session;
    if (transaction !== null) this.#work(rpc, session, transaction);
    else if (!world.isBusy || random.chance(0.02)) this.#die();
    else if (session.needsEpoch) this.#raiseEpoch(rpc, session);
    else this.#begin(session);
  }

  // ---- asking

  /** Whoever has lost its id has no success any more. `code`: of an answer. */
  #ask<N extends ApiName>(
    rpc: Rpc,
    api: N,
    version: number,
    request: RequestInputOf<N>,
    session: Session,
    code: (response: DecodedResponseOf<N>) => number,
    done: (response: DecodedResponseOf<N> | null, code: number) => void,
  ): void {
    const { world } = this;
    const { name } = session;
    const isFenced = session.isFenced(api);
    const { losses } = world;
    rpc.ask(api, version, request, (response) => {
      const answered = response === null ? ERRORS.NETWORK_EXCEPTION : code(response);
      world.tell(`${name} ${api} ${errorName(answered)}`);
      if (response === null) session.lostAnswer();
      if (answered === ERRORS.NONE && isFenced && losses === world.losses) {
        throw new Violation(`${name}: ${api} succeeds, and another has the id`);
      }
      done(response, answered);
    });
  }

  /** Asks the coordinator: one thing at a time. Nothing comes of an answer when the producer has died. */
  #askCoordinator<N extends ApiName>(
    rpc: Rpc,
    api: N,
    version: number,
    request: RequestInputOf<N>,
    session: Session,
    code: (response: DecodedResponseOf<N>) => number,
    done: (response: DecodedResponseOf<N> | null, code: number) => void,
  ): void {
    this.#isAsking = true;
    this.#ask(rpc, api, version, request, session, code, (response, answered) => {
      this.#isAsking = false;
      if (session === this.#session) done(response, answered);
    });
  }

  #version(session: Session, first: number, last: number, second: number): number {
    return session.protocol === 'second' ? second : first + this.random.below(last - first + 1);
  }

  #find(rpc: Rpc): void {
    this.#isAsking = true;
    const { transactionalId, group } = this.#identity;
    const isGroup = this.random.chance(0.3);
    const request = { key: '', keyType: isGroup ? 0 : 1, coordinatorKeys: [isGroup ? group.id : transactionalId] };
    rpc.ask('FindCoordinator', 4, request, () => {
      this.#isAsking = false;
    });
  }

  // ---- its life

  #init(rpc: Rpc): void {
    const { random, world } = this;
    const protocol = oneOf(random, this.#protocols);
    const session = new Session(world, this.#identity, protocol, oneOf(random, [100, 300, 1000, 5000, 30_000]));
    this.#usesCourier = random.chance(0.5);
    this.#session = session;
    this.#initialize(rpc, session, random.below(6));
  }

  /** It goes on, with an epoch that nothing it has sent before belongs to. */
  #raiseEpoch(rpc: Rpc, session: Session): void {
    session.askedInLife ||= this.world.life;
    this.#initialize(rpc, session, 3 + this.random.below(3));
  }

  #initialize(rpc: Rpc, session: Session, version: number): void {
    const identity = this.#identity;
    const { world } = this;
    const { transactionalId } = identity;
    const { timeoutMs: transactionTimeoutMs, producerId, producerEpoch } = session;
    const isFirst = producerId < 0;
    const has = isFirst ? {} : { producerId, producerEpoch };
    session.asks();
    const { life } = world;
    const request = { transactionalId, transactionTimeoutMs, ...has };
    this.#isAsking = true;
    this.#ask(
      rpc,
      'InitProducerId',
      version,
      request,
      session,
      ({ errorCode }) => errorCode,
      (response, code) => {
        this.#isAsking = false;
        identity.initsOpen--;
        if (response === null) identity.ghostLife = life;
        if (response !== null && code === ERRORS.NONE) {
          session.given(response);
          session.askedInLife = 0;
          world.count('producers initialized');
          return;
        }
        // Without the answer a broker that has begun anew does not know that this is the same producer again.
        const isForgotten = session.askedInLife !== 0 && session.askedInLife !== world.life;
        if (isForgotten && code !== ERRORS.NETWORK_EXCEPTION) this.#leave(session);
        else if (session.judge(code, 'InitProducerId') !== 'again') {
          if (isFirst) throw new Violation(`${transactionalId}: a new producer is answered ${errorName(code)}`);
          this.#leave(session);
        } else if (isFirst) this.#session = null;
      },
    );
  }

  /** It ends as it is, and perhaps comes back. */
  #die(): void {
    this.#session = null;
    this.#restsUntil = this.world.clock.monotonic() + this.random.below(oneOf(this.random, [1, 300, 3000]));
    if (this.random.chance(0.3)) this.rpc?.connection.reset();
  }

  #leave(session: Session): void {
    if (session !== this.#session) return;
    this.world.count('producers over');
    this.#session = null;
    this.#restsUntil = this.world.clock.monotonic() + this.random.below(oneOf(this.random, [30, 1000]));
  }

  // ---- its transactions

  #begin(session: Session): void {
    const { random, world } = this;
    const topics = world.history.there;
    const hasOffsets = random.chance(0.3);
    const lines = new Set<Line>();
    if (topics.length > 0) {
      for (let n = (hasOffsets ? 0 : 1) + random.below(4); n > 0; n--) {
        const topic = oneOf(random, topics);
        lines.add(session.line(topic, random.below(topic.partitions.length)));
      }
    }
    if (lines.size === 0 && !hasOffsets) return;
    const open = session.begin([...lines], hasOffsets);
    for (const line of lines) {
      for (let n = 1 + random.below(3); n > 0; n--) {
        const sizes = Array.from({ length: 1 + random.below(3) }, () => random.below(random.chance(0.05) ? 9000 : 200));
        session.batch(open, line, sizes);
      }
    }
    world.count('transactions');
  }

  #work(rpc: Rpc, session: Session, open: OpenTransaction): void {
    const { random, world } = this;
    if (!world.isBusy && !this.#hasChosenItsEnd) {
      this.#hasChosenItsEnd = true;
      if (random.chance(0.4)) {
        this.#die();
        return;
      }
    }
    if (world.isBusy && random.chance(0.004)) {
      world.count('producers died');
      this.#die();
    } else if (random.chance(0.03)) this.#find(rpc);
    else if (open.isEnding) this.#end(rpc, session, open);
    else if (open.mustAbort || (world.isBusy && random.chance(0.01))) {
      open.wish = 'abort';
      if (open.inFlight === 0 || random.chance(0.1)) open.isEnding = true;
    } else if (random.chance(0.9)) this.#goOn(rpc, session, open);
  }

  #goOn(rpc: Rpc, session: Session, open: OpenTransaction): void {
    const { random } = this;
    const isFirst = session.protocol === 'first';
    const missing = open.lines.filter((line) => !open.added.has(line));
    const isWritten = open.batches.every(({ state }) => state === 'acknowledged');
    if (isFirst && missing.length > 0 && (open.added.size === 0 || random.chance(0.3))) {
      this.#addPartitions(
        rpc,
        session,
        open,
        missing.filter(() => random.chance(0.7)),
      );
    } else if (open.offsets === 'wanted' && isFirst && random.chance(0.5)) this.#addOffsets(rpc, session, open);
    else if ((open.offsets === 'added' || (open.offsets === 'wanted' && !isFirst)) && random.chance(0.5)) {
      this.#commitOffset(rpc, session, open);
    } else if (!isWritten) this.#produce(rpc, session, open);
    else if (open.offsets === 'none' || open.offsets === 'acknowledged') {
      open.wish = random.chance(0.7) ? 'commit' : 'abort';
      open.isEnding = true;
      // It thinks for a while, perhaps for too long.
      if (random.chance(0.1)) this.#restsUntil = this.world.clock.monotonic() + random.below(1000);
    }
  }

  #failed(session: Session, open: OpenTransaction, code: number, what: string): void {
    switch (session.judge(code, what)) {
      case 'again':
        return;
      case 'abort':
        open.mustAbort = true;
        session.needsEpoch = true;
        return;
      case 'over':
        this.#leave(session);
    }
  }

  #addPartitions(rpc: Rpc, session: Session, open: OpenTransaction, lines: readonly Line[]): void {
    if (lines.length === 0) return;
    const topics = [...Map.groupBy(lines, ({ topic }) => topic)];
    const wasThere = new Map(topics.map(([topic]) => [topic.name, topic.state === 'there'] as const));
    const request = {
      transactions: [],
      v3AndBelowTransactionalId: this.#identity.transactionalId,
      v3AndBelowProducerId: session.producerId,
      v3AndBelowProducerEpoch: session.producerEpoch,
      v3AndBelowTopics: topics.map(([{ name }, those]) => ({ name, partitions: those.map(({ index }) => index) })),
    };
    session.begins(open);
    const codes = (response: DecodedResponseOf<'AddPartitionsToTxn'>): readonly { name: string; code: number }[] =>
      response.resultsByTopicV3AndBelow.flatMap(({ name, resultsByPartition }) =>
        resultsByPartition.map(({ partitionErrorCode: code }) => ({ name, code })),
      );
    const first = (response: DecodedResponseOf<'AddPartitionsToTxn'>): number =>
      codes(response).find(({ code }) => code !== ERRORS.NONE && code !== ERRORS.OPERATION_NOT_ATTEMPTED)?.code ?? 0;
    const version = this.random.below(4);
    this.#askCoordinator(rpc, 'AddPartitionsToTxn', version, request, session, first, (response, code) => {
      if (session.transaction !== open) return;
      if (code === ERRORS.NONE) {
        open.hasBegun = true;
        for (const line of lines) open.added.add(line);
      } else if (code === ERRORS.UNKNOWN_TOPIC_OR_PARTITION && response !== null) {
        for (const { name, code: each } of codes(response)) {
          const topic = topics.find(([one]) => one.name === name)?.[0];
          if (each !== code || topic === undefined) continue;
          if (topic.state === 'there' && wasThere.get(name) === true) {
            throw new Violation(`${name} is there and AddPartitionsToTxn says ${errorName(code)}`);
          }
        }
        open.mustAbort = true;
      } else this.#failed(session, open, code, 'AddPartitionsToTxn');
    });
  }

  #addOffsets(rpc: Rpc, session: Session, open: OpenTransaction): void {
    const { transactionalId, group } = this.#identity;
    const { producerId, producerEpoch } = session;
    session.begins(open);
    const request = { transactionalId, producerId, producerEpoch, groupId: group.id };
    const code = ({ errorCode }: { errorCode: number }): number => errorCode;
    this.#askCoordinator(rpc, 'AddOffsetsToTxn', this.random.below(5), request, session, code, (_, errorCode) => {
      if (session.transaction !== open) return;
      if (errorCode === ERRORS.NONE) {
        open.hasBegun = true;
        open.offsets = 'added';
      } else this.#failed(session, open, errorCode, 'AddOffsetsToTxn');
    });
  }

  #commitOffset(rpc: Rpc, session: Session, open: OpenTransaction): void {
    const { transactionalId, group } = this.#identity;
    const { producerId, producerEpoch } = session;
    const link = this.#usesCourier ? this.#courier.link : rpc;
    if (link === null || link.isGone || !link.connection.isOpen) return;
    session.begins(open);
    const committedOffset = BigInt(open.known.offset);
    const partitions = [{ partitionIndex: 0, committedOffset, committedMetadata: open.known.name }];
    const topics = [{ name: OFFSETS_OF, partitions }];
    const request = { transactionalId, groupId: group.id, producerId, producerEpoch, topics };
    const code = (response: DecodedResponseOf<'TxnOffsetCommit'>): number =>
      response.topics[0]?.partitions[0]?.errorCode ?? ERRORS.UNKNOWN_SERVER_ERROR;
    const version = this.#version(session, 0, 4, 5);
    this.#askCoordinator(link, 'TxnOffsetCommit', version, request, session, code, (_, errorCode) => {
      if (session.transaction !== open) return;
      if (errorCode === ERRORS.NONE) {
        open.hasBegun = true;
        open.offsets = 'acknowledged';
        this.world.count('offsets sent in transactions');
        // The topic is made for whoever asks first, and a shard may see it later.
      } else if (errorCode !== ERRORS.UNKNOWN_TOPIC_OR_PARTITION) {
        this.#failed(session, open, errorCode, 'TxnOffsetCommit');
      }
    });
  }

  // ---- its records

  #produce(rpc: Rpc, session: Session, open: OpenTransaction): void {
    const link = this.#usesCourier ? this.#courier.link : rpc;
    while (this.#inFlight < IN_FLIGHT && link !== null && !link.isGone && link.connection.isOpen) {
      const next = new Map<Line, Batch>();
      for (const batch of open.batches) {
        const { line, state } = batch;
        const isAdded = session.protocol === 'second' || open.added.has(line);
        if (state === 'made' && isAdded && !open.draining.has(line) && !next.has(line)) next.set(line, batch);
      }
      const ready = [...next.values()];
      if (ready.length === 0) return;
      const some = ready.filter(() => this.random.chance(0.6));
      this.#request(link, session, open, some.length === 0 ? ready.slice(0, 1) : some);
    }
  }

  #request(link: Rpc, session: Session, open: OpenTransaction, batches: readonly Batch[]): void {
    const { world } = this;
    const isSecond = session.protocol === 'second';
    const version = isSecond ? 12 + this.random.below(2) : 3 + this.random.below(9);
    const topics = [...Map.groupBy(batches, ({ line }) => line.topic)];
    const wasThere = new Map<TopicHistory, boolean>();
    for (const [topic] of topics) wasThere.set(topic, topic.state === 'there');
    for (const batch of batches) {
      batch.state = 'sent';
      batch.firstLife ||= world.life;
      world.tell(`${batch.line.partition.key} ${batch.ids[0]} sent on connection ${link.connection.id}`);
    }
    const request = {
      transactionalId: this.#identity.transactionalId,
      acks: -1,
      timeoutMs: 30_000,
      topicData: topics.map(([topic, those]) => ({
        ...(version >= 13 ? { topicId: topic.id } : { name: topic.name }),
        partitionData: those.map(({ line, bytes }) => ({ index: line.index, records: memoryRecords(bytes) })),
      })),
    };
    session.begins(open);
    this.#inFlight++;
    open.inFlight++;
    const partOf = (response: DecodedResponseOf<'Produce'>, { line: { topic, index } }: Batch) =>
      response.responses
        .find(({ name, topicId }) => (version >= 13 ? topicId === topic.id : name === topic.name))
        ?.partitionResponses.find((part) => part.index === index);
    // One success among them is enough to be one.
    const code = (response: DecodedResponseOf<'Produce'>): number => {
      const codes = batches.map((batch) => partOf(response, batch)?.errorCode ?? ERRORS.UNKNOWN_SERVER_ERROR);
      return codes.find((each) => each === ERRORS.NONE) ?? codes[0] ?? ERRORS.UNKNOWN_SERVER_ERROR;
    };
    this.#ask(link, 'Produce', version, request, session, code, (response) => {
      this.#inFlight--;
      open.inFlight--;
      for (const batch of batches) {
        const part = response === null ? null : partOf(response, batch);
        if (part === undefined) throw new Violation('a partition is missing in a Produce answer');
        this.#settled(session, open, batch, part, wasThere.get(batch.line.topic) === true);
      }
    });
  }

  #settled(
    session: Session,
    open: OpenTransaction,
    batch: Batch,
    part: { readonly errorCode: number; readonly baseOffset: number } | null,
    wasThere: boolean,
  ): void {
    const { line } = batch;
    const { partition } = line;
    const code = part?.errorCode ?? ERRORS.NETWORK_EXCEPTION;
    this.world.tell(`${partition.key} ${batch.ids[0]} ${errorName(code)} ${part?.baseOffset ?? ''}`);
    if (code === ERRORS.NONE && part !== null) {
      batch.state = 'acknowledged';
      open.hasBegun = true;
      // What a power failure has made the partition forget, and the coordinator give again, may be taken for sent twice.
      if (!open.known.isExempt) {
        for (const [n, id] of batch.ids.entries()) {
          partition.acknowledge(id, part.baseOffset < 0 ? -1 : part.baseOffset + n);
        }
      }
      this.world.count('batches in transactions');
    } else {
      batch.state = 'made';
      const isFirst = open.batches.find((other) => other.line === line && other.state !== 'acknowledged') === batch;
      const wasDraining = open.draining.has(line);
      open.draining.add(line);
      // What comes behind the end has lost its epoch by then.
      if (session === this.#session && session.transaction === open && !open.isEnding) {
        this.#refused(session, open, batch, code, { wasThere, isFirst: isFirst && !wasDraining });
      }
    }
    const isBusy = open.batches.some((other) => other.line === line && other.state === 'sent');
    if (!isBusy) open.draining.delete(line);
  }

  #refused(
    session: Session,
    open: OpenTransaction,
    batch: Batch,
    code: number,
    { wasThere, isFirst }: { readonly wasThere: boolean; readonly isFirst: boolean },
  ): void {
    const { topic, partition } = batch.line;
    const { world } = this;
    const isThere = topic.state === 'there';
    switch (code) {
      case ERRORS.UNKNOWN_TOPIC_ID:
      case ERRORS.UNKNOWN_TOPIC_OR_PARTITION:
        if (isThere && wasThere) partition.fail(`it is there and Produce says ${errorName(code)}`);
        open.mustAbort = true;
        session.needsEpoch = true;
        return;
      case ERRORS.NOT_LEADER_OR_FOLLOWER:
        if (isThere) partition.fail('its leader says NOT_LEADER_OR_FOLLOWER to a producer');
        return;
      case ERRORS.KAFKA_STORAGE_ERROR:
        if (!world.isFaulty && isThere) partition.fail('KAFKA_STORAGE_ERROR without a fault');
        return;
      // The coordinator is not there to be asked.
      case ERRORS.NOT_ENOUGH_REPLICAS:
        return;
      case ERRORS.OUT_OF_ORDER_SEQUENCE_NUMBER:
        if (!isFirst) return;
        if (!session.mayBeFenced && batch.firstLife === world.life) {
          partition.fail(`${batch.ids[0]} is out of order, and all before it was acknowledged`);
        }
        open.mustAbort = true;
        session.needsEpoch = true;
        return;
      default:
        this.#failed(session, open, code, `Produce of ${batch.ids[0]} to ${partition.key}`);
    }
  }

  // ---- the end of a transaction

  #end(rpc: Rpc, session: Session, open: OpenTransaction): void {
    const { known } = open;
    if (!open.mayHaveBegun && (session.protocol === 'first' || this.random.chance(0.5))) {
      this.#over(session, true);
      return;
    }
    known.wish = open.wish;
    const { producerId, producerEpoch } = session;
    const { transactionalId } = this.#identity;
    const request = { transactionalId, producerId, producerEpoch, committed: known.wish === 'commit' };
    const version = this.#version(session, 0, 4, 5);
    const hasMore = open.inFlight > 0 || open.batches.some(({ state }) => state !== 'acknowledged');
    session.begins(open);
    const code = ({ errorCode }: { errorCode: number }): number => errorCode;
    this.#askCoordinator(rpc, 'EndTxn', version, request, session, code, (response, errorCode) => {
      if (response !== null && errorCode === ERRORS.NONE) {
        known.acknowledged();
        this.world.count(known.wish === 'commit' ? 'transactions committed' : 'transactions aborted');
        this.#over(session, hasMore);
        if (this.#identity.isOlder(session)) this.#leave(session);
        else if (session.protocol === 'second') session.given(response);
      } else if (errorCode === ERRORS.INVALID_TXN_STATE && !open.hasBegun && known.wish === 'abort') {
        // It never began, and the producer could not know.
        this.#over(session, true);
      } else if (session.judge(errorCode, `EndTxn of ${known.name}`) !== 'again') this.#leave(session);
    });
  }

  /** `hasGap`: sequences were given to what was not written. */
  #over(session: Session, hasGap: boolean): void {
    session.transaction = null;
    if (hasGap) session.needsEpoch = true;
    if (this.random.chance(0.2)) this.#restsUntil = this.world.clock.monotonic() + this.random.below(300);
  }
}
