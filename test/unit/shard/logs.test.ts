/** From changes of the image to logs on disk: created, deleted, created again, reconfigured, opened, closed; and what the checkpoints say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import type { Uuid } from '../../../src/base/uuid.ts';
import { type BrokerConfig, parseBrokerConfig } from '../../../src/config/broker-config.ts';
import { MemoryDisk } from '../../../src/host/memory-disk.ts';
import { ImageChanges } from '../../../src/machine/image/changes.ts';
import { MetadataImage } from '../../../src/machine/image/image.ts';
import { applyTransfer, encodeDelta } from '../../../src/machine/image/transfer.ts';
import type { DiskFault } from '../../../src/port/disk.ts';
import { ERRORS } from '../../../src/protocol/errors.ts';
import { type MetadataRecord, record } from '../../../src/protocol/record/metadata-records.ts';
import { type Directory, type Found, Logs } from '../../../src/shard/logs.ts';
import type { Appended } from '../../../src/shard/append-ticket.ts';
import type { Partition } from '../../../src/shard/partition.ts';
import { PartitionTable } from '../../../src/shard/partition-table.ts';
import { readPartitionMetadata } from '../../../src/storage/partition-metadata.ts';
import { batchOf, silent, worldOn } from '../storage/fixture.ts';
import { Shards } from './shards.ts';

const NODE = 1;
const DIRECTORY: Directory = { id: 'directory-id-016' as Uuid, path: '/data', isClean: true };
const idOf = (name: string): Uuid => name.padEnd(16, '.') as Uuid;

function parsed(): BrokerConfig {
  const text =
    'process.roles=broker,controller\nnode.id=1\ncontroller.listener.names=CONTROLLER\nlisteners=PLAINTEXT://:9092,CONTROLLER://:9093\ncontroller.quorum.voters=1@localhost:9093\nlog.dirs=/data\n';
  const result = parseBrokerConfig({ text, overrides: [], parallelism: 1 });
  assert.ok(result.ok, JSON.stringify(result));
  return result.config;
}

function topicRecords(name: string, id: Uuid, partitions: number, from = 0): MetadataRecord[] {
  const records: MetadataRecord[] = from > 0 ? [] : [record('topic', { name, topicId: id })];
  for (let partitionId = from; partitionId < partitions; partitionId++) {
    records.push(
      record('partition', {
        partitionId,
        topicId: id,
        replicas: [NODE],
        isr: [NODE],
        removingReplicas: [],
        addingReplicas: [],
        leader: NODE,
        leaderRecoveryState: 0,
        leaderEpoch: 0,
        partitionEpoch: 0,
        directories: [DIRECTORY.id],
        eligibleLeaderReplicas: null,
        lastKnownElr: null,
      }),
    );
  }
  return records;
}

/** One shard's logs and the image that they follow, on a disk. */
class Life {
  readonly shards = new Shards({ shards: 1 });
  readonly table = new PartitionTable();
  readonly image = new MetadataImage();
  readonly faults: DiskFault[];
  readonly disk: MemoryDisk;
  readonly logs: Logs;
  #offset = 0;

  constructor(disk = new MemoryDisk({ seed: 1 })) {
    this.disk = disk;
    const { clock } = this.shards;
    const { env, faults } = worldOn(disk, { clock });
    this.faults = faults;
    this.logs = new Logs({
      self: 2,
      shardCount: 1,
      nodeId: NODE,
      config: parsed(),
      image: this.image,
      table: this.table,
      environment: env,
      clock,
      log: silent,
      host: this.shards.owner(0).host,
      recover: () => Promise.reject(new Error('nothing is to be recovered')),
      onFault: (_path, fault) => faults.push(fault),
    });
  }

  async open(found: Found[] = []): Promise<void> {
    await this.disk.makeDirectory('/data');
    await this.logs.openAll([DIRECTORY], found, []);
  }

