/** Staging: what one turn's end writes, and when those are told who wait for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Segment } from '../../../src/storage/segment.ts';
import { Staging } from '../../../src/storage/staging.ts';
import { VirtualClock } from '../../simulator/virtual-clock.ts';

const segment = Segment.empty('/work/topic-0', 0, 0, 0);

/** How many of the jobs of a turn were written each time that it was told. */
function told(sizes: readonly number[]): number[] {
  const clock = new VirtualClock();
  const staging = new Staging(clock);
  const seen: number[] = [];
  let written = 0;
  staging.onWritten = () => seen.push(written);
  for (const size of sizes) {
    const job = staging.newJob(segment, 0);
    staging.stage(job, Buffer.alloc(size, 1));
    staging.flushLater({
      flushStaged() {
        staging.closeRun(job);
        assert.equal(
          job.buffers.reduce((sum, { length }) => sum + length, 0),
          size,
        );
        written++;
        staging.recycle(job);
      },
    });
  }
  clock.runSoon();
  assert.equal(written, sizes.length);
  return seen;
}

test('a turn that writes little tells nobody before its end', () => {
  assert.deepEqual(told([100, 200, 16_000]), []);
});

test('a turn that writes much tells whenever 32 KiB more are written', () => {
  assert.deepEqual(told([16_384, 16_384, 100, 16_384, 16_384, 16_384]), [2, 5]);
});

test('a job that is used again holds nothing of before', () => {
  const clock = new VirtualClock();
  const staging = new Staging(clock);
  const job = staging.newJob(segment, 7);
  staging.stage(job, Buffer.from('old'));
  staging.closeRun(job);
  staging.recycle(job);
  const again = staging.newJob(segment, 9);
  assert.equal(again, job);
  staging.stage(again, Buffer.from('new'));
  staging.closeRun(again);
  assert.deepEqual(again.buffers.map(String), ['new']);
  assert.deepEqual([again.sizeInBytes, again.position, again.appends.length, again.errors.length], [3, 9, 0, 0]);
});
