/**
 * Several shards in one thread, of the real parts (mailboxes, owners, routers, partitions, logs) over ordinary memory: a memory disk, virtual
 * time, virtual doorbells. For tests of what a shard does without connections.
 */
import type { Uuid } from '../../../src/base/uuid.ts';
import { DEFAULT_LOG_CONFIG } from '../../../src/config/log-config.ts';
import type { LogConfig } from '../../../src/config/log-config.ts';
import { MemoryDisk } from '../../../src/host/memory-disk.ts';
import { PartitionState } from '../../../src/machine/partition/partition.ts';
import type { DiskFault } from '../../../src/port/disk.ts';
import { AppendRouter, type Loan } from '../../../src/shard/append-router.ts';
import { ThreadArena } from '../../../src/shard/arena.ts';
import { CommitFlush } from '../../../src/shard/commit-flush.ts';
import { type FetchedPartition, FetchRouter } from '../../../src/shard/fetch-router.ts';
import { Mailbox } from '../../../src/shard/mailbox.ts';
import { Owner } from '../../../src/shard/owner.ts';
import type { FetchItem } from '../../../src/shard/owner-calls.ts';
import { ownerHandlers } from '../../../src/shard/owner-messages.ts';
import type { Appended } from '../../../src/shard/append-ticket.ts';
import { Partition, type PartitionHost } from '../../../src/shard/partition.ts';
import { PartitionTable } from '../../../src/shard/partition-table.ts';
import { ownerOf } from '../../../src/shard/routing.ts';
import { Scatter } from '../../../src/shard/scatter.ts';
import { createSharedBlock, FIRST_SHARD, SharedArenas, type SharedBlock } from '../../../src/shard/shared-block.ts';
import { SlotTable } from '../../../src/shard/slots.ts';
import type { TransactionOfRequest } from '../../../src/protocol/transaction-of-request.ts';
import type { Verified } from '../../../src/shard/verification.ts';
import { Watchers } from '../../../src/shard/watchers.ts';
import { DescriptorCache } from '../../../src/storage/descriptors.ts';
import { createLogEnvironment, type LogEnvironment } from '../../../src/storage/environment.ts';
import { openLog } from '../../../src/storage/log.ts';
import { VirtualClock } from '../../simulator/virtual-clock.ts';
import { VirtualDoorbells } from '../../simulator/virtual-doorbell.ts';
import { native, silent } from '../storage/fixture.ts';

export const TOPIC = 'topic-id-0123456' as Uuid;
const NODE = 1;
const unexpected = (): never => {
  throw new Error('nobody sends this here');
};

export interface ShardsOptions {
  readonly shards?: number;
  readonly seed?: number;
  readonly slotsPerThread?: number;
  readonly ringBytes?: number;
  readonly flushesEachCommit?: boolean;
  readonly verifiesTransactions?: boolean;
}

export interface TransactionQuestion extends TransactionOfRequest {
  readonly partition: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly done: Verified;
}

export class TestShard {
  readonly self: number;
  readonly mailbox: Mailbox<'shard'>;
  readonly arena: ThreadArena;
  readonly table = new PartitionTable();
  readonly owner: Owner;
  readonly scatter: Scatter;
  readonly watchers: Watchers;
  readonly fetching: FetchRouter;
  readonly appending: AppendRouter;
  readonly slots: SlotTable;
  readonly environment: LogEnvironment;
  readonly host: PartitionHost;
  readonly faults: DiskFault[] = [];

