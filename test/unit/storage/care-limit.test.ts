/** Many logs that want slow work done at once take turns. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryDisk } from '../../../src/host/memory-disk.ts';
import type { Disk } from '../../../src/port/disk.ts';
import { CareLimit } from '../../../src/storage/care-limit.ts';
import { openTestLog, worldOn } from './fixture.ts';

test('work begins in order, a few at once, and a failure gives its place up', async () => {
  const limit = new CareLimit();
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const works = Array.from({ length: 40 }, (_, n) =>
    limit.run(async () => {
      begun.push(n);
      await new Promise<void>((resolve) => ends.push(resolve));
      if (n % 3 === 0) throw new Error(`work ${n}`);
      return n;
    }),
  );
  const settled = Promise.allSettled(works);
  const first = begun.length;
  assert.ok(first > 1 && first < 40);
  for (let ended = 0; ended < 40; ended++) {
    ends[ended]?.();
    await works[ended]?.catch(() => undefined);
    assert.equal(begun.length, Math.min(40, first + ended + 1));
  }
  assert.deepEqual(begun, [...begun.keys()]);
  assert.equal((await settled).filter(({ status }) => status === 'rejected').length, 14);
});

test('a new leader epoch in many logs opens a few files at once', async () => {
  const memory = new MemoryDisk({ seed: 1 });
  let open = 0;
  let most = 0;
  const disk: Disk = new Proxy(memory, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      if (name !== 'replaceFile') return value.bind(target) as unknown;
      return async (path: string, bytes: Buffer): Promise<void> => {
        most = Math.max(most, ++open);
        await new Promise((resolve) => setImmediate(resolve));
        await target.replaceFile(path, bytes);
        open--;
      };
    },
  });
  const world = worldOn(memory, { disk });
  const logs = [];
  for (let n = 0; n < 100; n++) {
    const directory = `/data/topic-${n}`;
    await memory.makeDirectory(directory);
    logs.push(await openTestLog(world, {}, { directory, partition: n }));
  }
  for (const log of logs) log.assignEpoch(7, 0);
  await Promise.all(logs.map((log) => log.flush()));
  assert.ok(most > 1 && most <= 16, `${most} at once`);
  for (let n = 0; n < 100; n++) {
    const file = await memory.readFile(`/data/topic-${n}/leader-epoch-checkpoint`);
    assert.equal(file.toString(), '0\n1\n7 0\n');
  }
});
