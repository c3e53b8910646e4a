/** Responses with slices of files: every byte, in order, to readers of any speed; every slot given back once. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { truncateSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { PENDING } from '../../../src/api/handler.ts';
import type { Records } from '../../../src/protocol/records.ts';
import { fetchResponse } from '../../../src/protocol/schema/01-fetch.ts';
import { type Client, native, plainNative, type Rig, turns, until, withRig } from './harness.ts';

const FETCH = {
  maxWaitMs: 500,
  minBytes: 1,
  maxBytes: 1000,
  isolationLevel: 0,
  sessionId: 0,
  sessionEpoch: -1,
  topics: [],
  forgottenTopicsData: [],
  rackId: '',
};

function noise(size: number, seed: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed | 1;
  for (let i = 0; i + 4 <= size; i += 4) {
    state = Math.imul(state, 1664525) + 1013904223;
    bytes.writeInt32LE(state | 0, i);
  }
  return bytes;
}

function response(records: readonly Records[]): object {
  const partitions = records.map((each, partitionIndex) => ({
    partitionIndex,
    errorCode: 0,
    highWatermark: 1,
    lastStableOffset: 1,
    logStartOffset: 0,
    abortedTransactions: null,
    preferredReadReplica: -1,
    records: each,
  }));
  return { throttleTimeMs: 0, errorCode: 0, sessionId: 0, responses: [{ topic: 't', partitions }] };
}

/** Fetches answered by what `make` says. */
function fetching(make: () => readonly Records[]): { Fetch: { handle: () => object } } {
  return { Fetch: { handle: () => response(make()) } };
}

function recordsOf(frame: Buffer): Buffer[] {
  const { responses } = fetchResponse.decode(12, frame, 5);
  return (responses[0]?.partitions ?? []).map(({ records }) => {
    assert.equal(records?.kind, 'memory');
    return records?.kind === 'memory' ? records.bytes : Buffer.alloc(0);
  });
}

const digest = (bytes: Buffer): string => createHash('sha1').update(bytes).digest('hex');

