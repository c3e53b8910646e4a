/** Threads as main starts them, and as each sees itself. */

/** The entries of threads; host/threads knows their files. */
export type ThreadEntry = 'control' | 'shard';

/** Why a thread is no more. */
export type ThreadEnd =
  /** It was told to stop, or ended after its own `close`. */
  | { readonly kind: 'stopped' }
  /** An exception that nobody caught; the error's words and its stack. */
  | { readonly kind: 'failed'; readonly message: string; readonly stack: string }
  /** It left without a word; the code is 0 where it had nothing left to do. */
  | { readonly kind: 'exited'; readonly code: number };

export interface ThreadStart {
  readonly entry: ThreadEntry;
  /** For log lines and for the system's list of threads. */
  readonly name: string;
  /** What `thisThread` gives the thread: a plain value; shared memory in it stays shared. */
  readonly data: unknown;
  /** Limits of its heap; the runtime's own where not given. */
  readonly oldSpaceMb?: number;
  readonly youngSpaceMb?: number;
  /** Once, when the thread is no more. Anything but `stopped` ends the process with its reason. */
  ended(end: ThreadEnd): void;
  /** What the thread sends with `send`. */
  received?(message: unknown): void;
}

/** A thread, seen by main. */
export interface Thread {
  readonly name: string;
  /** Done when the thread has called `ready`; rejected where it ended before. */
  readonly ready: Promise<void>;
  /** A message beside the rings: for values that only the runtime can carry (a socket), and for nothing else. */
  send(message: unknown, transfer?: readonly object[]): void;
  /** Ends the thread wherever it is. Done when it is no more. */
  stop(): Promise<void>;
}

/** A thread, seen by itself. */
export interface ThisThread<Data> {
  readonly data: Data;
  readonly name: string;
  /** Tells main that this thread serves. */
  ready(): void;
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Lets go of what keeps the thread alive: it ends when nothing else is under way. */
  close(): void;
}
