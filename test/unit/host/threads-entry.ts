/** A thread for the tests: does what its data says. */
import { thisThread } from '../../../src/host/threads.ts';

const thread = thisThread<{
  what: 'echo' | 'throw' | 'reject' | 'exit' | 'leave' | 'asleep' | 'never ready';
  words: SharedArrayBuffer;
}>();
const { what, words } = thread.data;
thread.onMessage((message) => {
  if (message === 'close') thread.close();
  else thread.send({ message, name: thread.name });
});
if (what !== 'never ready') thread.ready();
if (what === 'throw') {
  setTimeout(() => {
    throw new TypeError('the handler broke');
  }, 5);
}
if (what === 'reject') setTimeout(() => void Promise.reject(new Error('nobody caught this')), 5);
if (what === 'exit') setTimeout(() => process.exit(3), 5);
if (what === 'leave') setTimeout(() => process.exit(0), 5);
if (what === 'never ready') process.exit(4);
// Nothing but the port keeps a thread that sleeps alive.
if (what === 'asleep') void Atomics.waitAsync(new Int32Array(words), 0, 0).value;
