/** Order, overlap, framing and ends of connections, over real sockets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { closeNow, noAnswer, Outcome } from '../../../src/api/handler.ts';
import type { ApiHandlers } from '../../../src/network/api-rows.ts';
import { encodeRequest } from '../../../src/protocol/frame.ts';
import { apiVersionsResponse } from '../../../src/protocol/schema/18-api-versions.ts';
import { type Client, HandClock, held, type Pending, type Rig, turns, until, withRig } from './harness.ts';

const apiVersions = { handle: () => ({ errorCode: 0, apiKeys: [], throttleTimeMs: 0 }) };
const METADATA = {
  topics: [],
  allowAutoTopicCreation: false,
  includeClusterAuthorizedOperations: false,
  includeTopicAuthorizedOperations: false,
};
const METADATA_ANSWER = {
  throttleTimeMs: 0,
  brokers: [],
  clusterId: null,
  controllerId: 1,
  topics: [],
  clusterAuthorizedOperations: 0,
};
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
const FETCH_ANSWER = { throttleTimeMs: 0, errorCode: 0, sessionId: 0, responses: [] };
const PRODUCE_ANSWER = { responses: [], throttleTimeMs: 0 };

function produce(size = 10, acks = 1): { transactionalId: null; acks: number; timeoutMs: number; topicData: never } {
  const records = { kind: 'memory', bytes: Buffer.alloc(size, 5) };
  return {
    transactionalId: null,
    acks,
    timeoutMs: 1000,
    topicData: [{ name: 't', partitionData: [{ index: 0, records }] }] as never,
  };
}

function apis(pending: Pending[], more: ApiHandlers<null> = {}): ApiHandlers<null> {
  return { ApiVersions: apiVersions, Metadata: held(pending), Produce: held(pending), Fetch: held(pending), ...more };
}

function answerOf({ api }: Pending): object {
  return api === 'Produce' ? PRODUCE_ANSWER : api === 'Fetch' ? FETCH_ANSWER : METADATA_ANSWER;
}

function versionsRequest(id: number): Buffer {
  return encodeRequest('ApiVersions', 3, id, 'test', { clientSoftwareName: 'a', clientSoftwareVersion: '1' });
}

test('a request is answered, whatever the pieces in which it comes', async () => {
  await withRig({ apis: apis([]) }, async (rig) => {
    for (const size of [1, 2, 3, 4, 5, 7, 11, 1000]) {
      const client = await rig.client();
      const bytes = Buffer.concat([1, 2, 3].map(versionsRequest));
      for (let at = 0; at < bytes.length; at += size) {
        client.socket.write(bytes.subarray(at, at + size));
        await turns(1);
      }
      await client.next(3);
      assert.deepEqual(client.correlationIds, [1, 2, 3]);
    }
  });
});

test('many frames in one write are answered in one go, in order', async () => {
  await withRig({ apis: apis([]) }, async (rig) => {
    const client = await rig.client();
    const ids = Array.from({ length: 5000 }, (_, i) => i);
    client.socket.write(Buffer.concat(ids.map(versionsRequest)));
    await client.next(ids.length);
    assert.deepEqual(client.correlationIds, ids);
  });
});

test('Produce overlaps Produce and a waiting Fetch; responses leave in request order', async () => {
  const pending: Pending[] = [];
  await withRig({ apis: apis(pending) }, async (rig) => {
    const client = await rig.client();
    client.send('Fetch', 12, 1, FETCH);
    client.send('Produce', 9, 2, produce());
    client.send('Produce', 9, 3, produce());
    await until(() => pending.length === 3);
    pending[2]?.context.answer(PRODUCE_ANSWER);
    pending[1]?.context.answer(PRODUCE_ANSWER);
    await turns();
    assert.deepEqual(client.correlationIds, []);
    pending[0]?.context.answer(FETCH_ANSWER);
    await client.next(3);
    assert.deepEqual(client.correlationIds, [1, 2, 3]);
  });
});

test('who waits for the answer to come is told that the connection has closed, once, and not when it has answered', async () => {
  const pending: Pending[] = [];
  await withRig({ apis: apis(pending) }, async (rig) => {
    const client = await rig.client();
    client.send('Produce', 9, 1, produce());
    client.send('Fetch', 12, 2, FETCH);
    client.send('Produce', 9, 3, produce());
    await until(() => pending.length === 1);
    pending[0]?.context.answer(PRODUCE_ANSWER);
    await until(() => pending.length === 3);
    const told: number[] = [];
    pending.forEach(({ context }, place) => {
      context.whenOrphan(() => {
        told.push(place);
        context.answer(place === 1 ? FETCH_ANSWER : PRODUCE_ANSWER);
      });
    });
    pending[2]?.context.answer(PRODUCE_ANSWER);
    client.socket.resetAndDestroy();
    await until(() => told.length > 0);
    await turns();
    assert.deepEqual(told, [1]);
  });
});

test('every other request starts when all before it are answered, and holds up those behind it', async () => {
  const pending: Pending[] = [];
  await withRig({ apis: apis(pending) }, async (rig) => {
    const client = await rig.client();
    client.send('Produce', 9, 1, produce());
    client.send('Metadata', 9, 2, METADATA);
    client.send('Produce', 9, 3, produce());
    client.send('Fetch', 12, 4, FETCH);
    client.send('Fetch', 12, 5, FETCH);
    const started: string[] = [];
    for (const expected of ['Produce', 'Metadata', 'Produce', 'Fetch', 'Fetch']) {
      await until(() => pending.length > 0);
      await turns();
      assert.equal(pending.length, 1, 'one at a time');
      const next = pending.shift() as Pending;
      started.push(next.api);
      assert.equal(next.api, expected);
      next.context.answer(answerOf(next));
    }
    await client.next(5);
    assert.deepEqual(client.correlationIds, [1, 2, 3, 4, 5]);
  });
});

test('any mix of requests, cut anywhere, answered in any order that can be: responses in request order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('Produce', 'Produce', 'Produce', 'Fetch', 'Metadata', 'ApiVersions'), {
        minLength: 1,
        maxLength: 40,
      }),
      fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 10 }),
      fc.infiniteStream(fc.nat()),
      async (names, cuts, choices) => {
        const pending: Pending[] = [];
        await withRig({ apis: apis(pending) }, async (rig) => {
          const client = await rig.client();
          const bytes = Buffer.concat(
            names.map((name, id) => {
              if (name === 'Produce') return encodeRequest('Produce', 9, id, 'test', produce(1 + ((id * 997) % 3000)));
              if (name === 'Fetch') return encodeRequest('Fetch', 12, id, 'test', FETCH);
              if (name === 'Metadata') return encodeRequest('Metadata', 9, id, 'test', METADATA);
              return versionsRequest(id);
            }),
          );
          let at = 0;
          for (let i = 0; at < bytes.length; i++) {
            const size = cuts[i % cuts.length] ?? 1;
            client.socket.write(bytes.subarray(at, at + size));
            at += size;
            if (i % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
          }
          await until(() => {
            if (pending.length > 0) {
              const [next] = pending.splice((choices.next().value ?? 0) % pending.length, 1) as [Pending];
              next.context.answer(answerOf(next));
            }
            return client.frames.length === names.length;
          });
          assert.deepEqual(
            client.correlationIds,
            names.map((_, id) => id),
          );
        });
      },
    ),
    { numRuns: 25 },
  );
});

test('at most 64 requests and 16 MiB of a connection are in work', async () => {
  const pending: Pending[] = [];
  await withRig({ apis: apis(pending) }, async (rig) => {
    const small = await rig.client();
    for (let id = 0; id < 100; id++) small.send('Produce', 9, id, produce(100));
    await until(() => pending.length === 64);
    await turns();
    assert.equal(pending.length, 64);
    while (small.frames.length < 100) {
      pending.shift()?.context.answer(PRODUCE_ANSWER);
      await turns(1);
    }
    assert.deepEqual(
      small.correlationIds,
      Array.from({ length: 100 }, (_, i) => i),
    );
    const large = await rig.client();
    for (let id = 0; id < 6; id++) large.send('Produce', 9, id, produce(5_000_000));
    await until(() => pending.length === 3);
    await turns(50);
    assert.equal(pending.length, 3);
    for (let id = 0; id < 6; id++) {
      await until(() => pending.length > 0);
      pending.shift()?.context.answer(PRODUCE_ANSWER);
    }
    await large.next(6);
  });
});

async function garbage(rig: Rig, bytes: Buffer): Promise<{ client: Client; line: string }> {
  const client = await rig.client();
  client.socket.write(versionsRequest(7));
  client.socket.write(bytes);
  await until(() => client.over);
  assert.deepEqual(client.correlationIds, [7], 'what came before is answered');
  return { client, line: rig.log.lines.at(-1) ?? '' };
}

test('what no client may send closes the connection with one line that says why', async () => {
  await withRig({ apis: apis([]), requestMaxBytes: 1_000_000 }, async (rig) => {
    const size = (value: number): Buffer => {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32BE(value);
      return bytes;
    };
    const header = (key: number, version: number, rest = ''): Buffer => {
      const body = Buffer.alloc(10);
      body.writeInt16BE(key, 0);
      body.writeInt16BE(version, 2);
      body.writeInt16BE(-1, 8);
      const all = Buffer.concat([body, Buffer.from(rest, 'hex')]);
      return Buffer.concat([size(all.length), all]);
    };
    const cases: [Buffer, RegExp][] = [
      [size(-1), /a request of -1 bytes/],
      [size(-2147483648), /a request of -2147483648 bytes/],
      [size(1_000_001), /1000001 bytes, which is more than socket.request.max.bytes \(1000000\)/],
      [Buffer.from('GET / HTTP/1.1\r\n\r\n'), /what seems to be HTTP/],
      [size(0), /cannot be read/],
      [Buffer.concat([size(3), Buffer.from('abc')]), /cannot be read/],
      [header(999, 0), /cannot be read/],
      [header(-1, 0), /cannot be read/],
      [header(52, 0, '00'), /Vote, which this listener does not serve/],
      [header(7, 0, '00'), /ControlledShutdown/],
      [header(3, 99, '00'), /Metadata with unsupported version 99/],
      [header(0, 0, '0000000000000000'), /Produce with unsupported version 0/],
      [header(3, 1, '0000'), /cannot be read/],
      [header(3, 1, '05f5e100'), /cannot be read/],
      [header(18, 3, '0261'), /cannot be read/],
    ];
    for (const [bytes, reason] of cases) {
      const before = rig.log.lines.length;
      const { line } = await garbage(rig, bytes);
      assert.match(line, reason);
      assert.equal(rig.log.lines.length, before + 1);
    }
  });
});

test('what cannot be read waits for the requests before it', async () => {
  const pending: Pending[] = [];
  await withRig({ apis: apis(pending) }, async (rig) => {
    const client = await rig.client();
    client.send('Produce', 9, 1, produce());
    client.socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 1, 2, 3]));
    await until(() => pending.length === 1);
    await turns();
    assert.equal(client.over, false);
    pending[0]?.context.answer(PRODUCE_ANSWER);
    await until(() => client.over);
    assert.deepEqual(client.correlationIds, [1]);
  });
});

test('bytes after a body are ignored', async () => {
  await withRig({ apis: apis([]) }, async (rig) => {
    const client = await rig.client();
    const bytes = Buffer.concat([versionsRequest(1), Buffer.from('zz')]);
    bytes.writeInt32BE(bytes.length - 4);
    client.socket.write(bytes);
    client.socket.write(versionsRequest(2));
    await client.next(2);
    assert.deepEqual(client.correlationIds, [1, 2]);
  });
});

test('ApiVersions of an unknown version is answered in v0 with error 35 and the range, and the connection stays', async () => {
  await withRig({ apis: apis([]) }, async (rig) => {
    const client = await rig.client();
    const future = versionsRequest(1);
    future.writeInt16BE(99, 6);
    client.socket.write(future);
    const negative = encodeRequest('ApiVersions', 0, 2, 'test', {});
    negative.writeInt16BE(-1, 6);
    client.socket.write(negative);
    client.socket.write(versionsRequest(3));
    await client.next(3);
    for (const frame of client.frames.slice(0, 2)) {
      const { errorCode, apiKeys } = apiVersionsResponse.decode(0, frame, 4);
      assert.equal(errorCode, 35);
      assert.deepEqual(
        apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, minVersion, maxVersion]),
        [[18, 0, 5]],
      );
    }
    // v3 and later answer with header v0 too: the body follows the correlation id at once.
    assert.equal(apiVersionsResponse.decode(3, client.frames[2] as Buffer, 4).errorCode, 0);
  });
});

test('a handler that throws: the answer that says so, or the end of the connection; logged with the bytes and counted', async () => {
  const boom = {
    handle: () => {
      throw new Error('boom');
    },
  };
  const later = {
    handle: async () => {
      await turns(1);
      throw new Error('later');
    },
  };
  const said = {
    ...boom,
    failed: (_request: never, _context: unknown, errorCode: number) => ({ errorCode, apiKeys: [], throttleTimeMs: 0 }),
  };
  await withRig({ apis: { ApiVersions: said, Metadata: boom, Fetch: later }, expectFaults: true }, async (rig) => {
    const client = await rig.client();
    client.socket.write(versionsRequest(1));
    await client.next(1);
    assert.equal(apiVersionsResponse.decode(3, client.frames[0] as Buffer, 4).errorCode, -1);
    client.send('Metadata', 9, 2, METADATA);
    await until(() => client.over);
    const other = await rig.client();
    other.send('Fetch', 12, 1, FETCH);
    await until(() => other.over);
    assert.deepEqual(
      rig.faults.map(({ api }) => api),
      ['ApiVersions', 'Metadata', 'Fetch'],
    );
    assert.match(rig.faults[1]?.requestHex ?? '', /^00030009/);
    assert.match(rig.log.lines[0] ?? '', /boom/);
  });
});

test('an answer that cannot be encoded is a fault, not a stuck connection', async () => {
  await withRig({ apis: { Metadata: { handle: () => ({ nonsense: true }) } }, expectFaults: true }, async (rig) => {
    const client = await rig.client();
    client.send('Metadata', 9, 2, METADATA);
    await until(() => client.over);
    assert.equal(rig.faults.length, 1);
  });
});

test('acks=0: no answer, and those behind go on; an error of it closes the connection', async () => {
  const pending: Pending[] = [];
  await withRig({ apis: apis(pending) }, async (rig) => {
    const client = await rig.client();
    client.send('Produce', 9, 1, produce(10, 0));
    client.send('Produce', 9, 2, produce());
    client.socket.write(versionsRequest(3));
    await until(() => pending.length === 2);
    pending[1]?.context.answer(PRODUCE_ANSWER);
    pending[0]?.context.answer(noAnswer);
    await client.next(2);
    assert.deepEqual(client.correlationIds, [2, 3]);
    client.send('Produce', 9, 4, produce());
    client.send('Produce', 9, 5, produce(10, 0));
    client.send('Produce', 9, 6, produce());
    await until(() => pending.length === 5);
    pending[4]?.context.answer(PRODUCE_ANSWER);
    pending[3]?.context.answer(closeNow);
    await turns();
    assert.equal(client.over, false, 'the response before it is still due');
    pending[2]?.context.answer(PRODUCE_ANSWER);
    await until(() => client.over);
    assert.deepEqual(client.correlationIds, [2, 3, 4]);
  });
});

test('thousands of requests that are not answered, in one write, are all handled', async () => {
  let handled = 0;
  const silent = {
    handle: () => {
      handled++;
      return noAnswer;
    },
  };
  await withRig({ apis: apis([], { Produce: silent }) }, async (rig) => {
    const client = await rig.client();
    const one = encodeRequest('Produce', 9, 1, 'test', produce(10, 0));
    client.socket.write(Buffer.concat([...Array.from({ length: 2000 }, () => one), versionsRequest(5)]));
    await client.next(1);
    assert.equal(handled, 2000);
  });
});

test('a throttled response leaves at once; then the connection is mute for so long', async () => {
  const clock = new HandClock();
  let throttleMs = 500;
  const throttled = {
    handle: () => new Outcome({ errorCode: 0, apiKeys: [], throttleTimeMs: throttleMs }, { throttleMs }),
  };
  await withRig({ apis: { ApiVersions: throttled }, clock }, async (rig) => {
    const client = await rig.client();
    client.socket.write(versionsRequest(1));
    client.socket.write(versionsRequest(2));
    await client.next(1);
    throttleMs = 0;
    clock.advance(499);
    await turns();
    assert.deepEqual(client.correlationIds, [1]);
    clock.advance(1);
    await client.next(2);
    client.socket.write(versionsRequest(3));
    await client.next(3);
  });
});

test('FIN: what is in work and what has come is answered, then the connection ends', async () => {
  const pending: Pending[] = [];
  await withRig({ apis: apis(pending) }, async (rig) => {
    const client = await rig.client();
    client.send('Metadata', 9, 1, METADATA);
    client.send('Metadata', 9, 2, METADATA);
    client.socket.write(versionsRequest(3).subarray(0, 9));
    client.socket.end();
    for (let i = 0; i < 2; i++) {
      await until(() => pending.length === 1);
      await turns();
      assert.equal(client.over, false);
      pending.shift()?.context.answer(METADATA_ANSWER);
    }
    await until(() => client.over);
    assert.deepEqual(client.correlationIds, [1, 2]);
    await until(() => rig.server.connectionCount === 0);
  });
});

test('a client that is gone costs nothing, though its answers come later', async () => {
  const pending: Pending[] = [];
  await withRig({ apis: apis(pending) }, async (rig) => {
    const client = await rig.client();
    client.send('Fetch', 12, 1, FETCH);
    client.send('Produce', 9, 2, produce());
    await until(() => pending.length === 2);
    client.socket.resetAndDestroy();
    await until(() => rig.server.connectionCount === 0);
    for (const next of pending) next.context.answer(answerOf(next));
  });
});

test('connections without traffic are closed after connections.max.idle.ms, others are not', async () => {
  const clock = new HandClock();
  await withRig({ apis: apis([]), clock, idleMs: 60_000 }, async (rig) => {
    const idle = await rig.client();
    const busy = await rig.client();
    await until(() => rig.server.connectionCount === 2);
    for (let i = 0; i < 6; i++) {
      clock.advance(10_000);
      busy.socket.write(versionsRequest(i));
      await busy.next(i + 1);
    }
    clock.advance(1000);
    await until(() => idle.over);
    assert.equal(busy.over, false);
    assert.equal(rig.server.connectionCount, 1);
  });
});

test('a paused connection whose client has gone is found within a second', async () => {
  const clock = new HandClock();
  const pending: Pending[] = [];
  await withRig({ apis: apis(pending), clock }, async (rig) => {
    const reset = await rig.client();
    const closed = await rig.client();
    for (const client of [reset, closed]) {
      client.send('Metadata', 9, 1, METADATA);
      client.send('Metadata', 9, 2, METADATA);
    }
    await until(() => pending.length === 2);
    await turns();
    reset.socket.resetAndDestroy();
    closed.socket.end();
    await turns();
    assert.equal(rig.server.connectionCount, 2);
    clock.advance(1000);
    await until(() => rig.server.connectionCount === 1);
    for (const next of pending.splice(0)) next.context.answer(METADATA_ANSWER);
    await until(() => pending.length === 1);
    pending[0]?.context.answer(METADATA_ANSWER);
    await until(() => closed.over);
    assert.deepEqual(closed.correlationIds, [1, 2]);
  });
});

test('stopping: requests in work are answered, no other starts, and the shard hears when all are gone', async () => {
  const pending: Pending[] = [];
  await withRig({ apis: apis(pending) }, async (rig) => {
    const client = await rig.client();
    const idle = await rig.client();
    client.send('Metadata', 9, 1, METADATA);
    client.send('Metadata', 9, 2, METADATA);
    await until(() => pending.length === 1 && rig.server.connectionCount === 2);
    let done = false;
    rig.server.stopReading();
    rig.server.whenIdle(() => {
      done = true;
    });
    await until(() => idle.over);
    assert.equal(done, false);
    pending[0]?.context.answer(METADATA_ANSWER);
    await until(() => done);
    await until(() => client.over);
    assert.deepEqual(client.correlationIds, [1]);
    assert.equal(pending.length, 1);
  });
});
