/** Connections in numbers, connections that stall, do not read, are half open: bounded memory, and the innocent goes on. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type Socket } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { batchOf } from '../harness/batches.ts';
import {
  Attacked,
  createTopic,
  destroyOpened,
  ended,
  fetchRequest,
  frameOf,
  IS_LONG,
  metadataRequest,
  openSocket,
  produceRequest,
  until,
} from './attack.ts';

const MEBIBYTE = 1024 * 1024;
/** What a request that waits for its rest costs at most: nothing of it is in memory but what has come. */
const ARENA_BYTES = 128 * MEBIBYTE;
const MAX_REQUEST = 100 * MEBIBYTE;

let attacked: Attacked;
before(async () => {
  attacked = await Attacked.start({ overrides: { 'shard.arena.bytes': ARENA_BYTES } });
  const client = await attacked.open();
  await createTopic(client, 'target', 4, { 'max.message.bytes': '10000000' });
  const megabyte = batchOf([{ value: Buffer.alloc(1_000_000, 'x') }]);
  for (let i = 0; i < 64; i++) {
    const { responses } = await client.ask('Produce', 9, produceRequest('target', [[i % 4, megabyte]]));
    assert.equal(responses[0]?.partitionResponses[0]?.errorCode, 0);
  }
  client.close();
});
afterEach(destroyOpened);
after(() => attacked.close());

/** Opens so many sockets; fewer at a time than the kernel's backlog, beyond which it keeps them waiting. */
async function openMany(count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const next = Math.min(20, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: next }, () => openSocket(attacked.broker.port)))));
    await attacked.innocent.check(1);
  }
  return sockets;
}

async function closeAll(sockets: readonly Socket[]): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await attacked.untilState('the end of the connections', ({ main }) => main.connections <= 2);
}

/** Nothing is held for anybody but the innocent, which is between two requests at some time. */
function untilClean(): Promise<void> {
  return attacked.untilState('an empty arena', ({ shards }) =>
    shards.every(({ arenaChunks, slotUses }) => arenaChunks === 0 && slotUses === 0),
  );
}

test('thousands of connections at once: idle, and all asking', async () => {
  const count = IS_LONG ? 10_000 : 1000;
  const before = attacked.residentBytes();
  const sockets = await openMany(count);
  await attacked.innocent.check();
  await attacked.untilState('all connections', ({ main }) => main.connections >= count);
  const idle = (attacked.residentBytes() - before) / count;
  assert.ok(idle < 64 * 1024, `${idle} bytes an idle connection`);
  const request = frameOf('Metadata', 9, metadataRequest(['target']));
  const answers = sockets.map((socket) => once(socket, 'data'));
  for (const socket of sockets) socket.write(request);
  await Promise.all(answers);
  await attacked.innocent.check();
  await closeAll(sockets);
  await untilClean();
});

test('connections that come and go at once', async () => {
  for (let i = 0; i < (IS_LONG ? 50 : 5); i++) {
    const sockets = await openMany(100);
    for (const [n, socket] of sockets.entries()) {
      if (n % 3 === 0) socket.resetAndDestroy();
      else if (n % 3 === 1) socket.end();
      else socket.destroy();
    }
  }
  await attacked.innocent.check();
  await attacked.untilState('the end of the connections', ({ main }) => main.connections <= 2);
});

