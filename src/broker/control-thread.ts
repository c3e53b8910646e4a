/**
 * The control thread, put together: log directories, metadata log, controller, and the one view of the cluster that all shards share.
 *
 *   boot ─▶ lock, format, meta.properties ─▶ metadata log ─▶ register (fenced) ─▶ image to the shards ─▶ shards open logs ─▶ unfence
 *   request ─▶ controller decides ─▶ committed ─▶ delta to every shard ─▶ all have applied it ─▶ answer
 *   stop ─▶ checkpoints ─▶ clean-shutdown files ─▶ metadata log closed ─▶ unlock
 */
import { uuidToText, ZERO_UUID } from '../base/uuid.ts';
import { type BrokerConfig, type ConfigTexts, problemText } from '../config/broker-config.ts';
import { brokerSetting } from '../config/broker-settings.ts';
import { type LiveConfig, liveConfig } from '../config/live-config.ts';
import { MetadataCoordinator } from '../coordinator/metadata.ts';
import { CONFIG_RESOURCE } from '../machine/image/configs.ts';
import type { MetadataImage } from '../machine/image/image.ts';
import { encodeImage } from '../machine/image/transfer.ts';
import { connectionLimits } from '../network/settings.ts';
import type { Clock } from '../port/clock.ts';
import type { Disk } from '../port/disk.ts';
import type { Doorbell } from '../port/doorbell.ts';
import type { Logger } from '../port/log.ts';
import type { Native } from '../port/native.ts';
import type { Random } from '../port/random.ts';
import { ERRORS } from '../protocol/errors.ts';
import { APIS, apiNameOfKey } from '../protocol/schema/index.ts';
import { ThreadArena } from '../shard/arena.ts';
import { Mailbox } from '../shard/mailbox.ts';
import { reasonText } from '../shard/messages.ts';
import { checkpointResults, type CheckpointResult } from '../shard/owner-calls.ts';
import { ownerOf } from '../shard/routing.ts';
import { CONTROL, FIRST_SHARD, MAIN } from '../shard/shared-block.ts';
import { countTurns } from '../shard/turns.ts';
import { BootError, EndError } from './boot-error.ts';
import { Directories, type FormatDirectories, type Located } from './directories.ts';
import {
  configOf,
  type BootAnswer,
  type BootSummary,
  type OpenLogs,
  STOP_STEP,
  type ThreadData,
} from './thread-data.ts';

export interface ControlPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly native: Native;
  readonly disk: Disk;
  readonly doorbell: Doorbell;
  readonly format: FormatDirectories;
  crash(error: unknown): void;
}

/** Errors of a start whose message is the answer. */
const TOLD: ReadonlySet<string> = new Set(['BootError', 'DiskFault', 'MetadataError']);

export class ControlThread {
  readonly #data: ThreadData;
  readonly #ports: ControlPorts;
  /** As at the start: the controller lays the dynamic settings over it. */
  readonly #config: BrokerConfig;
  readonly #live: LiveConfig;
  /** The dynamic settings that are in force: the image has others after each change. */
  #dynamic: readonly ReadonlyMap<string, string>[] = [];
  readonly #mailbox: Mailbox<'control'>;
  readonly #directories: Directories;
  #coordinator: MetadataCoordinator | null = null;
  /** The last offset that each shard has applied. */
  readonly #applied = new Map<number, number>();

