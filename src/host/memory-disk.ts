/**
 * The disk port in memory, for tests and the simulator: it behaves while it runs and betrays when it crashes.
 *
 * What counts as safe is what POSIX promises and no more: bytes of a file after its `sync`, names in a directory after
 * `syncDirectory`. At a crash every write since then is kept, lost, torn or garbled, and of the changes of names a prefix
 * survives. Everything is drawn from the seed.
 *
 * Operations complete `in-call`, or when `run` is called: `in-order`, or `shuffled` between files (those of one file keep their order).
 *
 *   inode  durable bytes ── writes and truncations since the last sync ──▶ current bytes
 *   names  durable names ── creations, renames and removals since ───────▶ current names
 */
import { DiskFault } from '../port/disk.ts';
import type { DirectoryEntry, Disk, DiskDone, DiskFile, FileLock, FileStatus, OpenMode } from '../port/disk.ts';

export type Completion = 'in-call' | 'in-order' | 'shuffled';

export interface MemoryDiskOptions {
  readonly seed: number;
  readonly completion?: Completion;
  /** How many reads in a hundred find their pages cold; they complete when `run` is called. 0: none. */
  readonly coldReads?: number;
  /** Milliseconds since the epoch, for modification times. */
  readonly now?: () => number;
}

/** The errno's name that an operation shall fail with, or null. A write that fails leaves a part of its bytes behind. */
export type Injection = (operation: string, path: string) => string | null;

type Change =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly size: number };

class Inode {
  current: Buffer = Buffer.alloc(0);
  size = 0;
  durable: Buffer = Buffer.alloc(0);
  changes: Change[] = [];
  modifiedMs = 0;

  apply(change: Change): void {
    if (change.kind === 'truncate') {
      this.#reserve(change.size);
      if (change.size < this.size) this.current.fill(0, change.size, this.size);
      this.size = change.size;
      return;
    }
    const end = change.position + change.bytes.length;
    this.#reserve(end);
    change.bytes.copy(this.current, change.position);
    this.size = Math.max(this.size, end);
  }

  #reserve(size: number): void {
    if (size <= this.current.length) return;
    const larger = Buffer.alloc(Math.max(size, this.current.length * 2, 256));
    this.current.copy(larger, 0, 0, this.size);
    this.current = larger;
  }

  view(): Buffer {
    return this.current.subarray(0, this.size);
  }

  sync(): void {
    this.durable = Buffer.from(this.view());
    this.changes = [];
  }
}

type Names = Map<string, Inode | 'directory'>;

interface NameChange {
  readonly directories: readonly string[];
  apply(names: Names): void;
}

interface Waiting {
  readonly path: string;
  run(): void;
}