  constructor(
    self: number,
    world: Shards,
    block: SharedBlock,
    {
      flushesEachCommit,
      verifiesTransactions,
    }: Required<Pick<ShardsOptions, 'flushesEachCommit' | 'verifiesTransactions'>>,
  ) {
    const { clock, disk, doorbells } = world;
    this.self = self;
    const doorbell = doorbells.of(self);
    const memory = block.arenas[self] as ArrayBufferLike;
    const soon = (run: () => void): void => clock.soon(run);
    this.arena = new ThreadArena({ id: self, memory, limitBytes: 1 << 22, soon, giveBack: () => true });
    this.slots = new SlotTable(block, self, (thread) => doorbell.ring(thread));
    this.mailbox = new Mailbox({ kind: 'shard', self, block, doorbell, clock, arena: this.arena });
    const descriptors = new DescriptorCache({ disk, clock, limit: 100, slots: this.slots });
    this.environment = createLogEnvironment({
      disk,
      clock,
      random: { bytes: (size) => Buffer.alloc(size, 7), below: () => 0 },
      logger: silent,
      native,
      descriptors,
      onFailed: (_log, fault) => this.faults.push(fault),
    });
    this.host = {
      useSlot: (slot) => this.slots.use(slot),
      giveBackSlot: (slot) => this.slots.done(slot),
      releaseSegment: (located) => {
        if (located.error === null && located.segment !== null) descriptors.release(located.segment);
      },
      now: () => clock.now(),
      commitFlush: new CommitFlush(clock),
      flushesEachCommit,
      verifiesTransactions,
      verify: (partition, producerId, producerEpoch, transaction, done) => {
        world.questions.push({ partition: partition.index, producerId, producerEpoch, ...transaction, done });
      },
      crc32c: (bytes) => native.crc32c(bytes, 0, bytes.length, 0),
      crash: (error) => world.crashes.push(error),
    };
    this.owner = new Owner(this.table, this.host.crash);
    this.scatter = new Scatter(self, world.count, this.mailbox, this.owner.answer);
    this.watchers = new Watchers(self, this.mailbox, this.owner);
    this.fetching = new FetchRouter({
      clock,
      scatter: this.scatter,
      giveBack: (slot) => this.slots.done(slot),
      watch: (owner, call, wake) => this.watchers.watch(owner, call, wake),
    });
    this.appending = new AppendRouter({
      self,
      shardCount: world.count,
      mailbox: this.mailbox,
      partition: (topicId, partition) => this.table.get(topicId, partition),
      arena: this.arena,
    });
    this.mailbox.handle({
      ...ownerHandlers({
        arenas: new SharedArenas(block),
        table: this.table,
        owner: this.owner,
        watchers: this.watchers,
      }),
      connectionHandOver: unexpected,
      shutdownStep: unexpected,
      stats: unexpected,
      coordinatorCall: unexpected,
      coordinatorAnswer: unexpected,
      transactionMarker: unexpected,
      metadataDelta: unexpected,
      openLogs: unexpected,
      checkpoint: unexpected,
      directoryFailed: unexpected,
    });
    this.mailbox.open();
  }

  /** Bytes in this shard's arena, as a request's context lends them. */
  lend(bytes: Buffer): Loan {
    const chunk = this.arena.reserveBeyond(bytes.length);
    bytes.copy(chunk.bytes);
    return {
      bytes: chunk.bytes.subarray(0, bytes.length),
      arena: chunk.arena,
      offset: chunk.offset,
      release: () => chunk.release(),
    };
  }
}

export class Shards {
  readonly clock = new VirtualClock();
  readonly disk: MemoryDisk;
  readonly doorbells: VirtualDoorbells;
  readonly count: number;
  readonly crashes: unknown[] = [];
  /** What the coordinators of transactions have been asked and have not answered. */
  readonly questions: TransactionQuestion[] = [];
  readonly #shards: readonly TestShard[];

