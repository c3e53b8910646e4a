/** Snapshots and quorum-state as Apache Kafka 4.4.0 wrote them, read and written byte for byte. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadNative } from '../../../../src/host/addon.ts';
import { MemoryDisk } from '../../../../src/host/memory-disk.ts';
import { uuidFromText, uuidToText, ZERO_UUID } from '../../../../src/base/uuid.ts';
import { decodeRecord } from '../../../../src/protocol/record/metadata-records.ts';
import { NO_QUORUM_STATE, readQuorumState, writeQuorumState } from '../../../../src/storage/metadata/quorum-state.ts';
import {
  decodeSnapshot,
  encodeSnapshot,
  listSnapshots,
  parseSnapshotName,
  snapshotName,
} from '../../../../src/storage/metadata/snapshot.ts';

const { native } = loadNative();

/** `kafka-storage format --standalone` of 4.4.0: 00000000000000000000-0000000000.checkpoint. */
const KAFKA_CHECKPOINT = Buffer.from(
  'AAAAAAAAAAAAAACaAAAAAAI8NGE7ACAAAAACAAABogczO2cAAAGiBzM7Z///////////////////AAAAAyoAAAAIAAAAAxYAAAAA' +
    'AaIHMztLAAAeAAACCAAAAAUKAAAAAQAAggEAAAQIAAAABm4AAAIAAAABfxJD42lGTyeKaQMaGx4NFAILQ09OVFJPTExFUgoxMjcu' +
    'MC4wLjFypwAAAAABAAAAAAAAAAAAAAADAAAA8QAAAAACaMvGfQAAAAAABQAAAaIHMzuKAAABogczO4r//////////////////wAA' +
    'AAY6AAAAAS4BDAARbWV0YWRhdGEudmVyc2lvbgAhAABaAAACAU4BDAAhZWxpZ2libGUubGVhZGVyLnJlcGxpY2FzLnZlcnNpb24A' +
    'AQAANAAABAEoAQwADmdyb3VwLnZlcnNpb24AAQAANAAABgEoAQwADnNoYXJlLnZlcnNpb24AAgAAOAAACAEsAQwAEHN0cmVhbXMu' +
    'dmVyc2lvbgABAABAAAAKATQBDAAUdHJhbnNhY3Rpb24udmVyc2lvbgACAAAAAAAAAAAACQAAAD8AAAAAAtcO0cUAIAAAAAAAAAGi' +
    'BzM7jwAAAaIHMzuP//////////////////8AAAABGgAAAAgAAAAEBgAAAAA=',
  'base64',
);

test('a checkpoint that Kafka formatted', () => {
  const content = decodeSnapshot(KAFKA_CHECKPOINT, native);
  assert.ok(content);
  assert.equal(content.kraftVersion, 1);
  assert.equal(content.lastContainedLogTimestamp, 1795417127755n);
  const [voter] = content.voters?.voters ?? [];
  assert.ok(voter);
  assert.equal(uuidToText(voter.voterDirectoryId), 'fxJD42lGTyeKaQMaGx4NFA');
  assert.deepEqual(voter.endpoints, [{ name: 'CONTROLLER', host: '127.0.0.1', port: 29351 }]);
  const features = content.values.map((value) => decodeRecord(value).message);
  assert.deepEqual(features, [
    { name: 'metadata.version', featureLevel: 33 },
    { name: 'eligible.leader.replicas.version', featureLevel: 1 },
    { name: 'group.version', featureLevel: 1 },
    { name: 'share.version', featureLevel: 2 },
    { name: 'streams.version', featureLevel: 1 },
    { name: 'transaction.version', featureLevel: 2 },
  ]);
});

test('written again it differs in times and checksums only', () => {
  const content = decodeSnapshot(KAFKA_CHECKPOINT, native);
  assert.ok(content);
  const bytes = encodeSnapshot(content, 0, 1795417127783, native);
  const masked = (original: Buffer): string => {
    const copy = Buffer.from(original);
    // The crc, the base and the maximum timestamp of each of the three batches.
    for (const at of [0, 166, 419]) {
      copy.fill(0, at + 17, at + 21);
      copy.fill(0, at + 27, at + 43);
    }
    return copy.toString('hex');
  };
  assert.equal(masked(bytes), masked(KAFKA_CHECKPOINT));
  assert.deepEqual(decodeSnapshot(bytes, native), content);
});

