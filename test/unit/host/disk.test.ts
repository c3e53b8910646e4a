/** The host's disk beyond the contract: when writes complete in the call, and locks against other processes. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadNative } from '../../../src/host/addon.ts';
import { openHostDisk } from '../../../src/host/disk.ts';
import type { DiskFile } from '../../../src/port/disk.ts';

const folder = mkdtempSync(join(tmpdir(), 'odradek-host-disk-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const { native, kind } = loadNative();

function openNow(path: string): DiskFile {
  let opened: DiskFile | null = null;
  openHostDisk(native).open(path, { create: true, write: true }, (_fault, file) => {
    opened = file;
  });
  assert.ok(opened, 'a file opens inside the call');
  return opened;
}

test('writes, and reads of what is cached, complete inside the call', async () => {
  const file = openNow(join(folder, 'fast'));
  assert.equal(file.writesInCall, true);
  let written = false;
  file.write([Buffer.from('ab'), Buffer.from('cd')], 0, (fault) => {
    assert.equal(fault, null);
    written = true;
  });
  assert.equal(written, true);
  const target = Buffer.alloc(4);
  let bytesRead = -1;
  file.read(target, 0, (_fault, count) => {
    bytesRead = count;
  });
  assert.deepEqual([bytesRead, target.toString()], [4, 'abcd']);
  assert.equal(readFileSync(join(folder, 'fast'), 'utf8'), 'abcd');
  await file.close();
});

test('while a directory is slow its writes go to a pool thread, and come back', async () => {
  const disk = openHostDisk(native, { slowWriteMs: -1000, fastAgainMs: 400 });
  const file = await new Promise<DiskFile>((resolve) => {
    disk.open(join(folder, 'slow'), { create: true, write: true }, (_fault, opened) => opened && resolve(opened));
  });
  const write = (text: string, position: number): { done: boolean; written: Promise<void> } => {
    const state = { done: false, written: Promise.resolve() };
    state.written = new Promise((resolve, reject) => {
      const buffers = [...text].map((letter) => Buffer.from(letter));
      file.write(buffers, position, (fault) => {
        state.done = true;
        if (fault) reject(fault);
        else resolve();
      });
    });
    return state;
  };
  assert.equal(write('fir', 0).done, true);
  assert.equal(file.writesInCall, true, 'one slow write is a suspicion');
  assert.equal(write('st', 3).done, true);
  assert.equal(file.writesInCall, false);
  const second = write('x'.repeat(3000), 5);
  assert.equal(second.done, false);
  await second.written;
  assert.equal(readFileSync(join(folder, 'slow'), 'utf8'), `first${'x'.repeat(3000)}`);
  // It comes back by itself; a test that hangs here has found that it does not.
  while (!file.writesInCall) await new Promise((resolve) => setTimeout(resolve, 20));
  await file.close();
});

test('a closed descriptor is a fault, not an exception', async () => {
  const file = openNow(join(folder, 'closed'));
  await file.close();
  let code = '';
  file.write([Buffer.from('x')], 0, (fault) => {
    code = fault?.code ?? '';
  });
  assert.equal(code, 'EBADF');
});

test('another process is refused the lock, and gets it when the holder ends', { skip: kind !== 'addon' }, async () => {
  const path = join(folder, '.lock');
  const script = `
    import { loadNative } from ${JSON.stringify(join(import.meta.dirname, '../../../src/host/addon.ts'))};
    process.exit(loadNative().native.lockFile(${JSON.stringify(path)}) >= 0 ? 10 : 11);`;
  const ask = (): number | null => spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script]).status;
  const lock = await openHostDisk(native).lockFile(path);
  assert.ok(lock);
  assert.equal(ask(), 11);
  await lock.release();
  assert.equal(ask(), 10);
});