  constructor({
    shards = 2,
    seed = 1,
    slotsPerThread = 16,
    ringBytes = 1 << 17,
    flushesEachCommit = false,
    verifiesTransactions = true,
  }: ShardsOptions = {}) {
    this.count = shards;
    this.disk = new MemoryDisk({ seed });
    const threads = FIRST_SHARD + shards;
    this.doorbells = new VirtualDoorbells(threads, (wake) => this.clock.soon(wake));
    const block = createSharedBlock({
      threads,
      ringBytes,
      arenaBytes: 1 << 22,
      slotsPerThread,
      arenaAddresses: 1 << 24,
    });
    this.#shards = Array.from(
      { length: shards },
      (_, n) => new TestShard(FIRST_SHARD + n, this, block, { flushesEachCommit, verifiesTransactions }),
    );
  }

  /** The shard that owns a partition, or the one beside it. */
  owner(partition: number, topicId = TOPIC): TestShard {
    return this.#shards[ownerOf(topicId, partition, this.count) - FIRST_SHARD] as TestShard;
  }

  other(partition: number, topicId = TOPIC): TestShard {
    return this.#shards[(ownerOf(topicId, partition, this.count) - FIRST_SHARD + 1) % this.count] as TestShard;
  }

  /** A partition that this broker leads, on the shard that owns it. */
  async open(index: number, settings: Partial<LogConfig> = {}, topicId = TOPIC): Promise<Partition> {
    const { environment, host, table } = this.owner(index, topicId);
    const config = { ...DEFAULT_LOG_CONFIG, ...settings };
    const directory = `/data/topic-${index}`;
    await this.run(this.disk.makeDirectory(directory));
    const state = new PartitionState(NODE);
    const partition = new Partition(topicId, 'topic', index, state, config, host);
    table.add(partition);
    partition.log = await this.run(
      openLog(environment, {
        directory,
        topic: 'topic',
        partition: index,
        config,
        recoveryPoint: 0,
        logStartOffset: 0,
        highWatermark: 0,
        producerIdExpirationMs: 86_400_000,
      }),
    );
    state.apply({ leader: NODE, leaderEpoch: 0, partitionEpoch: 0, replicas: [NODE], isr: [NODE] }, 0, 0);
    partition.log.assignEpoch(0, 0);
    return partition;
  }

  /** Runs what is to run until nothing is; time stands still. */
  async settle(): Promise<void> {
    for (let idle = 0, turns = 0; idle < 3; turns++) {
      await new Promise((resolve) => setImmediate(resolve));
      const didRun = this.clock.runSoon() > 0 || this.disk.runOne();
      idle = didRun ? 0 : idle + 1;
      if (turns > 100_000) throw new Error('the shards never come to rest');
    }
  }

  async run<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = (): void => {
      isDone = true;
    };
    work.then(done, done);
    for (let turns = 0; !isDone && turns < 10_000; turns++) {
      await new Promise((resolve) => setImmediate(resolve));
      this.clock.runSoon();
      this.disk.runOne();
    }
    return work;
  }

  /** Appends by a connection of `shard`. */
  append(
    shard: TestShard,
    partition: number,
    bytes: Buffer,
    acks = -1,
    topicId = TOPIC,
    transaction: TransactionOfRequest | null = null,
  ): { answer: Appended | null } {
    const result: { answer: Appended | null } = { answer: null };
    const entry = { topicId, partition, bytes, isOwn: false, transaction };
    shard.appending.append(
      entry,
      acks,
      (view) => shard.lend(view),
      (appended) => {
        if (result.answer !== null) throw new Error('an append is answered once');
        result.answer = appended;
      },
    );
    return result;
  }

  /** Uses of descriptors and chunks of arenas that somebody still holds. */
  get held(): { slots: number; chunks: number } {
    const sum = (count: (shard: TestShard) => number): number => this.#shards.reduce((all, one) => all + count(one), 0);
    return { slots: sum(({ slots }) => slots.uses), chunks: sum(({ arena }) => arena.chunkCount) };
  }
}

export function itemOf(partition: number, fetchOffset: number, fields: Partial<FetchItem> = {}): FetchItem {
  const item = { partition, fetchOffset, currentLeaderEpoch: -1, lastFetchedEpoch: -1, maxBytes: 1 << 20 };
  return { topicId: TOPIC, ...item, ...fields };
}

/** A Fetch of a connection of `shard`. */
export class TestFetch {
  parts: FetchedPartition[] | null = null;
  readonly cancel: () => void;
  readonly #shard: TestShard;

  constructor(
    shard: TestShard,
    items: FetchItem[],
    limits: { maxWaitMs?: number; minBytes?: number; maxBytes?: number } = {},
    isolationLevel = 0,
  ) {
    this.#shard = shard;
    const call = { replicaId: -1, isolationLevel, items };
    this.cancel = shard.fetching.fetch(
      call,
      { maxWaitMs: 1000, minBytes: 1, maxBytes: 1 << 22, ...limits },
      (parts) => {
        if (this.parts !== null) throw new Error('a fetch is answered once');
        this.parts = parts;
      },
    );
  }

  /** Bytes that were answered, by item; null where it still waits. Gives the slices back. */
  take(): number[] | null {
    const sizes = this.parts?.map(({ records }) => {
      if (records.kind === 'memory') return records.bytes.length;
      if (records.sizeInBytes > 0) this.#shard.slots.done(records.slot);
      return records.sizeInBytes;
    });
    return sizes ?? null;
  }
}
