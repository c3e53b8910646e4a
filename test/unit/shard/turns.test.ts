/** The turn counters and main's look at them, in virtual time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countTurns, superviseTurns, turnBytes, turnsOf } from '../../../src/shard/turns.ts';
import { VirtualClock } from '../../simulator/virtual-clock.ts';

test('main warns after a second without a turn, sees the recovery, and tells of a stall once', () => {
  const memory = new SharedArrayBuffer(turnBytes(3));
  const clocks = [new VirtualClock(), new VirtualClock(), new VirtualClock()] as const;
  const events: string[] = [];
  superviseTurns(memory, clocks[0], {
    threads: [1, 2],
    stallTimeoutMs: 5000,
    warn: (thread) => events.push(`warn ${thread}`),
    recovered: (thread) => events.push(`recovered ${thread}`),
    stalled: (thread) => events.push(`stalled ${thread}`),
  });
  const pass = (ms: number, threads: readonly (0 | 1 | 2)[]): void => {
    for (let passed = 0; passed < ms; passed += 100) for (const thread of threads) clocks[thread].advance(100);
  };
  pass(3000, [0]);
  assert.deepEqual(events, [], 'threads that have not started are not watched');
  countTurns(memory, 1, clocks[1]);
  countTurns(memory, 2, clocks[2]);
  pass(10_000, [0, 1, 2]);
  assert.deepEqual(events, []);
  assert.ok(turnsOf(memory, 1) > 90);
  pass(900, [0, 1]);
  assert.deepEqual(events, []);
  pass(300, [0, 1]);
  assert.deepEqual(events, ['warn 2']);
  pass(500, [0, 1, 2]);
  assert.deepEqual(events, ['warn 2', 'recovered 2']);
  pass(20_000, [0, 2]);
  assert.deepEqual(events, ['warn 2', 'recovered 2', 'warn 1', 'stalled 1']);
});

test('where main itself stood still, nobody else is blamed', () => {
  const memory = new SharedArrayBuffer(turnBytes(2));
  const main = new VirtualClock();
  const events: string[] = [];
  superviseTurns(memory, main, {
    threads: [1],
    stallTimeoutMs: 5000,
    warn: (thread) => events.push(`warn ${thread}`),
    recovered: () => {},
    stalled: (thread) => events.push(`stalled ${thread}`),
  });
  const words = new Int32Array(memory);
  words.fill(1);
  main.advance(300);
  // One late look after a minute: as a suspended machine gives.
  const original = main.monotonic.bind(main);
  main.monotonic = () => original() + 60_000;
  main.advance(500);
  assert.deepEqual(events, []);
});
