/**
 * A simulated producer: idempotent (five requests in flight, retries in order) or not (one in flight, may duplicate). What it sends says
 * who it is, so that whoever reads it can check it.
 */
import { ERRORS, errorName, isRetriable } from '../../../src/protocol/errors.ts';
import { memoryRecords } from '../../../src/protocol/records.ts';
import { batchOf } from '../../harness/batches.ts';
import { Actor, oneOf, versionOf, type World } from './actor.ts';
import type { RequestInputOf } from '../../../src/protocol/schema/index.ts';
import type { Rpc } from './client.ts';
import {
  type Bounds,
  idempotentId,
  ONCE,
  type PartitionHistory,
  type RecordId,
  type TopicHistory,
  Violation,
} from './history.ts';

const IN_FLIGHT = 5;
const QUEUED = 8;

interface Batch {
  readonly ids: RecordId[];
  readonly bytes: Buffer;
  /** Sizes of the texts, so that it can be made again for another producer id. */
  readonly sizes: readonly number[];
  isSent: boolean;
  /** The broker's life in which it was sent first; 0: not yet. After a restart older batches are not always known as duplicates. */
  firstLife: number;
}

/** The batches for one partition, in order. */
interface Line {
  readonly topic: TopicHistory;
  readonly index: number;
  readonly partition: PartitionHistory;
  nextSequence: number;
  batches: Batch[];
  /** Something failed: nothing is sent until all in flight is answered. */
  isDraining: boolean;
}

interface Sent {
  readonly line: Line;
  readonly batch: Batch;
  readonly asOf: Bounds;
  /** The producer id was another when it was sent. */
  readonly generation: number;
  readonly wasThere: boolean;
}

export interface ProducerOptions {
  readonly label: string;
  readonly isIdempotent: boolean;
  /** 0: it wants no answers and sends nothing twice; it then is not idempotent. */
  readonly acks: -1 | 0 | 1;
}

export class Producer extends Actor {
  readonly #options: ProducerOptions;
  readonly #lines = new Map<PartitionHistory, Line>();
  #producerId = -1;
  #isAsking = false;
  #generation = 0;
  #lossesAtStart = 0;
  #inFlight = 0;
  #made = 0;

  constructor(world: World, options: ProducerOptions) {
    super(world);
    this.#options = options;
  }

