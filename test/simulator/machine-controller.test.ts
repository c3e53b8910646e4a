/**
 * The controller on its log, on a disk that loses what was not synced: random requests, several at once, with a power failure, a kill or a
 * clean stop at any point. After each start the image is one that was live at a batch's end, and everything that was answered is in it.
 *
 *   ODRADEK_SIM_SEED=7 node --test test/simulator/machine-controller.test.ts
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { SeededRandom } from '../../src/base/prng.ts';
import { required } from '../../src/base/assert.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import { formatDirectories } from '../../src/admin/format-directories.ts';
import { MetadataCoordinator, type RequestOutcome } from '../../src/coordinator/metadata.ts';
import { loadNative } from '../../src/host/addon.ts';
import { type Completion, MemoryDisk } from '../../src/host/memory-disk.ts';
import { MetadataImage } from '../../src/machine/image/image.ts';
import { applyTransfer, encodeImage } from '../../src/machine/image/transfer.ts';
import type { Logger } from '../../src/port/log.ts';
import { ERRORS } from '../../src/protocol/errors.ts';
import { readMetaProperties } from '../../src/storage/meta-properties.ts';
import { brokerConfig } from '../unit/machine/controller/fixture.ts';
import { contentOf } from '../unit/machine/image/random-records.ts';
import { VirtualClock } from './virtual-clock.ts';

const { native } = loadNative();
const QUIET: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => QUIET };
const COMPLETIONS: readonly Completion[] = ['in-call', 'in-order', 'shuffled'];

const config = brokerConfig({
  'log.dirs': '/data',
  'metadata.log.max.record.bytes.between.snapshots': '3000',
  'metadata.max.retention.bytes': '20000',
  'internal.metadata.log.segment.bytes': '6000',
});

class Simulation {
  readonly random: SeededRandom;
  /** A new one for each life: what the last process had set ends with it. */
  clock = new VirtualClock();
  disk: MemoryDisk;
  coordinator: MetadataCoordinator | null = null;
  shard = new MetadataImage();
  /** What the image was after the record at this offset. */
  readonly contents = new Map<number, string>();
  /** Answered: name → id and number of partitions. */
  readonly topics = new Map<string, { readonly id: Uuid; partitions: number }>();
  /** Requests under way, by the topic that they may change. */
  readonly uncertain = new Map<string, number>();
  nextProducerId = 0;
  /** Requests without an answer. */
  pending = 0;
  starts = 0;
  answered = 0;
  snapshots = 0;
  names = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    const completion = required(COMPLETIONS[seed % COMPLETIONS.length], 'a completion');
    this.disk = new MemoryDisk({ seed, completion, now: () => this.clock.now() });
  }

  /** Lets disk and clock go on until the work is done, or the world is lost. */
  async run<T>(work: Promise<T>, steps = 10_000): Promise<T> {
    let done = false;
    work.then(
      () => (done = true),
      () => (done = true),
    );
    for (let step = 0; step < steps; step++) {
      await setImmediate();
      if (done) return work;
      this.turn();
    }
    throw new Error('it does not end');
  }

  turn(): void {
    for (let count = 1 + this.random.below(3); count > 0; count--) this.disk.runOne();
    this.clock.runSoon();
  }

  async start(): Promise<void> {
    const { disk, clock, random } = this;
    const ports = { disk, clock, random, native };
    const formatted = await this.run(formatDirectories(ports, config, { clusterId: null, ignoreFormatted: true }));
    assert.ok(formatted.ok, JSON.stringify(formatted));
    const properties = await this.run(readMetaProperties(disk, '/data'));
    assert.ok(properties.kind === 'formatted');
    const { clusterId, directoryId } = properties.properties;
    const id = required(directoryId, 'a directory id');
    const options = { ...ports, logger: QUIET, config, directory: '/data', directoryId: id, clusterId };
    const coordinator = await this.run(MetadataCoordinator.open(options));
    const { image } = coordinator;
    const live = this.contents.get(image.offset);
    const isFirst = this.starts === 0;
    assert.ok(isFirst || JSON.stringify(contentOf(image)) === live, `replay at ${image.offset} is not live`);
    this.checkAnswered(image);
    this.coordinator = coordinator;
    this.remember(image);
    await this.run(
      coordinator.register({
        listeners: [{ name: 'PLAINTEXT', host: 'localhost', port: 9092, protocol: 'PLAINTEXT' }],
        rack: null,
        logDirs: [id],
      }),
    );
    this.shard = new MetadataImage();
    coordinator.onDelta = (bytes, _baseOffset, lastOffset) => {
      applyTransfer(this.shard, bytes);
      assert.equal(this.shard.offset, lastOffset);
      if (this.random.chance(0.7)) coordinator.acknowledged(lastOffset);
      else this.clock.soon(() => coordinator.acknowledged(lastOffset));
    };
    applyTransfer(this.shard, encodeImage(image));
    coordinator.acknowledged(image.offset);
    await this.run(coordinator.unfence());
    this.starts++;
  }

  /** Keeps what the image is after each record. */
  remember(image: MetadataImage): void {
    const reached = image.reached.bind(image);
    image.reached = (offset, epoch) => {
      reached(offset, epoch);
      this.contents.set(offset, JSON.stringify(contentOf(image)));
    };
  }

  checkAnswered(image: MetadataImage): void {
    for (const [name, { id, partitions }] of this.topics) {
      if (this.uncertain.has(name)) continue;
      const topic = image.topics.byName(name);
      assert.equal(topic?.id, id, `topic ${name} was answered and is another or gone`);
      assert.equal(topic?.partitionCount, partitions, name);
    }
    for (const topic of image.topics) {
      const known = this.topics.has(topic.name) || this.uncertain.has(topic.name);
      assert.ok(known, `topic ${topic.name} was deleted and is back`);
    }
    assert.ok(Math.max(0, image.nextProducerId) >= this.nextProducerId);
    // What was under way has been decided one way or the other.
    for (const name of this.uncertain.keys()) {
      const topic = image.topics.byName(name);
      if (topic === undefined) this.topics.delete(name);
      else this.topics.set(name, { id: topic.id, partitions: topic.partitionCount });
    }
    this.uncertain.clear();
  }

  begin(name: string): () => void {
    this.uncertain.set(name, (this.uncertain.get(name) ?? 0) + 1);
    return () => {
      const left = (this.uncertain.get(name) ?? 1) - 1;
      if (left > 0) this.uncertain.set(name, left);
      else this.uncertain.delete(name);
    };
  }

  known(): string {
    const names = [...this.topics.keys()];
    return names[this.random.below(names.length + 1)] ?? `t${this.names++}`;
  }

  submit(): void {
    this.pending++;
    const action = this.random.below(10);
    if (action < 5 && this.topics.size < 8) this.create();
    else if (action < 6) this.allocate();
    else if (action < 8) this.remove();
    else this.extend();
  }

  create(): void {
    const name = this.random.chance(0.9) ? `t${this.names++}` : this.known();
    const ended = this.begin(name);
    const partitions = 1 + this.random.below(4);
    const configs = this.random.chance(0.5) ? [{ name: 'min.insync.replicas', value: '1' }] : [];
    const topics = [{ name, numPartitions: partitions, replicationFactor: 1, assignments: [], configs }];
    const request = { topics, timeoutMs: 1000, validateOnly: this.random.chance(0.1) };
    this.coordinator?.request('CreateTopics', 7, request, (outcome) => {
      if (!this.isAnswer(outcome)) return;
      const [result] = outcome.response.topics;
      if (result?.errorCode === ERRORS.NONE && !request.validateOnly) {
        this.topics.set(name, { id: required(result.topicId, 'an id'), partitions });
      }
      ended();
    });
  }

  remove(): void {
    const name = this.known();
    const ended = this.begin(name);
    const request = { topics: [], topicNames: [name], timeoutMs: 1000 };
    this.coordinator?.request('DeleteTopics', 5, request, (outcome) => {
      if (!this.isAnswer(outcome)) return;
      if (outcome.response.responses[0]?.errorCode === ERRORS.NONE) this.topics.delete(name);
      ended();
    });
  }

  extend(): void {
    const name = this.known();
    const ended = this.begin(name);
    const count = 1 + this.random.below(6);
    const request = { topics: [{ name, count, assignments: null }], timeoutMs: 1000, validateOnly: false };
    this.coordinator?.request('CreatePartitions', 3, request, (outcome) => {
      if (!this.isAnswer(outcome)) return;
      const topic = this.topics.get(name);
      if (outcome.response.results[0]?.errorCode === ERRORS.NONE && topic) topic.partitions = count;
      ended();
    });
  }

  allocate(): void {
    const coordinator = required(this.coordinator, 'started');
    const request = { brokerId: 1, brokerEpoch: coordinator.brokerEpoch };
    coordinator.request('AllocateProducerIds', 0, request, (outcome) => {
      if (!this.isAnswer(outcome)) return;
      const { errorCode, producerIdStart, producerIdLen } = outcome.response;
      assert.equal(errorCode, ERRORS.NONE);
      assert.ok(producerIdStart >= this.nextProducerId, 'a producer id was given out twice');
      this.nextProducerId = producerIdStart + producerIdLen;
    });
  }

  isAnswer<O extends RequestOutcome<'CreateTopics' | 'DeleteTopics' | 'CreatePartitions' | 'AllocateProducerIds'>>(
    outcome: O,
  ): outcome is O & { readonly ok: true } {
    this.pending--;
    if (outcome.ok) this.answered++;
    else assert.equal(outcome.error, 'stopped');
    return outcome.ok;
  }

  async life(): Promise<void> {
    await this.start();
    for (let steps = this.random.below(60); steps > 0; steps--) {
      if (this.random.chance(0.6)) this.submit();
      if (this.random.chance(0.1)) this.clock.advance(this.random.below(2000));
      this.turn();
      await setImmediate();
    }
    await this.end();
  }

  async end(): Promise<void> {
    const { image } = required(this.coordinator, 'started');
    const how = this.random.below(3);
    if (how === 0) {
      // Everything is answered, then the shard's image is control's.
      for (let turns = 0; turns < 500 && this.pending > 0; turns++) {
        this.turn();
        await setImmediate();
      }
      assert.equal(this.pending, 0, 'what was asked is answered');
      assert.equal(JSON.stringify(contentOf(this.shard)) === JSON.stringify(contentOf(image)), true);
      await this.run(required(this.coordinator, 'started').close());
    }
    this.coordinator = null;
    this.pending = 0;
    this.clock = new VirtualClock(this.clock.now());
    this.disk = how === 2 ? this.disk.crash(1 + this.random.below(1e6)) : this.disk.kill();
    const files = await this.run(this.disk.list('/data/__cluster_metadata-0'));
    this.snapshots += files.filter(({ name }) => name.endsWith('.checkpoint')).length - 1;
  }
}

const given = process.env['ODRADEK_SIM_SEED'];
const seeds = given === undefined ? Array.from({ length: 30 }, (_, seed) => seed + 1) : [Number(given)];

test('what was answered survives power failures, and a reload is what was live', async () => {
  let answered = 0;
  let snapshots = 0;
  for (const seed of seeds) {
    const simulation = new Simulation(seed);
    try {
      for (let life = 0; life < 8; life++) await simulation.life();
    } catch (error) {
      throw new Error(`seed ${seed}, start ${simulation.starts}`, { cause: error });
    }
    answered += simulation.answered;
    snapshots += simulation.snapshots;
  }
  assert.ok(answered > seeds.length * 50, `${answered} answered`);
  assert.ok(snapshots > seeds.length, `${snapshots} snapshots`);
});
