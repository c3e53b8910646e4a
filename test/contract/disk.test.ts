/** What every disk does: the real one in a temporary folder, and the one in memory. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { loadNative } from '../../src/host/addon.ts';
import { openHostDisk } from '../../src/host/disk.ts';
import { MemoryDisk } from '../../src/host/memory-disk.ts';
import { DiskFault } from '../../src/port/disk.ts';
import type { Disk, DiskFile } from '../../src/port/disk.ts';

const folder = mkdtempSync(join(tmpdir(), 'odradek-disk-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const disks: readonly [string, Disk, string][] = [
  ['host disk', openHostDisk(loadNative().native), folder],
  ['memory disk', new MemoryDisk({ seed: 1 }), '/work'],
];

function open(disk: Disk, path: string, create = true, writable = true): Promise<DiskFile> {
  return new Promise((resolve, reject) => {
    disk.open(path, { create, write: writable }, (fault, file) => {
      if (file === null) reject(fault ?? new Error('neither file nor fault'));
      else resolve(file);
    });
  });
}

function write(file: DiskFile, buffers: Buffer[], position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    file.write(buffers, position, (fault) => (fault ? reject(fault) : resolve()));
  });
}

function read(file: DiskFile, size: number, position: number): Promise<Buffer> {
  const target = Buffer.alloc(size, 0xee);
  return new Promise((resolve, reject) => {
    file.read(target, position, (fault, bytesRead) => (fault ? reject(fault) : resolve(target.subarray(0, bytesRead))));
  });
}

for (const [name, disk, root] of disks) {
  describe(name, () => {
    test('directories are made with those above, listed and removed with what is in them', async () => {
      await disk.makeDirectory(`${root}/a/b`);
      await disk.makeDirectory(`${root}/a/b`);
      await disk.replaceFile(`${root}/a/file`, Buffer.from('x'));
      const names = (await disk.list(`${root}/a`)).map((entry) => `${entry.name}${entry.directory ? '/' : ''}`);
      assert.deepEqual(names.toSorted(), ['b/', 'file']);
      await disk.syncDirectory(`${root}/a`);
      await disk.removeDirectory(`${root}/a`);
      await disk.removeDirectory(`${root}/a`);
      assert.equal(await disk.status(`${root}/a`), null);
      await assert.rejects(disk.list(`${root}/a`), (error: unknown) => {
        assert.ok(error instanceof DiskFault);
        assert.deepEqual([error.code, error.operation, error.path], ['ENOENT', 'list', `${root}/a`]);
        return true;
      });
    });

    test('a write takes many buffers and leaves the rest of the file alone', async () => {
      await disk.makeDirectory(root);
      const file = await open(disk, `${root}/written`);
      await write(file, [Buffer.from('hello '), Buffer.from('world'), Buffer.alloc(0), Buffer.from('!')], 0);
      await write(file, [Buffer.from('W')], 6);
      await write(
        file,
        Array.from({ length: 3000 }, (_, index) => Buffer.from([index & 0xff])),
        20,
      );
      assert.equal(await file.size(), 3020);
      assert.equal((await read(file, 12, 0)).toString(), 'hello World!');
      assert.deepEqual(
        [...(await read(file, 8, 12))],
        Array.from({ length: 8 }, () => 0),
        'a hole reads as zeros',
      );
      assert.equal((await read(file, 100, 3000)).length, 20, 'a read ends at the end of the file');
      assert.equal((await read(file, 100, 5000)).length, 0);
      assert.equal((await read(file, 1, 2019 + 1))[0], 2000 & 0xff);
      await file.sync();
      await file.truncate(5);
      assert.equal((await disk.readFile(`${root}/written`)).toString(), 'hello');
      file.writeBack(0, 5);
      await new Promise<void>((resolve, reject) => {
        file.prefetch(0, 5, (fault) => (fault ? reject(fault) : resolve()));
      });
      assert.equal(file.isCached(0, 5), true);
      await file.close();
    });

    test('opening says what is not there', async () => {
      await assert.rejects(open(disk, `${root}/missing`, false), { code: 'ENOENT', operation: 'open' });
      await assert.rejects(open(disk, `${root}/no/folder`), { code: 'ENOENT' });
      await assert.rejects(disk.readFile(`${root}/missing`), { code: 'ENOENT', operation: 'read' });
    });

    test('writeAt creates, extends, overwrites and cuts', async () => {
      const path = `${root}/at`;
      await disk.writeAt(path, 0, Buffer.from('0123456789'), { sync: true, truncate: false });
      await disk.writeAt(path, 2, Buffer.from('ab'), { sync: false, truncate: false });
      assert.equal((await disk.readFile(path)).toString(), '01ab456789');
      await disk.writeAt(path, 4, Buffer.from('end'), { sync: true, truncate: true });
      assert.equal((await disk.readFile(path)).toString(), '01abend');
      await disk.writeAt(path, 0, Buffer.alloc(0), { sync: false, truncate: true });
      assert.equal((await disk.status(path))?.sizeInBytes, 0);
      await disk.syncFile(path);
      await disk.syncFile(`${root}/missing`);
    });

    test('a file is replaced, renamed and unlinked', async () => {
      await disk.replaceFile(`${root}/one`, Buffer.from('old, and longer'));
      await disk.replaceFile(`${root}/one`, Buffer.from('new'));
      assert.equal((await disk.readFile(`${root}/one`)).toString(), 'new');
      await disk.replaceFile(`${root}/two`, Buffer.from('two'));
      await disk.rename(`${root}/one`, `${root}/two`);
      assert.equal((await disk.readFile(`${root}/two`)).toString(), 'new');
      assert.equal(await disk.status(`${root}/one`), null);
      assert.equal((await disk.status(`${root}/two`))?.directory, false);
      await disk.unlink(`${root}/two`);
      await disk.unlink(`${root}/two`);
      await assert.rejects(disk.rename(`${root}/two`, `${root}/three`), { code: 'ENOENT', operation: 'rename' });
      const leftovers = (await disk.list(root)).map((entry) => entry.name).filter((found) => found.endsWith('.tmp'));
      assert.deepEqual(leftovers, []);
    });

    test('a renamed or unlinked file stays readable to whoever has it open', async () => {
      const file = await open(disk, `${root}/leaving`);
      await write(file, [Buffer.from('still here')], 0);
      await disk.rename(`${root}/leaving`, `${root}/leaving.deleted`);
      await disk.unlink(`${root}/leaving.deleted`);
      assert.equal((await read(file, 100, 0)).toString(), 'still here');
      await file.close();
    });

    test('a lock is held by one', async () => {
      const lock = await disk.lockFile(`${root}/.lock`);
      assert.ok(lock);
      assert.equal(await disk.lockFile(`${root}/.lock`), null);
      await lock.release();
      const again = await disk.lockFile(`${root}/.lock`);
      assert.ok(again);
      await again.release();
    });

    test('a directory moves with what is in it', async () => {
      await disk.makeDirectory(`${root}/from/deep`);
      await disk.replaceFile(`${root}/from/deep/file`, Buffer.from('x'));
      await disk.rename(`${root}/from`, `${root}/to`);
      assert.equal((await disk.readFile(`${root}/to/deep/file`)).toString(), 'x');
      assert.equal(await disk.status(`${root}/from`), null);
    });
  });
}
