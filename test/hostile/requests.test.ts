/** Bytes that are no requests: the connection is closed, the log says why in one line, nobody else notices. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { writeUvarint } from '../../src/base/varint.ts';
import { Attacked, createTopic, fetchRequest, frameOf, metadataRequest, produceRequest } from './attack.ts';
import { batchOf } from '../harness/batches.ts';

const INVALID = /WARN closing a connection that sent an invalid request/;

let attacked: Attacked;
before(async () => {
  attacked = await Attacked.start({ overrides: { 'socket.request.max.bytes': 1_000_000 } });
  const client = await attacked.open();
  await createTopic(client, 'target', 2);
  client.close();
});
after(() => attacked.close());

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const framed = (body: Buffer): Buffer => {
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
};
/** A request header of version 1: key, version, correlation id, client id "x". */
const header = (key: number, version: number): Buffer => {
  const bytes = hex('0000 0000 0000 0009 0001 78');
  bytes.writeInt16BE(key, 0);
  bytes.writeInt16BE(version, 2);
  return bytes;
};
/** The same with tagged fields. */
const flexible = (key: number, version: number, tags = hex('00')): Buffer =>
  Buffer.concat([header(key, version), tags]);
const uvarint = (value: number): Buffer => {
  const bytes = Buffer.alloc(5);
  return bytes.subarray(0, writeUvarint(bytes, 0, value));
};
const METADATA = 3;
const API_VERSIONS = 18;

function cutShort(frame: Buffer): Buffer {
  return framed(frame.subarray(4, frame.length - 3));
}

const CLOSED: Readonly<Record<string, Buffer>> = {
  'a frame over socket.request.max.bytes': hex('000f4241 0003 0009'),
  'the largest frame': hex('7fffffff 0000'),
  'a frame of negative length': hex('ffffffff 00000000'),
  'the most negative length': hex('80000000'),
  'an empty frame': hex('00000000'),
  'a frame of one byte': hex('00000001 00'),
  'a frame of a header cut short': framed(hex('0012 0000 0000 00')),
  garbage: Buffer.alloc(5000, 0xa5),
  'an HTTP request': Buffer.from('GET / HTTP/1.1\r\nHost: broker\r\nUser-Agent: curl/8\r\n\r\n'),
  'a TLS hello': hex('1603010200 010001fc 0303 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef 20 00'),
  'an SSH hello': Buffer.from('SSH-2.0-OpenSSH_9.6\r\n'),
  'an API that there is not': framed(header(9999, 0)),
  'an API of negative key': framed(header(-1, 0)),
  'an API of controllers': framed(header(52, 0)),
  'a version from the future': framed(flexible(METADATA, 99)),
  'a negative version': framed(header(METADATA, -1)),
  'a version of the past': framed(header(1, 0)),
  'a client id longer than the frame': framed(hex('0003 0001 00000001 7fff 61')),
  'a client id of negative length': framed(hex('0003 0001 00000001 8000 61')),
  'a body cut short': cutShort(frameOf('Fetch', 11, fetchRequest('target', 0, 0))),
  'a Produce cut short': cutShort(frameOf('Produce', 9, produceRequest('target', [[0, batchOf(['x'])]]))),
  'no body': framed(flexible(METADATA, 9)),
  'an array of two thousand million': framed(Buffer.concat([header(METADATA, 1), hex('7fffffff')])),
  'an array of negative length': framed(Buffer.concat([header(19, 0), hex('fffffffe')])),
  'a compact array of two thousand million': framed(Buffer.concat([flexible(METADATA, 9), uvarint(0x7fffffff)])),
  'an array of a million and one': framed(Buffer.concat([header(37, 0), hex('000f4241'), Buffer.alloc(900_000)])),
  'a null array where none may be': framed(Buffer.concat([header(19, 0), hex('ffffffff 00007530')])),
  'a null topic name': framed(
    Buffer.concat([
      header(1, 11),
      hex('ffffffff 00000000 00000000 00000001 00 00000000 ffffffff'),
      hex('00000001 ffff'),
    ]),
  ),
  'ten thousand and one tagged fields in the header': framed(
    Buffer.concat([flexible(API_VERSIONS, 3, uvarint(10_001)), Buffer.alloc(30_000)]),
  ),
  'ten thousand and one tagged fields in the body': framed(
    Buffer.concat([flexible(API_VERSIONS, 3), hex('026102 61'), uvarint(10_001), Buffer.alloc(30_000)]),
  ),
  'a tagged field longer than the frame': framed(
    Buffer.concat([flexible(API_VERSIONS, 3), hex('0261 0261 01 05 ffffff7f')]),
  ),
  'an endless varint': framed(Buffer.concat([flexible(API_VERSIONS, 3), hex('ffffffffffffffffffff')])),
};

