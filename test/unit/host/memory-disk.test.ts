/** How the memory disk betrays: what a power failure may take, and what it may not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryDisk } from '../../../src/host/memory-disk.ts';
import type { DiskFile } from '../../../src/port/disk.ts';

function open(disk: MemoryDisk, path: string): Promise<DiskFile> {
  return new Promise((resolve) => {
    disk.open(path, { create: true, write: true }, (_fault, file) => file && resolve(file));
  });
}

async function contentAfter(seed: number, prepare: (disk: MemoryDisk) => Promise<void>): Promise<string | null> {
  const disk = new MemoryDisk({ seed });
  await disk.makeDirectory('/d');
  await disk.syncDirectory('/');
  await prepare(disk);
  const after = disk.crash(seed);
  if ((await after.status('/d/f')) === null) return null;
  return (await after.readFile('/d/f')).toString('latin1');
}

test('synced bytes under a synced name survive every crash; the rest has many fates', async () => {
  const fates = new Set<string | null>();
  for (let seed = 1; seed <= 200; seed++) {
    const found = await contentAfter(seed, async (disk) => {
      const file = await open(disk, '/d/f');
      file.write([Buffer.from('safe')], 0, () => undefined);
      await file.sync();
      await disk.syncDirectory('/d');
      file.write([Buffer.alloc(1500, 'u')], 4, () => undefined);
    });
    assert.ok(found?.startsWith('safe'), `seed ${seed}`);
    fates.add(found);
  }
  const texts = [...fates].map(String);
  assert.ok(texts.includes('safe'), 'lost');
  assert.ok(texts.includes(`safe${'u'.repeat(1500)}`), 'kept');
  assert.ok(texts.includes(`safe${'u'.repeat(512)}`), 'torn');
  assert.ok(
    texts.some((text) => text.includes('\0')),
    'zeros',
  );
  assert.ok(
    texts.some((text) => /[^safeu\0]/.test(text)),
    'garbled',
  );
});

test('a name that was not synced may be lost with its synced bytes', async () => {
  const found = new Set<string | null>();
  for (let seed = 1; seed <= 50; seed++) {
    found.add(
      await contentAfter(seed, async (disk) => {
        const file = await open(disk, '/d/f');
        file.write([Buffer.from('x')], 0, () => undefined);
        await file.sync();
      }),
    );
  }
  assert.deepEqual(found, new Set([null, 'x']));
});

test('a replaced file is the old or the new one', async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const found = await contentAfter(seed, async (disk) => {
      await disk.replaceFile('/d/f', Buffer.from('old'));
      await disk.replaceFile('/d/f', Buffer.from('new'));
    });
    assert.equal(found, 'new');
  }
});

test('nothing completes after a crash', async () => {
  const disk = new MemoryDisk({ seed: 1, completion: 'in-order' });
  let completed = 0;
  disk.open('/f', { create: true, write: true }, () => completed++);
  assert.equal(disk.waiting, 1);
  const after = disk.kill();
  disk.run();
  assert.equal(completed, 0);
  assert.equal(after.waiting, 0);
});

test('shuffled keeps the order of one file', async () => {
  const disk = new MemoryDisk({ seed: 3, completion: 'in-call' });
  const files = await Promise.all(['/a', '/b'].map((path) => open(disk, path)));
  disk.completion = 'shuffled';
  const order: string[] = [];
  for (let index = 0; index < 20; index++) {
    for (const file of files) file.write([Buffer.from([index])], 0, () => order.push(`${file.path}${index}`));
  }
  disk.run();
  for (const path of ['/a', '/b']) {
    const own = order.filter((entry) => entry.startsWith(path));
    assert.deepEqual(
      own,
      Array.from({ length: 20 }, (_, index) => `${path}${index}`),
    );
  }
  assert.notDeepEqual(order, order.toSorted());
});

test('an injected fault fails the operation, and a write leaves a part behind', async () => {
  const disk = new MemoryDisk({ seed: 5 });
  const file = await open(disk, '/f');
  disk.inject = (operation) => (operation === 'write' ? 'ENOSPC' : null);
  let code = '';
  file.write([Buffer.alloc(100, 1)], 0, (fault) => {
    code = fault?.code ?? '';
  });
  assert.equal(code, 'ENOSPC');
  assert.ok((await file.size()) <= 100);
  disk.inject = (operation, path) => (operation === 'fsync' && path === '/f' ? 'EIO' : null);
  await assert.rejects(file.sync(), { code: 'EIO', operation: 'fsync' });
});