for (const [name, which] of [
  ['sendfile', native],
  ['without the addon', plainNative],
] as const) {
  test(`${name}: any mix of slices and bytes arrives as it should`, async () => {
    const content = noise(3_000_000, 7);
    const piece = fc.record({
      file: fc.boolean(),
      position: fc.nat(1_000_000),
      size: fc.oneof(fc.nat(100), fc.nat(40_000), fc.nat(2_000_000)),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 6 }), fc.boolean(), async (pieces, slow) => {
        let rig: Rig | undefined;
        let slot = 0;
        const make = (): Records[] =>
          pieces.map(({ file, position, size }) =>
            file && size > 0
              ? { kind: 'file', slot: rig?.slots.use(slot) ?? 0, position, sizeInBytes: size }
              : { kind: 'memory', bytes: content.subarray(position, position + size) },
          );
        await withRig({ apis: fetching(make), native: which }, async (made) => {
          rig = made;
          slot = made.file(content);
          const client = await made.client();
          for (let id = 0; id < 3; id++) client.send('Fetch', 12, id, FETCH);
          if (slow) {
            client.socket.pause();
            for (let i = 0; i < 5; i++) {
              await turns(2);
              client.socket.resume();
              await turns(1);
              client.socket.pause();
            }
            client.socket.resume();
          }
          await client.next(3);
          assert.deepEqual(client.correlationIds, [0, 1, 2]);
          for (const frame of client.frames) {
            assert.deepEqual(
              recordsOf(frame).map(digest),
              pieces.map(({ position, size }) => digest(content.subarray(position, position + size))),
            );
          }
        });
      }),
      { numRuns: 25 },
    );
  });

  test(`${name}: a reader that stops holds its own responses only, and gets them all when it goes on`, async () => {
    const content = noise(8_000_000, 3);
    let rig: Rig | undefined;
    let handled = 0;
    const make = (): Records[] => {
      handled++;
      return [{ kind: 'file', slot: rig?.slots.use(0) ?? 0, position: 0, sizeInBytes: content.length }];
    };
    await withRig({ apis: fetching(make), native: which }, async (made) => {
      rig = made;
      made.file(content);
      const client = await made.client();
      client.socket.pause();
      for (let id = 0; id < 10; id++) client.send('Fetch', 12, id, FETCH);
      await turns(50);
      assert.ok(handled <= 2, `${handled} fetches were handled for a reader that takes nothing`);
      client.socket.resume();
      await client.next(10);
      assert.equal(handled, 10);
      for (const frame of client.frames) assert.equal(digest(recordsOf(frame)[0] as Buffer), digest(content));
    });
  });

  for (const last of ['FIN', 'garbage'] as const) {
    test(`${name}: ${last} after a request does not cut its response, however slowly it is read`, async () => {
      const content = noise(8_000_000, 11);
      let rig: Rig | undefined;
      const make = (): Records[] => [
        { kind: 'file', slot: rig?.slots.use(0) ?? 0, position: 0, sizeInBytes: content.length },
      ];
      await withRig({ apis: fetching(make), native: which }, async (made) => {
        rig = made;
        made.file(content);
        const client = await made.client();
        client.socket.pause();
        client.send('Fetch', 12, 1, FETCH);
        if (last === 'FIN') client.socket.end();
        else client.socket.write(Buffer.from([0xff, 0, 0, 0]));
        await turns(30);
        client.socket.resume();
        await until(() => client.over);
        assert.equal(client.frames.length, 1);
        assert.equal(digest(recordsOf(client.frames[0] ?? Buffer.alloc(0))[0] ?? Buffer.alloc(0)), digest(content));
      });
    });
  }

  for (const how of ['reset', 'end', 'destroy'] as const) {
    test(`${name}: a client that goes away (${how}) at any moment gives every slot back once`, async () => {
      const content = noise(4_000_000, 5);
      let rig: Rig | undefined;
      const make = (): Records[] =>
        [10, 20_000, 3_000_000].map((sizeInBytes) => ({
          kind: 'file',
          slot: rig?.slots.use(0) ?? 0,
          position: 5,
          sizeInBytes,
        }));
      await withRig({ apis: fetching(make), native: which }, async (made) => {
        rig = made;
        made.file(content);
        for (let moment = 0; moment < 12; moment++) {
          const client: Client = await made.client();
          if (moment % 2 === 0) client.socket.pause();
          for (let id = 0; id < 4; id++) client.send('Fetch', 12, id, FETCH);
          for (let i = 0; i < moment; i++) await new Promise((resolve) => setImmediate(resolve));
          if (how === 'reset') client.socket.resetAndDestroy();
          else if (how === 'destroy') client.socket.destroy();
          else client.socket.end();
          if (how === 'end') client.socket.resume();
        }
        await until(() => made.server.connectionCount === 0);
        assert.equal(made.slots.inUse, 0);
      });
    });
  }

  test(`${name}: a file that was cut ends the connection and says so`, async () => {
    const content = noise(1_000_000, 5);
    for (const sizeInBytes of [20_000, 900_000]) {
      let rig: Rig | undefined;
      const make = (): Records[] => [{ kind: 'file', slot: rig?.slots.use(0) ?? 0, position: 50_000, sizeInBytes }];
      await withRig({ apis: fetching(make), native: which }, async (made) => {
        rig = made;
        truncateSync(made.pathOf(made.file(content)), 60_000);
        const client = await made.client();
        client.send('Fetch', 12, 1, FETCH);
        await until(() => client.over);
        assert.deepEqual(client.frames, []);
        assert.equal(made.slots.inUse, 0);
      });
    }
  });
}

test('an answer that comes after the connection has gone gives its slots back', async () => {
  const answers: (() => void)[] = [];
  let rig: Rig | undefined;
  const handler = {
    handle: (_request: never, context: { answer(answer: object): void }): typeof PENDING => {
      answers.push(() =>
        context.answer(response([{ kind: 'file', slot: rig?.slots.use(0) ?? 0, position: 0, sizeInBytes: 100_000 }])),
      );
      return PENDING;
    },
  };
  await withRig({ apis: { Fetch: handler } }, async (made) => {
    rig = made;
    made.file(noise(200_000, 1));
    const client = await made.client();
    client.send('Fetch', 12, 1, FETCH);
    await until(() => answers.length === 1);
    client.socket.resetAndDestroy();
    await until(() => made.server.connectionCount === 0);
    answers[0]?.();
    assert.equal(made.slots.inUse, 0);
  });
});
