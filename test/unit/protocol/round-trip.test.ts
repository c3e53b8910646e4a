/** Every message in every version: what is encoded is what is decoded, and damaged bytes fail in the one expected way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { DecodeError } from '../../../src/protocol/codec/errors.ts';
import type { Message } from '../../../src/protocol/message.ts';
import { ALL_MESSAGES } from './all-messages.ts';
import { arbitraryMessage } from './arbitrary-message.ts';

const SEED = 20_261_123;
const SAMPLES = 4;

function* everyVersion(): Generator<[Message, number]> {
  for (const message of ALL_MESSAGES.values()) {
    for (let version = message.versions.min; version <= message.versions.max; version++) yield [message, version];
  }
}

function samplesOf(message: Message, version: number): Buffer[] {
  const values = fc.sample(arbitraryMessage(message, version), { seed: SEED + version, numRuns: SAMPLES });
  return values.map((value) => message.encode(version, value as never));
}

/** Anything but a value or a DecodeError fails the test. Whether it was a value. */
function decodes(message: Message, version: number, bytes: Buffer): boolean {
  try {
    message.decode(version, bytes);
    return true;
  } catch (error) {
    assert.ok(
      error instanceof DecodeError,
      `${message.name} version ${version} of ${bytes.toString('hex')}: ${String(error)}`,
    );
    return false;
  }
}

test('all 286 messages are there', () => {
  assert.equal(ALL_MESSAGES.size, 286);
});

test('what is encoded is what is decoded', () => {
  for (const [message, version] of everyVersion()) {
    const values = fc.sample(arbitraryMessage(message, version), { seed: SEED + version, numRuns: SAMPLES });
    for (const value of values) {
      const bytes = message.encode(version, value as never);
      assert.equal(message.sizeOf(version, value as never), bytes.length);
      const decoded = message.decode(version, bytes);
      assert.deepEqual(decoded, value, `${message.name} version ${version}`);
      assert.ok(message.encode(version, decoded as never).equals(bytes));
    }
  }
});

test('every beginning of a message is refused', () => {
  for (const [message, version] of everyVersion()) {
    for (const bytes of samplesOf(message, version).slice(0, 2)) {
      const step = Math.max(1, Math.floor(bytes.length / 40));
      for (let end = 0; end < bytes.length; end += step) {
        assert.ok(
          !decodes(message, version, bytes.subarray(0, end)),
          `${message.name} version ${version}, ${end} bytes`,
        );
      }
    }
  }
});

test('bytes after the end are refused, unless allowed', () => {
  for (const [message, version] of everyVersion()) {
    const [bytes] = samplesOf(message, version);
    assert.ok(bytes !== undefined);
    const longer = Buffer.concat([bytes, Buffer.from([1])]);
    assert.throws(() => message.decode(version, longer), { name: 'DecodeError', failure: 'trailing bytes' });
    message.decode(version, longer, 0, longer.length, { allowTrailing: true });
  }
});

test('changed bytes give a message or a DecodeError', () => {
  const random = fc.sample(fc.nat(), { seed: SEED, numRuns: 4096 });
  let next = 0;
  const draw = (limit: number) => (random[next++ % random.length] ?? 0) % limit;
  for (const [message, version] of everyVersion()) {
    for (const bytes of samplesOf(message, version)) {
      if (bytes.length === 0) continue;
      for (let i = 0; i < 6; i++) {
        const changed = Buffer.from(bytes);
        for (let n = draw(3); n >= 0; n--)
          changed[draw(changed.length)] = [0, 0xff, 0x7f, 0x80, draw(256)][draw(5)] ?? 0;
        decodes(message, version, changed);
      }
    }
  }
});

test('garbage gives a message or a DecodeError', () => {
  const garbage = fc.sample(fc.uint8Array({ maxLength: 200 }), { seed: SEED, numRuns: 10 });
  for (const [message, version] of everyVersion()) {
    for (const bytes of garbage) decodes(message, version, Buffer.from(bytes));
  }
});