for (const [name, sent] of [
  ['nothing of them', 0],
  ['a few bytes', 100],
  ['20 KiB', 20 * 1024],
  ['300 KiB', 300 * 1024],
] as const) {
  test(`a thousand requests of 100 MiB are announced, and ${name} comes`, async () => {
    // The last ones fill what requests that are not whole may take.
    const count = IS_LONG || sent === 100 ? 1000 : sent > 100_000 ? 500 : 300;
    const before = attacked.residentBytes();
    const sockets = await openMany(count);
    const head = Buffer.alloc(4 + sent);
    head.writeInt32BE(MAX_REQUEST, 0);
    for (const socket of sockets) socket.write(head);
    await attacked.innocent.check(100);
    // Requests that take many reads, on both shards: of a usual size, and (they wait for memory) larger than that.
    for (const client of await attacked.openOnBoth()) {
      for (const size of [900_000, 900_000, 900_000, ...(IS_LONG ? [4_000_000] : [])]) {
        const parts = [[0, batchOf([{ value: Buffer.alloc(size, 'y') }])]] as const;
        const { responses } = await client.ask('Produce', 9, produceRequest('target', parts));
        assert.equal(responses[0]?.partitionResponses[0]?.errorCode, 0);
      }
      client.close();
    }
    const growth = attacked.residentBytes() - before;
    assert.ok(growth < 2 * ARENA_BYTES + 100 * MEBIBYTE, `${growth} bytes more`);
    await closeAll(sockets);
    await untilClean();
  });
}

test('a slow reader costs no memory', async () => {
  const before = attacked.residentBytes();
  const sockets = await openMany(50);
  for (const socket of sockets) {
    socket.pause();
    // Each answer has 16 MB.
    for (let i = 0; i < 20; i++) socket.write(frameOf('Fetch', 11, fetchRequest('target', i % 4, 0, 16_000_000)));
  }
  await attacked.innocent.check(20);
  const growth = attacked.residentBytes() - before;
  assert.ok(growth < 200 * MEBIBYTE, `${growth} bytes more`);
  await closeAll(sockets);
  await untilClean();
});

test('a reader of one byte at a time gets all of it', async () => {
  const socket = await openSocket(attacked.broker.port);
  socket.write(frameOf('Fetch', 11, fetchRequest('target', 0, 0, 3_000_000)));
  let received = 0;
  let announced = 0;
  socket.on('data', (bytes: Buffer) => {
    if (received === 0) announced = 4 + bytes.readInt32BE(0);
    received += bytes.length;
    socket.pause();
    setTimeout(() => socket.resume(), 1);
  });
  await until(() => received > 0 && received === announced, 'the whole answer');
  await closeAll([socket]);
});

test('half-open: what was asked is answered, then the connection ends', async () => {
  const socket = await openSocket(attacked.broker.port);
  const over = once(socket, 'end');
  let received = 0;
  socket.on('data', (bytes: Buffer) => {
    received += bytes.length;
  });
  socket.end(frameOf('Fetch', 11, fetchRequest('target', 0, 0, 3_000_000)));
  await over;
  assert.ok(received > 3_000_000, String(received));
});

test('half-open in the middle of a request, and of a length', async () => {
  const whole = frameOf('Produce', 9, produceRequest('target', [[0, batchOf([{ value: Buffer.alloc(900_000) }])]]));
  for (const size of [1, 3, 4, 5, 100, 70_000, 800_000]) {
    const socket = await openSocket(attacked.broker.port);
    socket.end(whole.subarray(0, size));
    await ended(socket);
  }
  await attacked.innocent.check();
  await untilClean();
});

test('a client that is gone while another shard holds its bytes', async () => {
  const rounds = IS_LONG ? 2000 : 150;
  for (let i = 0; i < rounds; i++) {
    const socket = await openSocket(attacked.broker.port);
    // Of all partitions, so that some are the other shard's; short ones from the landing buffer, long ones from a chunk.
    const value = Buffer.alloc(i % 2 === 0 ? 100 : 200_000, 'x');
    const parts = [0, 1, 2, 3].map((index) => [index, batchOf([{ value }])] as const);
    for (let n = 0; n < 3; n++) socket.write(frameOf('Produce', 9, produceRequest('target', parts)));
    if (i % 3 === 0) socket.write(frameOf('Fetch', 11, fetchRequest('target', i % 4, 0, 4_000_000)));
    if (i % 5 === 0) await sleep(1);
    socket.resetAndDestroy();
  }
  await attacked.innocent.check();
  await attacked.untilState('the end of the connections', ({ main }) => main.connections <= 2);
  await untilClean();
});
