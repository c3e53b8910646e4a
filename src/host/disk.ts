/**
 * The disk port over Node's fs. Lives on each thread that touches files, one instance a thread.
 *
 * A write goes into the page cache, which takes microseconds, so it completes inside the call; disk-pace.ts says when it does not. What
 * only looks at or changes names and small files is done at once too: a system call costs a fraction of the way to a pool thread and
 * back, and ten thousand partitions make a hundred thousand of them. fsync, unlink, rename and reads of files wait in the pool.
 */
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { getSystemErrorName } from 'node:util';
import { DEFAULT_PACE, Pace, type PaceLimits, ThreadAccount } from './disk-pace.ts';
import { DiskFault } from '../port/disk.ts';
import type { DirectoryEntry, Disk, DiskDone, DiskFile, FileLock, FileStatus, OpenMode } from '../port/disk.ts';
import { SYNC_FILE_RANGE, UNSUPPORTED } from '../port/native.ts';
import type { SystemCalls } from '../port/native.ts';

/** How often, and how long apart, a file is tried to be opened while the process has too many open. */
const OPEN_TRIES = 500;
const OPEN_RETRY_MS = 20;

/** The kernel takes at most so many buffers in one writev. */
const MAX_VECTORS = 1024;
/** Files up to this size are read at once, where the page cache has them. */
const SMALL_FILE_BYTES = 64 * 1024;
/** Pieces in which a cold range is read into the page cache. */
const PREFETCH_BYTES = 128 * 1024;

export function toFault(error: unknown, path: string, operation: string): DiskFault {
  if (error instanceof DiskFault) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'EIO';
  return new DiskFault(code, path, operation, error instanceof Error ? error.message : String(error));
}

class HostFile implements DiskFile {
  readonly path: string;
  readonly fd: number;
  readonly #pace: Pace;
  readonly #native: SystemCalls;

  constructor(path: string, fd: number, pace: Pace, native: SystemCalls) {
    this.path = path;
    this.fd = fd;
    this.#pace = pace;
    this.#native = native;
  }

  get writesInCall(): boolean {
    return this.#pace.writesInCall;
  }

  write(buffers: readonly Buffer[], position: number, done: DiskDone): void {
    if (!this.writesInCall) {
      this.#writeInPool(buffers, position, done);
      return;
    }
    const started = this.#pace.begin();
    let fault: DiskFault | null = null;
    try {
      this.#writeNow(buffers, position);
    } catch (error) {
      fault = toFault(error, this.path, 'write');
    }
    this.#pace.ended(started);
    done(fault);
  }

