/** The metadata on a disk in memory: what lies on it after what, what is refused, and a directory that Kafka wrote. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { required } from '../../../src/base/assert.ts';
import { SeededRandom } from '../../../src/base/prng.ts';
import { uuidFromText } from '../../../src/base/uuid.ts';
import { formatDirectories } from '../../../src/admin/format-directories.ts';
import { MetadataCoordinator } from '../../../src/coordinator/metadata.ts';
import { loadNative } from '../../../src/host/addon.ts';
import { MemoryDisk } from '../../../src/host/memory-disk.ts';
import { batchesOf, isControl } from '../../../src/protocol/batch.ts';
import { recordsOf } from '../../../src/protocol/batch-records.ts';
import { decodeControlRecord } from '../../../src/protocol/record/control-records.ts';
import { decodeRecord } from '../../../src/protocol/record/metadata-records.ts';
import type { ResponseOf } from '../../../src/protocol/schema/index.ts';
import { readMetaProperties, writeMetaProperties } from '../../../src/storage/meta-properties.ts';
import { readQuorumState } from '../../../src/storage/metadata/quorum-state.ts';
import { listSnapshots, snapshotName } from '../../../src/storage/metadata/snapshot.ts';
import { VirtualClock } from '../../simulator/virtual-clock.ts';
import { brokerConfig, CLUSTER_ID } from '../machine/controller/fixture.ts';
import { silent } from '../storage/fixture.ts';

const { native } = loadNative();
const METADATA = '/data/__cluster_metadata-0';
const LISTENERS = [{ name: 'PLAINTEXT', host: 'localhost', port: 9092, protocol: 'PLAINTEXT' }] as const;

class Rig {
  disk = new MemoryDisk({ seed: 1, now: () => this.clock.now() });
  readonly clock = new VirtualClock();
  readonly random = new SeededRandom(1);
  readonly more: Readonly<Record<string, string>>;
  coordinator: MetadataCoordinator | null = null;

  constructor(more: Readonly<Record<string, string>> = {}) {
    this.more = more;
  }

  get config() {
    return brokerConfig({ 'log.dirs': '/data', ...this.more });
  }

  get metadata(): MetadataCoordinator {
    return required(this.coordinator, 'opened');
  }

  get ports() {
    const { disk, clock, random } = this;
    return { disk, clock, random, native };
  }

  async run<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const end = (): void => void (done = true);
    work.then(end, end);
    for (let turn = 0; turn < 1000 && !done; turn++) {
      await setImmediate();
      this.clock.runSoon();
    }
    return work;
  }

  async open(): Promise<MetadataCoordinator> {
    const { disk } = this;
    const result = await formatDirectories(this.ports, this.config, { clusterId: CLUSTER_ID, ignoreFormatted: true });
    assert.ok(result.ok, JSON.stringify(result));
    const found = await readMetaProperties(disk, '/data');
    assert.ok(found.kind === 'formatted');
    const directoryId = required(found.properties.directoryId, 'an id');
    const options = { ...this.ports, logger: silent, config: this.config, directory: '/data', directoryId };
    const metadata = await this.run(MetadataCoordinator.open({ ...options, clusterId: CLUSTER_ID }));
    this.coordinator = metadata;
    return metadata;
  }

  async start(): Promise<MetadataCoordinator> {
    const metadata = await this.open();
    const found = await readMetaProperties(this.disk, '/data');
    assert.ok(found.kind === 'formatted');
    const logDirs = [required(found.properties.directoryId, 'an id')];
    metadata.onDelta = (_bytes, _base, lastOffset) => metadata.acknowledged(lastOffset);
    await this.run(metadata.register({ listeners: LISTENERS, rack: null, logDirs }));
    metadata.acknowledged(metadata.image.offset);
    await this.run(metadata.unfence());
    return metadata;
  }

  create(name: string, partitions = 1): Promise<ResponseOf<'CreateTopics'>['topics'][number]> {
    const topics = [{ name, numPartitions: partitions, replicationFactor: 1, assignments: [], configs: [] }];
    const request = { topics, timeoutMs: 1000, validateOnly: false };
    return this.run(
      new Promise((resolve, reject) => {
        this.metadata.request('CreateTopics', 7, request, (outcome) => {
          if (outcome.ok) resolve(required(outcome.response.topics[0], 'a result'));
          else reject(new Error(outcome.error));
        });
      }),
    );
  }

  /** The records of the log, a line each. */
  async log(): Promise<string[]> {
    const lines: string[] = [];
    const entries = (await this.disk.list(METADATA)).filter(({ name }) => name.endsWith('.log'));
    for (const { name } of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const bytes = await this.disk.readFile(`${METADATA}/${name}`);
      for (const header of batchesOf(bytes)) {
        const records = recordsOf(bytes, header).map(({ key, value }) => {
          const content = required(value, 'a value');
          if (!isControl(header.attributes)) return decodeRecord(content).type;
          return decodeControlRecord(required(key, 'a key'), content)?.type;
        });
        lines.push(`${header.baseOffset} epoch ${header.leaderEpoch}: ${records.join(' ')}`);
      }
    }
    return lines;
  }
}