/** xorshift32: small, seeded, the same everywhere. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed | 0) === 0 ? 0x9e3779b9 : seed | 0;
  }

  below(limit: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % limit;
  }
}

const SECTOR = 512;
const FIRST_FD = 1000;
const EBADF = -9;

export class MemoryDisk implements Disk {
  completion: Completion;
  coldReads: number;
  inject: Injection = () => null;
  /** Paths whose operations wait for `runOne` whatever the completion: a slow device. */
  isSlow: (path: string) => boolean = () => false;
  /** Operations so far, by name: what a test says about "no more than". */
  readonly counts = new Map<string, number>();
  /** Locked paths. Shared by all disks that came from one by crashes? No: a crash frees them. */
  readonly #locks = new Set<string>();
  readonly #dice: Dice;
  readonly #now: () => number;
  #names: Names = new Map([['/', 'directory' as const]]);
  #durableNames: Names = new Map([['/', 'directory' as const]]);
  #journal: NameChange[] = [];
  #waiting: Waiting[] = [];
  /** What is open by its descriptor; as in a kernel the lowest free number is given again. */
  readonly #open: (Inode | null)[] = [];
  #dead = false;

  constructor(options: MemoryDiskOptions) {
    this.#dice = new Dice(options.seed);
    this.completion = options.completion ?? 'in-call';
    this.coldReads = options.coldReads ?? 0;
    this.#now = options.now ?? (() => 0);
  }

  // --- what a test says

  /** How many operations wait for `run`. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Completes one waiting operation, of those whose path `mayRun` lets pass. False where none waits. */
  runOne(mayRun: (path: string) => boolean = () => true): boolean {
    if (this.#waiting.length === 0 || this.#dead) return false;
    const ready = this.#waiting.filter(({ path }) => mayRun(path));
    // The oldest of its path, and so the oldest of all where they go in order.
    const path = ready[this.completion === 'shuffled' ? this.#dice.below(ready.length) : 0]?.path;
    if (path === undefined) return false;
    const index = this.#waiting.findIndex((operation) => operation.path === path);
    const [operation] = this.#waiting.splice(index, 1);
    operation?.run();
    return true;
  }

  /** Whether an operation waits whose path `mayRun` lets pass. */
  hasWaiting(mayRun: (path: string) => boolean): boolean {
    return !this.#dead && this.#waiting.some(({ path }) => mayRun(path));
  }

  /** Every file with its size. */
  sizes(): Map<string, number> {
    const sizes = new Map<string, number>();
    for (const [path, node] of this.#names) if (node !== 'directory') sizes.set(path, node.size);
    return sizes;
  }

  /** How many files are open. */
  get openFiles(): number {
    return this.#open.reduce((sum, node) => sum + (node === null ? 0 : 1), 0);
  }

  /** Reads by descriptor (port/net FileReader): how many bytes; -9 (EBADF) where it is not open. */
  readAt(descriptor: number, into: Uint8Array, offset: number, size: number, position: number): number {
    const node = this.#open[descriptor - FIRST_FD] ?? null;
    if (node === null) return EBADF;
    return position >= node.size ? 0 : node.view().copy(into, offset, position, Math.min(node.size, position + size));
  }

  /** Completes all that waits, and what that starts. */
  run(): void {
    while (this.runOne());
  }

  /** The power fails: this disk never completes anything again; the result is what is found afterwards. */
  crash(seed: number): MemoryDisk {
    this.#dead = true;
    this.#waiting = [];
    const after = new MemoryDisk({ seed, completion: this.completion, coldReads: this.coldReads, now: this.#now });
    const names: Names = new Map(this.#durableNames);
    const kept = after.#dice.below(this.#journal.length + 1);
    for (const change of this.#journal.slice(0, kept)) change.apply(names);
    const survivors = new Map<Inode, Inode>();
    for (const [path, node] of names) {
      if (node === 'directory') continue;
      const survivor = survivors.get(node) ?? after.#survivor(node);
      survivors.set(node, survivor);
      names.set(path, survivor);
    }
    after.#names = names;
    after.#durableNames = new Map(names);
    return after;
  }

  /** The process ends without the machine: all that was written is there, what waited is not. */
  kill(): MemoryDisk {
    this.#dead = true;
    const after = new MemoryDisk({
      seed: this.#dice.below(0x7fffffff) + 1,
      completion: this.completion,
      coldReads: this.coldReads,
      now: this.#now,
    });
    after.#names = this.#names;
    after.#durableNames = this.#durableNames;
    after.#journal = this.#journal;
    return after;
  }

  #survivor(node: Inode): Inode {
    const survivor = new Inode();
    survivor.modifiedMs = node.modifiedMs;
    survivor.apply({ kind: 'write', position: 0, bytes: node.durable });
    for (const change of node.changes) {
      const fate = this.#dice.below(8);
      if (fate === 0) continue;
      if (change.kind === 'truncate' || fate > 3) {
        survivor.apply(change);
        continue;
      }
      const bytes = Buffer.from(change.bytes);
      const from = Math.min(bytes.length, this.#dice.below(Math.ceil(bytes.length / SECTOR) + 1) * SECTOR);
      if (fate === 1) survivor.apply({ kind: 'write', position: change.position, bytes: bytes.subarray(0, from) });
      else {
        // The length is there, the bytes from some sector on are zeros or noise.
        for (let at = fate === 2 ? from : this.#dice.below(bytes.length + 1); at < bytes.length; at++) {
          bytes[at] = fate === 2 ? 0 : this.#dice.below(256);
        }
        survivor.apply({ kind: 'write', position: change.position, bytes });
      }
    }
    survivor.sync();
    return survivor;
  }

  // --- completing

  #fault(operation: string, path: string): DiskFault | null {
    this.counts.set(operation, (this.counts.get(operation) ?? 0) + 1);
    const code = this.inject(operation, path);
    return code === null ? null : new DiskFault(code, path, operation);
  }

  /** Runs an operation now or when the test says so. */
  complete(path: string, run: () => void, later = false): void {
    if (this.#dead) return;
    if (this.completion === 'in-call' && !later && !this.isSlow(path)) run();
    else this.#waiting.push({ path, run });
  }

  #promise<T>(operation: string, path: string, work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.complete(path, () => {
        const fault = this.#fault(operation, path);
        if (fault) {
          reject(fault);
          return;
        }
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  // --- names

  #rename(directories: readonly string[], apply: (names: Names) => void): void {
    apply(this.#names);
    this.#journal.push({ directories, apply });
  }

  #inode(path: string, operation: string): Inode {
    const node = this.#names.get(path);
    if (node === undefined) throw new DiskFault('ENOENT', path, operation);
    if (node === 'directory') throw new DiskFault('EISDIR', path, operation);
    return node;
  }

  #create(path: string, operation: string): Inode {
    const found = this.#names.get(path);
    if (found !== undefined) return this.#inode(path, operation);
    if (this.#names.get(parentOf(path)) !== 'directory') throw new DiskFault('ENOENT', path, operation);
    const node = new Inode();
    node.modifiedMs = this.#now();
    this.#rename([parentOf(path)], (names) => names.set(path, node));
    return node;
  }

  // --- the port

  open(path: string, mode: OpenMode, done: (fault: DiskFault | null, file: DiskFile | null) => void): void {
    this.complete(path, () => {
      const fault = this.#fault('open', path);
      if (fault) {
        done(fault, null);
        return;
      }
      let file: DiskFile;
      try {
        const node = mode.create ? this.#create(path, 'open') : this.#inode(path, 'open');
        file = this.#file(path, node);
      } catch (error) {
        done(error as DiskFault, null);
        return;
      }
      done(null, file);
    });
  }

  #file(path: string, node: Inode): DiskFile {
    // oxlint-disable-next-line typescript/no-this-alias -- the file below has a this of its own
    const disk = this;
    const free = this.#open.indexOf(null);
    const index = free < 0 ? this.#open.length : free;
    this.#open[index] = node;
    return {
      path,
      fd: FIRST_FD + index,
      get writesInCall() {
        return disk.completion === 'in-call' && !disk.isSlow(path);
      },
      write(buffers: readonly Buffer[], position: number, done: DiskDone) {
        disk.complete(path, () => {
          const fault = disk.#fault('write', path);
          const bytes = Buffer.concat(buffers);
          disk.#change(node, {
            kind: 'write',
            position,
            bytes: fault ? bytes.subarray(0, disk.#dice.below(bytes.length + 1)) : bytes,
          });
          done(fault);
        });
      },
      read(target: Buffer, position: number, done: (fault: DiskFault | null, bytesRead: number) => void) {
        const cold = disk.coldReads > 0 && disk.#dice.below(100) < disk.coldReads;
        disk.complete(
          path,
          () => {
            const fault = disk.#fault('read', path);
            if (fault) done(fault, 0);
            else done(null, position >= node.size ? 0 : node.view().copy(target, 0, position));
          },
          cold,
        );
      },
      isCached() {
        return disk.coldReads === 0 || disk.#dice.below(100) >= disk.coldReads;
      },
      prefetch(_position: number, _length: number, done: DiskDone) {
        disk.complete(path, () => done(disk.#fault('read', path)), disk.coldReads > 0);
      },
      writeBack() {
        disk.#fault('writeBack', path);
      },
      sync: () => disk.#promise('fsync', path, () => node.sync()),
      truncate: (size: number) =>
        disk.#promise('truncate', path, () => {
          disk.#change(node, { kind: 'truncate', size });
        }),
      size: () => disk.#promise('stat', path, () => node.size),
      close: () =>
        disk.#promise('close', path, () => {
          disk.#open[index] = null;
        }),
    };
  }

  #change(node: Inode, change: Change): void {
    node.apply(change);
    node.changes.push(change);
    node.modifiedMs = this.#now();
  }

  readFile(path: string): Promise<Buffer> {
    return this.#promise('read', path, () => Buffer.from(this.#inode(path, 'read').view()));
  }

  writeAt(
    path: string,
    position: number,
    bytes: Buffer,
    options: { readonly sync: boolean; readonly truncate: boolean },
  ): Promise<void> {
    const copy = Buffer.from(bytes);
    return this.#promise('write', path, () => {
      const node = this.#create(path, 'write');
      this.#change(node, { kind: 'write', position, bytes: copy });
      if (options.truncate) this.#change(node, { kind: 'truncate', size: position + copy.length });
      if (options.sync) node.sync();
    });
  }

  replaceFile(path: string, bytes: Buffer): Promise<void> {
    const copy = Buffer.from(bytes);
    return this.#promise('replace', path, () => {
      if (this.#names.get(parentOf(path)) !== 'directory') throw new DiskFault('ENOENT', path, 'replace');
      const node = new Inode();
      this.#change(node, { kind: 'write', position: 0, bytes: copy });
      node.sync();
      this.#rename([parentOf(path)], (names) => names.set(path, node));
      this.#syncNames(parentOf(path));
    });
  }

  syncFile(path: string): Promise<void> {
    return this.#promise('fsync', path, () => {
      const node = this.#names.get(path);
      if (node instanceof Inode) node.sync();
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#promise('rename', from, () => {
      if (!this.#names.has(from)) throw new DiskFault('ENOENT', from, 'rename');
      this.#rename([parentOf(from), parentOf(to)], (names) => {
        const moved = [...names].filter(([path]) => path === from || path.startsWith(`${from}/`));
        for (const [path] of moved) names.delete(path);
        for (const [path, node] of moved) names.set(to + path.slice(from.length), node);
      });
    });
  }

  unlink(path: string): Promise<void> {
    return this.#promise('unlink', path, () => {
      if (this.#names.has(path)) this.#rename([parentOf(path)], (names) => names.delete(path));
    });
  }

  makeDirectory(path: string): Promise<void> {
    return this.#promise('mkdir', path, () => {
      const missing: string[] = [];
      for (let at = path; !this.#names.has(at); at = parentOf(at)) missing.unshift(at);
      for (const at of missing) this.#rename([parentOf(at)], (names) => names.set(at, 'directory'));
    });
  }

  removeDirectory(path: string): Promise<void> {
    return this.#promise('rmdir', path, () => {
      this.#rename([parentOf(path)], (names) => {
        for (const at of names.keys()) if (at === path || at.startsWith(`${path}/`)) names.delete(at);
      });
    });
  }

  list(path: string): Promise<readonly DirectoryEntry[]> {
    return this.#promise('list', path, () => {
      if (this.#names.get(path) !== 'directory') throw new DiskFault('ENOENT', path, 'list');
      const prefix = path === '/' ? '/' : `${path}/`;
      const entries: DirectoryEntry[] = [];
      for (const [at, node] of this.#names) {
        const name = at.slice(prefix.length);
        if (at.startsWith(prefix) && name !== '' && !name.includes('/')) {
          entries.push({ name, directory: node === 'directory' });
        }
      }
      return entries;
    });
  }

  status(path: string): Promise<FileStatus | null> {
    return this.#promise('stat', path, () => {
      const node = this.#names.get(path);
      if (node === undefined) return null;
      if (node === 'directory') return { sizeInBytes: 0, modifiedMs: 0, directory: true };
      return { sizeInBytes: node.size, modifiedMs: node.modifiedMs, directory: false };
    });
  }

  syncDirectory(path: string): Promise<void> {
    return this.#promise('fsync', path, () => this.#syncNames(path));
  }

  #syncNames(path: string): void {
    const last = this.#journal.findLastIndex((change) => change.directories.includes(path));
    for (const change of this.#journal.splice(0, last + 1)) change.apply(this.#durableNames);
  }

  syncFileSystem(path: string): Promise<void> {
    return this.#promise('syncfs', path, () => {
      for (const node of this.#names.values()) if (node instanceof Inode) node.sync();
      for (const change of this.#journal.splice(0)) change.apply(this.#durableNames);
    });
  }

  lockFile(path: string): Promise<FileLock | null> {
    return this.#promise('lock', path, () => {
      this.#create(path, 'lock');
      if (this.#locks.has(path)) return null;
      this.#locks.add(path);
      return {
        release: async () => {
          this.#locks.delete(path);
        },
      };
    });
  }
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}