  /** Replays records, as a delta of control. */
  replay(...records: MetadataRecord[]): Promise<void> {
    const changes = new ImageChanges();
    this.#offset += records.length;
    applyTransfer(this.image, encodeDelta(records, this.#offset, 1), changes);
    return this.logs.apply(changes);
  }

  partition(name: string, index = 0, id = idOf(name)): Partition {
    const partition = this.table.get(id, index);
    assert.ok(partition, `${name}-${index}`);
    return partition;
  }

  append(partition: Partition, records: number): Appended {
    let answer: Appended | null = null;
    partition.append(batchOf(records), -1, (appended) => (answer = appended));
    partition.log?.flushStaged();
    assert.ok(answer);
    return answer;
  }

  async directories(): Promise<string[]> {
    return (await this.disk.list('/data')).map(({ name }) => name.replace(/\.[0-9a-f]{32}-/, '.…-')).toSorted();
  }
}

test('topics are created with their directories, grow, and are written at once', async () => {
  const life = new Life();
  await life.open();
  await life.replay(...topicRecords('a', idOf('a'), 2));
  await life.replay(...topicRecords('a', idOf('a'), 40, 2));
  assert.equal(life.table.size, 40);
  assert.equal((await life.directories()).length, 40);
  for (const partition of life.table) assert.equal(life.append(partition, 3).baseOffset, 0);
  assert.equal(await readPartitionMetadata(life.disk, '/data/a-39'), idOf('a'));
});

test('what comes before the logs are opened is opened with them', async () => {
  const life = new Life();
  await life.replay(...topicRecords('a', idOf('a'), 1));
  assert.equal(life.partition('a').log, null);
  let answer: Appended | null = null;
  life.partition('a').append(batchOf(1), -1, (appended) => (answer = appended));
  assert.equal((answer as Appended | null)?.errorCode, ERRORS.NOT_LEADER_OR_FOLLOWER);
  await life.open();
  assert.equal(life.append(life.partition('a'), 1).errorCode, ERRORS.NONE);
});

test('a topic that is deleted and created again with the same name, in one delta or two, finds nothing of the old one', async () => {
  for (const isOneDelta of [true, false]) {
    const life = new Life();
    await life.open();
    await life.replay(
      ...topicRecords('a', idOf('a'), 1),
      record('config', { resourceType: 2, resourceName: 'a', name: 'retention.ms', value: '77' }),
    );
    const old = life.partition('a');
    life.append(old, 5);
    assert.equal(old.config.retentionMs, 77);
    const remove = record('removeTopic', { topicId: idOf('a') });
    if (isOneDelta) await life.replay(remove, ...topicRecords('a', idOf('again'), 1));
    else await life.replay(remove).then(() => life.replay(...topicRecords('a', idOf('again'), 1)));
    const partition = life.partition('a', 0, idOf('again'));
    assert.equal(partition.log?.endOffset, 0);
    assert.equal(partition.config.retentionMs, 604_800_000);
    assert.equal(life.append(partition, 1).baseOffset, 0);
    assert.equal(old.log, null);
    assert.deepEqual(await life.directories(), ['a-0', 'a-0.…-delete']);
    assert.equal(await readPartitionMetadata(life.disk, '/data/a-0'), idOf('again'));
    assert.deepEqual(life.faults, []);
  }
});

test('a directory of an older topic that is in the way is set aside: its records are not the new one’s', async () => {
  const before = new Life();
  await before.open();
  await before.replay(...topicRecords('a', idOf('a'), 1));
  before.append(before.partition('a'), 5);
  await before.logs.closeAll();
  const life = new Life(before.disk.kill());
  await life.open();
  await life.replay(...topicRecords('a', idOf('new'), 1));
  assert.equal(life.partition('a', 0, idOf('new')).log?.endOffset, 0);
  assert.deepEqual(await life.directories(), ['a-0', 'a-0.…-stray']);
});

test('settings reach partitions that are open, and come back to the defaults', async () => {
  const life = new Life();
  await life.open();
  await life.replay(...topicRecords('a', idOf('a'), 1), ...topicRecords('b', idOf('b'), 1));
  const set = (value: string | null) =>
    record('config', { resourceType: 2, resourceName: 'a', name: 'segment.bytes', value });
  await life.replay(set('2000000'));
  assert.equal(life.partition('a').log?.config.segmentBytes, 2_000_000);
  assert.equal(life.partition('b').log?.config.segmentBytes, 1 << 30);
  const before = life.logs.configOf('a');
  assert.equal(life.logs.configOf('a'), before, 'the same object until it changes');
  await life.replay(set(null));
  assert.equal(life.partition('a').log?.config.segmentBytes, 1 << 30);
});

test('a checkpoint never says more than was synced; after a stop it says everything, and the next life goes on from there', async () => {
  const life = new Life();
  await life.open();
  await life.replay(...topicRecords('a', idOf('a'), 2));
  const partition = life.partition('a');
  life.append(partition, 5);
  const row = () => life.logs.checkpoint().find((one) => one.partition === 0);
  assert.deepEqual(row(), {
    directory: '/data',
    topic: 'a',
    partition: 0,
    recoveryPoint: 0,
    highWatermark: 5,
    startOffset: -1,
  });
  await partition.log?.flush();
  assert.equal(row()?.recoveryPoint, 5);
  life.append(partition, 5);
  assert.equal(row()?.recoveryPoint, 5);
  partition.log?.raiseStartOffset(7);
  const rows = await life.logs.closeAll();
  assert.deepEqual(
    rows.map(({ recoveryPoint, highWatermark, startOffset }) => [recoveryPoint, highWatermark, startOffset]).toSorted(),
    [
      [0, 0, -1],
      [10, 10, 7],
    ],
  );
  let late: Appended | null = null;
  partition.append(batchOf(1), 1, (appended) => (late = appended));
  assert.equal((late as Appended | null)?.errorCode, ERRORS.NOT_LEADER_OR_FOLLOWER);
  await life.replay(...topicRecords('late', idOf('late'), 1));
  assert.deepEqual(await life.directories(), ['a-0', 'a-1'], 'nothing is opened after the stop');

  const next = new Life(life.disk.kill());
  await next.replay(...topicRecords('a', idOf('a'), 2));
  await next.open(
    rows.map(({ partition: index, recoveryPoint, highWatermark, startOffset }) => ({
      topicId: idOf('a'),
      partition: index,
      path: `/data/a-${index}`,
      isClean: true,
      recoveryPoint,
      highWatermark,
      logStartOffset: Math.max(0, startOffset),
    })),
  );
  const { log } = next.partition('a');
  assert.deepEqual([log?.startOffset, log?.highWatermark, log?.endOffset], [7, 10, 10]);
});

/** A message of Kafka before 0.11, which is refused. */
function oldMessage(): Buffer {
  const bytes = Buffer.alloc(34);
  bytes.writeInt32BE(22, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(16)), 12);
  return bytes;
}

test('what the checkpoints said of a partition that cannot be opened stays', async () => {
  const disk = new MemoryDisk({ seed: 1 });
  await disk.makeDirectory('/data/a-0');
  const options = { sync: true, truncate: true };
  await disk.writeAt('/data/a-0/00000000000000000000.log', 0, oldMessage(), options);
  const life = new Life(disk);
  await life.replay(...topicRecords('a', idOf('a'), 1));
  const offsets = { recoveryPoint: 9, highWatermark: 8 };
  const found = { topicId: idOf('a'), partition: 0, path: '/data/a-0', isClean: true, ...offsets, logStartOffset: 3 };
  await life.open([found]);
  assert.equal(life.partition('a').log, null);
  const row = { directory: '/data', topic: 'a', partition: 0, ...offsets, startOffset: 3 };
  assert.deepEqual(life.logs.checkpoint(), [row]);
  assert.deepEqual(await life.logs.closeAll(), [row]);
  await life.replay(record('removeTopic', { topicId: idOf('a') }));
  assert.deepEqual(life.logs.checkpoint(), []);
});

test('a partition belongs to the directory that it lies in, where one of log.dirs lies in another', async () => {
  const life = new Life();
  await life.disk.makeDirectory('/data/inner');
  const inner: Directory = { id: 'directory-id-017' as Uuid, path: '/data/inner', isClean: true };
  await life.logs.openAll([DIRECTORY, inner], [], []);
  assert.equal(life.logs.directoryOf('/data/inner/a-0'), inner);
  assert.equal(life.logs.directoryOf('/data/a-0'), DIRECTORY);
  await life.replay(...topicRecords('a', idOf('a'), 1));
  life.logs.directoryFailed('/data/inner');
  assert.equal(life.partition('a').offline, false);
});