test('the log of a first and a second start', async () => {
  const rig = new Rig();
  await rig.start();
  assert.equal((await rig.create('a', 2)).errorCode, 0);
  await rig.metadata.close();
  await rig.start();
  assert.deepEqual(await rig.log(), [
    '0 epoch 1: leaderChange kraftVersion kraftVoters',
    '3 epoch 1: featureLevel featureLevel featureLevel featureLevel config',
    '8 epoch 1: registerController',
    '9 epoch 1: registerBroker',
    '10 epoch 1: brokerRegistrationChange',
    '11 epoch 1: topic partition partition',
    '14 epoch 2: leaderChange',
    '15 epoch 2: registerController',
    '16 epoch 2: registerBroker',
    '17 epoch 2: brokerRegistrationChange partitionChange partitionChange',
  ]);
  const topic = required(rig.metadata.image.topics.byName('a'), 'it is there');
  assert.deepEqual([topic.leader(1), topic.leaderEpoch(1), topic.partitionEpoch(1)], [1, 1, 1]);
  assert.equal(rig.metadata.brokerEpoch, 16);
  assert.equal(rig.metadata.image.cluster.broker(1)?.epoch, 16);
  const state = await readQuorumState(rig.disk, METADATA);
  assert.deepEqual([state?.leaderId, state?.leaderEpoch], [1, 2]);
  await rig.metadata.close();
  assert.equal((await rig.disk.readFile(`${METADATA}/leader-epoch-checkpoint`)).toString(), '0\n2\n1 0\n2 14\n');
});

test('snapshots by size, and the log below the oldest goes', async () => {
  const rig = new Rig({
    'metadata.log.max.record.bytes.between.snapshots': '4000',
    'internal.metadata.log.segment.bytes': '3000',
    'metadata.max.retention.bytes': '9000',
  });
  await rig.start();
  for (let i = 0; i < 150; i++) assert.equal((await rig.create(`topic-${i}`)).errorCode, 0);
  for (let i = 0; i < 140; i++) {
    const request = { topics: [], topicNames: [`topic-${i}`], timeoutMs: 1000 };
    await rig.run(new Promise((resolve) => rig.metadata.request('DeleteTopics', 5, request, resolve)));
  }
  for (let i = 0; i < 5; i++) await setImmediate();
  const snapshots = await listSnapshots(rig.disk, METADATA);
  assert.ok(snapshots.length <= 3, `${snapshots.length} snapshots`);
  const oldest = required(snapshots[0], 'one');
  assert.ok(oldest.offset > 0);
  const [first] = await rig.log();
  assert.ok(Number(first?.split(' ')[0]) > 0, 'the log begins later');
  const topics = [...rig.metadata.image.topics].map(({ name }) => name);
  await rig.metadata.close();
  await rig.start();
  assert.deepEqual(
    [...rig.metadata.image.topics].map(({ name }) => name),
    topics,
  );
  assert.equal(topics.length, 10);
});

test('a snapshot by time, when there is something new', async () => {
  const rig = new Rig({ 'metadata.log.max.snapshot.interval.ms': '1000' });
  await rig.start();
  rig.clock.advance(1001);
  await rig.create('later');
  const snapshots = async () => (await listSnapshots(rig.disk, METADATA)).map(({ offset }) => offset);
  assert.deepEqual(await snapshots(), [0, 11]);
  rig.clock.advance(1001);
  await rig.run(setImmediate());
  assert.deepEqual(await snapshots(), [0, 11, 13]);
  rig.clock.advance(5000);
  await rig.run(setImmediate());
  assert.deepEqual(await snapshots(), [0, 11, 13]);
});

