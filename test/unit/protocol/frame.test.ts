/** Frames and headers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeError } from '../../../src/protocol/codec/errors.ts';
import {
  decodeRequest,
  decodeRequestHeader,
  decodeResponseHeader,
  encodeRequest,
  encodeResponse,
  encodeResponseParts,
  sizeOfPart,
} from '../../../src/protocol/frame.ts';
import { requestHeader, responseHeader } from '../../../src/protocol/schema/header.ts';
import { API_NAMES, apiOf, requestHeaderVersion, responseHeaderVersion } from '../../../src/protocol/schema/index.ts';
import { hex } from './hex.ts';

const apiVersions = { clientSoftwareName: 'me', clientSoftwareVersion: '1' };

test('a request is what its header says', () => {
  for (const clientId of [null, '', 'größe']) {
    const frame = encodeRequest('ApiVersions', 3, -5, clientId, apiVersions);
    assert.equal(frame.readInt32BE(0), frame.length - 4);
    const header = decodeRequestHeader(frame, 4, frame.length);
    assert.deepEqual(
      { ...header, bodyOffset: 0 },
      {
        api: 'ApiVersions',
        apiVersion: 3,
        isSupported: true,
        correlationId: -5,
        clientId,
        bodyOffset: 0,
      },
    );
    const body = decodeRequest('ApiVersions', 3, frame, header.bodyOffset, frame.length);
    assert.deepEqual(body, { ...apiVersions, clusterId: null, nodeId: -1 });
  }
});

test('the headers are those of the schemas', () => {
  for (const api of API_NAMES) {
    const { request, key } = apiOf(api);
    for (let version = request.versions.min; version <= request.versions.max; version++) {
      const headerVersion = requestHeaderVersion(api, version);
      const header = { requestApiKey: key, requestApiVersion: version, correlationId: 12, clientId: 'c' };
      const bytes = requestHeader.encode(headerVersion, header);
      const decoded = decodeRequestHeader(bytes, 0, bytes.length);
      assert.deepEqual(
        [
          decoded.api,
          decoded.apiVersion,
          decoded.isSupported,
          decoded.correlationId,
          decoded.clientId,
          decoded.bodyOffset,
        ],
        [api, version, true, 12, 'c', bytes.length],
      );
    }
  }
});

test('an ApiVersions of an unknown version has a header all the same, and its answer none with tags', () => {
  const frame = requestHeader.encode(2, { requestApiKey: 18, requestApiVersion: 99, correlationId: 7, clientId: 'x' });
  const header = decodeRequestHeader(frame, 0, frame.length);
  assert.deepEqual([header.api, header.apiVersion, header.isSupported], ['ApiVersions', 99, false]);
  for (let version = 0; version <= 5; version++) assert.equal(responseHeaderVersion('ApiVersions', version), 0);
  const answer = encodeResponse('ApiVersions', 3, 7, { errorCode: 0, apiKeys: [] });
  assert.equal(answer.toString('hex', 4), hex('00000007 0000 01 00000000 00'));
});

test('tagged fields of a header are skipped', () => {
  const body = Buffer.from('aa', 'hex');
  const head = Buffer.from(hex('0012000300000001 ffff 02 0002beef 8101 00'), 'hex');
  const bytes = Buffer.concat([head, body]);
  assert.equal(decodeRequestHeader(bytes, 0, bytes.length).bodyOffset, head.length);
  for (let end = 0; end < head.length; end++) {
    assert.throws(() => decodeRequestHeader(bytes, 0, end), { name: 'DecodeError' });
  }
});

function refused(digits: string, failure: string): void {
  const bytes = Buffer.from(digits, 'hex');
  assert.throws(() => decodeRequestHeader(bytes, 0, bytes.length), { name: 'DecodeError', failure });
}

test('keys that no API has, and lengths that cannot be, are refused', () => {
  refused('005f000000000001ffff', 'unknown');
  refused('ffff000000000001ffff', 'unknown');
  refused('00120000000000017fff', 'truncated');
  refused('00120000', 'truncated');
});

test('garbage as a header is refused or a header', () => {
  let state = 42;
  const draw = () => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    return state >> 16;
  };
  for (let i = 0; i < 20_000; i++) {
    const bytes = Buffer.from(Array.from({ length: draw() % 30 }, draw));
    if (bytes.length > 1 && i % 2 === 0) bytes.writeInt16BE(draw() % 95, 0);
    try {
      const header = decodeRequestHeader(bytes, 0, bytes.length);
      assert.ok(header.bodyOffset <= bytes.length);
    } catch (error) {
      assert.ok(error instanceof DecodeError, String(error));
    }
  }
});

test('responses carry their length and header, in one piece or in parts', () => {
  const response = {
    responses: [
      {
        topic: 't',
        partitions: [
          {
            partitionIndex: 0,
            errorCode: 0,
            highWatermark: 1,
            abortedTransactions: null,
            records: { kind: 'file', slot: 0, position: 0, sizeInBytes: 99 } as const,
          },
        ],
      },
    ],
  };
  for (const version of [11, 12]) {
    const parts = encodeResponseParts('Fetch', version, 77, response);
    const [first] = parts;
    assert.ok(first !== undefined && !('kind' in first));
    assert.equal(
      first.readInt32BE(0),
      parts.reduce((size, part) => size + sizeOfPart(part), -4),
    );
    const header = decodeResponseHeader('Fetch', version, first, 4, first.length);
    assert.deepEqual(header, { correlationId: 77, bodyOffset: version === 11 ? 8 : 9 });
    const schema = responseHeader.encode(responseHeaderVersion('Fetch', version), { correlationId: 77 });
    assert.ok(first.subarray(4, 4 + schema.length).equals(schema));
  }
});
