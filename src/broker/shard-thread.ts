/**
 * A shard, put together: ports, mailbox, image, logs, partitions, routers, services, connections. One a shard thread.
 *
 * Everything that a message from another thread can ask of a shard is one handler below.
 */
import { type Uuid, uuidFromText, uuidToText } from '../base/uuid.ts';
import { apis } from '../api/index.ts';
import type { Services } from '../api/services.ts';
import { Timers } from '../coordinator/timers.ts';
import { TransactionMarkers } from '../coordinator/transaction-markers.ts';
import { type LiveConfig, liveConfig } from '../config/live-config.ts';
import { ImageChanges } from '../machine/image/changes.ts';
import { MetadataImage } from '../machine/image/image.ts';
import { applyTransfer } from '../machine/image/transfer.ts';
import { ShardServer, type Fault } from '../network/server.ts';
import { type ListenerInfo, networkSettings } from '../network/settings.ts';
import type { Clock } from '../port/clock.ts';
import type { Disk, DiskFault } from '../port/disk.ts';
import type { Doorbell } from '../port/doorbell.ts';
import type { Logger } from '../port/log.ts';
import type { FileReader, Handed, NetHost } from '../port/net.ts';
import type { Native } from '../port/native.ts';
import type { Random } from '../port/random.ts';
import { ERRORS } from '../protocol/errors.ts';
import { AppendRouter } from '../shard/append-router.ts';
import { ThreadArena } from '../shard/arena.ts';
import { CoordinatorCalls } from '../shard/coordinator-calls.ts';
import { GroupCoordinators } from '../shard/group-coordinators.ts';
import { CommitFlush } from '../shard/commit-flush.ts';
import { FetchRouter } from '../shard/fetch-router.ts';
import { type Directory, type Found, Logs, type RecoveryInput } from '../shard/logs.ts';
import { Mailbox, type MailboxStats } from '../shard/mailbox.ts';
import { Markers } from '../shard/markers.ts';
import { reasonText } from '../shard/messages.ts';
import { Owner } from '../shard/owner.ts';
import { checkpointResults, type CheckpointResult } from '../shard/owner-calls.ts';
import { ownerHandlers } from '../shard/owner-messages.ts';
import { PartitionTable } from '../shard/partition-table.ts';
import { Producing } from '../shard/produce.ts';
import { LateLines, type LateResult, type LateTask } from '../shard/produce-late.ts';
import { ProduceValidator } from '../shard/produce-validation.ts';
import { Scatter } from '../shard/scatter.ts';
import { CONTROL, FIRST_SHARD, MAIN, SharedArenas, type SharedBlock } from '../shard/shared-block.ts';
import { SlotTable } from '../shard/slots.ts';
import { TransactionCoordinators } from '../shard/transaction-coordinators.ts';
import { countTurns } from '../shard/turns.ts';
import { Verifier } from '../shard/verification.ts';
import { Watchers } from '../shard/watchers.ts';
import { DescriptorCache } from '../storage/descriptors.ts';
import { createLogEnvironment, type LogPorts } from '../storage/environment.ts';
import { ProducerIds } from './producer-ids.ts';
import { askControl, shardServices } from './shard-services.ts';
import { configOf, type OpenLogs, STOP_STEP, type ThreadData } from './thread-data.ts';

export interface ShardPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly native: Native;
  readonly disk: Disk;
  readonly net: NetHost;
  readonly files: FileReader;
  readonly doorbell: Doorbell;
  /** Runs recovery of a log in the background pool. */
  recover(input: RecoveryInput): Promise<unknown>;
  /** Validates a batch in the background pool (shard/produce-late). */
  validateLate(task: LateTask): Promise<LateResult>;
  /** Look-ups in large batches in the background pool (storage/environment). Not given: on this thread. */
  readonly findLarge?: LogPorts['findLarge'];
  /** Decompresses in the background pool, to bytes or one of BATCH_ERROR (coordinator/loading). Not given: on this thread. */
  readonly decompressLarge?: (codec: number, bytes: Buffer, maxOutput: number) => Promise<Buffer | number>;
  /** An exception that no request can be blamed for: the process ends. */
  crash(error: unknown): void;
  /** Descriptors that the logs of this thread may hold open. */
  readonly descriptorLimit: number;
}

export interface ShardStats {
  readonly connections: number;
  readonly faults: number;
  readonly partitions: number;
  readonly arenaBytes: number;
  readonly arenaTouchedBytes: number;
  readonly arenaChunks: number;
  /** Uses of the descriptors that this shard shares. */
  readonly slotUses: number;
  /** Batches that wait for the background pool, or behind one that does. */
  readonly lateBatches: number;
  readonly metadataOffset: number;
  readonly mailbox: MailboxStats;
  /** The log directories that this shard was given, by id. */
  readonly directories: readonly string[];
}

