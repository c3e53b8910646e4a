/** Names, checkpoints, indexes, epochs, snapshots: the bytes of the small files, and what damage does to them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ZERO_UUID, uuidFromText } from '../../../src/base/uuid.ts';
import type { Uuid } from '../../../src/base/uuid.ts';
import { MemoryDisk } from '../../../src/host/memory-disk.ts';
import { readCleanShutdown, removeCleanShutdown, writeCleanShutdown } from '../../../src/storage/clean-shutdown.ts';
import { LeaderEpochs } from '../../../src/storage/leader-epochs.ts';
import { openLogDirectory, pickDirectory } from '../../../src/storage/log-directory.ts';
import { parseMetaProperties, readMetaProperties, writeMetaProperties } from '../../../src/storage/meta-properties.ts';
import { movedDirectoryName, offsetName, offsetOfFile, parsePartitionDirectory } from '../../../src/storage/names.ts';
import { decodeOffsetCheckpoint, encodeOffsetCheckpoint } from '../../../src/storage/offset-checkpoint.ts';
import { OffsetIndex, readOffsetIndex } from '../../../src/storage/offset-index.ts';
import { createPartitionDirectory, readPartitionMetadata } from '../../../src/storage/partition-metadata.ts';
import { decodeProducerSnapshot, encodeProducerSnapshot } from '../../../src/storage/producer-snapshot.ts';
import { RecentBatches } from '../../../src/storage/recent-batches.ts';
import { TimeIndex, readTimeIndex } from '../../../src/storage/time-index.ts';
import { collectAborted, decodeAborted, encodeAborted } from '../../../src/storage/transaction-index.ts';
import { native } from './fixture.ts';

const TOPIC_ID = uuidFromText('6m1nqk18RAiau9ZeHAhRJQ') as Uuid;

test('names of files and directories', () => {
  assert.equal(offsetName(42), '00000000000000000042');
  assert.equal(offsetOfFile('00000000000000000042.log.deleted'), 42);
  assert.equal(offsetOfFile('leader-epoch-checkpoint'), null);
  assert.deepEqual(parsePartitionDirectory('my-topic-12'), { topic: 'my-topic', partition: 12, kind: 'current' });
  assert.deepEqual(parsePartitionDirectory('a-0.0123456789abcdef0123456789abcdef-delete'), {
    topic: 'a',
    partition: 0,
    kind: 'delete',
  });
  assert.equal(parsePartitionDirectory('a-0.x-future')?.kind, 'future');
  for (const name of ['topic', 'topic-', '-', 'topic-x', 'topic-99999999999', 'cleaner-offset-checkpoint']) {
    assert.equal(parsePartitionDirectory(name), null, name);
  }
  const long = movedDirectoryName('t'.repeat(249), 1000, 'f'.repeat(32), 'delete');
  assert.equal(long.length, 255);
  assert.equal(parsePartitionDirectory(long)?.kind, 'delete');
});

test('offset checkpoints', () => {
  const rows = [
    { topic: 'a', partition: 0, offset: 5 },
    { topic: 'b.c_d-e', partition: 11, offset: 9007199254740991 },
  ];
  assert.equal(encodeOffsetCheckpoint(rows).toString(), '0\n2\na 0 5\nb.c_d-e 11 9007199254740991\n');
  assert.deepEqual(decodeOffsetCheckpoint(encodeOffsetCheckpoint(rows)), rows);
  for (const text of ['', '1\n0\n', '0\n', '0\n2\na 0 5\n', '0\n1\na 0\n', '0\n1\na x 5\n']) {
    assert.equal(decodeOffsetCheckpoint(Buffer.from(text)), null, JSON.stringify(text));
  }
});

test('meta.properties is read as Java writes it and written as Java reads it', async () => {
  const text =
    '#\n#Mon Nov 23 07:27:56 UTC 2026\nnode.id=1\ndirectory.id=CdQ5vRzCSN6Rb3sAgqHGvg\nversion=1\ncluster.id=MkU3OEVBNTcwNTJENDM2Qg\n';
  const properties = {
    clusterId: 'MkU3OEVBNTcwNTJENDM2Qg',
    nodeId: 1,
    directoryId: uuidFromText('CdQ5vRzCSN6Rb3sAgqHGvg'),
  };
  assert.deepEqual(parseMetaProperties(text), { kind: 'formatted', properties });
  const disk = new MemoryDisk({ seed: 1 });
  assert.deepEqual(await readMetaProperties(disk, '/'), { kind: 'absent' });
  await disk.makeDirectory('/d');
  await writeMetaProperties(disk, '/d', properties, Date.UTC(2026, 10, 23, 7, 27, 56));
  assert.deepEqual(await readMetaProperties(disk, '/d'), { kind: 'formatted', properties });
  assert.match((await disk.readFile('/d/meta.properties')).toString(), /^#\n#Mon Nov 23 07:27:56 UTC 2026\n/);
  for (const [bad, reason] of [
    ['cluster.id=x\nbroker.id=1\nversion=0\n', 'version 0 is not 1'],
    ['node.id=1\nversion=1\n', 'it has no cluster.id'],
    ['cluster.id=x\nnode.id=-1\nversion=1\n', 'it has no valid node.id'],
    ['cluster.id=x\nnode.id=1\nversion=1\ndirectory.id=short\n', 'directory.id short is not a uuid'],
  ] as const) {
    assert.deepEqual(parseMetaProperties(bad), { kind: 'invalid', reason });
  }
});

test('partition.metadata', async () => {
  const disk = new MemoryDisk({ seed: 1 });
  await createPartitionDirectory(disk, '/d/a-0', TOPIC_ID);
  const bytes = await disk.readFile('/d/a-0/partition.metadata');
  assert.equal(bytes.toString(), 'version: 0\ntopic_id: 6m1nqk18RAiau9ZeHAhRJQ');
  assert.equal(await readPartitionMetadata(disk, '/d/a-0'), TOPIC_ID);
  await disk.replaceFile('/d/a-0/partition.metadata', Buffer.from('version: 0\n'));
  assert.equal(await readPartitionMetadata(disk, '/d/a-0'), ZERO_UUID);
  await disk.unlink('/d/a-0/partition.metadata');
  assert.equal(await readPartitionMetadata(disk, '/d/a-0'), null);
});

test('the clean-shutdown file', async () => {
  const disk = new MemoryDisk({ seed: 1 });
  await disk.makeDirectory('/d');
  assert.equal(await readCleanShutdown(disk, '/d'), null);
  await writeCleanShutdown(disk, '/d', { brokerEpoch: 14 });
  assert.equal((await disk.readFile('/d/.kafka_cleanshutdown')).toString(), '{"version":0,"brokerEpoch":14}');
  assert.deepEqual(await readCleanShutdown(disk, '/d'), { brokerEpoch: 14 });
  await disk.replaceFile('/d/.kafka_cleanshutdown', Buffer.alloc(0));
  assert.deepEqual(await readCleanShutdown(disk, '/d'), { brokerEpoch: -1 });
  await removeCleanShutdown(disk, '/d');
  assert.equal(await readCleanShutdown(disk, '/d'), null);
});

test('a log directory is locked, keeps its checkpoints, and lists its partitions', async () => {
  const disk = new MemoryDisk({ seed: 1 });
  const damaged: string[] = [];
  const open = () => openLogDirectory(disk, '/d', (file) => damaged.push(file));
  const directory = await open();
  assert.ok(directory);
  assert.equal(await open(), null);
  assert.equal(directory.cleanShutdown, null);
  await createPartitionDirectory(disk, '/d/a-0', TOPIC_ID);
  await disk.makeDirectory('/d/b-3');
  await disk.makeDirectory('/d/__cluster_metadata-0');
  await disk.makeDirectory('/d/c-1.0123456789abcdef0123456789abcdef-delete');
  await disk.makeDirectory('/d/c-2.0123456789abcdef0123456789abcdef-stray');
  assert.deepEqual(
    (await directory.partitions()).map(({ topic, partition, topicId }) => [topic, partition, topicId]),
    [
      ['a', 0, TOPIC_ID],
      ['b', 3, null],
    ],
  );
  assert.equal(await disk.status('/d/c-1.0123456789abcdef0123456789abcdef-delete'), null);
  const rows = [
    { topic: 'a', partition: 0, recoveryPoint: 7, highWatermark: 6, startOffset: 2 },
    { topic: 'b', partition: 3, recoveryPoint: 1, highWatermark: 1, startOffset: null },
  ];
  await directory.end(rows, 33);
  const again = await open();
  assert.ok(again);
  assert.deepEqual(again.cleanShutdown, { brokerEpoch: 33 });
  assert.deepEqual(again.offsetsOf('a', 0), { recoveryPoint: 7, highWatermark: 6, logStartOffset: 2 });
  assert.deepEqual(again.offsetsOf('b', 3), { recoveryPoint: 1, highWatermark: 1, logStartOffset: 0 });
  assert.deepEqual(again.offsetsOf('c', 0), { recoveryPoint: 0, highWatermark: 0, logStartOffset: 0 });
  assert.equal((await disk.readFile('/d/log-start-offset-checkpoint')).toString(), '0\n1\na 0 2\n');
  await again.begin();
  await again.unlock();
  await disk.replaceFile('/d/recovery-point-offset-checkpoint', Buffer.from('junk'));
  const third = await open();
  assert.equal(third?.cleanShutdown, null);
  assert.deepEqual(damaged, ['/d/recovery-point-offset-checkpoint']);
});

test('a new partition goes where the fewest are', () => {
  const directories = [
    { offline: null, path: 'a', count: 3 },
    { offline: 'EIO', path: 'b', count: 0 },
    { offline: null, path: 'c', count: 2 },
    { offline: null, path: 'd', count: 2 },
  ];
  assert.equal(pickDirectory(directories, ({ count }) => count)?.path, 'c');
  assert.equal(
    pickDirectory([{ offline: 'EIO' }], () => 0),
    null,
  );
});

test('the offset index finds what a plain search finds', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 60 }),
      fc.integer({ min: 0, max: 3000 }),
      (steps, probe) => {
        const index = new OffsetIndex(100);
        const entries: { offset: number; position: number }[] = [];
        let offset = 100;
        let position = 0;
        for (const step of steps) {
          offset += step;
          position += step * 3;
          index.append(offset, position);
          entries.push({ offset, position });
        }
        const floor = entries.findLast((entry) => entry.offset <= probe);
        assert.equal(index.floorPosition(probe), floor?.position ?? 0);
        // Of an entry that stands just there Kafka takes either it or the next.
        const behind = entries.find((entry) => entry.position > probe)?.offset ?? null;
        const there = entries.find((entry) => entry.position === probe)?.offset ?? behind;
        assert.ok([there, behind].includes(index.ceilingOffset(probe)));
        const file = Buffer.from(index.unsaved());
        const zeros = Buffer.concat([file, Buffer.alloc(80)]);
        const read = readOffsetIndex(100, zeros, 1_000_000);
        assert.equal(read?.entries, entries.length);
        assert.equal(read?.floorPosition(probe), index.floorPosition(probe));
        index.truncateTo(probe);
        assert.equal(index.entries, entries.filter((entry) => entry.offset < probe).length);
      },
    ),
  );
});

test('the time index keeps rising timestamps and finds what a plain search finds', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -3, max: 20 }), { maxLength: 60 }),
      fc.integer({ min: 0, max: 600 }),
      (steps, probe) => {
        const index = new TimeIndex(7);
        const entries: { timestamp: bigint; offset: number }[] = [];
        let timestamp = 0n;
        for (const [at, step] of steps.entries()) {
          timestamp += BigInt(step);
          if (timestamp > (entries.at(-1)?.timestamp ?? -1n)) entries.push({ timestamp, offset: 7 + at });
          index.maybeAppend(timestamp, 7 + at);
        }
        assert.equal(index.entries, entries.length);
        const floor = entries.findLast((entry) => entry.timestamp <= BigInt(probe));
        assert.equal(index.floorOffset(BigInt(probe)), floor?.offset ?? 7);
        const read = readTimeIndex(7, Buffer.concat([index.unsaved(), Buffer.alloc(120)]));
        const zero = entries[0]?.timestamp === 0n && entries[0].offset === 7 && entries.length === 1;
        if (!zero) assert.equal(read?.lastTimestamp, index.lastTimestamp);
      },
    ),
  );
});

test('damaged indexes are told', () => {
  const index = new OffsetIndex(0);
  for (let entry = 1; entry < 5; entry++) index.append(entry * 10, entry * 100);
  const file = Buffer.from(index.unsaved());
  assert.ok(readOffsetIndex(0, file, 401));
  assert.equal(readOffsetIndex(0, file, 400), null);
  assert.equal(readOffsetIndex(0, file.subarray(1), 401), null);
  assert.equal(readOffsetIndex(0, Buffer.concat([file, file]), 10_000), null);
  const times = new TimeIndex(0);
  for (let entry = 1; entry < 5; entry++) times.maybeAppend(BigInt(entry * 10), entry);
  const bytes = Buffer.from(times.unsaved());
  assert.ok(readTimeIndex(0, bytes));
  assert.equal(readTimeIndex(0, bytes.subarray(0, 13)), null);
  assert.equal(readTimeIndex(0, Buffer.concat([bytes, bytes])), null);
});

test('aborted transactions that overlap a fetch, until one ends beyond it', () => {
  const entries = [
    { producerId: 1, firstOffset: 0, lastOffset: 10, lastStableOffset: 11 },
    { producerId: 2, firstOffset: 5, lastOffset: 20, lastStableOffset: 21 },
    { producerId: 1, firstOffset: 15, lastOffset: 30, lastStableOffset: 31 },
  ];
  const bytes = encodeAborted(entries);
  assert.equal(bytes.length, 3 * 34);
  assert.deepEqual(decodeAborted(bytes, 0), entries);
  assert.equal(decodeAborted(bytes.subarray(1), 0), null);
  const found: typeof entries = [];
  assert.equal(collectAborted(entries, 11, 15, found), true);
  assert.deepEqual(
    found.map(({ firstOffset }) => firstOffset),
    [5],
  );
  assert.equal(collectAborted(entries, 0, 100, []), false);
});

test('leader epochs: what is assigned, contradicted, cut and written', () => {
  const epochs = new LeaderEpochs();
  assert.equal(epochs.assign(0, 0), true);
  assert.equal(epochs.assign(0, 5), false);
  epochs.assign(2, 10);
  epochs.assign(4, 20);
  assert.equal(epochs.assign(3, 15), true, 'a lower epoch takes the place of the higher one');
  assert.deepEqual(epochs.entries(), [
    { epoch: 0, startOffset: 0 },
    { epoch: 2, startOffset: 10 },
    { epoch: 3, startOffset: 15 },
  ]);
  assert.equal(epochs.encode().toString(), '0\n3\n0 0\n2 10\n3 15\n');
  assert.deepEqual(LeaderEpochs.decode(epochs.encode())?.entries(), epochs.entries());
  for (const text of ['', '1\n0\n', '0\n1\n', '0\n1\nx 1\n'])
    assert.equal(LeaderEpochs.decode(Buffer.from(text)), null);
  assert.equal(epochs.truncateFromStart(12), true);
  assert.deepEqual(epochs.entries()[0], { epoch: 2, startOffset: 12 });
  assert.equal(epochs.truncateFromStart(12), false);
  assert.equal(epochs.truncateFromEnd(15), true);
  assert.equal(epochs.latest, 2);
  assert.deepEqual(new LeaderEpochs().endOffsetOf(0, 10), { leaderEpoch: -1, endOffset: -1 });
});

test('producer snapshots: a checksum over all but version and itself', () => {
  const entry = {
    producerId: 1000,
    producerEpoch: 3,
    lastSequence: 99,
    lastOffset: 500,
    offsetDelta: 4,
    timestamp: 1_700_000_000_000n,
    coordinatorEpoch: -1,
    currentTxnFirstOffset: -1,
  };
  const bytes = encodeProducerSnapshot([entry, { ...entry, producerId: 1001 }], 2, native);
  assert.equal(bytes.length, 10 + 2 * 46);
  assert.deepEqual(decodeProducerSnapshot(bytes, native), [entry, { ...entry, producerId: 1001 }]);
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 0x40, at);
    assert.equal(decodeProducerSnapshot(damaged, native), null, `byte ${at}`);
  }
  assert.deepEqual(decodeProducerSnapshot(encodeProducerSnapshot([], 0, native), native), []);
});

test('the ring of newest batches answers only for what it holds', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 200 }), (counts) => {
      const ring = new RecentBatches(10, 1000);
      const batches: { from: number; to: number; position: number }[] = [];
      let offset = 10;
      let position = 1000;
      for (const count of counts) {
        batches.push({ from: offset, to: offset + count, position });
        ring.push(offset + count, count * 7);
        offset += count;
        position += count * 7;
      }
      assert.equal(ring.covers(9), false);
      for (const batch of batches.slice(-64)) {
        for (let at = batch.from; at < batch.to; at++) {
          assert.equal(ring.covers(at), true);
          assert.equal(ring.position(ring.find(at)), batch.position);
        }
      }
      assert.equal(ring.position(ring.find(offset)), position);
    }),
  );
});
