/** What the codecs promise beyond the bytes: defaults, refusals, limits, views and parts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ZERO_UUID } from '../../../src/base/uuid.ts';
import { UNKNOWN_TAGS } from '../../../src/protocol/codec/runtime.ts';
import { message } from '../../../src/protocol/message.ts';
import { memoryRecords, type Records } from '../../../src/protocol/records.ts';
import { array, bool, bytes, i16, i32, i64, records, string, struct } from '../../../src/protocol/schema-language.ts';
import { fetchResponse } from '../../../src/protocol/schema/01-fetch.ts';
import { addPartitionsToTxnRequest } from '../../../src/protocol/schema/24-add-partitions-to-txn.ts';
import { metadataRequest } from '../../../src/protocol/schema/03-metadata.ts';
import { hex } from './hex.ts';

const point = { x: i32('0+'), y: i16('0+', { default: -1 }) };

const sample = message('Sample', {
  versions: '0-3',
  flexible: '2+',
  fields: {
    name: string('0+'),
    nickname: string('1+', { nullable: '1+', default: null }),
    points: array('0+', point),
    strict: i32('2+', { default: 7 }),
    lenient: bool('2+', { ignorable: true }),
    origin: struct('2+', point, { tag: 0 }),
    limit: i64('3+', { tag: 5, default: -1 }),
  },
});

const plain = { name: 'n', points: [] };

test('fields that a version lacks have their default', () => {
  const decoded = sample.decode(0, sample.encode(0, plain));
  assert.deepEqual(decoded, {
    name: 'n',
    nickname: null,
    points: [],
    strict: 7,
    lenient: false,
    origin: { x: 0, y: -1 },
    limit: -1,
  });
});

test('a value that the version cannot carry is refused unless it is the default or ignorable', () => {
  sample.encode(0, { ...plain, strict: 7, lenient: true, nickname: null });
  assert.throws(() => sample.encode(1, { ...plain, strict: 8 }), { name: 'UnsupportedVersionError' });
  assert.throws(() => sample.encode(0, { ...plain, nickname: '' }), { name: 'UnsupportedVersionError' });
  assert.throws(() => sample.encode(0, { ...plain, origin: { x: 1 } }), { name: 'UnsupportedVersionError' });
  assert.throws(() => sample.toJson(1, { ...plain, strict: 8 }), { name: 'UnsupportedVersionError' });
  assert.throws(() => sample.encode(4, plain), { name: 'UnsupportedVersionError' });
  const old = { transactions: [], v3AndBelowTransactionalId: 't', v3AndBelowProducerId: 1, v3AndBelowProducerEpoch: 0 };
  assert.throws(() => addPartitionsToTxnRequest.encode(4, { ...old, v3AndBelowTopics: [] }), {
    name: 'UnsupportedVersionError',
  });
  addPartitionsToTxnRequest.encode(3, { ...old, v3AndBelowTopics: [] });
});

test('values that no version can carry are bugs', () => {
  assert.throws(() => sample.encode(0, { name: 'x'.repeat(32_768), points: [] }), RangeError);
  assert.throws(() => sample.encode(0, { name: 'n', points: [{ x: 2 ** 31 }] }), RangeError);
  assert.throws(() => sample.encode(0, { name: 'n', points: [{ x: 1.5 }] }), RangeError);
  assert.throws(() => sample.encode(0, { name: 'n', points: [{ x: 1, y: -32_769 }] }), RangeError);
  assert.throws(() => sample.encode(3, { ...plain, limit: 2 ** 53 + 2 }), RangeError);
  assert.throws(() => sample.encode(3, { ...plain, limit: Number.NaN }), RangeError);
});

test('64-bit numbers are exact up to 2^53 and infinite at the extremes', () => {
  for (const limit of [0, -2, 2 ** 53, -(2 ** 53), 2 ** 32 - 1, -(2 ** 32) - 1, Infinity, -Infinity]) {
    assert.equal(sample.decode(3, sample.encode(3, { ...plain, limit })).limit, limit);
  }
  const encoded = sample.encode(3, { ...plain, limit: Infinity });
  const beyond = Buffer.from(encoded);
  beyond[beyond.indexOf(Buffer.from('7fffffffffffffff', 'hex')) + 7] = 0xfe;
  assert.throws(() => sample.decode(3, beyond), { name: 'DecodeError', failure: 'i64' });
  assert.match(sample.toJson(3, { ...plain, limit: Infinity }), /"limit":9223372036854775807/);
  assert.match(sample.toJson(3, { ...plain, limit: -Infinity }), /"limit":-9223372036854775808/);
});

test('unknown tagged fields are kept where asked for, and written in the order of their tags', () => {
  const withTags = { ...plain, origin: { x: 9 }, limit: 4 };
  const tags = [2, 9, 300].map((tag) => ({ tag, bytes: Buffer.from([tag & 0xff]) }));
  const encoded = sample.encode(3, Object.assign(withTags, { [UNKNOWN_TAGS]: tags }));
  const kept = sample.decode(3, encoded, 0, encoded.length, { keepUnknownTags: true });
  assert.deepEqual((kept as { [UNKNOWN_TAGS]?: unknown })[UNKNOWN_TAGS], tags);
  assert.ok(sample.encode(3, kept).equals(encoded));
  assert.ok(encoded.toString('hex').endsWith(hex('020102 0508 0000000000000004 090109 ac02012c')));
  const dropped = sample.decode(3, encoded);
  assert.equal(UNKNOWN_TAGS in dropped, false);
  assert.deepEqual({ ...dropped }, { ...dropped, origin: { x: 9, y: -1 }, limit: 4 });
});

test('a tag that only other versions have is refused', () => {
  const empty = sample.encode(2, plain);
  const tagged = Buffer.concat([empty.subarray(0, -1), Buffer.from([1, 5, 8]), Buffer.alloc(8)]);
  assert.throws(() => sample.decode(2, tagged), { name: 'DecodeError', failure: 'tag' });
});

const limit = (value: number) => [5, 8, 0, 0, 0, 0, 0, 0, 0, value];

test('of a tag that comes twice or out of order the last counts, as in Kafka', () => {
  const head = sample.encode(3, plain).subarray(0, -1);
  const tagged = Buffer.concat([head, Buffer.from([3, ...limit(1), 0, 7, 0, 0, 0, 1, 0, 2, 0, ...limit(2)])]);
  const decoded = sample.decode(3, tagged);
  assert.deepEqual([decoded.limit, decoded.origin], [2, { x: 1, y: 2 }]);
});

const lists = message('Lists', {
  versions: '0-1',
  flexible: '1+',
  fields: { names: array('0+', 'string', { nullable: '0+' }), raw: bytes('0+'), nothing: array('0+', {}) },
});

function failureOf(version: number, digits: string): string {
  try {
    lists.decode(version, Buffer.from(digits, 'hex'));
    return 'none';
  } catch (error) {
    assert.ok(error instanceof Error && 'failure' in error, String(error));
    return String(error.failure);
  }
}

test('lengths are checked before anything is allocated', () => {
  assert.equal(failureOf(0, hex('ffffffff 00000000 00000000')), 'none');
  assert.equal(failureOf(0, hex('fffffffe 00000000 00000000')), 'none');
  assert.equal(failureOf(0, '7fffffff'), 'too long');
  assert.equal(failureOf(0, '000f4240'), 'truncated');
  assert.equal(failureOf(0, `000f4241${'00'.repeat(100)}`), 'too long');
  assert.equal(failureOf(0, hex('00000001 ffff')), 'null');
  assert.equal(failureOf(0, hex('00000001 fffe')), 'null');
  assert.equal(failureOf(0, hex('00000000 ffffffff')), 'null');
  assert.equal(failureOf(0, hex('00000000 7fffffff')), 'truncated');
  // A struct without fields takes no byte; a million of them would cost memory all the same.
  assert.equal(failureOf(0, hex('00000000 00000000 000003e8')), 'truncated');
  assert.equal(failureOf(1, '8080808004'), 'too long');
  assert.equal(failureOf(1, 'ffffffffff01'), 'varint');
  assert.equal(failureOf(1, 'ffffffff'), 'truncated');
  assert.equal(failureOf(1, '02818004'), 'too long');
  // 10,001 tagged fields.
  assert.equal(failureOf(1, `000101914e${'00'.repeat(20_002)}`), 'too long');
  assert.equal(failureOf(1, '000101904e'), 'truncated');
  assert.equal(failureOf(1, '00010100'), 'none');
});

test('text that is no UTF-8 becomes replacement characters', () => {
  const decoded = lists.decode(0, Buffer.from(hex('000000010003ff41c3 00000000 00000000'), 'hex'));
  assert.deepEqual(decoded.names, ['\ufffdA\ufffd']);
});

test('bytes are views of the input', () => {
  const input = lists.encode(1, { names: ['ä'], raw: Buffer.from('abc'), nothing: [] });
  const { raw } = lists.decode(1, input);
  input.fill(0x7a);
  assert.equal(raw.toString(), 'zzz');
});

test('null is refused where the version has none', () => {
  const everything = {
    topics: null,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  };
  assert.throws(() => metadataRequest.decode(0, Buffer.from('ffffffff', 'hex')), { failure: 'null' });
  assert.throws(() => metadataRequest.encode(0, everything), RangeError);
  assert.equal(metadataRequest.decode(1, metadataRequest.encode(1, everything)).topics, null);
});

function response(of: readonly (Records | null)[]) {
  const partitions = of.map((each, partitionIndex) => ({
    partitionIndex,
    errorCode: 0,
    highWatermark: 5,
    abortedTransactions: null,
    records: each,
  }));
  return { responses: [{ topicId: ZERO_UUID, partitions }] };
}

test('large records and slices of files stay parts of their own, in their place', () => {
  const small = memoryRecords(Buffer.alloc(4096, 1));
  const large = memoryRecords(Buffer.alloc(4097, 2));
  const slice = { kind: 'file', slot: 3, position: 100, sizeInBytes: 5000 } as const;
  const parts = fetchResponse.encodeParts(17, response([small, large, null, slice, memoryRecords(Buffer.alloc(0))]), 9);
  assert.deepEqual(
    parts.map((part) => ('kind' in part ? part : part === large.bytes ? 'large' : 'bytes')),
    ['bytes', 'large', 'bytes', slice, 'bytes'],
  );
  const inMemory = memoryRecords(Buffer.alloc(5000, 3));
  const whole = fetchResponse.encode(17, response([small, large, null, inMemory, memoryRecords(Buffer.alloc(0))]), 9);
  const joined = Buffer.concat(parts.map((part) => ('kind' in part ? inMemory.bytes : part)));
  assert.ok(joined.subarray(9).equals(whole.subarray(9)));
  assert.throws(() => fetchResponse.encode(17, response([slice])), { name: 'UnsupportedVersionError' });
});

test('an empty slice of a file is no part', () => {
  const none = { kind: 'file', slot: 3, position: 100, sizeInBytes: 0 } as const;
  const parts = fetchResponse.encodeParts(12, response([none]));
  assert.ok(parts.every((part) => !('kind' in part)));
});

test('encodeInto writes into memory that is there, or says that it is too small', () => {
  const into = Buffer.alloc(20, 0xaa);
  const size = sample.sizeOf(0, plain);
  assert.equal(sample.encodeInto(0, plain, into, 5), 5 + size);
  assert.ok(into.subarray(5, 5 + size).equals(sample.encode(0, plain)));
  assert.deepEqual([into[4], into[5 + size]], [0xaa, 0xaa]);
  assert.throws(() => sample.encodeInto(0, plain, into, 21 - size), RangeError);
});

test('decodeFrom leaves the cursor behind the message', () => {
  const one = sample.encode(3, { ...plain, limit: 3 });
  const cursor = { offset: 0 };
  const twice = Buffer.concat([one, one]);
  assert.equal(sample.decodeFrom(3, twice, cursor).limit, 3);
  assert.equal(sample.decodeFrom(3, twice, cursor).limit, 3);
  assert.equal(cursor.offset, twice.length);
});

test('records of a nullable field that were not given are null, and of another version refused as anything else', () => {
  const carrier = message('Carrier', {
    versions: '0-1',
    flexible: 'none',
    fields: { batch: records('1+', { nullable: '1+' }) },
  });
  assert.equal(carrier.decode(0, carrier.encode(0, { batch: null })).batch, null);
  assert.throws(() => carrier.encode(0, { batch: memoryRecords(Buffer.from('x')) }), {
    name: 'UnsupportedVersionError',
  });
});

test('JSON has the names and forms of Kafka', () => {
  const json = fetchResponse.toJson(17, response([memoryRecords(Buffer.from('abc')), null]));
  assert.match(json, /"topicId":"AAAAAAAAAAAAAAAAAAAAAA"/);
  assert.match(json, /"recordsSizeInBytes":3/);
  assert.match(json, /"records":null/);
  assert.doesNotMatch(json, /"topic":|divergingEpoch|nodeEndpoints/);
  assert.equal(sample.toJson(3, plain), '{"name":"n","nickname":null,"points":[],"strict":7,"lenient":false}');
  assert.equal(
    lists.toJson(0, { names: null, raw: Buffer.from('abc'), nothing: [] }),
    '{"names":null,"raw":"YWJj","nothing":[]}',
  );
});
