/** A shard thread that says it is ready and then keeps all that it can get. */
import type { ThreadData } from '../../src/broker/thread-data.ts';
import { systemClock } from '../../src/host/clock.ts';
import { thisThread } from '../../src/host/threads.ts';
import { countTurns } from '../../src/shard/turns.ts';

const thread = thisThread<ThreadData>();
countTurns(thread.data.block.turns, thread.data.self, systemClock);
thread.ready();
const hoard: object[] = [];
setInterval(() => {
  for (let n = 0; n < 50_000; n++) hoard.push({ n, and: [n, String(n)] });
}, 5);