  #writeNow(buffers: readonly Buffer[], position: number): void {
    if (buffers.length === 1) {
      const only = buffers[0] as Buffer;
      let written = 0;
      while (written < only.length) {
        written += fs.writeSync(this.fd, only, written, only.length - written, position + written);
      }
      return;
    }
    let rest = buffers;
    let at = position;
    while (rest.length > 0) {
      const some = rest.length > MAX_VECTORS ? rest.slice(0, MAX_VECTORS) : rest;
      const written = fs.writevSync(this.fd, some, at);
      at += written;
      rest = withoutFirst(rest, written);
    }
  }

  #writeInPool(buffers: readonly Buffer[], position: number, done: DiskDone): void {
    const some = buffers.length > MAX_VECTORS ? buffers.slice(0, MAX_VECTORS) : buffers;
    this.#pace.inPool((ended) => {
      const started = performance.now();
      fs.writev(this.fd, some as Buffer[], position, (error, written) => {
        ended();
        if (error) {
          done(toFault(error, this.path, 'write'));
          return;
        }
        const rest = withoutFirst(buffers, written);
        if (rest.length > 0) {
          this.#writeInPool(rest, position + written, done);
          return;
        }
        this.#pace.endedInPool(started);
        done(null);
      });
    });
  }

  read(target: Buffer, position: number, done: (fault: DiskFault | null, bytesRead: number) => void): void {
    if (this.isCached(position, target.length)) {
      let read = 0;
      try {
        while (read < target.length) {
          const count = fs.readSync(this.fd, target, read, target.length - read, position + read);
          if (count === 0) break;
          read += count;
        }
      } catch (error) {
        done(toFault(error, this.path, 'read'), 0);
        return;
      }
      done(null, read);
      return;
    }
    this.#readInPool(target, 0, position, done);
  }

  #readInPool(
    target: Buffer,
    filled: number,
    position: number,
    done: (fault: DiskFault | null, bytesRead: number) => void,
  ): void {
    fs.read(this.fd, target, filled, target.length - filled, position + filled, (error, count) => {
      if (error) done(toFault(error, this.path, 'read'), 0);
      else if (count === 0 || filled + count === target.length) done(null, filled + count);
      else this.#readInPool(target, filled + count, position, done);
    });
  }

  isCached(position: number, length: number): boolean {
    return length === 0 || this.#native.isCached(this.fd, position, length) !== 0;
  }

  prefetch(position: number, length: number, done: DiskDone): void {
    // The bytes are thrown away: what counts is that the kernel has them afterwards.
    const scratch = Buffer.allocUnsafe(Math.min(length, PREFETCH_BYTES));
    const step = (at: number): void => {
      if (at >= position + length) {
        done(null);
        return;
      }
      fs.read(this.fd, scratch, 0, Math.min(scratch.length, position + length - at), at, (error, count) => {
        if (error) done(toFault(error, this.path, 'read'));
        else if (count === 0) done(null);
        else step(at + count);
      });
    };
    step(position);
  }

  /** Only where the kernel has begun to throttle: else its own threads write back in time, and none of ours waits for it. */
  writeBack(position: number, length: number): void {
    if (!this.#pace.isStrained) return;
    this.#native.syncFileRange(this.fd, position, length, SYNC_FILE_RANGE.write);
  }

  sync(): Promise<void> {
    return promised(this.path, 'fsync', (done) => {
      if (!this.#pace.isStrained) {
        fs.fdatasync(this.fd, done);
        return;
      }
      this.#pace.inPool((ended) => {
        fs.fdatasync(this.fd, (error) => {
          ended();
          done(error);
        });
      });
    });
  }

  truncate(size: number): Promise<void> {
    return promised(this.path, 'truncate', (done) => fs.ftruncate(this.fd, size, done));
  }

  async size(): Promise<number> {
    try {
      return fs.fstatSync(this.fd).size;
    } catch (error) {
      throw toFault(error, this.path, 'stat');
    }
  }

  close(): Promise<void> {
    return promised(this.path, 'close', (done) => fs.close(this.fd, done));
  }
}

function withoutFirst(buffers: readonly Buffer[], bytes: number): readonly Buffer[] {
  let left = bytes;
  for (let index = 0; index < buffers.length; index++) {
    const buffer = buffers[index] as Buffer;
    if (left < buffer.length) return [buffer.subarray(left), ...buffers.slice(index + 1)];
    left -= buffer.length;
  }
  return [];
}

function writeWhole(fd: number, bytes: Buffer, position: number): void {
  for (let written = 0; written < bytes.length; ) {
    written += fs.writeSync(fd, bytes, written, bytes.length - written, position + written);
  }
}

function readSmall(fd: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let read = 0;
  while (read < size) {
    const count = fs.readSync(fd, bytes, read, size - read, read);
    if (count === 0) break;
    read += count;
  }
  return bytes.subarray(0, read);
}

function readInPool(fd: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    fs.readFile(fd, (error, bytes) => {
      if (error) reject(error);
      else resolve(bytes);
    });
  });
}

function synced(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.fsync(fd, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

/** That the process has as many files open as it may is no fault of the medium: others are about to be closed. */
async function openPatiently(path: string, flags: string | number): Promise<number> {
  for (let tries = 1; ; tries++) {
    try {
      return fs.openSync(path, flags, 0o644);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : '';
      if ((code !== 'EMFILE' && code !== 'ENFILE') || tries >= OPEN_TRIES) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, OPEN_RETRY_MS));
  }
}

function promised(
  path: string,
  operation: string,
  start: (done: (error: Error | null) => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => {
      if (error) reject(toFault(error, path, operation));
      else resolve();
    });
  });
}

