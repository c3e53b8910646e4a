/**
 * Recovery of a partition whose files were changed: bits, pieces, lengths, batches twice, files that are gone or stand under another's name.
 * Whatever is there, it ends without an error; what can be read then are whole batches with their CRC, in order; the log takes appends, and
 * opens again as it was closed.
 */
import assert from 'node:assert/strict';
import type { SeededRandom } from '../../src/base/prng.ts';
import { MemoryDisk } from '../../src/host/memory-disk.ts';
import { DiskFault } from '../../src/port/disk.ts';
import { batchesOf } from '../../src/protocol/batch.ts';
import { DecodeError } from '../../src/protocol/codec/errors.ts';
import type { Log } from '../../src/storage/log.ts';
import { OLD_FORMAT } from '../../src/storage/old-format.ts';
import { recoverIfSmall, recoverPartition } from '../../src/storage/recovery.ts';
import {
  append,
  batchOf,
  crc32c,
  DIRECTORY,
  markerOf,
  native,
  openTestLog,
  silent,
  T0,
  worldOn,
} from '../unit/storage/fixture.ts';
import { mutated } from './mutation.ts';

const CONFIG = { segmentBytes: 3000, indexIntervalBytes: 300, segmentIndexBytes: 400 };
const CRC_FROM = 21;

/** A partition with some segments, three producers, one of them transactional, and some leader epochs; killed or closed. */
async function written(random: SeededRandom): Promise<{ disk: MemoryDisk; recoveryPoint: number }> {
  const disk = new MemoryDisk({ seed: random.below(1000) + 1 });
  await disk.makeDirectory(DIRECTORY);
  const log = await openTestLog(worldOn(disk), CONFIG);
  const sequences = [0, 0, 0];
  let leaderEpoch = 0;
  for (let left = random.below(30); left > 0; left--) {
    if (random.chance(0.1)) leaderEpoch += 1 + random.below(3);
    const producerId = random.below(4);
    const baseSequence = sequences[producerId];
    const count = 1 + random.below(3);
    const size = random.below(400);
    const isTransactional = producerId === 2;
    if (isTransactional && random.chance(0.4)) {
      append(log, markerOf(2, 0, random.chance(0.5)), { leaderEpoch, origin: 'coordinator' });
    } else if (baseSequence === undefined) append(log, batchOf(count, size), { leaderEpoch });
    else {
      append(log, batchOf(count, size, { producerId, producerEpoch: 0, baseSequence, isTransactional }), {
        leaderEpoch,
      });
      sequences[producerId] = baseSequence + count;
    }
    if (random.chance(0.1)) await log.flush();
  }
  const { recoveryPoint } = log;
  if (random.chance(0.3)) await log.close();
  return { disk: disk.kill(), recoveryPoint };
}

/** A batch of a file, or a few, once more somewhere behind. */
function doubled(random: SeededRandom, bytes: Buffer): Buffer {
  const batches: { position: number; sizeInBytes: number }[] = [];
  try {
    for (const { position, sizeInBytes } of batchesOf(bytes)) batches.push({ position, sizeInBytes });
  } catch (error) {
    // It was changed before.
    if (!(error instanceof DecodeError)) throw error;
  }
  const one = batches[random.below(batches.length)];
  const other = batches[random.below(batches.length)];
  if (one === undefined || other === undefined) return bytes;
  const again = bytes.subarray(one.position, one.position + one.sizeInBytes);
  return Buffer.concat([bytes.subarray(0, other.position), again, bytes.subarray(other.position)]);
}

