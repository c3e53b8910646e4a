/** Limits of the process: open files, memory of a shard, thousands of partitions. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { startThread } from '../../src/host/threads.ts';
import { TestBroker } from '../harness/broker.ts';
import { ClosedError, RawClient } from '../harness/client.ts';
import { reasonOfEnd } from '../harness/dying.ts';
import { connected, createTopic, endOffset, produced, readAll } from './traffic.ts';

const MEGABYTE = 1024 * 1024;

function openFiles(pid: number | undefined): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function residentBytes(pid: number | undefined): number {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

test('500 partitions and more clients than 256 open files allow', async (t) => {
  const broker = await TestBroker.start({
    overrides: { 'shard.count': 2, 'log.roll.ms': 3_600_000 },
    under: ['sh', '-c', 'ulimit -n 256; exec "$@"', 'sh'],
  });
  t.after(() => broker.close());
  const client = await RawClient.open(broker.port);
  assert.equal(await createTopic(client, 't', 500), 0);
  for (let p = 0; p < 500; p++) await produced(client, 't', p, [`first ${p}`]);
  assert.ok(openFiles(broker.pid) < 256);
  // Connections until there are no more: those that are refused are closed.
  const sockets: Socket[] = [];
  let refused = 0;
  for (let n = 0; n < 300; n++) {
    const socket = connect(broker.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.on('close', () => refused++);
    sockets.push(socket);
    await once(socket, 'connect');
  }
  // The one that is served goes on, all partitions of it, and their files.
  for (let p = 0; p < 500; p += 7) assert.equal(await produced(client, 't', p, [`second ${p}`]), 1);
  for (let p = 0; p < 500; p += 7) assert.equal((await readAll(client, 't', p)).length, 2);
  assert.equal(await createTopic(client, 'more', 20), 0);
  for (let p = 0; p < 20; p++) await produced(client, 'more', p, ['a']);
  assert.ok(refused > 0, 'some had no place');
  assert.match(broker.output, /descriptors|files are open/);
  assert.doesNotMatch(broker.output, /offline|^\s+at /m);
  for (const socket of sockets) socket.destroy();
  // There is room again, as soon as the broker has seen that they are gone.
  await sooner(broker.port, async (later) => assert.equal(await endOffset(later, 't', 7), 2));
  client.close();
  assert.equal(await broker.stop(), 0, broker.output);
  await broker.startAgain();
  await sooner(broker.port, async (again) => {
    for (let p = 0; p < 500; p += 7) assert.equal(await endOffset(again, 't', p), 2);
  });
});

/** Tries again where the broker closes the connection for want of descriptors, as clients do. */
async function sooner(port: number, work: (client: RawClient) => Promise<void>): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await connected(port, work);
      return;
    } catch (error) {
      if (!(error instanceof ClosedError) || tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

test('a shard runs out of memory: the process ends with its reason', async () => {
  const hoarder = new URL('hoarding-shard.ts', import.meta.url);
  const reason = await reasonOfEnd([], (start) =>
    start.entry === 'shard' ? startThread({ ...start, oldSpaceMb: 24 }, hoarder) : startThread(start),
  );
  assert.match(reason, /^thread shard-0 is dead: .*out of memory/i);
});

test('2,000 partitions: starts within bounds, after a stop and after kill -9', async (t) => {
  const broker = await TestBroker.start({ overrides: { 'shard.count': 2 } });
  t.after(() => broker.close());
  await connected(broker.port, async (client) => {
    for (let n = 0; n < 4; n++) assert.equal(await createTopic(client, `wide-${n}`, 500), 0);
    for (let p = 0; p < 500; p += 5) await produced(client, 'wide-2', p, ['kept']);
  });
  for (const stop of ['stop', 'kill'] as const) {
    await broker[stop]();
    await broker.startAgain();
    await connected(broker.port, async (client) => {
      for (let p = 0; p < 500; p += 25) assert.equal(await endOffset(client, 'wide-2', p), 1);
      assert.equal(await endOffset(client, 'wide-3', 499), 0);
    });
    const bytes = residentBytes(broker.pid);
    const ms = /(\d+) ms since start/.exec(broker.output)?.[1];
    t.diagnostic(`after a ${stop}: ${ms} ms, ${Math.round(bytes / MEGABYTE)} MiB, ${openFiles(broker.pid)} files`);
    assert.ok(bytes < 500 * MEGABYTE, `${bytes} bytes`);
    assert.ok(openFiles(broker.pid) < 400, 'files of logs that nobody asks for are not open');
  }
});