/** What `work` makes of a missing file is `absent`; any other error is a fault. */
async function unlessMissing<T>(path: string, operation: string, absent: T, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return absent;
    throw toFault(error, path, operation);
  }
}

async function faulting<T>(path: string, operation: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toFault(error, path, operation);
  }
}

class HostDisk implements Disk {
  readonly #native: SystemCalls;
  readonly #limits: PaceLimits;
  readonly #paces = new Map<string, Pace>();
  readonly #account = new ThreadAccount();
  /** Directory → the fsync that has not begun yet, for all that ask meanwhile. */
  readonly #directorySyncs = new Map<string, { next: Promise<void> | null; last: Promise<void> }>();

  constructor(native: SystemCalls, limits: PaceLimits) {
    this.#native = native;
    this.#limits = limits;
  }

  open(path: string, mode: OpenMode, done: (fault: DiskFault | null, file: DiskFile | null) => void): void {
    const flags = (mode.write ? fs.constants.O_RDWR : fs.constants.O_RDONLY) | (mode.create ? fs.constants.O_CREAT : 0);
    let fd: number;
    try {
      fd = fs.openSync(path, flags, 0o644);
    } catch (error) {
      done(toFault(error, path, 'open'), null);
      return;
    }
    done(null, new HostFile(path, fd, this.#paceOf(dirname(dirname(path))), this.#native));
  }

  /** Of a log directory: its partitions share one medium. */
  #paceOf(directory: string): Pace {
    let pace = this.#paces.get(directory);
    if (!pace) this.#paces.set(directory, (pace = new Pace(this.#limits, this.#account)));
    return pace;
  }

  readFile(path: string): Promise<Buffer> {
    return faulting(path, 'read', () =>
      this.#whileOpen(path, 'r', dirname(dirname(path)), async (fd) => {
        const { size } = fs.fstatSync(fd);
        const isNear = size > 0 && size <= SMALL_FILE_BYTES && this.#native.isCached(fd, 0, size) === 1;
        return isNear ? readSmall(fd, size) : await readInPool(fd);
      }),
    );
  }

  /** Opens a file for some work, one of a few of its log directory: a thousand partitions may all have something to write at once. */
  async #whileOpen<T>(
    path: string,
    flags: string | number,
    directory: string,
    work: (fd: number) => Promise<T>,
  ): Promise<T> {
    const pace = this.#paceOf(directory);
    if (!pace.tryEnter()) await pace.enter();
    try {
      const fd = await openPatiently(path, flags);
      try {
        return await work(fd);
      } finally {
        fs.closeSync(fd);
      }
    } finally {
      pace.leave();
    }
  }

  writeAt(
    path: string,
    position: number,
    bytes: Buffer,
    options: { readonly sync: boolean; readonly truncate: boolean },
  ): Promise<void> {
    const directory = dirname(dirname(path));
    return faulting(path, 'write', () =>
      this.#whileOpen(path, fs.constants.O_RDWR | fs.constants.O_CREAT, directory, async (fd) => {
        await this.#writeSmall(fd, bytes, position, directory);
        if (options.truncate) fs.ftruncateSync(fd, position + bytes.length);
        if (options.sync) await synced(fd);
      }),
    );
  }

  /** At once, unless the directory is slow. */
  #writeSmall(fd: number, bytes: Buffer, position: number, directory: string): Promise<void> {
    const pace = this.#paceOf(directory);
    if (pace.writesInCall) {
      const started = pace.begin();
      try {
        writeWhole(fd, bytes, position);
      } finally {
        pace.ended(started);
      }
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const from = (written: number): void => {
        if (written >= bytes.length) {
          resolve();
          return;
        }
        pace.inPool((ended) => {
          fs.write(fd, bytes, written, bytes.length - written, position + written, (error, count) => {
            ended();
            if (error) reject(error);
            else from(written + count);
          });
        });
      };
      from(0);
    });
  }

  replaceFile(path: string, bytes: Buffer): Promise<void> {
    return faulting(path, 'replace', async () => {
      const temporary = `${path}.tmp`;
      const directory = dirname(dirname(path));
      await this.#whileOpen(temporary, 'w', directory, async (fd) => {
        await this.#writeSmall(fd, bytes, 0, directory);
        await synced(fd);
      });
      fs.renameSync(temporary, path);
      await this.syncDirectory(dirname(path));
    });
  }

  syncFile(path: string): Promise<void> {
    return unlessMissing(path, 'fsync', undefined, () => this.#whileOpen(path, 'r', dirname(path), synced));
  }

  rename(from: string, to: string): Promise<void> {
    return faulting(from, 'rename', () => fs.promises.rename(from, to));
  }

  unlink(path: string): Promise<void> {
    return unlessMissing(path, 'unlink', undefined, () => fs.promises.unlink(path));
  }

  async makeDirectory(path: string): Promise<void> {
    await faulting(path, 'mkdir', async () => fs.mkdirSync(path, { recursive: true }));
  }

  removeDirectory(path: string): Promise<void> {
    return faulting(path, 'rmdir', () => fs.promises.rm(path, { recursive: true, force: true }));
  }

  list(path: string): Promise<readonly DirectoryEntry[]> {
    return faulting(path, 'list', async () => {
      const entries = fs.readdirSync(path, { withFileTypes: true });
      return entries.map((entry) => ({ name: entry.name, directory: entry.isDirectory() }));
    });
  }

  status(path: string): Promise<FileStatus | null> {
    return unlessMissing<FileStatus | null>(path, 'stat', null, async () => {
      const stat = fs.statSync(path);
      return { sizeInBytes: stat.size, modifiedMs: Math.floor(stat.mtimeMs), directory: stat.isDirectory() };
    });
  }

  /** Those who ask while one is under way share the next one: partitions are created by the thousand, in one directory. */
  syncDirectory(path: string): Promise<void> {
    const line = this.#directorySyncs.get(path);
    if (line === undefined) {
      const first = { next: null, last: this.syncFile(path) };
      this.#directorySyncs.set(path, first);
      this.#forgetWhenIdle(path, first);
      return first.last;
    }
    line.next ??= line.last
      .catch(() => undefined)
      .then(() => {
        line.next = null;
        line.last = this.syncFile(path);
        this.#forgetWhenIdle(path, line);
        return line.last;
      });
    return line.next;
  }

  #forgetWhenIdle(path: string, line: { next: Promise<void> | null; last: Promise<void> }): void {
    const { last } = line;
    const look = (): void => {
      if (line.last === last && line.next === null) this.#directorySyncs.delete(path);
    };
    last.then(look, look);
  }

  async syncFileSystem(path: string): Promise<void> {
    await faulting(path, 'syncfs', async () => {
      const handle = await fs.promises.open(path, 'r');
      try {
        const answer = this.#native.syncfs(handle.fd);
        if (answer < 0) {
          throw new DiskFault(answer === UNSUPPORTED ? 'ENOSYS' : 'EIO', path, 'syncfs', `errno ${-answer}`);
        }
      } finally {
        await handle.close();
      }
    });
  }

  async lockFile(path: string): Promise<FileLock | null> {
    const fd = this.#native.lockFile(path);
    if (fd === UNSUPPORTED) return exclusiveFile(path);
    if (fd === -11 || fd === -13) return null;
    if (fd < 0) throw new DiskFault(getSystemErrorName(fd), path, 'lock');
    return {
      release: async () => {
        this.#native.unlockFile(fd);
      },
    };
  }
}

/** Without fcntl locks (the fallback): a second file that names the process, and counts while that process lives. */
async function exclusiveFile(path: string): Promise<FileLock | null> {
  const owner = `${path}.pid`;
  return faulting<FileLock | null>(path, 'lock', async () => {
    await fs.promises.writeFile(path, '', { flag: 'a' });
    const held = await unlessMissing(owner, 'lock', '', () => fs.promises.readFile(owner, 'utf8'));
    const pid = Number(held);
    if (held !== '' && Number.isInteger(pid) && isAlive(pid)) return null;
    await fs.promises.writeFile(owner, String(process.pid));
    return { release: () => fs.promises.unlink(owner) };
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** The disk of this machine. One a thread. */
export function openHostDisk(native: SystemCalls, limits: PaceLimits = DEFAULT_PACE): Disk {
  return new HostDisk(native, limits);
}
