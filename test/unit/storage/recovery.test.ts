/** Recovery on the owner's own thread: only what is small, with the same result, and nothing written where nothing is to be mended. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemoryDisk } from '../../../src/host/memory-disk.ts';
import { recoverIfSmall, recoverPartition } from '../../../src/storage/recovery.ts';
import { DIRECTORY, T0, append, batchOf, native, newWorld, openTestLog, silent, worldOn } from './fixture.ts';

const OPTIONS = {
  directory: DIRECTORY,
  recoveryPoint: 0,
  logStartOffset: 0,
  config: { indexIntervalBytes: 300 },
  producerIdExpirationMs: 86_400_000,
  now: Number(T0),
};

const portsOn = (disk: MemoryDisk): { disk: MemoryDisk; native: typeof native; logger: typeof silent } => {
  return { disk, native, logger: silent };
};

/** Three segments of two batches, of two epochs, by an idempotent producer; nothing flushed. */
async function written(): Promise<MemoryDisk> {
  const world = await newWorld();
  const log = await openTestLog(world, { segmentBytes: 2000 });
  for (let batch = 0; batch < 6; batch++) {
    const fields = { producerId: 7, producerEpoch: 0, baseSequence: batch };
    const leaderEpoch = batch < 3 ? 0 : 4;
    assert.equal(append(log, batchOf(1, 700, fields), { leaderEpoch }).error, null);
  }
  assert.equal(log.segmentCount, 3);
  await new Promise((resolve) => setImmediate(resolve));
  return world.memory.kill();
}

async function contents(disk: MemoryDisk): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const { name } of await disk.list(DIRECTORY)) {
    files.set(name, (await disk.readFile(`${DIRECTORY}/${name}`)).toString('hex'));
  }
  return new Map([...files].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

test('a log is small up to a number of bytes, and is recovered as any other', async () => {
  const [here, elsewhere] = [await written(), await written()];
  const before = await contents(here);
  assert.equal(await recoverIfSmall(portsOn(here), OPTIONS, 4000), null);
  assert.deepEqual(await contents(here), before, 'nothing was touched');
  const recovered = await recoverIfSmall(portsOn(here), OPTIONS, 6000);
  assert.deepEqual(recovered, await recoverPartition(portsOn(elsewhere), OPTIONS));
  assert.equal(recovered?.endOffset, 6);
  const files = await contents(here);
  assert.deepEqual(files, await contents(elsewhere));
  assert.equal(Buffer.from(files.get('leader-epoch-checkpoint') ?? '', 'hex').toString(), '0\n2\n0 0\n4 3\n');
});

test('segments below the recovery point count where no snapshot has their producers', async () => {
  const disk = await written();
  const options = { ...OPTIONS, recoveryPoint: 4 };
  assert.notEqual(await recoverIfSmall(portsOn(disk), options, 2000), null);
  for (const { name } of await disk.list(DIRECTORY)) {
    if (name.endsWith('.snapshot')) await disk.unlink(`${DIRECTORY}/${name}`);
  }
  assert.equal(await recoverIfSmall(portsOn(disk), options, 2000), null);
});

test('of a log without records nothing is written and nothing waits for the medium', async () => {
  const world = await newWorld();
  await (await openTestLog(world)).close();
  const disk = world.memory.kill();
  const log = await openTestLog(worldOn(disk));
  log.assignEpoch(3, 0);
  const killed = disk.kill();
  killed.counts.clear();
  await recoverIfSmall(portsOn(killed), OPTIONS, 0);
  assert.deepEqual([...killed.counts.keys()].toSorted(), ['list', 'stat']);
  const again = worldOn(killed);
  const opened = await openTestLog(again, {}, { isRecovered: true });
  assert.equal(opened.endOffset, 0);
  // The name of its file may not be on the medium: the first flush sees to it.
  append(opened, batchOf(1), { leaderEpoch: 4 });
  await opened.flush();
  const survived = killed.crash(1);
  assert.equal((await recoverPartition(portsOn(survived), { ...OPTIONS, recoveryPoint: 1 })).endOffset, 1);
  const epochs = await survived.readFile(`${DIRECTORY}/leader-epoch-checkpoint`);
  assert.equal(epochs.toString(), '0\n1\n4 0\n');
});

test('epochs are in their file before the recovery point passes their records, and not sooner', async () => {
  const world = await newWorld();
  const log = await openTestLog(world);
  const hasFile = async (): Promise<boolean> =>
    (await world.memory.status(`${DIRECTORY}/leader-epoch-checkpoint`)) !== null;
  log.assignEpoch(2, 0);
  append(log, batchOf(1), { leaderEpoch: 2 });
  await log.sync();
  assert.equal(await hasFile(), false);
  await log.flush();
  const survived = world.memory.crash(3);
  assert.equal((await survived.readFile(`${DIRECTORY}/leader-epoch-checkpoint`)).toString(), '0\n1\n2 0\n');
});

const segmentAt = (base: number): string => `${DIRECTORY}/${String(base).padStart(20, '0')}.log`;

/** The CRC does not cover the base offset of a batch. */
async function moved(disk: MemoryDisk, segment: number, batch: number, baseOffset: bigint): Promise<void> {
  const bytes = Buffer.from(await disk.readFile(segmentAt(segment)));
  let position = 0;
  for (let left = batch; left > 0; left--) position += 12 + bytes.readInt32BE(position + 8);
  bytes.writeBigInt64BE(baseOffset, position);
  await disk.writeAt(segmentAt(segment), 0, bytes, { sync: true, truncate: true });
}

test('a batch whose offset is that of a later segment, or too far from its own, ends the log', async () => {
  for (const [segment, offset, end] of [
    [0, 3n, 1],
    [4, 2n ** 40n, 5],
  ] as const) {
    const disk = await written();
    await moved(disk, segment, 1, offset);
    assert.equal((await recoverPartition(portsOn(disk), OPTIONS)).endOffset, end);
    const log = await openTestLog(worldOn(disk), {}, { isRecovered: true });
    assert.equal(log.endOffset, end);
    assert.equal(append(log, batchOf(1)).baseOffset, end);
  }
});

test('an index that is missing is built of a damaged segment as far as that goes', async () => {
  const disk = await written();
  await moved(disk, 2, 1, 0n);
  const log = await openTestLog(worldOn(disk), {}, { recoveryPoint: 6, highWatermark: 6 });
  assert.deepEqual(await log.offsetForTimestamp(T0), { timestamp: T0, offset: 0, leaderEpoch: 0 });
  assert.equal((await log.offsetOfMaxTimestamp())?.timestamp, T0);
});
