/**
 * Against files that Apache Kafka 4.4 wrote (kafka-4.4-partition.gz: name, space, size, newline, bytes, and so on): every codec, two
 * transactional producers that commit and abort, two segments. The same batches must give the same bytes in every file.
 *
 * With ODRADEK_KAFKA_LIBS (a folder of Kafka's jars, those of the tools among them) Kafka's own dump-log checks ours.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { DumpLogOptions } from '../../../src/admin/cli.ts';
import { dumpLog } from '../../../src/admin/dump-log.ts';
import { openHostDisk } from '../../../src/host/disk.ts';
import { batchesOf } from '../../../src/protocol/batch.ts';
import type { Log } from '../../../src/storage/log.ts';
import { recoverPartition } from '../../../src/storage/recovery.ts';
import {
  DIRECTORY,
  T0,
  TestAppend,
  batchOf,
  locate,
  markerOf,
  native,
  newWorld,
  openTestLog,
  silent,
  worldOn,
} from './fixture.ts';
import type { World } from './fixture.ts';

const CONFIG = { segmentBytes: 1048576, indexIntervalBytes: 300 };
const PATIENT = { producerIdExpirationMs: Infinity };

const files = new Map<string, Buffer>();
{
  const all = gunzipSync(readFileSync(join(import.meta.dirname, 'kafka-4.4-partition.gz')));
  for (let at = 0; at < all.length; ) {
    const end = all.indexOf(10, at);
    const [name = '', size = '0'] = all.toString('latin1', at, end).split(' ');
    files.set(name, all.subarray(end + 1, end + 1 + Number(size)));
    at = end + 1 + Number(size);
  }
}

async function put(world: World, filter: (name: string) => boolean = () => true): Promise<void> {
  for (const [name, bytes] of files) if (filter(name)) await world.disk.replaceFile(`${DIRECTORY}/${name}`, bytes);
}

async function contents(world: World): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (const { name } of await world.disk.list(DIRECTORY)) {
    found.set(name, await world.disk.readFile(`${DIRECTORY}/${name}`));
  }
  return found;
}

function sameFiles(found: Map<string, Buffer>, but: readonly string[] = []): void {
  const expected = [...files.keys()].filter((name) => !but.includes(name));
  assert.deepEqual([...found.keys()].filter((name) => !but.includes(name)).toSorted(), expected);
  for (const name of expected) {
    if (!found.get(name)?.equals(files.get(name) ?? Buffer.alloc(0))) assert.fail(`${name} is another`);
  }
}

function appendAll(log: Log): void {
  for (const [name, bytes] of files) {
    if (!name.endsWith('.log')) continue;
    for (const { position, sizeInBytes } of batchesOf(bytes)) {
      const copy = Buffer.from(bytes.subarray(position, position + sizeInBytes));
      log.append(new TestAppend(copy, { origin: 'follower' }));
    }
  }
  log.flushStaged();
}

test('the same batches give the same log, indexes, transaction index, snapshots and epochs', async () => {
  const world = await newWorld();
  const log = await openTestLog(world, CONFIG, PATIENT);
  appendAll(log);
  await log.close();
  sameFiles(await contents(world), ['partition.metadata']);
});

test('a partition that Kafka left opens without a scan, and closes without a change', async () => {
  const world = await newWorld();
  await put(world);
  world.memory.counts.clear();
  const log = await openTestLog(world, CONFIG, { ...PATIENT, recoveryPoint: 1080, highWatermark: 1080 });
  assert.deepEqual([log.startOffset, log.endOffset, log.segmentCount, log.producers.size], [0, 1080, 2, 3]);
  assert.deepEqual([log.latestEpoch, log.lastStableOffset], [0, 1080]);
  assert.equal(world.memory.counts.get('write') ?? 0, 0);
  const located = await locate(log, { offset: 1000, maxBytes: 1_000_000, upperBound: 1080, minOneMessage: true });
  const aborted = (await log.abortedTransactions(1000, located)) ?? [];
  assert.ok(aborted.length > 2);
  assert.ok(aborted.every(({ firstOffset, lastOffset }) => firstOffset < lastOffset && lastOffset >= 1000));
  await log.close();
  sameFiles(await contents(world));
});

test('a damaged transaction index is built anew from the log', async () => {
  const options = { ...PATIENT, recoveryPoint: 1080, highWatermark: 1080 };
  const abortedOf = async (world: World) => {
    const log = await openTestLog(world, CONFIG, options);
    const lists = [];
    for (const offset of [0, 500, 1000]) {
      const located = await locate(log, { offset, maxBytes: 10_000_000, upperBound: 1080, minOneMessage: true });
      lists.push((await log.abortedTransactions(offset, located)) ?? []);
    }
    return lists;
  };
  const whole = await newWorld();
  await put(whole);
  const expected = await abortedOf(whole);
  assert.ok(expected.some((list) => list.length > 0));
  const damaged = [...files.keys()].filter((name) => name.endsWith('.txnindex'));
  assert.ok(damaged.length > 0);
  for (const snapshots of [true, false]) {
    const world = await newWorld();
    await put(world, (name) => snapshots || !name.endsWith('.snapshot'));
    for (const name of damaged) await world.disk.replaceFile(`${DIRECTORY}/${name}`, Buffer.alloc(35, 0xff));
    assert.deepEqual(await abortedOf(world), expected);
    const found = await contents(world);
    for (const name of damaged) assert.deepEqual(found.get(name), files.get(name), name);
  }
});

test('recovery makes every file anew from the logs alone', async () => {
  for (const recoveryPoint of [0, 600]) {
    const world = await newWorld();
    // Below the recovery point indexes are trusted; a killed Kafka leaves those of the active segment with a tail of zeros.
    await put(world, (name) => name.endsWith('.log') || (recoveryPoint > 0 && /^0+\.|^leader/.test(name)));
    for (const suffix of ['index', 'timeindex']) {
      await world.disk.replaceFile(`${DIRECTORY}/00000000000000000581.${suffix}`, Buffer.alloc(120_000));
    }
    const recovered = await recoverPartition(
      { disk: world.disk, native, logger: silent },
      { directory: DIRECTORY, recoveryPoint, logStartOffset: 0, config: CONFIG, now: 0, ...PATIENT },
    );
    assert.deepEqual([recovered.endOffset, recovered.truncatedBytes], [1080, 0]);
    sameFiles(await contents(world), ['partition.metadata']);
  }
});

const DUMP: DumpLogOptions = {
  files: [],
  printDataLog: false,
  deepIteration: true,
  decoder: 'none',
  verifyIndexOnly: true,
  indexSanityCheck: false,
  skipRecordMetadata: false,
  maxBytes: Infinity,
  maxMessageSize: 5_242_880,
};

/** A log of ours in a real folder, with every kind of file. */
async function ourFiles(folder: string): Promise<string[]> {
  const directory = join(folder, 'topic-0');
  mkdirSync(directory);
  const world = worldOn((await newWorld()).memory, { disk: openHostDisk(native) });
  const config = { segmentBytes: 20_000, indexIntervalBytes: 200 };
  const log = await openTestLog(world, config, { directory, ...PATIENT });
  const append = (bytes: Buffer, origin: 'client' | 'coordinator' = 'client'): void => {
    const request = new TestAppend(bytes, { origin });
    log.append(request);
    log.flushStaged();
    assert.equal(request.error, null);
  };
  for (let index = 0; index < 300; index++) {
    const fields = { producerId: 5, producerEpoch: 0, baseSequence: index * 3, isTransactional: true };
    append(batchOf(3, index % 100, fields, T0 + BigInt(index * 7)));
    if (index % 10 === 9) append(markerOf(5, 0, index % 20 === 9), 'coordinator');
    append(batchOf(1, 20));
  }
  await log.close();
  return readdirSync(directory)
    .filter((name) => /\.(log|index|timeindex|txnindex|snapshot)$/.test(name))
    .map((name) => join(directory, name));
}

