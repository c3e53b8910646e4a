/** Any bytes as a request of any API in any version: read, or refused in words; nothing else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PENDING } from '../../../src/api/handler.ts';
import { type ApiHandlers, apiRows } from '../../../src/network/api-rows.ts';
import { parseRequest } from '../../../src/network/dispatch.ts';
import { type Home, Request } from '../../../src/network/request.ts';
import { API_NAMES, apiOf } from '../../../src/protocol/schema/index.ts';

const all = Object.fromEntries(API_NAMES.map((name) => [name, { handle: () => PENDING }])) as ApiHandlers<null>;
const rows = apiRows<null>(all);
const nowhere = {} as Home<null>;

function header(key: number, version: number): Buffer {
  const bytes = Buffer.alloc(10);
  bytes.writeInt16BE(key, 0);
  bytes.writeInt16BE(version, 2);
  bytes.writeInt32BE(77, 4);
  bytes.writeInt16BE(-1, 8);
  return bytes;
}

const hostile = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  // Lengths that promise much, and bytes that mean something in front of them.
  fc
    .array(
      fc.constantFrom('00', '01', '02', '7f', '80', 'ff', '7fffffff', 'ffffffff', '80000000', '0000ffff', 'ffffffff0f'),
      {
        maxLength: 60,
      },
    )
    .map((parts) => Buffer.from(parts.join(''), 'hex')),
);

test('hostile bodies of every API in every version', () => {
  fc.assert(
    fc.property(fc.constantFrom(...API_NAMES), fc.nat(0x7fff), hostile, (name, pick, body) => {
      const { key, validVersions } = apiOf(name);
      const version = validVersions.min + (pick % (validVersions.max - validVersions.min + 1));
      const bytes = Buffer.concat([header(key, version), body]);
      const parsed = parseRequest(nowhere, rows, bytes, 0, bytes.length, null);
      if (typeof parsed === 'string') assert.ok(parsed.length > 0);
      else assert.ok(parsed instanceof Request && parsed.correlationId === 77 && parsed.version === version);
    }),
    { numRuns: 5000 },
  );
});

test('hostile frames', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const parsed = parseRequest(nowhere, rows, Buffer.from(bytes), 0, bytes.length, null);
      assert.ok(typeof parsed === 'string' || parsed instanceof Request);
    }),
    { numRuns: 5000 },
  );
});

test('what lends, overlaps, holds views and answers with records follows from the tables', () => {
  const names = (which: (row: NonNullable<(typeof rows)[number]>) => boolean): string[] =>
    rows.flatMap((row) => (row !== undefined && which(row) ? [row.name] : []));
  assert.deepEqual(
    names(({ lends }) => lends),
    ['Produce'],
  );
  assert.deepEqual(
    names(({ overlap }) => overlap !== 'alone'),
    ['Produce', 'Fetch'],
  );
  assert.ok(names(({ hasRecords }) => hasRecords).includes('Fetch'));
  const views = names(({ hasViews }) => hasViews);
  for (const name of ['Produce', 'JoinGroup', 'SyncGroup', 'SaslAuthenticate', 'Envelope'])
    assert.ok(views.includes(name), name);
  for (const name of ['Metadata', 'ApiVersions', 'Heartbeat', 'Fetch']) assert.ok(!views.includes(name), name);
});