export class ShardThread {
  readonly #ports: ShardPorts;
  readonly #live: LiveConfig;
  readonly #config;
  readonly #listeners: readonly ListenerInfo[];
  readonly #mailbox: Mailbox<'shard'>;
  readonly #arena: ThreadArena;
  readonly #image = new MetadataImage();
  readonly #table = new PartitionTable();
  readonly #logs: Logs;
  readonly #owner: Owner;
  readonly #watchers: Watchers;
  readonly #fetching: FetchRouter;
  readonly #server: ShardServer<Services>;
  readonly #late: LateLines;
  readonly #groups: GroupCoordinators;
  readonly #transactions: TransactionCoordinators;
  readonly #markers: Markers;
  readonly #coordinatorCalls: CoordinatorCalls;
  readonly #slots: SlotTable;
  readonly #identity = { clusterId: '', nodeId: 0 };
  #applying: Promise<void> = Promise.resolve();
  #isStopping = false;
  #lastCheckpoint: CheckpointResult[] | null = null;
  /** Requests that met a bug; tests look at it through `stats`. */
  #faults = 0;

  constructor(data: ThreadData, ports: ShardPorts) {
    const { clock, random, log, native, disk, doorbell } = ports;
    const { self, shardCount, block } = data;
    this.#ports = ports;
    this.#live = liveConfig(configOf(data));
    this.#config = this.#live.config;
    this.#listeners = this.#config.listeners;
    this.#arena = new ThreadArena({
      id: self,
      memory: block.arenas[self] as ArrayBufferLike,
      limitBytes: this.#config.shardArenaBytes,
      soon: (run) => clock.soon(run),
      giveBack: (memory, from, to) => native.releasePages(memory, from, to) >= 0,
    });
    const slots = new SlotTable(block, self, (thread) => doorbell.ring(thread));
    this.#slots = slots;
    this.#mailbox = new Mailbox({ kind: 'shard', self, block, doorbell, clock, arena: this.#arena });
    this.#mailbox.onNews = () => slots.reap();

    const descriptors = new DescriptorCache({ disk, clock, limit: ports.descriptorLimit, slots });
    const environment = createLogEnvironment({
      disk,
      clock,
      random,
      logger: log,
      native,
      descriptors,
      ...(ports.findLarge === undefined ? {} : { findLarge: ports.findLarge }),
      onFailed: (failed, fault) => this.#directoryFailed(failed.directory, fault),
    });
    environment.staging.onWritten = () => this.#mailbox.publish();
    const { nodeId, values } = this.#config;
    // It may change while the broker runs.
    const verifiesTransactions = (): boolean => this.#config.values['transaction.partition.verification.enable'];
    const verifier = new Verifier({
      clock,
      image: this.#image,
      calls: () => this.#coordinatorCalls,
      retryBackoffMs: values['add.partitions.to.txn.retry.backoff.ms'],
      retryMs: values['add.partitions.to.txn.retry.backoff.max.ms'],
      isEnabled: verifiesTransactions,
    });
    this.#logs = new Logs({
      self,
      shardCount,
      nodeId,
      config: this.#config,
      image: this.#image,
      table: this.#table,
      environment,
      clock,
      log,
      host: {
        useSlot: (slot) => slots.use(slot),
        releaseSegment: (located) => {
          if (located.error === null && located.segment !== null) descriptors.release(located.segment);
        },
        now: () => clock.now(),
        giveBackSlot: (slot) => slots.done(slot),
        commitFlush: new CommitFlush(clock),
        flushesEachCommit: values['shard.flush.policy'] === 'commit',
        get verifiesTransactions() {
          return verifiesTransactions();
        },
        verify: ({ topic, index }, producerId, producerEpoch, transaction, done) => {
          verifier.verify({ topic, partition: index }, producerId, producerEpoch, transaction, done);
        },
        crc32c: (bytes) => native.crc32c(bytes, 0, bytes.length, 0),
        crash: (error) => ports.crash(error),
      },
      recover: (input) => ports.recover(input),
      onFault: (path, fault) => this.#directoryFailed(path, fault),
    });
    this.#owner = new Owner(this.#table, (error) => ports.crash(error));
    const scatter = new Scatter(self, shardCount, this.#mailbox, this.#owner.answer);
    this.#watchers = new Watchers(self, this.#mailbox, this.#owner);
    const router = new AppendRouter({
      self,
      shardCount,
      mailbox: this.#mailbox,
      partition: (topicId, partition) => this.#table.get(topicId, partition),
      arena: this.#arena,
    });
    this.#late = new LateLines({
      validate: (task) => ports.validateLate(task),
      now: () => clock.now(),
      failed: (error) => log.error('A batch could not be validated in the background', { error: String(error) }),
    });
    const producing = new Producing(
      new ProduceValidator(native),
      router,
      this.#late,
      (topic) => this.#logs.configOf(topic),
      () => clock.now(),
    );
    this.#fetching = new FetchRouter({
      clock,
      scatter,
      giveBack: (slot) => slots.done(slot),
      watch: (owner, call, wake) => this.#watchers.watch(owner, call, wake),
    });
    const producerIds = new ProducerIds(() => {
      const brokerId = this.#identity.nodeId;
      const brokerEpoch = this.#image.cluster.broker(brokerId)?.epoch ?? -1;
      return askControl(this.#mailbox, 'AllocateProducerIds', { brokerId, brokerEpoch }, '');
    });
    const coordinating = {
      clock,
      log,
      native,
      decompressLarge: ports.decompressLarge,
      config: this.#config,
      image: this.#image,
      timers: new Timers(clock),
      onFault: () => this.#faults++,
    };
    const crash = (error: unknown): void => ports.crash(error);
    const groups = { ...coordinating, random };
    this.#groups = new GroupCoordinators({ groups, nodeId, table: this.#table, verifier, crash });
    this.#markers = new Markers({
      self,
      shardCount,
      mailbox: this.#mailbox,
      image: this.#image,
      table: this.#table,
      groups: this.#groups,
    });
    const markers = new TransactionMarkers({
      clock,
      log,
      write: (topic, partition, marker, done) => this.#markers.write(topic, partition, marker, done),
    });
    const transactions = { ...coordinating, producerIds, markers };
    this.#transactions = new TransactionCoordinators({ transactions, nodeId, table: this.#table, crash });
    this.#coordinatorCalls = new CoordinatorCalls({
      self,
      shardCount,
      mailbox: this.#mailbox,
      groups: this.#groups,
      transactions: this.#transactions,
    });
    const services = shardServices({
      clock,
      log,
      random,
      config: this.#config,
      image: this.#image,
      mailbox: this.#mailbox,
      identity: this.#identity,
      logs: this.#logs,
      producing,
      fetching: this.#fetching,
      scatter,
      coordinatorCalls: this.#coordinatorCalls,
      markers: this.#markers,
      producerIds,
      shard: self - FIRST_SHARD,
      shardCount,
    });
    this.#server = new ShardServer<Services>({
      clock,
      log,
      arena: this.#arena,
      slots,
      files: ports.files,
      net: ports.net,
      apis,
      services,
      settings: networkSettings(this.#config),
      onFault: (fault) => this.#fault(fault),
      onClosed: (connection) => this.#mailbox.noteInTurn('connectionClosed', MAIN, { connection }),
    });
    this.#handle(block);
    countTurns(block.turns, self, clock);
    this.#mailbox.open();
  }

  /** A socket that came beside the rings (no addon). */
  adopt(handed: Handed, connection: number, listener: number): void {
    this.#server.adopt(handed, { id: connection, listener: this.#listeners[listener] as ListenerInfo });
  }

  #handle(block: SharedBlock): void {
    this.#mailbox.handle({
      ...ownerHandlers({
        arenas: new SharedArenas(block),
        table: this.#table,
        owner: this.#owner,
        watchers: this.#watchers,
      }),
      ...this.#coordinatorCalls.handlers(),
      ...this.#markers.handlers(),
      connectionHandOver: ({ connection, listener, descriptor }) => {
        this.adopt({ kind: 'descriptor', descriptor }, connection, listener);
      },
      shutdownStep: ({ step }, reply) => {
        void this.#stop(step).then(
          () => reply.answer({}),
          (error: unknown) => this.#ports.crash(error),
        );
      },
      stats: (_message, reply) => reply.answer({ stats: Buffer.from(JSON.stringify(this.stats())) }),
      metadataDelta: ({ lastOffset, records }, reply) => {
        const bytes = Buffer.from(records);
        this.#applying = this.#applying
          .then(() => this.#applyDelta(bytes, lastOffset))
          .then(() => reply.answer({ errorCode: ERRORS.NONE, lastOffset }))
          .catch((error: unknown) => this.#ports.crash(error));
      },
      openLogs: ({ payload }, reply) => {
        const asked = JSON.parse(payload.toString()) as OpenLogs;
        this.#applying = this.#applying
          .then(() => this.#openLogs(asked))
          .then((summary) => reply.answer({ payload: Buffer.from(JSON.stringify(summary)) }))
          .catch((error: unknown) => this.#ports.crash(error));
      },
      checkpoint: (_message, reply) => {
        const results = this.#lastCheckpoint ?? this.#logs.checkpoint();
        reply.answer({ payload: checkpointResults.encode(0, { results }) });
      },
      directoryFailed: ({ directoryId }) => {
        const path = this.#logs.pathOf(directoryId);
        if (path === null) return;
        this.#logs.directoryFailed(path);
        this.#refreshCoordinators();
      },
    });
  }

  #refreshCoordinators(): void {
    this.#groups.refresh();
    this.#transactions.refresh();
  }

  async #applyDelta(records: Buffer, lastOffset: number): Promise<void> {
    const changes = new ImageChanges();
    applyTransfer(this.#image, records, changes);
    if (changes.hasConfigsOf(this.#config.nodeId)) this.#reconfigure();
    await this.#logs.apply(changes);
    this.#refreshCoordinators();
    this.#groups.changed(changes);
    this.#mailbox.metadataOffset = lastOffset;
  }

  /** Puts the dynamic settings of the broker in force on this thread. */
  #reconfigure(): void {
    const { cluster, own } = this.#image.configs.ofBroker(this.#config.nodeId);
    this.#live.apply(cluster, own);
    this.#logs.reconfigureAll();
  }

  async #openLogs(asked: OpenLogs): Promise<{ logs: number; recovered: number }> {
    this.#identity.clusterId = asked.clusterId;
    this.#identity.nodeId = asked.nodeId;
    const directories = asked.directories.map(({ id, path, isClean }): Directory => {
      return { id: uuidOf(id), path, isClean };
    });
    const found = asked.found.map((entry): Found => {
      const isClean = directories[entry.home]?.isClean ?? false;
      return { ...entry, isClean, topicId: uuidOf(entry.topicId) };
    });
    const failed = asked.directories.filter(({ works }) => !works).map(({ path }) => path);
    const summary = await this.#logs.openAll(directories, found, failed);
    this.#refreshCoordinators();
    this.#every(this.#config.values['log.retention.check.interval.ms'], () => this.#logs.applyRetention());
    this.#every(Math.min(1000, this.#config.values['log.flush.scheduler.interval.ms']), () => this.#logs.flushDue());
    return summary;
  }

  /** Runs work again and again, each time after the time before has ended. */
  #every(periodMs: number, work: () => Promise<void>): void {
    const again = (): void => {
      this.#ports.clock.after(periodMs, () => {
        if (this.#isStopping) return;
        void work().then(again, (error: unknown) => this.#ports.crash(error));
      });
    };
    again();
  }

  async #stop(step: number): Promise<void> {
    if (step === STOP_STEP.connections) {
      this.#server.stopReading();
      this.#groups.drain();
      this.#transactions.drain();
      await this.#connectionsClosed();
    } else if (step === STOP_STEP.logs) {
      this.#isStopping = true;
      await this.#applying;
      this.#transactions.stop();
      this.#groups.stop();
      this.#lastCheckpoint = await this.#logs.closeAll();
    }
  }

  /** Waiting requests are answered or dropped: who still reads after two seconds is cut off. */
  #connectionsClosed(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#ports.clock.after(2000, () => this.#server.close('the broker is stopping'));
      this.#server.whenIdle(() => {
        timer.cancel();
        this.#server.close('the broker is stopping');
        resolve();
      });
      this.#fetching.stop();
    });
  }

  /** Takes its partitions offline here, and tells control, which tells the other shards and writes the one line. */
  #directoryFailed(logDirectory: string, fault: DiskFault): void {
    const directory = this.#logs.directoryOf(logDirectory);
    if (directory === null || this.#logs.isOffline(directory.path)) return;
    this.#logs.directoryFailed(directory.path);
    this.#refreshCoordinators();
    const failed = { directoryId: directory.id, reason: reasonText(fault.message) };
    this.#mailbox.noteInTurn('directoryFailed', CONTROL, failed);
  }

  /** The connection has logged it. */
  #fault(_fault: Fault): void {
    this.#faults++;
  }

  /** This shard's view of the cluster, for those who compare views. */
  get image(): MetadataImage {
    return this.#image;
  }

  /** Counters and accounts, for metrics, tests and simulations. */
  stats(): ShardStats {
    this.#mailbox.reclaim();
    return {
      connections: this.#server.connectionCount,
      faults: this.#faults,
      partitions: this.#table.size,
      arenaBytes: this.#arena.chargedBytes,
      arenaTouchedBytes: this.#arena.touchedBytes,
      arenaChunks: this.#arena.chunkCount,
      slotUses: this.#slots.uses,
      lateBatches: this.#late.waiting,
      metadataOffset: this.#mailbox.metadataOffset,
      mailbox: this.#mailbox.stats,
      directories: this.#logs.directories.map(({ id }) => uuidToText(id)),
    };
  }
}

function uuidOf(text: string): Uuid {
  const uuid = uuidFromText(text);
  if (uuid === null) throw new Error(`${text} is no uuid`);
  return uuid;
}