test('dump-log accepts what we write, and tells damage', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'odradek-dump-'));
  try {
    const names = await ourFiles(folder);
    const lines: string[] = [];
    const complaints: string[] = [];
    const output = { out: (line: string) => lines.push(line), err: (line: string) => complaints.push(line) };
    assert.equal(await dumpLog({ ...DUMP, files: names }, output), 0);
    assert.deepEqual(complaints, []);
    assert.ok(lines.some((line) => line.includes('endTxnMarker: ABORT coordinatorEpoch: 0')));
    assert.ok(lines.every((line) => !line.includes('isvalid: false')));
    assert.equal(await dumpLog({ ...DUMP, files: [join(folder, 'topic-0', '00000000000000099999.index')] }, output), 1);
    assert.match(complaints[0] ?? '', /ENOENT/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

const libs = process.env['ODRADEK_KAFKA_LIBS'];

test('Kafka’s dump-log accepts what we write', { skip: libs === undefined }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'odradek-dump-'));
  try {
    const names = await ourFiles(folder);
    const run = (...options: string[]) =>
      spawnSync(
        process.env['JAVA'] ?? 'java',
        [
          '-Xmx256M',
          '-cp',
          `${libs}/*`,
          'org.apache.kafka.tools.DumpLogSegments',
          ...options,
          '--files',
          names.join(','),
        ],
        { encoding: 'utf8', maxBuffer: 1 << 28 },
      );
    for (const options of [
      ['--deep-iteration', '--verify-index-only'],
      ['--index-sanity-check'],
      ['--print-data-log'],
    ]) {
      const { status, stdout, stderr } = run(...options);
      const complaints = stderr
        .split('\n')
        .filter((line) => /mismatch|not found|out of order|Exception|invalid/i.test(line));
      assert.deepEqual(complaints, [], options.join(' '));
      assert.equal(status, 0);
      assert.doesNotMatch(stdout, /isvalid: false|invalid bytes/);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
