/**
 * Watches of waiting fetches, both ends: those that this thread's fetches have put on owners elsewhere, and those that other threads
 * have put here. Lives on a shard's thread; one a shard.
 */
import type { Mailbox } from './mailbox.ts';
import type { Owner } from './owner.ts';
import { type WatchCall, watchCall } from './owner-calls.ts';
import { WatchTable } from './watch.ts';

export class Watchers {
  readonly #self: number;
  readonly #mailbox: Mailbox<'shard'>;
  readonly #owner: Owner;
  readonly #table = new WatchTable();
  /** What to do when an owner elsewhere wakes one of ours. */
  readonly #waiting = new Map<number, () => void>();
  #nextId = 1;

  constructor(self: number, mailbox: Mailbox<'shard'>, owner: Owner) {
    this.#self = self;
    this.#mailbox = mailbox;
    this.#owner = owner;
  }

  /** Puts a watch on an owner's partitions: `wake` is called at most once, possibly in this call. Returns how to take it off. */
  watch(owner: number, call: WatchCall, wake: () => void): () => void {
    if (owner === this.#self) {
      const watch = this.#owner.watch(call, wake);
      return () => watch.cancel();
    }
    const id = this.#nextId++;
    this.#waiting.set(id, wake);
    const payload = watchCall.encode(0, call);
    const send = (): void => {
      if (!this.#waiting.has(id) || this.#mailbox.note('watch', owner, { watch: id, payload })) return;
      this.#mailbox.whenCredit(owner, 'watch', send);
    };
    send();
    return () => this.#takeOff(owner, id);
  }

  #takeOff(owner: number, id: number): void {
    if (this.#waiting.delete(id)) this.#mailbox.noteInTurn('unwatch', owner, { watch: id });
  }

  /** Another thread's fetch waits for partitions of this one. */
  asked(from: number, id: number, call: WatchCall): void {
    const wake = (): void => {
      this.#table.remove(from, id);
      this.#mailbox.noteInTurn('wake', from, { watch: id });
    };
    this.#table.add(from, id, this.#owner.watch(call, wake));
  }

  unwatch(from: number, id: number): void {
    this.#table.cancel(from, id);
  }

  /** An owner elsewhere has news for one of ours. */
  woken(id: number): void {
    const wake = this.#waiting.get(id);
    this.#waiting.delete(id);
    wake?.();
  }
}
