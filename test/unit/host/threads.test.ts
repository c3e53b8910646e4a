/** Threads: their data, their messages, and every way in which they end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entryUrl, startThread } from '../../../src/host/threads.ts';
import type { Thread, ThreadEnd } from '../../../src/port/threads.ts';

type What = 'echo' | 'throw' | 'reject' | 'exit' | 'leave' | 'asleep' | 'never ready';

function start(what: What): {
  thread: Thread;
  ended: Promise<ThreadEnd>;
  received: Promise<unknown>;
  words: SharedArrayBuffer;
} {
  const words = new SharedArrayBuffer(4);
  const end = Promise.withResolvers<ThreadEnd>();
  const message = Promise.withResolvers<unknown>();
  const thread = startThread(
    { entry: 'shard', name: `thread-${what}`, data: { what, words }, ended: end.resolve, received: message.resolve },
    new URL('./threads-entry.ts', import.meta.url),
  );
  return { thread, ended: end.promise, received: message.promise, words };
}

test('a thread has its data, says when it is ready, and talks beside the rings', async () => {
  const { thread, ended, received } = start('echo');
  await thread.ready;
  thread.send({ a: 1 });
  assert.deepEqual(await received, { message: { a: 1 }, name: 'thread-echo' });
  thread.send('close');
  assert.deepEqual(await ended, { kind: 'stopped' });
});

test('a thread that sleeps stays alive until it is stopped', async () => {
  const { thread, ended, received } = start('asleep');
  await thread.ready;
  thread.send('still there?');
  await received;
  await thread.stop();
  assert.deepEqual(await ended, { kind: 'stopped' });
});

test('an exception that nobody catches is the reason of the end', async () => {
  const end = await start('throw').ended;
  assert.equal(end.kind, 'failed');
  assert.ok(end.kind === 'failed' && end.message === 'the handler broke');
  assert.match(end.stack, /threads-entry/);
});

test('so is a rejection that nobody handles', async () => {
  const end = await start('reject').ended;
  assert.ok(end.kind === 'failed' && end.message === 'nobody caught this');
});

test('a thread that leaves without a word is told by its code', async () => {
  assert.deepEqual(await start('exit').ended, { kind: 'exited', code: 3 });
  assert.deepEqual(await start('leave').ended, { kind: 'exited', code: 0 }, 'nobody told it to go');
});

test('a thread that ends before it is ready rejects `ready`', async () => {
  const { thread, ended } = start('never ready');
  await assert.rejects(thread.ready, /ended before it was ready/);
  assert.deepEqual(await ended, { kind: 'exited', code: 4 });
});

test('entries are found beside the sources', () => {
  assert.ok(entryUrl('background').pathname.endsWith('/src/background-main.ts'));
  assert.ok(entryUrl('control').pathname.endsWith('/src/control-main.ts'));
});
