/** The wheel against a list: whatever is set, set again and cancelled, both fire the same, never early and at most a tick late. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../../../src/base/prng.ts';
import { TimingWheel, WheelTimer } from '../../../src/base/timing-wheel.ts';

const TICK = 8;

test('timers of every distance fire in time, however the owner advances', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const prng = new SeededRandom(seed);
    let now = prng.below(2_000_000_000);
    const wheel = new TimingWheel(now);
    const due = new Map<WheelTimer, number>();
    const timers = Array.from({ length: 200 }, () => {
      const timer = new WheelTimer(() => {
        const at = due.get(timer);
        assert.ok(at !== undefined, 'fired without being set');
        assert.ok(at <= now, `fired ${at - now} ms early`);
        due.delete(timer);
      });
      return timer;
    });
    for (let step = 0; step < 2000; step++) {
      const timer = timers[prng.below(timers.length)] as WheelTimer;
      const delay = prng.below(2 ** (1 + prng.below(31))) * (prng.below(8) === 0 ? 16 : 1);
      if (prng.below(4) === 0) {
        wheel.cancel(timer);
        due.delete(timer);
      } else {
        wheel.set(timer, now + delay);
        due.set(timer, now + delay);
      }
      assert.equal(wheel.size, due.size);
      assert.equal(timer.isSet, due.has(timer));
      if (prng.below(3) > 0) continue;
      // In time, or much too late.
      const next = wheel.nextTime();
      now = prng.below(2) === 0 && next !== Number.POSITIVE_INFINITY ? Math.max(now, next) : now + prng.below(100_000);
      wheel.advance(now);
      for (const at of due.values()) assert.ok(at > now - TICK, `${now - at} ms late`);
    }
    while (wheel.size > 0) {
      now = Math.max(now, wheel.nextTime());
      wheel.advance(now);
    }
    assert.equal(due.size, 0);
    assert.equal(wheel.nextTime(), Number.POSITIVE_INFINITY);
  }
});

test('a timer may set, cancel and set again while it fires', () => {
  const wheel = new TimingWheel(0);
  const fired: string[] = [];
  const other = new WheelTimer(() => fired.push('other'));
  const again = new WheelTimer(() => {
    fired.push('again');
    wheel.cancel(other);
    // A whole turn of the lowest level later: the slot that is firing.
    if (fired.length < 3) wheel.set(again, 256 * fired.length + 8);
  });
  wheel.set(again, 8);
  wheel.set(other, 8);
  wheel.advance(8);
  assert.deepEqual(fired, ['again']);
  wheel.advance(263);
  assert.deepEqual(fired, ['again']);
  wheel.advance(2000);
  assert.deepEqual(fired, ['again', 'again', 'again']);
  assert.equal(wheel.size, 0);
});
