/** What requests hold of the arena: lending, budgets that run out, requests that do not go on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Lent, PENDING } from '../../../src/api/handler.ts';
import type { ApiHandlers } from '../../../src/network/api-rows.ts';
import { encodeRequest } from '../../../src/protocol/frame.ts';
import type { ProduceRequest } from '../../../src/protocol/schema/00-produce.ts';
import { HandClock, turns, until, withRig } from './harness.ts';
import { MemoryArena } from './memory-arena.ts';

const ANSWER = { responses: [], throttleTimeMs: 0 };

function produce(id: number, sizes: readonly number[]): Buffer {
  const partitionData = sizes.map((size, index) => ({
    index,
    records: { kind: 'memory' as const, bytes: Buffer.alloc(size, (id * 16 + index) & 0xff) },
  }));
  const topicData = [{ name: 't', partitionData }];
  return encodeRequest('Produce', 9, id, 'test', { transactionalId: null, acks: 1, timeoutMs: 1000, topicData });
}

interface Kept {
  readonly lent: Lent;
  readonly size: number;
  readonly value: number;
}

/** A Produce that lends every batch and answers when the test says so. */
function lending(
  kept: Kept[],
  answers: (() => void)[],
  order: (count: number) => number[] = (n) => [...Array(n).keys()],
): ApiHandlers<null> {
  return {
    Produce: {
      handle(request: ProduceRequest, context: { lend(view: Buffer): Lent; answer(answer: object): void }) {
        const batches = (request.topicData[0]?.partitionData ?? []).map(({ records }) => records);
        for (const place of order(batches.length)) {
          const records = batches[place];
          assert.equal(records?.kind, 'memory');
          if (records?.kind !== 'memory') continue;
          const lent = context.lend(records.bytes);
          kept.push({ lent, size: records.bytes.length, value: records.bytes[0] ?? -1 });
        }
        answers.push(() => context.answer(ANSWER));
        return PENDING;
      },
    },
  };
}

function check({ lent, size, value }: Kept): void {
  assert.equal(lent.bytes.length, size);
  assert.ok(
    lent.bytes.every((byte) => byte === value),
    'lent bytes stay as they were',
  );
  lent.release();
}

for (const [name, order] of [
  ['in order', (n: number) => [...Array(n).keys()]],
  ['backwards', (n: number) => [...Array(n).keys()].toReversed()],
] as const) {
  test(`what is lent stays until it is released, from the landing buffer and from chunks, lent ${name}`, async () => {
    const kept: Kept[] = [];
    const answers: (() => void)[] = [];
    await withRig({ apis: lending(kept, answers, order) }, async (rig) => {
      const client = await rig.client();
      // Small ones lie in the landing buffer, which the next overwrite; the large one fills a chunk.
      for (let id = 1; id <= 5; id++) {
        client.socket.write(produce(id, id === 3 ? [400_000, 300_000] : [10, 200, 3000]));
        await until(() => answers.length === id);
      }
      assert.equal(kept.length, 14);
      // Before the answer, and after it.
      for (const each of kept.splice(0, 7)) check(each);
      for (const answer of answers) answer();
      await client.next(5);
      for (const each of kept) check(each);
      assert.equal(rig.arena.chunks, 0);
    });
  });
}

test('one copy serves all batches of a request', async () => {
  const kept: Kept[] = [];
  const answers: (() => void)[] = [];
  await withRig({ apis: lending(kept, answers) }, async (rig) => {
    const client = await rig.client();
    client.socket.write(produce(1, Array(20).fill(50)));
    await until(() => answers.length === 1);
    assert.equal(rig.arena.chunks, 1);
    for (const each of kept) check(each);
    answers[0]?.();
    await client.next(1);
  });
});

test('views of other requests stay until the answer', async () => {
  const seen: Buffer[] = [];
  const answers: (() => void)[] = [];
  const apis: ApiHandlers<null> = {
    SaslAuthenticate: {
      handle(request: { authBytes: Buffer }, context: { answer(answer: object): void }) {
        seen.push(request.authBytes);
        answers.push(() =>
          context.answer({ errorCode: 0, errorMessage: null, authBytes: request.authBytes, sessionLifetimeMs: 0 }),
        );
        return PENDING;
      },
    },
  };
  await withRig({ apis }, async (rig) => {
    const first = await rig.client();
    const second = await rig.client();
    for (const [client, value] of [
      [first, 1],
      [second, 2],
    ] as const) {
      client.socket.write(encodeRequest('SaslAuthenticate', 2, value, 'x', { authBytes: Buffer.alloc(300, value) }));
      await until(() => seen.length === value);
    }
    assert.ok(seen[0]?.every((byte) => byte === 1));
    for (const answer of answers) answer();
    await first.next(1);
    await second.next(1);
  });
});

test('views of a request in a chunk stay until the answer too', async () => {
  let seen: Buffer | null = null;
  let answer = (): void => undefined;
  const apis: ApiHandlers<null> = {
    SaslAuthenticate: {
      handle(request: { authBytes: Buffer }, context: { answer(answer: object): void }) {
        seen = request.authBytes;
        answer = () =>
          context.answer({ errorCode: 0, errorMessage: null, authBytes: request.authBytes, sessionLifetimeMs: 0 });
        return PENDING;
      },
    },
  };
  await withRig({ apis }, async (rig) => {
    const client = await rig.client();
    client.socket.write(encodeRequest('SaslAuthenticate', 2, 1, 'x', { authBytes: Buffer.alloc(700_000, 7) }));
    await until(() => seen !== null);
    await turns();
    assert.ok(seen?.every((byte) => byte === 7));
    assert.equal(rig.arena.chunks, 1);
    answer();
    assert.equal(rig.arena.chunks, 0);
    await client.next(1);
    assert.ok(client.frames[0]?.includes(Buffer.alloc(700_000, 7)));
  });
});

