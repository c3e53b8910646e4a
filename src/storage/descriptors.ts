/**
 * The open log files of a thread, within what RLIMIT_NOFILE allows. Lives on the thread that owns the logs, one a thread.
 *
 * A file is opened when it is first needed and closed when others need the place and nobody holds it. It is held by *leases*,
 * counted here, of writes and reads that are under way on this thread; and by its *slot*, through which other threads send from it. The
 * slot is asked before the file is closed: while it is in use the file waits among the `retiring`.
 *
 *   closed ──acquire──▶ open, leased ──release──▶ open ──evict, drop──▶ retiring ──slot unused──▶ closed
 */
import { assert } from '../base/assert.ts';
import type { Clock } from '../port/clock.ts';
import type { Disk, DiskDone, DiskFile } from '../port/disk.ts';

/** How the shard shares descriptors with other threads. */
export interface SlotHooks {
  /** A slot for an open descriptor; -1 where none is free: the file is then only read by this thread. */
  share(fd: number): number;
  /** Takes the slot back. False where it is still in use: asked again later. */
  retire(slot: number): boolean;
}

/** A file whose descriptor is managed here. The fields are this module's to write. */
export interface Openable {
  readonly path: string;
  file: DiskFile | null;
  /** -1: not shared. */
  slot: number;
  leases: number;
  /** Of the last acquisition, to find who has been idle longest. */
  lastUse: number;
  /** Never to be opened again; closed when the last holder lets go. */
  dropped: boolean;
}

/** How long a retiring slot is left alone before it is asked again. */
const RETRY_MS = 250;

export interface DescriptorOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  /** How many files may be open. Leased ones may exceed it, as there is no way to do without them. */
  readonly limit: number;
  readonly slots: SlotHooks | null;
}

export class DescriptorCache {
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #slots: SlotHooks | null;
  readonly #open = new Set<Openable>();
  readonly #opening = new Map<Openable, DiskDone[]>();
  #retiring: { file: DiskFile; slot: number }[] = [];
  #uses = 0;
  #retrySet = false;

  constructor(options: DescriptorOptions) {
    this.#disk = options.disk;
    this.#clock = options.clock;
    this.#limit = options.limit;
    this.#slots = options.slots;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** Opens where needed and leases: `done` inside the call where the disk can, and always where the file is open. */
  acquire(target: Openable, create: boolean, done: DiskDone): void {
    target.leases++;
    target.lastUse = ++this.#uses;
    if (target.file !== null) {
      // No slot was free when it was opened: perhaps one is now.
      if (target.slot < 0) this.#share(target, target.file);
      done(null);
      return;
    }
    const waiting = this.#opening.get(target);
    if (waiting) {
      waiting.push(done);
      return;
    }
    this.#opening.set(target, [done]);
    if (this.#open.size + this.#retiring.length >= this.#limit) this.#evict();
    this.#openFile(target, create, true);
  }

  #openFile(target: Openable, create: boolean, again: boolean): void {
    this.#disk.open(target.path, { create, write: true }, (fault, file) => {
      // Others of the process have used up the descriptors: some of ours go.
      if (again && (fault?.code === 'EMFILE' || fault?.code === 'ENFILE')) {
        this.#evict();
        this.#clock.after(RETRY_MS, () => this.#openFile(target, create, false));
        return;
      }
      const callbacks = this.#opening.get(target) ?? [];
      this.#opening.delete(target);
      if (file !== null) {
        target.file = file;
        this.#open.add(target);
        this.#share(target, file);
      } else {
        target.leases -= callbacks.length;
      }
      for (const callback of callbacks) callback(fault);
    });
  }

  /** Where all slots are taken, idle files make room. */
  #share(target: Openable, file: DiskFile): void {
    if (this.#slots === null) return;
    target.slot = this.#slots.share(file.fd);
    if (target.slot >= 0) return;
    this.#evict();
    target.slot = this.#slots.share(file.fd);
  }

  release(target: Openable): void {
    assert(target.leases > 0, 'a lease is released once');
    target.leases--;
    if (target.dropped && target.leases === 0) this.#retire(target);
  }

  /** The file is closed, or was renamed away and will be unlinked: its descriptor goes as soon as nobody holds it. */
  drop(target: Openable): void {
    target.dropped = true;
    if (target.leases === 0) this.#retire(target);
  }

  /** Undoes `drop`, for a file that is reopened. */
  revive(target: Openable): void {
    target.dropped = false;
  }

  /** Closes the idlest eighth of what is open and not leased. */
  #evict(): void {
    const idle = [...this.#open].filter((target) => target.leases === 0);
    idle.sort((a, b) => a.lastUse - b.lastUse);
    for (const target of idle.slice(0, Math.max(1, idle.length >> 3))) this.#retire(target);
  }

  #retire(target: Openable): void {
    const { file, slot } = target;
    if (file === null) return;
    this.#open.delete(target);
    target.file = null;
    target.slot = -1;
    if (slot >= 0 && this.#slots !== null && !this.#slots.retire(slot)) {
      this.#retiring.push({ file, slot });
      this.#retryLater();
      return;
    }
    close(file);
  }

  #retryLater(): void {
    if (this.#retrySet) return;
    this.#retrySet = true;
    this.#clock.after(RETRY_MS, () => {
      this.#retrySet = false;
      this.sweep();
    });
  }

  /** Asks the retiring slots again. Called by timer, and at shutdown once no connection is left. */
  sweep(): void {
    const still: { file: DiskFile; slot: number }[] = [];
    for (const waiting of this.#retiring) {
      if (this.#slots?.retire(waiting.slot) === false) still.push(waiting);
      else close(waiting.file);
    }
    this.#retiring = still;
    if (still.length > 0) this.#retryLater();
  }
}

function close(file: DiskFile): void {
  // A close that fails leaves nothing to be done: what mattered was synced before.
  file.close().catch(() => undefined);
}

/** One a thread. */
export function createDescriptors(options: DescriptorOptions): DescriptorCache {
  return new DescriptorCache(options);
}
