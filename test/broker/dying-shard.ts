/** A shard thread that says it is ready and then does what its name in the test says. */
import type { ThreadData } from '../../src/broker/thread-data.ts';
import { systemClock } from '../../src/host/clock.ts';
import { thisThread } from '../../src/host/threads.ts';
import { countTurns } from '../../src/shard/turns.ts';

const thread = thisThread<ThreadData>();
countTurns(thread.data.block.turns, thread.data.self, systemClock);
thread.ready();
const [, what] = thread.data.config.overrides.find(([name]) => name === 'test.ends.by') ?? [];
setTimeout(() => {
  if (what === 'throwing') throw new Error('the thread of the spool has torn');
  if (what === 'leaving') process.exit(3);
  // Stands still for ever.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}, 200);
