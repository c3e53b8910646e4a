/** A simulated administrator, and one who sends nonsense. */
import { ERRORS, errorName } from '../../../src/protocol/errors.ts';
import { Actor, oneOf, versionOf, type World } from './actor.ts';
import type { Rpc } from './client.ts';
import { type TopicHistory, Violation } from './history.ts';

const PARTITIONS_LIMIT = 8;

export class Admin extends Actor {
  readonly #label: string;
  readonly #topicLimit: number;
  #made = 0;
  #isAsking = false;

  constructor(world: World, label: string, topicLimit: number) {
    super(world);
    this.#label = label;
    this.#topicLimit = topicLimit;
  }

  protected override pause(): number {
    return 1 + this.random.below(this.world.history.there.length === 0 ? 20 : 400);
  }

  protected override act(rpc: Rpc): void {
    if (this.#isAsking || !this.world.isBusy) return;
    const { there } = this.world.history;
    const dice = this.random.below(100);
    if (there.length === 0 || (there.length < this.#topicLimit && dice < 30)) this.#create(rpc);
    else if (dice < 36 && there.length > 1) this.#delete(rpc, oneOf(this.random, there));
    else if (dice < 42) this.#grow(rpc, oneOf(this.random, there));
    else if (dice < 64) this.#deleteRecords(rpc, oneOf(this.random, there));
    else this.#look(rpc);
  }

  #ask(send: (done: () => void) => void): void {
    this.#isAsking = true;
    send(() => {
      this.#isAsking = false;
    });
  }

  #create(rpc: Rpc): void {
    const { random } = this;
    const name = `${this.#label}-${++this.#made}`;
    const numPartitions = 1 + random.below(4);
    const deletes = random.chance(0.5);
    const configs = [
      ['internal.segment.bytes', String(oneOf(random, [100_000, 300_000]))],
      ['segment.ms', String(oneOf(random, [100, 2000, 100_000]))],
      ['segment.index.bytes', String(oneOf(random, [16, 64, 1000]))],
      ['index.interval.bytes', String(oneOf(random, [0, 100, 4096]))],
      ['file.delete.delay.ms', String(oneOf(random, [0, 50, 60_000]))],
      ['message.timestamp.type', oneOf(random, ['CreateTime', 'LogAppendTime'])],
      ['compression.type', oneOf(random, ['producer', 'producer', 'lz4', 'uncompressed'])],
      ...(deletes && random.chance(0.6) ? [['retention.bytes', String(oneOf(random, [2000, 50_000]))]] : []),
      ...(deletes && random.chance(0.6)
        ? [['retention.ms', String(oneOf(random, [500, 5000]))]]
        : [['retention.ms', '-1']]),
    ] as const;
    const topics = [
      {
        name,
        numPartitions,
        replicationFactor: 1,
        assignments: [],
        configs: configs.map(([key, value]) => ({ name: key ?? '', value: value ?? '' })),
      },
    ];
    const mustFail = this.world.metadataFails;
    this.#ask((done) =>
      rpc.ask('CreateTopics', 7, { topics, timeoutMs: 30_000 }, (response) => {
        done();
        const topic = response?.topics[0];
        if (topic === undefined || this.#failed(mustFail, topic.errorCode, `CreateTopics ${name}`)) return;
        if (topic.errorCode !== ERRORS.NONE) {
          throw new Violation(`CreateTopics ${name}: ${errorName(topic.errorCode)} ${topic.errorMessage}`);
        }
        this.world.history.create(name, topic.topicId, numPartitions, deletes);
        this.world.count('topics created');
      }),
    );
  }

  #delete(rpc: Rpc, topic: TopicHistory): void {
    topic.state = 'deleting';
    const request = { topics: [{ name: null, topicId: topic.id }], timeoutMs: 30_000 };
    const mustFail = this.world.metadataFails;
    this.#ask((done) =>
      rpc.ask('DeleteTopics', 6, request, (response) => {
        done();
        if (response === null) return;
        const code = response.responses[0]?.errorCode ?? -1;
        if (this.#failed(mustFail, code, `DeleteTopics ${topic.name}`)) return;
        if (code !== ERRORS.NONE) throw new Violation(`DeleteTopics ${topic.name}: ${errorName(code)}`);
        topic.state = 'gone';
        this.world.count('topics deleted');
      }),
    );
  }

