/**
 * A partition to which seven producers of Kafka 4.4 have written, with and without transactions of both versions (transactions.gz, written by
 * transactions/record.ts): ten segments, and one transaction that is open. The same batches give the same bytes in every file, and
 * whoever has them (appended, opened, recovered after a crash) answers Fetch and ListOffsets as Kafka did.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { batchesOf, isControl } from '../../src/protocol/batch.ts';
import type { AppendOrigin } from '../../src/storage/producer-state.ts';
import type { Log } from '../../src/storage/log.ts';
import { recoverPartition } from '../../src/storage/recovery.ts';
import {
  DIRECTORY,
  TestAppend,
  locate,
  native,
  newWorld,
  openTestLog,
  silent,
  type World,
} from '../unit/storage/fixture.ts';

const CONFIG = { segmentBytes: 1_048_576, indexIntervalBytes: 600 };
const PATIENT = { producerIdExpirationMs: Infinity };

type FetchAnswer = readonly [
  offset: number,
  maxBytes: number,
  errorCode: number,
  highWatermark: number,
  lastStableOffset: number,
  sizeInBytes: number,
  aborted: readonly (readonly [producerId: number, firstOffset: number])[] | null,
];

interface Answers {
  readonly end: number;
  readonly offsets: Readonly<Record<string, number>>;
  readonly producers: readonly {
    readonly producerId: number;
    readonly producerEpoch: number;
    readonly lastSequence: number;
    readonly lastTimestamp: string;
    readonly coordinatorEpoch: number;
    readonly currentTxnStartOffset: number;
  }[];
  readonly fetches: readonly FetchAnswer[];
}

const files = new Map<string, Buffer>();
{
  const all = gunzipSync(readFileSync(join(import.meta.dirname, 'transactions', 'transactions.gz')));
  for (let at = 0; at < all.length; ) {
    const end = all.indexOf(10, at);
    const [name = '', size = '0'] = all.toString('latin1', at, end).split(' ');
    files.set(name, all.subarray(end + 1, end + 1 + Number(size)));
    at = end + 1 + Number(size);
  }
}
// oxlint-disable-next-line no-unsafe-type-assertion -- written by record.ts
const answers = JSON.parse(String(files.get('answers.json'))) as Answers;
files.delete('answers.json');

function* batches(): Generator<{ bytes: Buffer; isMarker: boolean }> {
  for (const [name, bytes] of files) {
    if (!name.endsWith('.log')) continue;
    for (const { position, sizeInBytes, attributes } of batchesOf(bytes)) {
      yield { bytes: Buffer.from(bytes.subarray(position, position + sizeInBytes)), isMarker: isControl(attributes) };
    }
  }
}

function appendAll(log: Log, originOf: (isMarker: boolean) => AppendOrigin): void {
  for (const { bytes, isMarker } of batches()) {
    const request = new TestAppend(bytes, { origin: originOf(isMarker) });
    log.append(request);
    log.flushStaged();
    assert.equal(request.error, null);
  }
  log.setHighWatermark(log.endOffset);
}

async function put(world: World, filter: (name: string) => boolean = () => true): Promise<void> {
  for (const [name, bytes] of files) if (filter(name)) await world.disk.replaceFile(`${DIRECTORY}/${name}`, bytes);
}

async function sameFiles(world: World, isCompared = (name: string) => name !== 'partition.metadata'): Promise<void> {
  const names = (await world.disk.list(DIRECTORY)).map(({ name }) => name).filter(isCompared);
  const expected = [...files.keys()].filter(isCompared);
  assert.deepEqual(names.toSorted(), expected);
  for (const name of expected) {
    const bytes = await world.disk.readFile(`${DIRECTORY}/${name}`);
    assert.ok(bytes.equals(files.get(name) ?? Buffer.alloc(0)), name);
  }
}

/** What the log answers to a Fetch with read_committed. */
async function fetched(log: Log, offset: number, maxBytes: number): Promise<FetchAnswer> {
  const upperBound = log.lastStableOffset;
  const located = await locate(log, { offset, maxBytes, upperBound, minOneMessage: true });
  if (located.error !== null) return [offset, maxBytes, 1, -1, -1, 0, []];
  const aborted = (await log.abortedTransactions(offset, located)) ?? [];
  return [
    offset,
    maxBytes,
    0,
    log.highWatermark,
    upperBound,
    located.length,
    aborted.map(({ producerId, firstOffset }) => [producerId, firstOffset]),
  ];
}

async function answersAsKafka(log: Log): Promise<void> {
  assert.equal(log.endOffset, answers.end);
  assert.equal(log.highWatermark, answers.offsets['0 -1']);
  assert.equal(log.lastStableOffset, answers.offsets['1 -1']);
  for (const answer of answers.fetches) {
    const [offset, maxBytes, errorCode] = answer;
    const ours = await fetched(log, offset, maxBytes);
    if (errorCode === 0) assert.deepEqual(ours, answer);
    else assert.equal(ours[2], errorCode);
  }
  const described = [...log.producers.entries()].map((entry) => ({
    producerId: entry.producerId,
    producerEpoch: entry.producerEpoch,
    lastSequence: entry.lastSequence,
    lastTimestamp: String(entry.timestamp),
    coordinatorEpoch: entry.coordinatorEpoch,
    currentTxnStartOffset: entry.currentTxnFirstOffset,
  }));
  assert.deepEqual(described, answers.producers);
}

const ORIGINS: readonly (readonly [by: string, originOf: (isMarker: boolean) => AppendOrigin])[] = [
  ['a follower', () => 'follower'],
  ['clients and the coordinator', (isMarker) => (isMarker ? 'coordinator' : 'client')],
];
for (const [by, originOf] of ORIGINS) {
  test(`appended by ${by}: the same files, the same answers`, async () => {
    const world = await newWorld();
    const log = await openTestLog(world, CONFIG, PATIENT);
    appendAll(log, originOf);
    await answersAsKafka(log);
    await log.close();
    await sameFiles(world);
  });
}

test('opened as Kafka left it: the same answers, and no file changes', async () => {
  const world = await newWorld();
  await put(world);
  const log = await openTestLog(world, CONFIG, { ...PATIENT, recoveryPoint: answers.end, highWatermark: answers.end });
  await answersAsKafka(log);
  await log.close();
  await sameFiles(world);
});

test('recovered from the logs alone, or behind a recovery point: the same answers, the same files', async () => {
  for (const recoveryPoint of [0, 164, 511]) {
    const world = await newWorld();
    await put(
      world,
      (name) => name.endsWith('.log') || (Number.parseInt(name, 10) < recoveryPoint && name.endsWith('index')),
    );
    const recovered = await recoverPartition(
      { disk: world.disk, native, logger: silent },
      { directory: DIRECTORY, recoveryPoint, logStartOffset: 0, config: CONFIG, now: 0, ...PATIENT },
    );
    assert.equal(recovered.endOffset, answers.end);
    const log = await openTestLog(world, CONFIG, { ...PATIENT, recoveryPoint, highWatermark: answers.end });
    await answersAsKafka(log);
    await log.close();
    // Behind a recovery point the snapshots below it are not made again.
    if (recoveryPoint === 0) await sameFiles(world);
    else await sameFiles(world, (name) => name.endsWith('index') || name.endsWith('.log'));
  }
});