  constructor(data: ThreadData, ports: ControlPorts) {
    const { clock, native, doorbell } = ports;
    this.#data = data;
    this.#ports = ports;
    this.#config = configOf(data);
    this.#live = liveConfig(this.#config);
    const arena = new ThreadArena({
      id: CONTROL,
      memory: data.block.arenas[CONTROL] as ArrayBufferLike,
      limitBytes: this.#config.shardArenaBytes,
      soon: (run) => clock.soon(run),
      giveBack: (memory, from, to) => native.releasePages(memory, from, to) >= 0,
    });
    this.#mailbox = new Mailbox({ kind: 'control', self: CONTROL, block: data.block, doorbell, clock, arena });
    const { formatIfMissing } = data;
    this.#directories = new Directories({
      ...ports,
      config: this.#config,
      formatIfMissing,
      end: (reason) => this.#end(reason),
    });
    this.#handle();
    countTurns(data.block.turns, CONTROL, clock);
    this.#mailbox.open();
  }

  #shards(): number[] {
    return Array.from({ length: this.#data.shardCount }, (_, shard) => FIRST_SHARD + shard);
  }

  #handle(): void {
    this.#mailbox.handle({
      boot: (_message, reply) => {
        const answer = (boot: BootAnswer): void => reply.answer({ payload: Buffer.from(JSON.stringify(boot)) });
        void this.#boot().then(
          (summary) => answer({ ok: true, summary }),
          (error: unknown) => {
            // Faults of the disk and contradictions in what is on it have words for the user; the rest is a bug.
            if (error instanceof Error && TOLD.has(error.name)) answer({ ok: false, error: error.message });
            else this.#ports.crash(error);
          },
        );
      },
      shutdownStep: ({ step }, reply) => {
        void this.#stop(step).then(
          () => reply.answer({}),
          (error: unknown) => this.#ports.crash(error),
        );
      },
      stats: (_message, reply) => {
        reply.answer({ stats: Buffer.from(JSON.stringify({ mailbox: this.#mailbox.stats })) });
      },
      control: ({ apiKey, apiVersion, body }, reply) => {
        this.#request(apiKey, apiVersion, Buffer.from(body), (errorCode, response) =>
          reply.answer({ errorCode, body: response }),
        );
      },
      isrChange: (_message, reply) => {
        reply.answer({
          errorCode: ERRORS.UNSUPPORTED_VERSION,
          leaderId: -1,
          leaderEpoch: -1,
          partitionEpoch: -1,
          isr: Buffer.alloc(0),
        });
      },
      metadataApplied: ({ lastOffset }, from) => this.#hasApplied(from, lastOffset),
      directoryFailed: ({ directoryId, reason }) => this.#directories.failed(directoryId, reason),
    });
  }

  /** The image of the newest commit; null before the boot. */
  get image(): MetadataImage | null {
    return this.#coordinator?.image ?? null;
  }

  // ---- start

  async #boot(): Promise<BootSummary> {
    const { clusterId, metadata, opened } = await this.#directories.open();
    const { clock, random, log, native, disk } = this.#ports;
    const located = await this.#directories.locate();
    for (const { directory, topicId } of located) {
      if (topicId !== ZERO_UUID) continue;
      throw new BootError(
        `${directory}/partition.metadata is damaged: delete it if the directory belongs to the topic of its name, else move the directory away`,
      );
    }
    const coordinator = await MetadataCoordinator.open({
      disk,
      clock,
      random,
      logger: log,
      native,
      config: this.#config,
      directory: metadata.path,
      clusterId,
      isClean: metadata.isClean,
      directoryId: metadata.id,
      partitionsExist: located.some(({ isFuture }) => !isFuture),
      beforeLead: () => this.#directories.begin(),
    });
    coordinator.onFailed = (fault) => {
      this.#end(`the metadata log cannot be written any more: ${fault?.message ?? 'a batch was refused'}`);
    };
    this.#coordinator = coordinator;
    coordinator.onDelta = (bytes, _baseOffset, endOffset) => this.#publish(bytes, endOffset, false);
    await coordinator.register({
      listeners: this.#config.advertisedListeners,
      rack: this.#config.values['broker.rack'],
      logDirs: opened.map(({ id }) => id),
    });
    this.#publish(encodeImage(coordinator.image), coordinator.image.offset, true);
    const found = await this.#placed(coordinator.image, located);
    const asked: Omit<OpenLogs, 'found'> = {
      clusterId,
      nodeId: this.#config.nodeId,
      directories: opened.map(({ id, path, isClean }) => {
        return { id: uuidToText(id), path, isClean, works: this.#directories.works(path) };
      }),
    };
    this.#directories.onFailed = (id, reason) => {
      for (const shard of this.#shards())
        this.#mailbox.noteInTurn('directoryFailed', shard, { directoryId: id, reason: reasonText(reason) });
    };
    const sums = await Promise.all(
      this.#shards().map((shard) => this.#openLogs(shard, { ...asked, found: found.get(shard) ?? [] })),
    );
    await coordinator.unfence();
    this.#scheduleCheckpoints();
    return {
      clusterId,
      nodeId: asked.nodeId,
      directories: opened.map(({ path }) => path),
      topics: coordinator.image.topics.size,
      logs: sums.reduce((sum, { logs }) => sum + logs, 0),
      recovered: sums.reduce((sum, { recovered }) => sum + recovered, 0),
    };
  }

  /** The partitions on disk, by the shard that owns them. What the metadata does not know is moved out of the way. */
  async #placed(image: MetadataImage, located: readonly Located[]): Promise<Map<number, OpenLogs['found'][number][]>> {
    const placed = new Map<number, OpenLogs['found'][number][]>();
    for (const one of located) {
      const { topic: name, partition, topicId, isFuture, directory, home } = one;
      const topic = image.topics.byName(name);
      if (isFuture || !topic?.has(partition) || (topicId !== null && topicId !== topic.id)) {
        await this.#directories.setAside(one);
        continue;
      }
      if (topicId === null) await this.#directories.identify(one, topic.id);
      const shard = ownerOf(topic.id, partition, this.#data.shardCount);
      const list = placed.get(shard) ?? [];
      placed.set(shard, list);
      const { recoveryPoint, highWatermark, logStartOffset } = one;
      list.push({
        topicId: uuidToText(topic.id),
        partition,
        home,
        path: directory,
        recoveryPoint,
        highWatermark,
        logStartOffset,
      });
    }
    this.#directories.tellMissing((name, partition) => image.topics.byName(name)?.has(partition) === true);
    return placed;
  }

  #openLogs(shard: number, asked: OpenLogs): Promise<{ logs: number; recovered: number }> {
    const payload = Buffer.from(JSON.stringify(asked));
    return new Promise((resolve) => {
      this.#mailbox.callInTurn('openLogs', shard, { payload }, (answer) => {
        resolve(JSON.parse(answer.payload.toString()) as { logs: number; recovered: number });
      });
    });
  }

  // ---- one view

  /** Sends committed records to every shard, in order: of one lane nothing overtakes what waits. */
  #publish(records: Buffer, lastOffset: number, isSnapshot: boolean): void {
    this.#mailbox.metadataOffset = Math.max(this.#mailbox.metadataOffset, lastOffset);
    const delta = { lastOffset, isSnapshot, records };
    for (const shard of this.#shards()) {
      this.#mailbox.callInTurn('metadataDelta', shard, delta, (applied) => this.#hasApplied(shard, applied.lastOffset));
    }
    this.#reconfigure();
  }

  /** Shards follow the dynamic settings by themselves; main is told of those that concern it, the operator of those that do nothing. */
  #reconfigure(): void {
    const configs = this.#coordinator?.image.configs;
    if (configs === undefined) return;
    const { broker } = CONFIG_RESOURCE;
    const maps = [configs.of(broker, ''), configs.of(broker, String(this.#config.nodeId))];
    if (maps.every((map, index) => map === this.#dynamic[index])) return;
    this.#dynamic = maps;
    const before = this.#live.config.texts;
    const { cluster, own } = configs.ofBroker(this.#config.nodeId);
    const ignored = this.#live.apply(cluster, own);
    this.#tellIdle(before, ignored.map(problemText));
    const { perAddressOverrides, ...limits } = connectionLimits(this.#live.config);
    const overrides = Buffer.from(JSON.stringify(Object.fromEntries(perAddressOverrides)));
    this.#mailbox.noteInTurn('connectionLimits', MAIN, { ...limits, perAddressOverrides: overrides });
  }

  /** A line for what was set and changes nothing, as at the start for the file. */
  #tellIdle(before: ConfigTexts, ignored: readonly string[]): void {
    const { log } = this.#ports;
    for (const reason of ignored) log.warn('A dynamic setting is ignored', { reason });
    const { texts } = this.#live.config;
    const idle = Object.keys(texts).filter(
      (name) => texts[name] !== before[name] && brokerSetting(name)?.effect !== 'used',
    );
    if (idle.length > 0) log.warn('Dynamic settings without effect', { settings: idle.join(', ') });
  }

  #hasApplied(shard: number, lastOffset: number): void {
    this.#applied.set(shard, Math.max(lastOffset, this.#applied.get(shard) ?? -1));
    if (this.#applied.size < this.#data.shardCount) return;
    this.#coordinator?.acknowledged(Math.min(...this.#applied.values()));
  }

  #request(apiKey: number, version: number, body: Buffer, answer: (errorCode: number, response: Buffer) => void): void {
    const name = apiNameOfKey(apiKey);
    const coordinator = this.#coordinator;
    if (name === null || coordinator === null) {
      answer(ERRORS.NOT_CONTROLLER, Buffer.alloc(0));
      return;
    }
    const { request, response } = APIS[name];
    coordinator.request(name as never, version, request.decode(version, body) as never, (result) => {
      // A process that ends has no more answers: its clients learn it from their connections.
      if (this.#isEnding) return;
      if (!result.ok) answer(ERRORS.NOT_CONTROLLER, Buffer.alloc(0));
      else answer(ERRORS.NONE, response.encode(version, result.response));
    });
  }

  // ---- checkpoints and stop

  #collect(): Promise<CheckpointResult[]> {
    const parts = this.#shards().map(
      (shard) =>
        new Promise<CheckpointResult[]>((resolve) => {
          this.#mailbox.callInTurn('checkpoint', shard, {}, ({ payload }) => {
            resolve(checkpointResults.decode(0, payload).results);
          });
        }),
    );
    return Promise.all(parts).then((results) => results.flat());
  }

  #scheduleCheckpoints(): void {
    const values = this.#config.values;
    const again = (periodMs: number, kinds: readonly ('recoveryPoint' | 'highWatermark' | 'startOffset')[]): void => {
      this.#ports.clock.after(periodMs, () => {
        if (this.#isStopping) return;
        void this.#collect()
          .then((results) => this.#directories.writeCheckpoints(results, kinds))
          .then(() => again(periodMs, kinds))
          .catch((error: unknown) => this.#ports.crash(error));
      });
    };
    again(values['replica.high.watermark.checkpoint.interval.ms'], ['highWatermark']);
    again(values['log.flush.offset.checkpoint.interval.ms'], ['recoveryPoint']);
    again(values['log.flush.start.offset.checkpoint.interval.ms'], ['startOffset']);
  }

  #isStopping = false;
  #isEnding = false;

  /** The process ends at once: what it stands on is gone. */
  #end(reason: string): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#ports.crash(new EndError(reason));
  }

  async #stop(step: number): Promise<void> {
    if (step !== STOP_STEP.directories) return;
    this.#isStopping = true;
    const results = await this.#collect();
    const brokerEpoch = this.#coordinator?.image.cluster.broker(this.#config.nodeId)?.epoch ?? -1;
    await this.#coordinator
      ?.close()
      .catch((error: unknown) => this.#ports.log.error(`The metadata log could not be closed: ${String(error)}`));
    await this.#directories.close(results, brokerEpoch);
  }
}
