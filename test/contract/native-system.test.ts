/** The system calls of the addon, and that the fallback has none of them. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { loadNative } from '../../src/host/addon.ts';
import { PEEK, SYNC_FILE_RANGE, type SystemCalls, UNSUPPORTED } from '../../src/port/native.ts';
import { addonOrNull } from './native-batches.ts';

const EAGAIN = -11;
const EBADF = -9;
const ECONNRESET = -104;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'odradek-native-'));
after(() => {
  fs.rmSync(folder, { recursive: true });
});

function file(name: string, content: Buffer): { fd: number; path: string } {
  const where = path.join(folder, name);
  fs.writeFileSync(where, content);
  return { fd: fs.openSync(where, 'r+'), path: where };
}

/** A connected pair: the server's side with its descriptor, and the client's side. */
async function socketPair(): Promise<{ near: net.Socket; far: net.Socket; fd: number }> {
  const server = net.createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const far = net.connect(address.port, '127.0.0.1');
  const accepted = await Promise.race([once(server, 'connection'), once(far, 'error')]);
  const near: unknown = accepted[0];
  assert.ok(near instanceof net.Socket);
  server.close();
  return { near, far, fd: descriptorOf(near) };
}

function descriptorOf(socket: net.Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle');
  assert.ok(typeof handle === 'object' && handle !== null);
  const fd: unknown = Reflect.get(handle, 'fd');
  assert.ok(typeof fd === 'number');
  return fd;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('the fallback', () => {
  it('says of every system call that it is not there', () => {
    const { native, kind, reason } = loadNative('off');
    assert.equal(kind, 'fallback');
    assert.equal(reason, 'ODRADEK_NATIVE=off');
    const bytes = Buffer.alloc(8192);
    const answers = [
      native.dup(0),
      native.pipe(),
      native.closeFd(-1),
      native.sendfile(0, 0, 0, 0),
      native.isCached(0, 0, 1),
      native.syncFileRange(0, 0, 0, 0),
      native.syncfs(0),
      native.lockFile(path.join(folder, 'x')),
      native.unlockFile(-1),
      native.releasePages(bytes, 0, 8192),
      native.peek(0),
      native.pinThread(0),
    ];
    for (const answer of answers) assert.equal(answer, UNSUPPORTED);
  });

  it('takes the place of an addon that is missing or another library', () => {
    assert.equal(loadNative(path.join(folder, 'missing.node')).kind, 'fallback');
    const { path: garbage } = file('garbage.node', Buffer.from('not a library'));
    const { kind, reason } = loadNative(garbage);
    assert.equal(kind, 'fallback');
    assert.ok(reason !== undefined && reason.length > 0);
  });
});

const residentBytes = (): number =>
  Number(/Rss:\s+(\d+)/.exec(fs.readFileSync('/proc/self/smaps_rollup', 'utf8'))?.[1]) * 1024;

/** The processors that this thread may run on. */
const allowed = (): string | undefined =>
  /Cpus_allowed_list:\s+(.*)/.exec(fs.readFileSync('/proc/thread-self/status', 'utf8'))?.[1];

const addon = addonOrNull();

if (addon !== null && process.platform === 'linux') describeSystemCalls(addon);

function describeSystemCalls(native: SystemCalls): void {
  describe('descriptors', () => {
    it('dup gives another that lives on, closeFd ends it', () => {
      const { fd } = file('dup', Buffer.from('hello'));
      const copy = native.dup(fd);
      assert.ok(copy > 2 && copy !== fd);
      fs.closeSync(fd);
      assert.equal(fs.readSync(copy, Buffer.alloc(5), 0, 5, 0), 5);
      assert.equal(native.closeFd(copy), 0);
      assert.equal(native.closeFd(copy), EBADF);
      assert.equal(native.dup(copy), EBADF);
    });

    it('a descriptor of dup is not inherited', () => {
      const copy = native.dup(fs.openSync(folder, 'r'));
      const { stdout } = spawnSync('ls', ['/proc/self/fd'], { encoding: 'utf8' });
      assert.ok(!stdout.split('\n').includes(String(copy)));
      native.closeFd(copy);
    });

    it('a socket lives on in its duplicate', async () => {
      const { near, far, fd } = await socketPair();
      const copy = native.dup(fd);
      near.destroy();
      const socket = new net.Socket({ fd: copy });
      far.write('ping');
      const [data] = await once(socket, 'data');
      assert.equal(String(data), 'ping');
      socket.destroy();
      far.destroy();
    });
  });

  describe('sendfile', () => {
    it('sends a slice, says the end, and says when the socket is full', async () => {
      const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
      const { fd } = file('slice', content);
      const { near, far, fd: socket } = await socketPair();
      const received: Buffer[] = [];
      far.on('data', (data) => received.push(Buffer.from(data)));
      assert.equal(native.sendfile(socket, fd, 100, 1000), 1000);
      assert.equal(native.sendfile(socket, fd, content.length - 10, 1000), 10);
      assert.equal(native.sendfile(socket, fd, content.length, 1000), 0);
      assert.equal(native.sendfile(socket, fd, content.length + 5, 1000), 0);
      await until(() => Buffer.concat(received).length === 1010);
      assert.deepEqual(Buffer.concat(received), Buffer.concat([content.subarray(100, 1100), content.subarray(-10)]));
      far.pause();
      let answer = 1;
      for (let index = 0; index < 1000 && answer > 0; index++) answer = native.sendfile(socket, fd, 0, content.length);
      assert.equal(answer, EAGAIN);
      assert.equal(native.sendfile(socket, 9999, 0, 10), EBADF);
      near.destroy();
      far.destroy();
      fs.closeSync(fd);
    });
  });

  describe('the page cache', () => {
    it('knows what is cached', () => {
      const { fd, path: where } = file('cached', Buffer.alloc(3 << 20, 1));
      fs.fsyncSync(fd);
      assert.equal(native.isCached(fd, 0, 3 << 20), 1);
      assert.equal(native.isCached(fd, 5000, 1), 1);
      assert.equal(native.isCached(fd, 3 << 20, 10), 1, 'nothing is cached always');
      assert.equal(native.isCached(fd, (3 << 20) - 10, 1 << 20), 1, 'cut at the end of the file');
      assert.equal(native.isCached(9999, 0, 1), EBADF);
      const dropped = spawnSync('dd', [`if=${where}`, 'iflag=nocache', 'count=0', 'status=none']);
      // A file system in memory keeps what it has.
      if (dropped.status === 0 && native.isCached(fd, 0, 3 << 20) === 0) {
        fs.readSync(fd, Buffer.alloc(1), 0, 1, 1 << 20);
        assert.equal(native.isCached(fd, 1 << 20, 1), 1);
        fs.readFileSync(where);
        assert.equal(native.isCached(fd, 0, 3 << 20), 1);
      }
      fs.closeSync(fd);
    });

    it('is written back when told', () => {
      const { fd } = file('back', Buffer.alloc(1 << 20, 1));
      assert.equal(native.syncFileRange(fd, 0, 1 << 20, SYNC_FILE_RANGE.write), 0);
      assert.equal(
        native.syncFileRange(fd, 0, 0, SYNC_FILE_RANGE.waitBefore | SYNC_FILE_RANGE.write | SYNC_FILE_RANGE.waitAfter),
        0,
      );
      assert.equal(native.syncfs(fd), 0);
      assert.equal(native.syncFileRange(9999, 0, 0, 0), EBADF);
      assert.equal(native.syncfs(9999), EBADF);
      fs.closeSync(fd);
    });
  });

  describe('lockFile', () => {
    const where = path.join(folder, '.lock');
    /** Another process that takes a lock as Java's FileChannel.tryLock does. */
    const probe = `import fcntl,sys
f=open(sys.argv[1],'r+')
try: fcntl.lockf(f, fcntl.LOCK_EX|fcntl.LOCK_NB); print('locked')
except OSError: print('refused')`;

    it('refuses the second, until the first gives it back', () => {
      const fd = native.lockFile(where);
      assert.ok(fd > 2);
      assert.equal(native.lockFile(where), EAGAIN);
      fs.closeSync(fs.openSync(where, 'r'));
      assert.equal(native.lockFile(where), EAGAIN, 'closing another descriptor of the file keeps the lock');
      assert.equal(native.unlockFile(fd), 0);
      const again = native.lockFile(where);
      assert.ok(again > 2);
      native.unlockFile(again);
      assert.equal(native.lockFile(path.join(folder, 'no', 'such')), -2);
      assert.equal(native.lockFile('with\0zero'), -22);
    });

    it('is seen by other processes', (test) => {
      if (spawnSync('python3', ['--version']).status !== 0) return test.skip('no python3 to ask');
      const ask = (): string => execFileSync('python3', ['-c', probe, where], { encoding: 'utf8' }).trim();
      const fd = native.lockFile(where);
      assert.equal(ask(), 'refused');
      native.unlockFile(fd);
      assert.equal(ask(), 'locked');
    });
  });

  describe('releasePages', () => {
    const SIZE = 32 << 20;

    for (const [what, make] of [
      ['shared memory', () => new SharedArrayBuffer(SIZE)],
      ['shared memory that can grow', () => new SharedArrayBuffer(SIZE, { maxByteLength: 2 * SIZE })],
    ] as const) {
      it(`gives whole pages of ${what} back`, () => {
        const bytes = new Uint8Array(make()).fill(7);
        const before = residentBytes();
        const released = native.releasePages(bytes, 100, SIZE - 100);
        assert.ok(released > SIZE - 3 * 65536 && released < SIZE - 200 && released % 4096 === 0);
        assert.ok(before - residentBytes() > SIZE / 2);
        const first = bytes.indexOf(0);
        const end = first + released;
        assert.ok(first >= 100 && bytes.subarray(0, first).every((byte) => byte === 7));
        assert.ok(bytes.subarray(first, end).every((byte) => byte === 0));
        assert.ok(bytes.subarray(end).every((byte) => byte === 7));
        bytes.fill(9, 0, 100_000);
        assert.equal(bytes[50_000], 9);
      });
    }

    it('less than a page is nothing; a range outside throws', () => {
      const bytes = new Uint8Array(new SharedArrayBuffer(SIZE));
      const page = bytes.byteOffset;
      assert.equal(native.releasePages(bytes, page + 1, page + 4096), 0);
      assert.equal(native.releasePages(bytes, 10, 10), 0);
      assert.throws(() => native.releasePages(bytes, 0, SIZE + 1));
    });
  });

  describe('peek', () => {
    it('sees data, nothing and FIN of a paused socket', async () => {
      const { near, far, fd } = await socketPair();
      assert.equal(native.peek(fd), PEEK.nothing);
      far.write('x');
      await until(() => native.peek(fd) === PEEK.data);
      assert.equal(native.peek(fd), PEEK.data, 'it does not take what it sees');
      near.destroy();
      far.destroy();

      const second = await socketPair();
      second.far.end();
      await until(() => native.peek(second.fd) === PEEK.finished);
      second.near.destroy();
      second.far.destroy();
      assert.equal(native.peek(9999), EBADF);
    });

    it('tells a reset by its error, once', async () => {
      const { near, far, fd } = await socketPair();
      far.resetAndDestroy();
      let answer: number = PEEK.nothing;
      await until(() => {
        answer = native.peek(fd);
        return answer !== PEEK.nothing;
      });
      assert.equal(answer, ECONNRESET);
      near.destroy();
    });
  });

  describe('threads', () => {
    it('every thread loads the addon, and pins only itself', async () => {
      const code = `
        const { parentPort, workerData } = require('node:worker_threads');
        const native = require(workerData.addon);
        const pinned = native.pinThread(0);
        const bytes = Buffer.from('hello '.repeat(50000));
        let sum = 0;
        for (const codec of [1, 2, 3, 4]) {
          for (let round = 0; round < 20; round++) {
            const compressed = native.compress(codec, [0, -1, 0, 9, 3][codec], bytes, 0, bytes.length);
            sum += native.decompress(codec, compressed, 0, compressed.length, 1e9).length;
          }
        }
        const status = require('node:fs').readFileSync('/proc/thread-self/status', 'utf8');
        parentPort.postMessage({ pinned, sum, allowed: /Cpus_allowed_list:\\s+(.*)/.exec(status)[1] });`;
      const addonPath = path.resolve(import.meta.dirname, '../../native/odradek.node');
      const before = allowed();
      const workers = Array.from(
        { length: 4 },
        () => new Worker(code, { eval: true, workerData: { addon: addonPath } }),
      );
      const answers = await Promise.all(workers.map((worker) => once(worker, 'message')));
      for (const [answer] of answers) assert.deepEqual(answer, { pinned: 0, sum: 80 * 300_000, allowed: '0' });
      await Promise.all(workers.map((worker) => worker.terminate()));
      assert.equal(allowed(), before);
      assert.equal(native.pinThread(100_000), -22);
    });
  });
}
