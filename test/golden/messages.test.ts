/** Every message in every version, as Kafka's own classes wrote it: decoded and encoded again, byte for byte. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Message } from '../../src/protocol/message.ts';
import { ALL_MESSAGES } from '../unit/protocol/all-messages.ts';
import { readVectors } from './vectors.ts';

const MODULES = ['clients', 'clients-3.9', 'metadata', 'group', 'transaction', 'share', 'raft', 'storage'];
const seen = new Map<string, Set<number>>();

for (const module of MODULES) {
  test(`golden vectors: ${module}`, () => {
    const path = new URL(`vectors/${module}.bin.gz`, import.meta.url);
    assert.ok(existsSync(path), `${module}: no vectors; write them with make golden`);
    for (const { name, version, bytes } of readVectors(gunzipSync(readFileSync(path)))) {
      const message = ALL_MESSAGES.get(name);
      assert.ok(message !== undefined, `no message ${name}`);
      const versions = seen.get(name) ?? new Set();
      seen.set(name, versions.add(version));
      checkRoundTrip(message, version, bytes);
    }
  });
}

test('golden vectors: no message and no version is missing', () => {
  for (const message of ALL_MESSAGES.values()) {
    for (let version = message.versions.min; version <= message.versions.max; version++) {
      assert.ok(seen.get(message.name)?.has(version), `${message.name} version ${version} has no vector`);
    }
  }
});

function checkRoundTrip(message: Message, version: number, bytes: Buffer): void {
  const where = `${message.name} version ${version}`;
  const decoded = message.decode(version, bytes, 0, bytes.length, { keepUnknownTags: true });
  const value = decoded as never;
  assert.equal(message.sizeOf(version, value), bytes.length, `${where}: size`);
  const encoded = message.encode(version, value, 5);
  assert.ok(
    encoded.subarray(5).equals(bytes),
    `${where}: ${encoded.toString('hex', 5)} is not ${bytes.toString('hex')}`,
  );
  const parts = message.encodeParts(version, value).map((part) => {
    assert.ok(Buffer.isBuffer(part), `${where}: a part that is no memory`);
    return part;
  });
  assert.ok(Buffer.concat(parts).equals(bytes), `${where}: in parts`);
  if (bytes.length < 4096) JSON.parse(message.toJson(version, value));
}
