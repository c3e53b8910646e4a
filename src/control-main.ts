/** The control thread's entry: the host's ports, and nothing else. */
import { formatMissing } from './admin/format.ts';
import { ControlThread } from './broker/control-thread.ts';
import type { ThreadData } from './broker/thread-data.ts';
import { loadNative } from './host/addon.ts';
import { systemClock } from './host/clock.ts';
import { openHostDisk } from './host/disk.ts';
import { createLogger } from './host/log.ts';
import { bellOf } from './host/pipe-bell.ts';
import { systemRandom } from './host/random.ts';
import { thisThread } from './host/threads.ts';
import { AtomicsDoorbell } from './shard/doorbell.ts';

const thread = thisThread<ThreadData>();
const { data } = thread;
const { native } = loadNative();

const control = new ControlThread(data, {
  clock: systemClock,
  random: systemRandom,
  log: createLogger({ fields: { thread: thread.name } }),
  native,
  disk: openHostDisk(native),
  doorbell: new AtomicsDoorbell(data.block.doorbells, data.self, bellOf(data.bellPipes, data.self)),
  format: formatMissing,
  crash(error) {
    setImmediate(() => {
      throw error instanceof Error ? error : new Error(String(error));
    });
  },
});
void control;
thread.ready();
