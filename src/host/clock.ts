/** The machine's time. */
import type { Clock } from '../port/clock.ts';

/** One a process would do: it keeps nothing. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, fire) {
    // Node takes longer delays for 1 ms; whoever waits a month is asked again sooner than it hoped, which a timer may always be.
    const timer = setTimeout(fire, Math.min(Math.max(delayMs, 0), 0x7fffffff));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  soon(run) {
    setImmediate(run);
  },
};
