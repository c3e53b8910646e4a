/**
 * The metadata of the cluster on the control thread: the log `__cluster_metadata-0`, the controller, and what goes out to the shards.
 *
 *   request ─▶ controller decides ─▶ log ─▶ committed ─▶ onDelta to every shard ─▶ acknowledged ─▶ answer
 *
 * One in the process. It leads the metadata quorum, whose only voter is this node.
 */
import { required } from '../base/assert.ts';
import { type Uuid, uuidFromRandom } from '../base/uuid.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import { Controller } from '../machine/controller/controller.ts';
import { bootstrapRecords } from '../machine/controller/bootstrap.ts';
import type {
  ControllerAnswer,
  ControllerApi,
  ControllerEvent,
  ControllerEventKind,
  ControllerEvents,
} from '../machine/controller/decision.ts';
import { type RegisteredEndpoint, SECURITY_PROTOCOLS } from '../machine/image/cluster.ts';
import type { MetadataImage } from '../machine/image/image.ts';
import { imageRecords } from '../machine/image/snapshot.ts';
import { encodeDelta } from '../machine/image/transfer.ts';
import type { Clock, Timer } from '../port/clock.ts';
import type { Disk, DiskFault } from '../port/disk.ts';
import type { Logger } from '../port/log.ts';
import type { BatchFunctions } from '../port/native.ts';
import type { Random } from '../port/random.ts';
import { SUPPORTED_FEATURES } from '../protocol/features.ts';
import { DecodeError } from '../protocol/codec/errors.ts';
import { ERRORS, errorName } from '../protocol/errors.ts';
import { decodeRecord, encodeRecord, type MetadataRecord } from '../protocol/record/metadata-records.ts';
import type { RequestOf, ResponseOf } from '../protocol/schema/index.ts';
import { createDescriptors } from '../storage/descriptors.ts';
import { createLogEnvironment } from '../storage/environment.ts';
import { METADATA_DIRECTORY, MetadataError, MetadataLog } from '../storage/metadata/metadata-log.ts';
import {
  type AnswerWhen,
  type Encoded,
  type Loaded,
  Runtime,
  type RuntimeError,
  type RuntimeOutcome,
} from './runtime.ts';

/** Segments of the metadata log that are open at once. */
const MAX_DESCRIPTORS = 8;

export interface MetadataOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly native: BatchFunctions;
  readonly config: BrokerConfig;
  /** The log directory that holds the metadata log. */
  readonly directory: string;
  readonly directoryId: Uuid;
  readonly clusterId: string;
  /** Whether the last stop was clean: then nothing is scanned. */
  readonly isClean?: boolean;
  /** Whether there are directories of partitions: then the metadata log cannot be empty. */
  readonly partitionsExist?: boolean;
  /** Called when what is on the disk can be used, before anything is written. */
  readonly beforeLead?: () => Promise<void>;
}

export interface BrokerListener {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly protocol: keyof typeof SECURITY_PROTOCOLS;
}

export interface BrokerDetails {
  /** As clients reach them. */
  readonly listeners: readonly BrokerListener[];
  readonly rack: string | null;
  /** Ids of its log directories. */
  readonly logDirs: readonly Uuid[];
}

export type RequestOutcome<N extends ControllerApi> =
  | { readonly ok: true; readonly response: ResponseOf<N> }
  | { readonly ok: false; readonly error: RuntimeError };

export interface RequestOptions {
  /** CreateTopics: topics whose settings the asker must not see. */
  readonly undescribable?: ReadonlySet<string>;
}

export class MetadataCoordinator {
  readonly #options: MetadataOptions;
  readonly #log: MetadataLog;
  readonly #controller: Controller;
  readonly #runtime: Runtime<ControllerEvent, MetadataRecord, ControllerAnswer>;
  readonly #incarnationId: Uuid;
  #brokerEpoch = -1;
  /** Whether the shards have been given the image: from then on they are sent what changes. */
  #isShown = false;
  #bytesSinceSnapshot = 0;
  #snapshotting: Promise<void> | null = null;
  #snapshotIsDue = false;
  #snapshotTimer: Timer | null = null;
  /** Called for what was committed after `register`: encoded for `applyTransfer`, with the offsets of its first and last record. */
  onDelta: (bytes: Buffer, baseOffset: number, lastOffset: number) => void = () => {};
  /** Called once when the metadata log cannot be written any more: the process must stop. */
  onFailed: (fault: DiskFault | null) => void = () => {};