  /** A change that the metadata log cannot take is never said to be done; whatever else it is answered, it may or may not have been made. */
  #failed(mustFail: boolean, code: number, what: string): boolean {
    if (mustFail && code === ERRORS.NONE) throw new Violation(`${what} is done, and the metadata log takes no writes`);
    if (code === ERRORS.NONE || !this.world.metadataFails) return false;
    this.world.count('changes refused');
    return true;
  }

  #grow(rpc: Rpc, topic: TopicHistory): void {
    const count = topic.wanted + 1 + this.random.below(2);
    if (count > PARTITIONS_LIMIT) return;
    topic.wanted = count;
    const topics = [{ name: topic.name, count, assignments: null }];
    const mustFail = this.world.metadataFails;
    const request = { topics, timeoutMs: 30_000, validateOnly: false };
    this.#ask((done) =>
      rpc.ask('CreatePartitions', versionOf('CreatePartitions', this.random), request, (response) => {
        done();
        const result = response?.results[0];
        if (result === undefined) return;
        const { errorCode: code } = result;
        if (this.#failed(mustFail, code, `CreatePartitions ${topic.name}`) || topic.state !== 'there') return;
        // Another has asked for more meanwhile, and came first.
        if (code === ERRORS.INVALID_PARTITIONS && topic.wanted > count) return;
        if (code !== ERRORS.NONE) throw new Violation(`CreatePartitions ${topic.name}: ${errorName(code)}`);
        this.world.history.grow(topic, count);
        this.world.count('topics grown');
      }),
    );
  }

  #deleteRecords(rpc: Rpc, topic: TopicHistory): void {
    const index = this.random.below(topic.partitions.length);
    const partition = topic.partitions[index];
    if (partition === undefined || !partition.deletes) return;
    const offset = this.random.chance(0.2) ? -1 : this.random.below(partition.highWatermark + 1);
    const asOf = partition.now;
    const topics = [{ name: topic.name, partitions: [{ partitionIndex: index, offset }] }];
    this.#ask((done) =>
      rpc.ask('DeleteRecords', versionOf('DeleteRecords', this.random), { topics, timeoutMs: 30_000 }, (response) => {
        done();
        const part = response?.topics[0]?.partitions[0];
        if (part === undefined) return;
        if (part.errorCode === ERRORS.NONE) {
          partition.start(asOf, part.lowWatermark);
          if (part.lowWatermark < offset) partition.fail(`records below ${offset} are deleted to ${part.lowWatermark}`);
          this.world.count('records deleted');
        } else if (part.errorCode === ERRORS.KAFKA_STORAGE_ERROR && this.world.isFaulty) return;
        else if (topic.state === 'there') partition.fail(`DeleteRecords is answered ${errorName(part.errorCode)}`);
      }),
    );
  }

  /** The metadata on any connection show every topic that is there and none that is gone. */
  #look(rpc: Rpc): void {
    const expected = this.world.history.there.map((topic) => ({ topic, least: topic.partitions.length }));
    const gone = new Set(
      [...this.world.history.topics.values()].filter(({ state }) => state === 'gone').map(({ id }) => id),
    );
    const request = {
      topics: null,
      allowAutoTopicCreation: false,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    };
    this.#ask((done) =>
      rpc.ask('Metadata', 10 + this.random.below(4), request, (response) => {
        done();
        if (response === null) return;
        this.world.count('metadata seen');
        const seen = new Map(response.topics.map((topic) => [topic.topicId, topic]));
        for (const { topic, least } of expected) {
          const found = seen.get(topic.id);
          if (topic.state !== 'there') continue;
          if (found === undefined || found.errorCode !== ERRORS.NONE) {
            throw new Violation(`${topic.name} is there, and the metadata say ${found?.errorCode ?? 'nothing'}`);
          }
          const count = found.partitions.length;
          // More than were told of may be seen: whoever asked for them has no answer yet, or lost it.
          if (count < least || count > topic.wanted) throw new Violation(`${topic.name} has ${count} partitions`);
          const leaderless = found.partitions.find(({ leaderId }) => leaderId < 0);
          if (leaderless !== undefined && !this.world.isFaulty) throw new Violation(`${topic.name} has no leader`);
        }
        for (const id of seen.keys()) if (gone.has(id)) throw new Violation('a deleted topic is seen again');
      }),
    );
  }
}

/** Sends what no client may send, or half of what one may. */
export class Vandal extends Actor {
  protected override pause(): number {
    return 1 + this.random.below(500);
  }

  protected override act(rpc: Rpc): void {
    rpc.ignores = true;
    if (!this.world.isBusy) return;
    const { random } = this;
    const kind = random.below(4);
    if (kind === 0) rpc.connection.send(random.bytes(1 + random.below(40)));
    else if (kind === 1) {
      // A request that is announced and never whole.
      const size = Buffer.alloc(4);
      size.writeInt32BE(1 + random.below(500_000));
      rpc.connection.send(Buffer.concat([size, Buffer.from([0, 0, 0, 9]), random.bytes(random.below(3000))]));
    } else if (kind === 2)
      rpc.connection.send(
        Buffer.from([0, 0, 0, 14, 0, random.below(80), 0, random.below(9), 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
      );
    else rpc.connection.reset();
    this.world.count('nonsense sent');
  }
}