test('what is damaged or cut off is no snapshot', () => {
  for (let cut = 0; cut < KAFKA_CHECKPOINT.length; cut += 7) {
    assert.equal(decodeSnapshot(KAFKA_CHECKPOINT.subarray(0, cut), native), null, `cut at ${cut}`);
  }
  for (let at = 21; at < KAFKA_CHECKPOINT.length; at += 11) {
    const bytes = Buffer.from(KAFKA_CHECKPOINT);
    bytes[at] = (bytes[at] as number) ^ 0x40;
    // Base offset and leader epoch are outside the checksum and mean nothing here.
    const harmless = [0, 166, 419].some(
      (start) => (at >= start && at < start + 8) || (at >= start + 12 && at < start + 16),
    );
    if (!harmless) assert.equal(decodeSnapshot(bytes, native), null, `garbled at ${at}`);
  }
});

test('large states go into several batches', () => {
  const values = Array.from({ length: 5000 }, (_, index) => Buffer.alloc(1000, index));
  const content = { kraftVersion: 0, voters: null, lastContainedLogTimestamp: 5n, values };
  assert.deepEqual(decodeSnapshot(encodeSnapshot(content, 3, 9, native), native), content);
});

test('names of snapshots', async () => {
  const id = { offset: 1234, epoch: 56 };
  assert.equal(snapshotName(id), '00000000000000001234-0000000056.checkpoint');
  assert.deepEqual(parseSnapshotName(snapshotName(id)), id);
  for (const name of ['00000000000000001234.log', `${snapshotName(id)}.part`, '1-1.checkpoint']) {
    assert.equal(parseSnapshotName(name), null);
  }
  const disk = new MemoryDisk({ seed: 1 });
  await disk.makeDirectory('/m');
  for (const [offset, epoch] of [
    [5, 2],
    [0, 0],
    [5, 1],
  ] as const) {
    await disk.replaceFile(`/m/${snapshotName({ offset, epoch })}`, Buffer.alloc(0));
  }
  await disk.replaceFile('/m/quorum-state', Buffer.alloc(0));
  assert.deepEqual(await listSnapshots(disk, '/m'), [
    { offset: 0, epoch: 0 },
    { offset: 5, epoch: 1 },
    { offset: 5, epoch: 2 },
  ]);
});

test('quorum-state is Kafka’s JSON', async () => {
  const disk = new MemoryDisk({ seed: 1 });
  await disk.makeDirectory('/m');
  assert.deepEqual(await readQuorumState(disk, '/m'), NO_QUORUM_STATE);
  await writeQuorumState(disk, '/m', { leaderId: 1, leaderEpoch: 7, votedId: -1, votedDirectoryId: ZERO_UUID });
  const written = (await disk.readFile('/m/quorum-state')).toString();
  const expected =
    '{"leaderId":1,"leaderEpoch":7,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}';
  assert.equal(written, expected);
  const read = await readQuorumState(disk, '/m');
  assert.equal(read?.leaderEpoch, 7);
  const voted =
    '{"leaderId":-1,"leaderEpoch":3,"votedId":2,"votedDirectoryId":"fxJD42lGTyeKaQMaGx4NFA","data_version":1}';
  await disk.replaceFile('/m/quorum-state', Buffer.from(voted));
  assert.deepEqual(await readQuorumState(disk, '/m'), {
    leaderId: -1,
    leaderEpoch: 3,
    votedId: 2,
    votedDirectoryId: uuidFromText('fxJD42lGTyeKaQMaGx4NFA'),
  });
  for (const damaged of ['', '{', '[]', '{"leaderId":1}', '{"leaderEpoch":"x"}']) {
    await disk.replaceFile('/m/quorum-state', Buffer.from(damaged));
    assert.equal(await readQuorumState(disk, '/m'), null, damaged);
  }
});