test('a damaged snapshot is passed over where an older one is left', async () => {
  const rig = new Rig({ 'metadata.log.max.snapshot.interval.ms': '1000' });
  await rig.start();
  await rig.create('a');
  rig.clock.advance(1001);
  await rig.run(setImmediate());
  await rig.metadata.close();
  const newest = required((await listSnapshots(rig.disk, METADATA)).at(-1), 'one');
  assert.ok(newest.offset > 0);
  await rig.disk.replaceFile(`${METADATA}/${snapshotName(newest)}`, Buffer.from('damaged'));
  await rig.start();
  assert.ok(rig.metadata.image.topics.byName('a'));
});

test('other voters, a damaged quorum-state, a second metadata directory: said in words', async () => {
  const rig = new Rig();
  await rig.start();
  await rig.metadata.close();
  const other = new Rig({ 'node.id': '2' });
  other.disk = rig.disk;
  await writeMetaProperties(
    rig.disk,
    '/data',
    { clusterId: CLUSTER_ID, nodeId: 2, directoryId: uuidFromText('fxJD42lGTyeKaQMaGx4NFA') },
    0,
  );
  await assert.rejects(other.open(), /node 1 votes too: a quorum of several nodes is not supported yet/);
  await writeMetaProperties(
    rig.disk,
    '/data',
    { clusterId: CLUSTER_ID, nodeId: 1, directoryId: uuidFromText('fxJD42lGTyeKaQMaGx4NFA') },
    0,
  );
  await rig.disk.replaceFile(`${METADATA}/quorum-state`, Buffer.from('{'));
  await assert.rejects(rig.open(), /quorum-state is damaged/);
});

test('when the log cannot be written, what waits is refused and the owner is told', async () => {
  const rig = new Rig();
  const metadata = await rig.start();
  const faults: (string | undefined)[] = [];
  metadata.onFailed = (fault) => faults.push(fault?.code);
  rig.disk.inject = (operation, path) => (operation === 'fsync' && path.endsWith('.log') ? 'EIO' : null);
  await assert.rejects(rig.create('lost'), /failed/);
  assert.deepEqual(faults, ['EIO']);
  assert.equal(metadata.image.topics.byName('lost'), undefined, 'undone');
  await assert.rejects(rig.create('later'), /stopped/);
  await metadata.close();
});

test('requests of one turn share an fsync', async () => {
  const rig = new Rig();
  await rig.start();
  const before = rig.disk.counts.get('fsync') ?? 0;
  await Promise.all(Array.from({ length: 50 }, (_, index) => rig.create(`t${index}`)));
  const after = rig.disk.counts.get('fsync') ?? 0;
  assert.ok(after - before <= 4, `${after - before} fsyncs`);
});

test('a directory that Apache Kafka 4.4 wrote: its topics are led again', async () => {
  const rig = new Rig();
  const file = (name: string) => readFileSync(join(import.meta.dirname, name));
  const properties = { clusterId: CLUSTER_ID, nodeId: 1, directoryId: uuidFromText('YS47O5SdShi5TGeqzlxxVQ') };
  await rig.disk.makeDirectory(METADATA);
  await writeMetaProperties(rig.disk, '/data', properties, 0);
  await rig.disk.replaceFile(`${METADATA}/00000000000000000000.log`, file('kafka-4.4-metadata.log'));
  await rig.disk.replaceFile(
    `${METADATA}/${snapshotName({ offset: 0, epoch: 0 })}`,
    file('kafka-4.4-metadata.checkpoint'),
  );
  await rig.open();
  const { image } = rig.metadata;
  assert.deepEqual(
    [...image.topics].map(({ name, partitionCount }) => `${name} ${partitionCount}`),
    ['zeta 3', 'alpha 2'],
  );
  const zeta = required(image.topics.byName('zeta'), 'it is there');
  assert.deepEqual([zeta.leader(0), zeta.isr(0), zeta.elr(0), zeta.lastKnownElr(0)], [-1, [], [1], [1]]);
  assert.deepEqual(
    image.features.finalized().map(({ name, level }) => `${name} ${level}`),
    [
      'eligible.leader.replicas.version 1',
      'group.version 1',
      'kraft.version 1',
      'metadata.version 33',
      'share.version 2',
      'streams.version 1',
      'transaction.version 2',
    ],
  );
  assert.equal(image.configs.of(2, 'zeta').get('cleanup.policy'), 'compact');
  await rig.metadata.close();
  // It was formatted with features that this broker does not have yet.
  await assert.rejects(
    rig.start(),
    /cannot register: UNSUPPORTED_VERSION. It does not support finalized version 2 of share.version/,
  );
});
