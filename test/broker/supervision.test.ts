/** A thread that dies or stands still takes the process down with its reason; it is never left half alive. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startThread } from '../../src/host/threads.ts';
import { reasonOfEnd } from '../harness/dying.ts';

/** Starts a broker one thread of which ends as `how` says. */
function reasonOf(how: string, entry: 'shard' | 'control' = 'shard'): Promise<string> {
  const settings = [
    ['shard.stall.timeout.ms', '1500'],
    ['test.ends.by', how],
  ] as const;
  return reasonOfEnd(settings, (start) =>
    startThread(start, start.entry === entry ? new URL('dying-shard.ts', import.meta.url) : undefined),
  );
}

test('a shard that throws: its name, the exception and where', async () => {
  const reason = await reasonOf('throwing');
  assert.match(reason, /^thread shard-0 is dead: (Error: )?the thread of the spool has torn/);
  assert.match(reason, /dying-shard\.ts/);
});

test('a shard that leaves', async () => {
  assert.match(await reasonOf('leaving'), /^thread shard-0 is dead: exit code 3/);
});

test('a shard that stands still', async () => {
  assert.match(await reasonOf('standing still'), /^thread shard-0 has stood still for \d+ ms/);
});

test('control that throws, leaves, or stands still', async () => {
  assert.match(
    await reasonOf('throwing', 'control'),
    /^thread control is dead: (Error: )?the thread of the spool has torn/,
  );
  assert.match(await reasonOf('leaving', 'control'), /^thread control is dead: exit code 3/);
  assert.match(await reasonOf('standing still', 'control'), /^thread control has stood still for \d+ ms/);
});