test('a budget used up: sockets are paused and served first come first served; nothing is lost', async () => {
  const kept: Kept[] = [];
  const answers: (() => void)[] = [];
  const arena = new MemoryArena(1_000_000);
  await withRig({ apis: lending(kept, answers), arena, clock: new HandClock() }, async (rig) => {
    const clients = await Promise.all([1, 2, 3, 4, 5].map(() => rig.client()));
    for (const [i, client] of clients.entries()) {
      client.socket.write(produce(i + 1, [600_000]));
      client.socket.write(produce(i + 11, [100]));
      await turns(5);
    }
    let most = 0;
    for (let answered = 0; answered < 10; answered++) {
      await until(() => answers.length > answered, `answer ${answered}`);
      most = Math.max(most, arena.chargedBytes);
      for (const each of kept.splice(0)) check(each);
      answers[answered]?.();
      await turns(2);
    }
    for (const client of clients) await client.next(2);
    assert.deepEqual(
      clients.map(({ correlationIds }) => correlationIds),
      [1, 2, 3, 4, 5].map((id) => [id, id + 10]),
    );
    assert.ok(most <= 1_000_000, `${most} bytes charged`);
  });
});

test('a request that does not go on for 10 s costs its connection, but only while others wait', async () => {
  const kept: Kept[] = [];
  const answers: (() => void)[] = [];
  const clock = new HandClock();
  await withRig({ apis: lending(kept, answers), arena: new MemoryArena(1_000_000), clock }, async (rig) => {
    const slow = await rig.client();
    slow.socket.write(produce(1, [700_000]).subarray(0, 650_000));
    await until(() => rig.arena.chargedBytes > 600_000);
    clock.advance(60_000);
    await turns();
    assert.equal(slow.over, false, 'nobody waits');
    slow.socket.write(produce(1, [700_000]).subarray(650_000, 650_100));
    await turns();
    const other = await rig.client();
    other.socket.write(produce(2, [500_000]));
    await turns(20);
    clock.advance(9_000);
    await turns();
    assert.equal(slow.over, false);
    clock.advance(2_000);
    await until(() => slow.over);
    await until(() => answers.length === 1);
    for (const each of kept) check(each);
    answers[0]?.();
    await other.next(1);
  });
});

test('requests that wait for each other do not wait for ever: the oldest makes room', async () => {
  const kept: Kept[] = [];
  const answers: (() => void)[] = [];
  const clock = new HandClock();
  await withRig({ apis: lending(kept, answers), arena: new MemoryArena(1_000_000), clock }, async (rig) => {
    const clients = await Promise.all([1, 2, 3].map(() => rig.client()));
    for (const client of clients) {
      client.socket.write(produce(1, [900_000]).subarray(0, 300_000));
      await turns(5);
      clock.advance(1000);
    }
    for (const client of clients) client.socket.write(produce(1, [900_000]).subarray(300_000));
    await turns(20);
    for (let i = 0; i < 40 && answers.length < 2; i++) {
      clock.advance(1000);
      await turns(3);
      for (const each of kept.splice(0)) check(each);
    }
    const lost = clients.filter(({ over }) => over).length;
    assert.ok(lost >= 1 && lost < 3, `${lost} connections were closed`);
    for (const each of kept.splice(0)) check(each);
    for (const answer of answers.splice(0)) answer();
    await until(() => clients.every(({ over, frames }) => over || frames.length === 1));
  });
});

test('however many announce a lot and stall, requests of a usual size go on', async () => {
  const kept: Kept[] = [];
  const answers: (() => void)[] = [];
  const arena = new MemoryArena(16_000_000);
  await withRig({ apis: lending(kept, answers), arena, clock: new HandClock() }, async (rig) => {
    const head = Buffer.alloc(1_000_004);
    head.writeInt32BE(15_000_000, 0);
    for (let i = 0; i < 20; i++) {
      (await rig.client()).socket.write(head);
      await turns(10);
    }
    await until(() => arena.chargedBytes > 5_000_000);
    const client = await rig.client();
    for (let id = 1; id <= 3; id++) {
      const request = produce(id, [900_000]);
      client.socket.write(request.subarray(0, 500_000));
      await turns(10);
      client.socket.write(request.subarray(500_000));
      await until(() => answers.length === id, `request ${id}`);
      for (const each of kept.splice(0)) check(each);
      answers[id - 1]?.();
      await client.next(id);
    }
  });
});

test('a request that the arena can never hold is refused at once', async () => {
  await withRig({ apis: lending([], []), arena: new MemoryArena(100_000) }, async (rig) => {
    const client = await rig.client();
    client.socket.write(produce(1, [200_000]).subarray(0, 100));
    await until(() => client.over);
    assert.match(rig.log.lines[0] ?? '', /shard.arena.bytes cannot hold/);
  });
});