  private constructor(options: MetadataOptions, log: MetadataLog) {
    const { clock, random, config, clusterId } = options;
    this.#options = options;
    this.#log = log;
    this.#controller = new Controller({ nodeId: config.nodeId, clusterId, config });
    this.#incarnationId = drawUuid(random);
    const entropy = { bytes: (size: number) => random.bytes(size), below: (limit: number) => random.below(limit) };
    this.#runtime = new Runtime({
      clock,
      log: {
        get endOffset() {
          return log.endOffset;
        },
        maxBatchBytes: Number.POSITIVE_INFINITY,
        encode: (record) => this.#encode(record),
        append: (batch, _baseOffset, now, _producer, done) => done({ ok: true, baseOffset: this.#append(batch, now) }),
      },
      machine: {
        decide: (event, context) => this.#controller.decide(event, { ...context, entropy }),
        replay: (record, offset, epoch) => this.#controller.replay(record, offset, epoch),
        commit: (endOffset) => this.#controller.commit(endOffset),
        revert: (endOffset) => this.#controller.revert(endOffset),
      },
      onBatch: ({ records, baseOffset, lastOffset, epoch }) => {
        if (this.#isShown) this.onDelta(encodeDelta(records, lastOffset, epoch), baseOffset, lastOffset);
      },
    });
    log.onCommitted = (endOffset) => {
      this.#runtime.committed(endOffset);
      this.#snapshotIfDue();
    };
    log.onFailed = (fault) => {
      this.onFailed(fault);
      this.#runtime.failed();
    };
  }

  /**
   * Loads the metadata and begins to lead. Rejects with a DiskFault, or with a MetadataError where what is on the disk cannot be
   * used; its message is for the operator.
   */
  static async open(options: MetadataOptions): Promise<MetadataCoordinator> {
    const { disk, clock, random, logger, native, config, directory, directoryId } = options;
    const { values } = config;
    const descriptors = createDescriptors({ disk, clock, limit: MAX_DESCRIPTORS, slots: null });
    const env = createLogEnvironment({ disk, clock, random, logger, native, descriptors, onFailed: () => {} });
    const log = await MetadataLog.open(env, {
      directory: `${directory}/${METADATA_DIRECTORY}`,
      nodeId: config.nodeId,
      directoryId,
      segmentBytes: values['internal.metadata.log.segment.bytes'] ?? values['metadata.log.segment.bytes'],
      segmentMs: values['metadata.log.segment.ms'],
      maxRetentionBytes: values['metadata.max.retention.bytes'],
      maxRetentionMs: values['metadata.max.retention.ms'],
      wasClean: options.isClean ?? false,
      partitionsExist: options.partitionsExist ?? false,
    });
    const coordinator = new MetadataCoordinator(options, log);
    await coordinator.#start();
    return coordinator;
  }

  async #start(): Promise<void> {
    await this.#runtime.load(this.#loaded());
    const { image } = this;
    await this.#options.beforeLead?.();
    await this.#log.lead();
    image.features.kraftVersion = this.#log.kraftVersion;
    this.#runtime.begin(this.#log.epoch);
    const formatted = this.#log.bootstrap.map((value) => decodeRecord(value));
    const bootstrap = formatted.length > 0 ? formatted : bootstrapRecords();
    await this.#settle({ kind: 'activate', bootstrap }, 'committed');
    this.#scheduleSnapshot();
  }