  /** Nothing is left to send or to be answered. */
  get isDone(): boolean {
    return [...this.#lines.values()].every(({ batches }) => batches.length === 0);
  }

  get told(): string {
    const lines = [...this.#lines.values()].filter(({ batches }) => batches.length > 0);
    return `${this.#options.label}: ${lines.map(({ partition, batches, isDraining }) => `${partition.key} ${batches.length} ${isDraining}`).join(', ')} in flight ${this.#inFlight}`;
  }

  protected override act(rpc: Rpc): void {
    if (this.#options.isIdempotent && this.#producerId < 0) {
      this.#init(rpc);
      return;
    }
    if (this.world.isBusy) for (let n = this.random.below(4); n > 0; n--) this.#make();
    this.#send(rpc);
  }

  #init(rpc: Rpc): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const request = { transactionalId: null, transactionTimeoutMs: 1000 };
    rpc.ask('InitProducerId', versionOf('InitProducerId', this.random), request, (response) => {
      this.#isAsking = false;
      if (response === null) return;
      if (response.errorCode !== ERRORS.NONE) {
        if (isRetriable(response.errorCode)) return;
        throw new Violation(`InitProducerId is answered ${errorName(response.errorCode)}`);
      }
      this.#producerId = response.producerId;
      this.#generation++;
      this.#lossesAtStart = this.world.losses;
      for (const line of this.#lines.values()) this.#renumber(line);
    });
  }

  /** With another producer id: what was not acknowledged is sent again as new. */
  #renumber(line: Line): void {
    line.nextSequence = 0;
    line.isDraining = false;
    line.batches = line.batches.map(({ sizes }) => this.#batch(line, sizes));
  }

  #make(): void {
    const topics = this.world.history.there;
    if (topics.length === 0) return;
    const topic = oneOf(this.random, topics);
    const index = this.random.below(topic.partitions.length);
    const partition = topic.partitions[index] as PartitionHistory;
    let line = this.#lines.get(partition);
    if (line === undefined) {
      line = { topic, index, partition, nextSequence: 0, batches: [], isDraining: false };
      this.#lines.set(partition, line);
    }
    if (line.batches.length >= QUEUED) return;
    const sizes = Array.from({ length: 1 + this.random.below(4) }, () =>
      this.random.chance(0.03) ? this.random.below(22_000) : this.random.below(300),
    );
    line.batches.push(this.#batch(line, sizes));
    this.world.count('batches');
  }

  #batch(line: Line, sizes: readonly number[]): Batch {
    const { isIdempotent, label } = this.#options;
    const baseSequence = line.nextSequence;
    const prefix = this.#options.acks === 0 ? ONCE : '-';
    const ids = sizes.map((_, n) =>
      isIdempotent ? idempotentId(this.#producerId, 0, baseSequence + n) : `${prefix}${label}#${++this.#made}`,
    );
    line.nextSequence += sizes.length;
    const timestamp = BigInt(this.world.clock.now());
    const records = ids.map((id, n) => ({
      timestamp,
      value: `${isIdempotent ? id : id.slice(1)}|${'x'.repeat(sizes[n] ?? 0)}`,
    }));
    const codec = oneOf(this.random, ['none', 'none', 'none', 'lz4', 'gzip'] as const);
    const who = isIdempotent ? { producerId: this.#producerId, producerEpoch: 0, baseSequence } : {};
    return { ids, sizes, bytes: batchOf(records, { codec, ...who }), isSent: false, firstLife: 0 };
  }

  #send(rpc: Rpc): void {
    const limit = this.#options.isIdempotent ? IN_FLIGHT : 1;
    while (this.#inFlight < limit && !rpc.isGone) {
      const ready = [...this.#lines.values()].filter(
        (line) => !line.isDraining && line.batches.some(({ isSent }) => !isSent),
      );
      if (ready.length === 0) return;
      const lines = ready.filter(() => this.random.chance(0.6)).slice(0, 4);
      this.#request(rpc, lines.length === 0 ? ready.slice(0, 1) : lines);
    }
  }

  #request(rpc: Rpc, lines: readonly Line[]): void {
    const version = versionOf('Produce', this.random);
    const sent = lines.map((line): Sent => {
      const batch = line.batches.find(({ isSent }) => !isSent) as Batch;
      batch.isSent = true;
      batch.firstLife ||= this.world.life;
      this.world.tell(`${line.partition.key} ${batch.ids[0]} sent on connection ${rpc.connection.id}`);
      const wasThere = line.topic.state === 'there';
      return { line, batch, asOf: line.partition.now, generation: this.#generation, wasThere };
    });
    const topics = new Map<TopicHistory, Sent[]>();
    for (const one of sent) topics.set(one.line.topic, [...(topics.get(one.line.topic) ?? []), one]);
    const request = {
      transactionalId: null,
      acks: this.#options.acks,
      timeoutMs: 30_000,
      topicData: [...topics].map(([topic, parts]) => ({
        ...(version >= 13 ? { topicId: topic.id } : { name: topic.name }),
        partitionData: parts.map(({ line, batch }) => ({ index: line.index, records: memoryRecords(batch.bytes) })),
      })),
    };
    if (this.#options.acks === 0) {
      this.#tell(rpc, version, request, sent);
      return;
    }
    this.#inFlight++;
    rpc.ask('Produce', version, request, (response) => {
      this.#inFlight--;
      this.world.count(response === null ? 'produce requests lost' : 'produce requests answered');
      for (const one of sent) {
        const topic = response?.responses.find(({ name, topicId }) =>
          version >= 13 ? topicId === one.line.topic.id : name === one.line.topic.name,
        );
        const part = topic?.partitionResponses.find(({ index }) => index === one.line.index);
        if (response !== null && part === undefined) throw new Violation('a partition is missing in a Produce answer');
        this.#settled(one, part ?? null, version);
      }
    });
  }

  /** Nobody answers it. What the connection answers next says that it was taken: requests of a connection are handled in order. */
  #tell(rpc: Rpc, version: number, request: RequestInputOf<'Produce'>, sent: readonly Sent[]): void {
    rpc.tell('Produce', version, request);
    this.world.count('batches nobody answers');
    for (const { line, batch } of sent) line.batches.splice(line.batches.indexOf(batch), 1);
    const { life, losses } = this.world;
    if (this.#inFlight > 0 || this.random.chance(0.5)) return;
    this.#inFlight++;
    rpc.ask('ApiVersions', 0, {}, (response) => {
      this.#inFlight--;
      if (response === null || life !== this.world.life || losses !== this.world.losses) return;
      for (const { line, batch, wasThere } of sent) {
        if (!wasThere || line.topic.state !== 'there') continue;
        for (const id of batch.ids) line.partition.taken.add(id);
        this.world.count('batches taken');
      }
    });
  }

  #settled(
    sent: Sent,
    part: { readonly errorCode: number; readonly baseOffset: number; readonly logStartOffset: number } | null,
    version: number,
  ): void {
    const { line, batch, asOf } = sent;
    if (sent.generation !== this.#generation || !line.batches.includes(batch)) {
      // Of an id that was given up; it may stand in the log all the same.
      if (part?.errorCode === ERRORS.NONE) this.#learn(sent, part.baseOffset);
      return;
    }
    batch.isSent = false;
    const isFirst = line.batches[0] === batch;
    const code = part?.errorCode ?? ERRORS.NETWORK_EXCEPTION;
    this.world.tell(`${line.partition.key} ${batch.ids[0]} ${errorName(code)} ${part?.baseOffset ?? ''}`);
    if (code === ERRORS.NONE && part !== null) {
      const place = line.batches.indexOf(batch);
      const skipped = line.batches.slice(0, place).find(({ firstLife }) => firstLife === this.world.life);
      // A batch whose flush failed is refused, and stands in the log all the same.
      if (skipped && !this.world.isFaulty)
        line.partition.fail(`${batch.ids[0]} is acknowledged before ${skipped.ids[0]}`);
      if (version >= 5 && part.logStartOffset >= 0) line.partition.start(asOf, part.logStartOffset);
      this.#learn(sent, part.baseOffset);
      line.batches.splice(place, 1);
    } else this.#failed(sent, code, isFirst);
    if (line.isDraining && line.batches.every(({ isSent }) => !isSent)) line.isDraining = false;
  }

  #learn({ line, batch }: Sent, baseOffset: number): void {
    for (const [n, id] of batch.ids.entries()) line.partition.acknowledge(id, baseOffset < 0 ? -1 : baseOffset + n);
    this.world.count('batches acknowledged');
  }