for (const [name, bytes] of Object.entries(CLOSED)) {
  test(`closed: ${name}`, async () => {
    const before = attacked.lines(INVALID).length;
    const clients = await attacked.openOnBoth();
    for (const client of clients) client.send(bytes);
    for (const client of clients) await client.untilClosed();
    await attacked.untilLines(INVALID, before + 2);
    await attacked.innocent.check();
    assert.equal(attacked.lines(INVALID).length, before + 2, 'one line for each');
  });
}

test('the log tells HTTP and TLS from garbage', () => {
  assert.equal(attacked.lines(/reason="what seems to be HTTP"/).length, 2);
  assert.equal(attacked.lines(/reason="what seems to be TLS"/).length, 2);
});

test('what came before is answered first', async () => {
  const client = await attacked.open();
  const id = client.post('ApiVersions', 0, {});
  client.send(hex('ffffffff'));
  assert.equal(client.decode('ApiVersions', 0, await client.exchange(id)).errorCode, 0);
  await client.untilClosed();
});

test('ApiVersions of a version from the future is answered', async () => {
  const client = await attacked.open();
  client.send(framed(flexible(API_VERSIONS, 99)));
  const frame = await client.receive();
  assert.equal(client.decode('ApiVersions', 0, frame).errorCode, 35);
  assert.equal(
    (await client.ask('ApiVersions', 3, { clientSoftwareName: 'a', clientSoftwareVersion: 'b' })).errorCode,
    0,
  );
  client.close();
});

test('bytes after the end of a body are ignored', async () => {
  const client = await attacked.open();
  const plain = frameOf('Fetch', 11, fetchRequest('target', 0, 0));
  client.send(framed(Buffer.concat([plain.subarray(4), Buffer.alloc(100, 0xff)])));
  assert.equal(client.decode('Fetch', 11, await client.receive()).errorCode, 0);
  client.close();
});

test('ten thousand tagged fields are read', async () => {
  const client = await attacked.open();
  const tags = Array.from({ length: 10_000 }, (_, tag) => Buffer.concat([uvarint(tag), hex('00')]));
  client.send(framed(Buffer.concat([flexible(API_VERSIONS, 3), hex('0261 0261'), uvarint(10_000), ...tags])));
  assert.equal(client.decode('ApiVersions', 3, await client.receive()).errorCode, 0);
  client.close();
});

test('requests byte by byte', async () => {
  const client = await attacked.open();
  for (const byte of frameOf('Metadata', 1, metadataRequest([], true))) {
    client.send(Buffer.of(byte));
    await new Promise(setImmediate);
  }
  const { brokers } = client.decode('Metadata', 1, await client.receive());
  assert.equal(brokers.length, 1);
  client.close();
});

test('names that no topic may have', async () => {
  const client = await attacked.open();
  const names = ['', '.', '..', 'a/b', '../../etc/passwd', 'a b', 'a\0b', 'ü', 'x'.repeat(250), '__proto__/'];
  const { topics } = await client.ask('CreateTopics', 7, {
    topics: names.map((name) => ({ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] })),
  });
  assert.deepEqual(
    topics.map(({ errorCode }) => errorCode),
    names.map(() => 17),
  );
  const metadata = await client.ask('Metadata', 12, metadataRequest(names, true));
  assert.deepEqual(new Set(metadata.topics.map(({ errorCode }) => errorCode)), new Set([17]));
  // Names of JavaScript's own are names like others.
  for (const name of ['__proto__', 'constructor', 'toString']) await createTopic(client, name, 1);
  const found = await client.ask('Metadata', 12, metadataRequest(['constructor', 'valueOf']));
  assert.deepEqual(
    found.topics.map(({ errorCode }) => errorCode),
    [0, 3],
  );
  client.close();
});

test('a flood of bad connections does not flood the log', async () => {
  const before = attacked.broker.output.length;
  const count = 2000;
  for (let i = 0; i < count; i += 50) {
    const clients = await Promise.all(Array.from({ length: 50 }, () => attacked.open()));
    for (const client of clients) client.send(hex('ffffffff'));
    await Promise.all(clients.map((client) => client.untilClosed()));
  }
  await attacked.innocent.check();
  await attacked.untilLines(/more connections that sent invalid requests/, 1);
  const written = attacked.broker.output.slice(before).split('\n').length;
  assert.ok(written < count, `${written} lines of ${count} bad connections`);
});