  async *#loaded(): AsyncGenerator<Loaded<MetadataRecord>> {
    let isSnapshot = this.#log.snapshot !== null;
    for await (const { values, lastOffset, epoch } of this.#log.load()) {
      const decoded = values.map((value) => this.#decoded(value, lastOffset));
      if (!isSnapshot) this.#bytesSinceSnapshot += values.reduce((sum, { length }) => sum + length, 0);
      const baseOffset = lastOffset - decoded.length + 1;
      const at = isSnapshot ? (): number => lastOffset : (index: number): number => baseOffset + index;
      yield { records: decoded.map((record, index) => ({ record, offset: at(index) })), lastOffset, epoch };
      isSnapshot = false;
    }
  }

  /** A record that was read: a checksum that fits around what cannot be decoded is another version's. */
  #decoded(value: Buffer, lastOffset: number): MetadataRecord {
    try {
      return decodeRecord(value);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const { directory } = this.#options;
      throw new MetadataError(
        `${directory}/${METADATA_DIRECTORY} has a record up to offset ${lastOffset} that this version cannot read: ${error.message}`,
      );
    }
  }

  #encode(decided: MetadataRecord): Encoded<MetadataRecord> {
    const value = encodeRecord(decided);
    return { record: decodeRecord(value), key: null, value, sizeInBytes: value.length };
  }

  #append(batch: readonly Encoded<MetadataRecord>[], now: number): number {
    for (const { sizeInBytes } of batch) this.#bytesSinceSnapshot += sizeInBytes;
    return this.#log.append(
      batch.map(({ value }) => value as Buffer),
      now,
    );
  }

  /** Control's own image: what is not committed yet included. */
  get image(): MetadataImage {
    return this.#controller.image;
  }

  /** Of this broker's registration; -1 before `register`. */
  get brokerEpoch(): number {
    return this.#brokerEpoch;
  }

  // ---- requests

  /**
   * Answers a request that only the controller can. `complete` is called once, when what was decided is committed and every shard has
   * applied it. Whoever asks was authorized before; everything else that Kafka checks is checked here.
   */
  request<N extends ControllerApi>(
    api: N,
    version: number,
    request: RequestOf<N>,
    complete: (outcome: RequestOutcome<N>) => void,
    options: RequestOptions = {},
  ): void {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the kind of an event and its request go together
    const event = { kind: api, version, request, ...options } as ControllerEvent;
    const done = (outcome: RuntimeOutcome<ControllerAnswer>): void => {
      if (!outcome.ok) complete(outcome);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the answer is of the kind of the event
      else complete({ ok: true, response: outcome.answer as ResponseOf<N> });
    };
    this.#runtime.submit(event, done, 'acknowledged');
  }

  /** All shards have applied the records up to this offset: answers that waited for it leave. */
  acknowledged(lastOffset: number): void {
    this.#runtime.acknowledged(lastOffset);
  }

  /**
   * Registers this broker, fenced, and its controller. Resolves when that is committed; from then on `onDelta` is called, so that the
   * image that is shown to the shards after this and the deltas fit together. Rejects with a MetadataError.
   */
  async register(details: BrokerDetails): Promise<void> {
    const { config, clusterId } = this.#options;
    const features = SUPPORTED_FEATURES.map(({ name, minVersion, maxVersion }) => ({
      name,
      minSupportedVersion: minVersion,
      maxSupportedVersion: maxVersion,
    }));
    const incarnationId = this.#incarnationId;
    const controller = this.#settle(
      {
        kind: 'ControllerRegistration',
        version: 0,
        request: {
          controllerId: config.nodeId,
          incarnationId,
          zkMigrationReady: false,
          listeners: config.controllerListeners.map(endpointOf),
          features,
        },
      },
      'committed',
    );
    const broker = this.#settle(
      {
        kind: 'BrokerRegistration',
        version: 4,
        request: {
          brokerId: config.nodeId,
          clusterId,
          incarnationId,
          listeners: details.listeners.map(endpointOf),
          features,
          rack: details.rack,
          isMigratingZkBroker: false,
          logDirs: [...details.logDirs],
          previousBrokerEpoch: -1,
        },
      },
      'committed',
    );
    // Submitted together, they share an fsync.
    const [answer] = await Promise.all([broker, controller]);
    const { errorCode, brokerEpoch } = answer;
    if (errorCode !== ERRORS.NONE) {
      throw new MetadataError(`This broker cannot register: ${errorName(errorCode)}${this.#unsupported()}`);
    }
    this.#brokerEpoch = brokerEpoch ?? -1;
    this.#isShown = true;
  }

  /** Which feature of the cluster this broker does not have; '' where it has all. */
  #unsupported(): string {
    for (const { name, level } of this.image.features.finalized()) {
      const feature = SUPPORTED_FEATURES.find((one) => one.name === name);
      const { minVersion = 0, maxVersion = 0 } = feature ?? {};
      if (level >= minVersion && level <= maxVersion) continue;
      return `. It does not support finalized version ${level} of ${name}, only versions between ${minVersion} and ${maxVersion}, inclusive.`;
    }
    return '';
  }

  /**
   * Ends the fence: this broker leads its partitions, each with a new leader epoch, and clients are told of it. Called when the shards have
   * opened and recovered their logs; resolves when they have applied it.
   */
  async unfence(): Promise<void> {
    await this.#settle({ kind: 'unfence', brokerId: this.#options.config.nodeId }, 'acknowledged');
  }

  #settle<K extends ControllerEventKind>(
    event: ControllerEvents[K]['event'] & { readonly kind: K },
    when: AnswerWhen,
  ): Promise<ControllerEvents[K]['answer']> {
    return new Promise((resolve, reject) => {
      const done = (outcome: RuntimeOutcome<ControllerAnswer>): void => {
        if (outcome.ok) resolve(outcome.answer);
        else reject(new MetadataError(`the metadata log has stopped (${outcome.error})`));
      };
      this.#runtime.submit(event, done, when);
    });
  }

  // ---- snapshots

  #scheduleSnapshot(): void {
    const { clock, config } = this.#options;
    const intervalMs = config.values['metadata.log.max.snapshot.interval.ms'];
    if (intervalMs <= 0) return;
    this.#snapshotTimer = clock.after(intervalMs, () => {
      this.#scheduleSnapshot();
      if (this.#bytesSinceSnapshot === 0) return;
      this.#snapshotIsDue = true;
      this.#snapshotIfDue();
    });
  }

  /** A snapshot is of one moment at which everything is committed; where there is none by itself, decisions wait for it. */
  #snapshotIfDue(): void {
    const limit = this.#options.config.values['metadata.log.max.record.bytes.between.snapshots'];
    if (this.#bytesSinceSnapshot >= limit) this.#snapshotIsDue = true;
    if (!this.#snapshotIsDue || this.#snapshotting !== null || this.#runtime.state !== 'active') return;
    if (!this.#runtime.isSettled) {
      this.#runtime.pause();
      return;
    }
    this.#snapshotIsDue = false;
    this.#bytesSinceSnapshot = 0;
    const values = [...imageRecords(this.image)].map(encodeRecord);
    const { offset, epoch } = this.image;
    this.#snapshotting = this.#log
      .writeSnapshot(values, offset + 1, epoch)
      .catch((error: unknown) => {
        // Without it the log stays longer, and the next one may succeed.
        this.#options.logger.error('a metadata snapshot could not be written', { reason: String(error) });
      })
      .then(() => {
        this.#snapshotting = null;
      });
    this.#runtime.resume();
  }

  /** Stops deciding and leaves the files as after a clean stop. */
  async close(): Promise<void> {
    this.#snapshotTimer?.cancel();
    this.#runtime.stop();
    await this.#snapshotting;
    await this.#log.close();
  }
}

function endpointOf({ name, host, port, protocol }: BrokerListener): RegisteredEndpoint {
  return { name, host, port, securityProtocol: SECURITY_PROTOCOLS[protocol] };
}

/** New with each start of the process. */
function drawUuid(random: Random): Uuid {
  for (let attempts = 0; attempts < 100; attempts++) {
    const uuid = uuidFromRandom(random.bytes(16));
    if (uuid !== null) return uuid;
  }
  return required<Uuid>(null, 'random bytes are random');
}