  #failed({ line, batch, wasThere }: Sent, code: number, isFirst: boolean): void {
    const { topic, partition } = line;
    const wasDraining = line.isDraining;
    line.isDraining = true;
    switch (code) {
      case ERRORS.NETWORK_EXCEPTION:
        return;
      case ERRORS.UNKNOWN_TOPIC_ID:
      case ERRORS.UNKNOWN_TOPIC_OR_PARTITION:
        if (topic.state === 'there' && wasThere) partition.fail(`it is there and Produce says ${errorName(code)}`);
        line.batches = [];
        return;
      case ERRORS.NOT_LEADER_OR_FOLLOWER:
        if (topic.state === 'there') partition.fail('its leader says NOT_LEADER_OR_FOLLOWER to a producer');
        return;
      case ERRORS.KAFKA_STORAGE_ERROR:
        if (!this.world.isFaulty && topic.state === 'there') partition.fail('KAFKA_STORAGE_ERROR without a fault');
        return;
      case ERRORS.OUT_OF_ORDER_SEQUENCE_NUMBER:
        if (!isFirst || wasDraining) return;
        if (this.world.losses === this.#lossesAtStart && batch.firstLife === this.world.life) {
          partition.fail(`${line.batches[0]?.ids[0]} is out of order, and all before it was acknowledged`);
        }
        this.#producerId = -1;
        this.world.count('producer ids given up');
        return;
      default:
        partition.fail(`Produce is answered ${errorName(code)}`);
    }
  }
}