async function change(random: SeededRandom, disk: MemoryDisk): Promise<void> {
  const names = (await disk.list(DIRECTORY)).map(({ name }) => name);
  const name = names[random.below(names.length)];
  const other = names[random.below(names.length)];
  if (name === undefined || other === undefined) return;
  const path = `${DIRECTORY}/${name}`;
  const bytes = Buffer.from(await disk.readFile(path));
  const write = (to: string, content: Buffer): Promise<void> =>
    disk.writeAt(to, 0, content, { sync: true, truncate: true });
  switch (random.below(8)) {
    case 0:
      await disk.unlink(path);
      break;
    case 1:
      await write(path, bytes.subarray(0, random.below(bytes.length + 1)));
      break;
    case 2:
      if (name.endsWith('.log')) await write(path, doubled(random, bytes));
      break;
    case 3:
      await write(`${DIRECTORY}/${other}`, bytes);
      break;
    case 4:
      await write(path, Buffer.concat([bytes, Buffer.alloc(random.below(5000))]));
      break;
    default:
      await write(path, mutated(random, bytes, Buffer.from(await disk.readFile(`${DIRECTORY}/${other}`))));
  }
}

/** Every batch from the start to the end. */
async function readAll(log: Log): Promise<number> {
  let batches = 0;
  let next = log.startOffset;
  while (next < log.endOffset) {
    const read = await log.read(next, 1000, log.endOffset);
    assert.equal(read.error, null, `at ${next} of ${log.startOffset} to ${log.endOffset}`);
    const bytes = read.error === null ? read.bytes : Buffer.alloc(0);
    const before = next;
    for (const header of batchesOf(bytes)) {
      const { position, sizeInBytes, baseOffset, lastOffset } = header;
      const batch = bytes.subarray(position, position + sizeInBytes);
      assert.equal(batch.length, sizeInBytes, 'the batch is whole');
      assert.equal(crc32c(Buffer.from(batch.subarray(CRC_FROM))), batch.readUInt32BE(17), 'its CRC is right');
      assert.ok(baseOffset >= next || batches === 0, 'batches are in order');
      assert.ok(lastOffset >= next && lastOffset < log.endOffset, 'within the log');
      next = lastOffset + 1;
      batches++;
    }
    if (next === before) break;
  }
  return batches;
}

export async function recovery(random: SeededRandom): Promise<void> {
  const { disk, recoveryPoint } = await written(random);
  for (let changes = random.below(4); changes > 0; changes--) await change(random, disk);
  const place = { recoveryPoint: 0, logStartOffset: random.chance(0.1) ? random.below(80) : 0 };
  const options = {
    ...place,
    directory: DIRECTORY,
    producerIdExpirationMs: 86_400_000,
    now: Number(T0),
    config: CONFIG,
  };
  const isAllRead = random.chance(0.7);
  if (!isAllRead) place.recoveryPoint = options.recoveryPoint = recoveryPoint;
  const ports = { disk, native, logger: silent };
  try {
    const small = random.chance(0.5) ? await recoverIfSmall(ports, options, 100_000) : null;
    const recovered = small ?? (await recoverPartition(ports, options));
    place.recoveryPoint = recovered.recoveryPoint;
    const world = worldOn(disk);
    const log = await openTestLog(world, CONFIG, { ...place, isRecovered: true });
    assert.deepEqual([log.startOffset, log.endOffset], [recovered.startOffset, recovered.endOffset]);
    if (isAllRead) await readAll(log);
    await log.offsetForTimestamp(T0 + BigInt(random.below(3)));
    await log.offsetOfMaxTimestamp();
    const end = log.endOffset;
    const added = append(log, batchOf(2), { leaderEpoch: Math.max(0, log.latestEpoch) });
    assert.deepEqual([added.error, added.baseOffset], [null, end]);
    await log.close();
    assert.deepEqual(world.faults, []);
    const again = await openTestLog(worldOn(disk.kill()), CONFIG, { ...place, recoveryPoint: log.recoveryPoint });
    assert.deepEqual([again.startOffset, again.endOffset], [log.startOffset, end + 2]);
    if (isAllRead) await readAll(again);
  } catch (error) {
    if (!(error instanceof DiskFault) || error.code !== OLD_FORMAT) throw error;
  }
}
