/**
 * What is fuzzed: a target takes chance and tries once. It throws where something is wrong: an error of another kind than the reader
 * declares, a result that breaks its own rules, or two implementations that disagree.
 */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { SeededRandom } from '../../src/base/prng.ts';
import { parseBrokerConfig } from '../../src/config/broker-config.ts';
import type { LogConfig } from '../../src/config/log-config.ts';
import { parseProperties } from '../../src/config/properties.ts';
import { MemoryDisk } from '../../src/host/memory-disk.ts';
import { type FrameSink, type Hold, Intake } from '../../src/network/intake.ts';
import { BATCH_ERROR, CODEC, ROW } from '../../src/port/native.ts';
import type { Chunk } from '../../src/port/memory.ts';
import { BATCH_HEADER_SIZE, batchesOf } from '../../src/protocol/batch.ts';
import { readRecords, recordsOf } from '../../src/protocol/batch-records.ts';
import { DecodeError } from '../../src/protocol/codec/errors.ts';
import { ERRORS } from '../../src/protocol/errors.ts';
import { decodeRequest, decodeRequestHeader, decodeResponseHeader, encodeRequest } from '../../src/protocol/frame.ts';
import type { Message } from '../../src/protocol/message.ts';
import { API_NAMES, type ApiName, apiOf } from '../../src/protocol/schema/index.ts';
import { ThreadArena } from '../../src/shard/arena.ts';
import { ProduceValidator } from '../../src/shard/produce-validation.ts';
import { readCleanShutdown } from '../../src/storage/clean-shutdown.ts';
import { LeaderEpochs } from '../../src/storage/leader-epochs.ts';
import { parseMetaProperties } from '../../src/storage/meta-properties.ts';
import { readQuorumState } from '../../src/storage/metadata/quorum-state.ts';
import { decodeSnapshot, encodeSnapshot } from '../../src/storage/metadata/snapshot.ts';
import { decodeOffsetCheckpoint, encodeOffsetCheckpoint } from '../../src/storage/offset-checkpoint.ts';
import { readOffsetIndex } from '../../src/storage/offset-index.ts';
import { readPartitionMetadata } from '../../src/storage/partition-metadata.ts';
import { decodeProducerSnapshot, encodeProducerSnapshot } from '../../src/storage/producer-snapshot.ts';
import { readTimeIndex } from '../../src/storage/time-index.ts';
import { decodeAborted } from '../../src/storage/transaction-index.ts';
import { anyBatch, encodeBatch, lanes, LEVELS, validateOne, withCrc } from '../contract/native-batches.ts';
import { ALL_MESSAGES } from '../unit/protocol/all-messages.ts';
import { arbitraryMessage } from '../unit/protocol/arbitrary-message.ts';
import { mutated } from './mutation.ts';
import { recovery } from './recovery.ts';

export type Target = (random: SeededRandom) => void | Promise<void>;

const LANES = lanes();
const first = LANES[0]?.native;
assert.ok(first);
const native = first;

/** A decoder may refuse its input; anything else that it throws is a bug. */
function refusing(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
}

function pick<T>(random: SeededRandom, from: readonly T[]): T {
  const picked = from[random.below(from.length)];
  assert.ok(picked !== undefined);
  return picked;
}

/** What is changed is always the same, so that a seed alone repeats a try. */
const SAMPLES_SEED = 4;

/** Encoded messages of each kind and version, made when first asked for. */
const samples = new Map<string, Buffer[]>();

function samplesOf(message: Message, version: number): Buffer[] {
  const key = `${message.name} ${version}`;
  let known = samples.get(key);
  if (known === undefined) {
    const values = fc.sample(arbitraryMessage(message, version), { seed: SAMPLES_SEED, numRuns: 10 });
    known = values.map((value) => message.encode(version, value as never));
    samples.set(key, known);
  }
  return known;
}

function anyVersion(random: SeededRandom, { min, max }: { readonly min: number; readonly max: number }): number {
  return min + random.below(max - min + 1);
}

