/** A simulated consumer: long polls with and without sessions, in every version, from the start or from anywhere, of what is committed or of all. */
import { ERRORS, errorName } from '../../../src/protocol/errors.ts';
import { Actor, oneOf, versionOf, type World } from './actor.ts';
import { bytesOf, type Rpc } from './client.ts';
import { type CommittedPart, READ_COMMITTED, readCommitted } from './committed-reader.ts';
import { type Bounds, type PartitionHistory, type TopicHistory, Violation } from './history.ts';

interface Position {
  readonly topic: TopicHistory;
  readonly index: number;
  readonly partition: PartitionHistory;
  offset: number;
  /** What the session was told last; -1: it does not know of this partition. */
  toldOffset: number;
}

interface Asked {
  readonly position: Position;
  readonly asOf: Bounds;
  readonly wasThere: boolean;
  readonly losses: number;
}

interface Part extends CommittedPart {
  readonly partitionIndex: number;
  readonly errorCode: number;
}

export class Consumer extends Actor {
  #positions: Position[] = [];
  #isAsking = false;
  #version = 0;
  #isolationLevel = 0;
  #usesSession = false;
  #sessionId = 0;
  #sessionEpoch = 0;
  #sessionRpc: Rpc | null = null;

  constructor(world: World) {
    super(world);
    this.#restart();
  }

  protected override pause(): number {
    return 1 + this.random.below(30);
  }

  protected override act(rpc: Rpc): void {
    if (this.#isAsking) return;
    if (this.#positions.length === 0 || this.random.chance(0.05)) this.#subscribe();
    if (this.#positions.length === 0) return;
    const lost = this.#positions.find(({ offset }) => offset < 0);
    if (lost !== undefined) this.#find(rpc, lost);
    else this.#fetch(rpc);
  }

  #restart(): void {
    this.#version = versionOf('Fetch', this.random);
    this.#isolationLevel = this.random.chance(0.5) ? READ_COMMITTED : 0;
    this.#usesSession = this.#version >= 7 && this.random.chance(0.5);
    this.#sessionId = 0;
    this.#sessionEpoch = 0;
  }

  #subscribe(): void {
    this.#restart();
    const topics = this.world.history.there;
    this.#positions = [];
    for (const topic of topics) {
      if (this.random.chance(0.4)) continue;
      for (const [index, partition] of topic.partitions.entries()) {
        const offset = this.random.chance(0.4) ? this.random.below(partition.highWatermark + 1) : partition.startOffset;
        this.#positions.push({ topic, index, partition, offset, toldOffset: -1 });
      }
    }
  }

  /** The start of a partition whose position is not there. */
  #find(rpc: Rpc, position: Position): void {
    const { topic, index, partition } = position;
    const asOf = partition.now;
    const wasThere = topic.state === 'there';
    this.#isAsking = true;
    const request = {
      replicaId: -1,
      isolationLevel: 0,
      topics: [{ name: topic.name, partitions: [{ partitionIndex: index, timestamp: -2n }] }],
      timeoutMs: 1000,
    };
    rpc.ask('ListOffsets', versionOf('ListOffsets', this.random), request, (response) => {
      this.#isAsking = false;
      if (response === null) return;
      const part = response.topics[0]?.partitions[0];
      if (part === undefined) throw new Violation('ListOffsets answers nothing');
      if (part.errorCode !== ERRORS.NONE) {
        this.#failed({ position, asOf, wasThere, losses: this.world.losses }, part.errorCode, 'ListOffsets');
        return;
      }
      partition.start(asOf, part.offset);
      position.offset = part.offset;
      this.world.count('starts found');
    });
  }