function fuzzMessage(
  random: SeededRandom,
  message: Message,
  decode: (version: number, bytes: Buffer) => unknown,
): void {
  const version = anyVersion(random, message.versions);
  const known = samplesOf(message, version);
  const bytes = mutated(random, pick(random, known), pick(random, known));
  refusing(() => {
    const value = decode(version, bytes);
    // What was decoded can be encoded.
    message.encode(version, value as never);
  });
}

const requests: Target = (random) => {
  const api = pick(random, API_NAMES);
  const { request, validVersions, key } = apiOf(api);
  const version = anyVersion(random, validVersions);
  const known = samplesOf(request, version);
  const empty = encodeRequest('ApiVersions', 0, 1, 'fuzz', {});
  const head = Buffer.from(empty.subarray(4));
  head.writeInt16BE(key, 0);
  head.writeInt16BE(version, 2);
  const whole = Buffer.concat([head, Buffer.of(0), pick(random, known)]);
  const bytes = mutated(random, whole, pick(random, known));
  refusing(() => {
    const { api: found, apiVersion, isSupported, bodyOffset } = decodeRequestHeader(bytes, 0, bytes.length);
    if (isSupported) decodeRequest(found, apiVersion, bytes, bodyOffset, bytes.length);
  });
};

const responses: Target = (random) => {
  const api: ApiName = pick(random, API_NAMES);
  const { response } = apiOf(api);
  fuzzMessage(random, response, (version, bytes) => {
    refusing(() => decodeResponseHeader(api, version, bytes, 0, bytes.length));
    return response.decode(version, bytes);
  });
};

const messages = [...ALL_MESSAGES.values()];
const decoders: Target = (random) => {
  const message = pick(random, messages);
  fuzzMessage(random, message, (version, bytes) => message.decode(version, bytes));
};

/** What a frame reader is to find. */
class Frames implements FrameSink {
  readonly found: Buffer[] = [];
  refusedSize: number | null = null;
  open = true;
  readonly #random: SeededRandom;
  readonly #arena: ThreadArena;
  readonly #limit: number;

  constructor(random: SeededRandom, arena: ThreadArena, limit: number) {
    this.#random = random;
    this.#arena = arena;
    this.#limit = limit;
  }

  frame(buffer: Buffer, from: number, to: number, chunk: Chunk | null): Hold {
    if (this.#random.chance(0.2)) return 'order';
    this.found.push(Buffer.from(buffer.subarray(from, to)));
    chunk?.release();
    return 'none';
  }

  refusal(size: number): string | null {
    return size < 0 || size > this.#limit ? String(size) : null;
  }

  refused(reason: string): void {
    this.refusedSize = Number(reason);
    this.open = false;
  }

  mayFill(): boolean {
    return this.#random.chance(0.9);
  }

  readonly isFavoured = false;

  memoryRoom(): number {
    return this.#random.chance(0.9) ? this.#arena.limitBytes - this.#arena.chargedBytes : 0;
  }

  filled(): void {}
}

const FRAME_LIMIT = 3_000_000;
const arenaMemory = new SharedArrayBuffer(64 * 1024 * 1024);

const frames: Target = (random) => {
  const arena = new ThreadArena({
    id: 0,
    memory: arenaMemory,
    limitBytes: 16 * 1024 * 1024,
    soon: (run) => queueMicrotask(run),
    giveBack: () => true,
  });
  const sink = new Frames(random, arena, FRAME_LIMIT);
  const landing = Buffer.alloc(random.chance(0.5) ? 256 * 1024 : 64);
  const intake = new Intake(arena, landing, sink);
  const expected: Buffer[] = [];
  const stream: Buffer[] = [];
  let refused: number | null = null;
  for (let count = random.below(8); count > 0; count--) {
    const size = random.below(2 ** random.below(22));
    const body = Buffer.alloc(size, random.below(256));
    const head = Buffer.alloc(4);
    head.writeInt32BE(size);
    stream.push(head, body);
    if (size <= FRAME_LIMIT) expected.push(body);
  }
  if (random.chance(0.3)) {
    refused = pick(random, [-1, -(2 ** 31), 2 ** 31 - 1, FRAME_LIMIT + 1]);
    const head = Buffer.alloc(4);
    head.writeInt32BE(refused);
    stream.push(head, random.bytes(random.below(100)));
  } else if (random.chance(0.5)) {
    const head = Buffer.alloc(4);
    head.writeInt32BE(FRAME_LIMIT);
    stream.push(head, random.bytes(random.below(100)));
  }
  const bytes = Buffer.concat(stream);
  const piece = random.chance(0.3) ? 20 : 1_000_000;
  const end = piece === 20 ? Math.min(bytes.length, 20_000) : bytes.length;
  for (let at = 0; at < end && sink.open; ) {
    const target = intake.target();
    assert.ok(target.length > 0, 'a reader has room for the next read');
    const size = Math.min(target.length, end - at, 1 + random.below(piece));
    bytes.copy(target, 0, at, at + size);
    at += size;
    intake.received(size);
    for (let tries = 0; intake.hold !== 'none' && sink.open; tries++) {
      assert.ok(tries < 10_000, 'what is held goes on');
      intake.advance();
    }
    assert.ok(arena.chargedBytes <= arena.limitBytes);
  }
  if (end === bytes.length) {
    assert.equal(sink.found.length, expected.length);
    assert.equal(sink.refusedSize, refused);
  }
  sink.found.forEach((frame, place) => assert.ok(frame.equals(expected[place] as Buffer), `frame ${place}`));
  intake.release();
  assert.equal(arena.chunkCount, 0);
  assert.equal(arena.chargedBytes, 0);
};

/** Batches of all kinds, made once. */
let batchSamples: Buffer[] | null = null;

function anyEncodedBatch(random: SeededRandom): Buffer {
  batchSamples ??= fc
    .sample(anyBatch(), { seed: SAMPLES_SEED, numRuns: 300 })
    .map((batch) => encodeBatch(batch, native));
  return pick(random, batchSamples);
}

function changedBatch(random: SeededRandom): Buffer {
  const bytes = Buffer.from(mutated(random, anyEncodedBatch(random), anyEncodedBatch(random)));
  return bytes.length >= BATCH_HEADER_SIZE && random.chance(0.8) ? withCrc(bytes) : bytes;
}

const RECORD_ERRORS: readonly number[] = [
  BATCH_ERROR.badCompression,
  BATCH_ERROR.uncompressedTooLarge,
  BATCH_ERROR.recordTooLarge,
  BATCH_ERROR.badRecord,
];

const batches: Target = (random) => {
  const bytes = changedBatch(random);
  const before = Buffer.from(bytes);
  const rows = LANES.map(({ native: lane }) => {
    const row = validateOne(lane, bytes, { batch: 150_000, uncompressed: 1 << 20, record: 200_000 }).slice();
    // The addon streams and the fallback does not: they meet the damages of a compressed batch in another order.
    if (((row[ROW.attributes] ?? 0) & 7) !== 0 && RECORD_ERRORS.includes(row[ROW.error] ?? 0)) {
      row[ROW.error] = BATCH_ERROR.badCompression;
      row[ROW.errorRecordIndex] = -1;
    }
    return row;
  });
  assert.ok(bytes.equals(before), 'validation changes nothing');
  for (const row of rows) assert.deepEqual(row, rows[0]);
};

const TOPIC: LogConfig = {
  ...({} as LogConfig),
  maxMessageBytes: 1_048_588,
  maxDecompressedMessageBytes: 2_147_483_639,
  compressionType: 'producer',
  gzipLevel: -1,
  lz4Level: 9,
  zstdLevel: 3,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: Number.POSITIVE_INFINITY,
  timestampAfterMaxMs: 3_600_000,
  compact: false,
};
const TOPICS: readonly LogConfig[] = [
  TOPIC,
  { ...TOPIC, compact: true, timestampBeforeMaxMs: 1000 },
  { ...TOPIC, timestampType: 'LogAppendTime', compressionType: 'zstd' },
  { ...TOPIC, compressionType: 'uncompressed', maxMessageBytes: 2000 },
  { ...TOPIC, compressionType: 'gzip', compact: true },
  { ...TOPIC, compressionType: 'snappy' },
];
const validators = LANES.map(({ native: lane }) => new ProduceValidator(lane));

/** The verdicts of both implementations, at once and late; what is accepted is a whole and valid batch. */
const produce: Target = (random) => {
  const config = pick(random, TOPICS);
  const records = changedBatch(random);
  if (records.length < BATCH_HEADER_SIZE) return;
  const told: string[] = [];
  for (const validator of validators) {
    const entry = { topic: 't', partition: 0, records: Buffer.from(records), config };
    const late = { ...entry, records: Buffer.from(records) };
    const now = 1_600_000_000_000;
    const [verdict] = validator.validate([entry], now);
    const final = validator.validateLarge(late, now, 64 * 1024 * 1024);
    assert.ok(verdict !== undefined);
    // What comes first of several faults may differ.
    if (verdict !== 'large') assert.equal(verdict.ok, final.ok);
    if (verdict !== 'large' && verdict.ok && final.ok) assert.ok(verdict.bytes.equals(final.bytes));
    told.push(final.ok ? 'ok' : 'refused');
    if (!final.ok) {
      assert.ok(final.error in ERRORS);
      continue;
    }
    assert.ok(final.bytes.length <= config.maxMessageBytes);
    const row = validateOne(native, final.bytes, { batch: 10_000_000, uncompressed: 64 << 20, record: 64 << 20 });
    assert.ok(
      row[ROW.error] === BATCH_ERROR.none || row[ROW.error] === BATCH_ERROR.offsetsNotDense,
      String(row[ROW.error]),
    );
  }
  for (const each of told) assert.equal(each, told[0]);
};

const codecs: Target = (random) => {
  const codec = pick(random, [CODEC.gzip, CODEC.snappy, CODEC.lz4, CODEC.zstd]);
  const plain = random.chance(0.5) ? random.bytes(random.below(2000)) : Buffer.alloc(random.below(100_000), 'ab');
  const stream = native.compress(codec, LEVELS[codec] ?? 0, plain, 0, plain.length);
  const bytes = mutated(random, stream);
  const answers = LANES.map(({ native: lane }) => lane.decompress(codec, bytes, 0, bytes.length, 1 << 20));
  for (const answer of answers) {
    if (typeof answer === 'number') assert.equal(typeof answers[0], 'number');
    else assert.ok(typeof answers[0] !== 'number' && answer.equals(answers[0] as Buffer));
  }
};

const records: Target = (random) => {
  const bytes = changedBatch(random);
  refusing(() => {
    for (const header of batchesOf(bytes)) {
      if ((header.attributes & 7) === 0) recordsOf(bytes, header);
      else readRecords(header, random.bytes(random.below(200)));
    }
  });
};

const PROPERTIES = Buffer.from(
  'node.id=1\nlisteners=PLAINTEXT://:9092,B://[::1]:9093\n# comment\nlog.dirs = /tmp/a, /tmp/b\\\n  ,/tmp/c\nkey\\ with\\:blank: va\\u00fclue\nmax.connections.per.ip.overrides=127.0.0.1:5\nlog.retention.ms=-1\ncompression.type=gzip\nprocess.roles=broker,controller\nmessage.max.bytes=1e9\nlistener.security.protocol.map=A:PLAINTEXT,B:SSL\n',
);

const properties: Target = (random) => {
  const text = mutated(random, PROPERTIES).toString(random.chance(0.5) ? 'latin1' : 'utf8');
  const parsed = parseProperties(text);
  const config = parseBrokerConfig({ text, overrides: [], parallelism: 2 });
  if (!parsed.ok) assert.ok(!config.ok);
  if (!config.ok) assert.ok(config.problems.length > 0);
};

const checkpoints: Target = async (random) => {
  const offsets = [
    { topic: 'a', partition: 0, offset: 5 },
    { topic: 'b.c-d', partition: 12, offset: 2 ** 40 },
  ];
  const rows = decodeOffsetCheckpoint(mutated(random, encodeOffsetCheckpoint(offsets)));
  for (const { partition, offset } of rows ?? []) assert.ok(partition >= 0 && Number.isFinite(offset));
  const epochs = new LeaderEpochs();
  epochs.assign(0, 0);
  epochs.assign(3, 100);
  const found = LeaderEpochs.decode(mutated(random, epochs.encode()));
  if (found !== null) {
    for (const epoch of [-1, 0, 1, 3, 9]) found.endOffsetOf(epoch, 200);
    let last = -1;
    for (const { epoch, startOffset } of found.entries()) {
      assert.ok(epoch > last && startOffset >= 0);
      last = epoch;
    }
  }
  parseMetaProperties(
    mutated(
      random,
      Buffer.from('version=1\ncluster.id=abc\nnode.id=1\ndirectory.id=AAAAAAAAAAAAAAAAAAAAAQ\n'),
    ).toString('latin1'),
  );
  const disk = new MemoryDisk({ seed: 1 });
  await disk.makeDirectory('/d');
  const put = (name: string, text: string): Promise<void> =>
    disk.replaceFile(`/d/${name}`, mutated(random, Buffer.from(text)));
  await put('partition.metadata', 'version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAABkA\n');
  await readPartitionMetadata(disk, '/d');
  await put(
    'quorum-state',
    '{"leaderId":1,"leaderEpoch":2,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAABkA","data_version":1}',
  );
  await readQuorumState(disk, '/d');
  await put('.kafka_cleanshutdown', '{"version":0,"brokerEpoch":17}');
  await readCleanShutdown(disk, '/d');
};

const PRODUCERS = [1, 2, 3].map((id) => ({
  producerId: 1000 * id,
  producerEpoch: id,
  lastSequence: 5,
  lastOffset: 100,
  offsetDelta: 2,
  timestamp: 1_600_000_000_000n,
  coordinatorEpoch: 0,
  currentTxnFirstOffset: -1,
}));

const snapshots: Target = (random) => {
  const file = Buffer.from(mutated(random, encodeProducerSnapshot(PRODUCERS, PRODUCERS.length, native)));
  if (file.length > 6 && random.chance(0.7)) file.writeUInt32BE(native.crc32c(file, 6, file.length, 0), 2);
  for (const { producerId, lastOffset } of decodeProducerSnapshot(file, native) ?? []) {
    assert.ok(!Number.isNaN(producerId) && !Number.isNaN(lastOffset), 'a number that is none');
  }
  const content = {
    kraftVersion: 1,
    voters: null,
    lastContainedLogTimestamp: 5n,
    values: [Buffer.from('one'), Buffer.from('two')],
  };
  decodeSnapshot(mutated(random, encodeSnapshot(content, 1, 5, native)), native);
};

const indexes: Target = (random) => {
  const count = random.below(20);
  const offsets = Buffer.alloc(count * 8);
  const times = Buffer.alloc(count * 12);
  const aborted = Buffer.alloc(count * 34);
  for (let i = 0; i < count; i++) {
    offsets.writeInt32BE(i * 10 + 1, i * 8);
    offsets.writeInt32BE(i * 4096 + 61, i * 8 + 4);
    times.writeBigInt64BE(BigInt(1000 + i), i * 12);
    times.writeInt32BE(i * 10 + 1, i * 12 + 8);
    aborted.writeBigInt64BE(BigInt(100 + i), i * 34 + 18);
  }
  const index = readOffsetIndex(100, Buffer.from(mutated(random, offsets)), 1_000_000);
  if (index !== null) {
    for (const offset of [0, 100, 105, 1e9]) assert.ok(index.floorPosition(offset) >= 0);
    index.ceilingOffset(4096);
    index.truncateTo(150);
    index.append(2 ** 30, 999_999);
  }
  const time = readTimeIndex(100, Buffer.from(mutated(random, times)));
  if (time !== null) {
    for (const timestamp of [0n, 1005n, 2n ** 62n]) assert.ok(time.floorOffset(timestamp) >= 100);
    time.truncateTo(150);
    time.maybeAppend(2n ** 62n, 2 ** 30);
  }
  for (const { lastOffset } of decodeAborted(mutated(random, aborted), 0) ?? []) assert.ok(lastOffset >= 0);
};

export const TARGETS: Readonly<Record<string, Target>> = {
  requests,
  responses,
  decoders,
  frames,
  batches,
  produce,
  codecs,
  records,
  properties,
  checkpoints,
  snapshots,
  indexes,
  recovery,
};