  #fetch(rpc: Rpc): void {
    if (this.#sessionRpc !== rpc) {
      this.#sessionRpc = rpc;
      if (this.random.chance(0.5)) this.#restart();
    }
    const version = this.#version;
    const isolationLevel = this.#isolationLevel;
    const isIncremental = this.#usesSession && this.#sessionId > 0;
    if (!isIncremental) for (const position of this.#positions) position.toldOffset = -1;
    const asked = this.#positions.map(
      (position): Asked => ({
        position,
        asOf: position.partition.now,
        wasThere: position.topic.state === 'there',
        losses: this.world.losses,
      }),
    );
    const named = asked.filter(({ position }) => position.toldOffset !== position.offset);
    const topics = new Map<TopicHistory, Position[]>();
    for (const { position } of named) {
      position.toldOffset = position.offset;
      topics.set(position.topic, [...(topics.get(position.topic) ?? []), position]);
    }
    const request = {
      maxWaitMs: oneOf(this.random, [0, 1, 100, 500]),
      isolationLevel,
      minBytes: oneOf(this.random, [0, 1, 1, 1000, 100_000]),
      maxBytes: oneOf(this.random, [1, 500, 5000, 1_000_000]),
      sessionId: this.#usesSession ? this.#sessionId : 0,
      sessionEpoch: this.#usesSession ? this.#sessionEpoch : -1,
      topics: [...topics].map(([topic, positions]) => ({
        ...(version >= 13 ? { topicId: topic.id } : { topic: topic.name }),
        partitions: positions.map(({ index, offset }) => ({
          partition: index,
          fetchOffset: offset,
          partitionMaxBytes: oneOf(this.random, [1, 800, 100_000]),
        })),
      })),
      forgottenTopicsData: [],
    };
    this.#isAsking = true;
    rpc.ask('Fetch', version, request, (response) => {
      this.#isAsking = false;
      this.world.count(response === null ? 'fetches lost' : 'fetches answered');
      if (response === null) {
        this.#restart();
        return;
      }
      if (response.errorCode !== ERRORS.NONE) {
        if (response.errorCode !== ERRORS.FETCH_SESSION_ID_NOT_FOUND) this.#sessionError(response.errorCode);
        this.#restart();
        return;
      }
      if (this.#usesSession) {
        this.#sessionId = response.sessionId;
        this.#sessionEpoch = response.sessionId > 0 ? this.#sessionEpoch + 1 : 0;
      }
      for (const { topicId, topic, partitions } of response.responses) {
        for (const part of partitions) {
          const one = asked.find(
            ({ position }) =>
              position.index === part.partitionIndex &&
              (version >= 13 ? position.topic.id === topicId : position.topic.name === topic),
          );
          if (one === undefined) throw new Violation(`Fetch answers ${topic}-${part.partitionIndex} unasked`);
          this.#received(one, part, isolationLevel);
        }
      }
    });
  }

  #sessionError(code: number): void {
    throw new Violation(`Fetch is answered ${errorName(code)}`);
  }

  #received(asked: Asked, part: Part, isolationLevel: number): void {
    const { position, asOf } = asked;
    const { partition } = position;
    if (part.errorCode !== ERRORS.NONE) {
      this.#failed(asked, part.errorCode, 'Fetch');
      return;
    }
    const before = position.offset;
    if (isolationLevel === READ_COMMITTED) {
      position.offset = readCommitted(partition, this.world.history.ledger, asOf, before, part);
    } else {
      partition.bounds(asOf, part.highWatermark, part.logStartOffset);
      position.offset = partition.read(bytesOf(part.records), before, part.highWatermark);
    }
    if (position.offset > before) this.world.count(isolationLevel === 0 ? 'reads with records' : 'committed reads');
  }

  #failed({ position, asOf, wasThere, losses }: Asked, code: number, api: string): void {
    const { partition, topic } = position;
    switch (code) {
      case ERRORS.UNKNOWN_TOPIC_ID:
      case ERRORS.UNKNOWN_TOPIC_OR_PARTITION:
        if (topic.state === 'there' && wasThere) partition.fail(`it is there and ${api} says ${errorName(code)}`);
        this.#positions = this.#positions.filter((other) => other !== position);
        this.#restart();
        return;
      case ERRORS.NOT_LEADER_OR_FOLLOWER:
        if (topic.state === 'there') partition.fail(`its leader says NOT_LEADER_OR_FOLLOWER to ${api}`);
        return;
      case ERRORS.KAFKA_STORAGE_ERROR:
        if (!this.world.isFaulty && topic.state === 'there') partition.fail('KAFKA_STORAGE_ERROR without a fault');
        return;
      case ERRORS.OFFSET_OUT_OF_RANGE:
        if (!partition.deletes && losses === this.world.losses && position.offset <= asOf.highWatermark) {
          partition.fail(`offset ${position.offset} is out of range, and nothing deletes`);
        }
        position.offset = -1;
        return;
      default:
        partition.fail(`${api} is answered ${errorName(code)}`);
    }
  }
}
