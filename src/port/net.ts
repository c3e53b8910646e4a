/**
 * Sockets as the code needs them.
 *
 *   acceptor thread                         shard's thread
 *   ───────────────                         ──────────────
 *   listen ─▶ Arrived ─ handOver() ─▶ Handed ─(message)─▶ adopt(handed, receiver) ─▶ Wire
 *
 * A wire is plaintext TCP: bytes go where the receiver says, and slices of files leave without passing through memory.
 */

/** What crosses from the acceptor's thread to a shard's. */
export type Handed =
  /** A duplicate of the accepted descriptor; whoever is handed it owns it. */
  | { readonly kind: 'descriptor'; readonly descriptor: number }
  /** A socket of the runtime's own, to be transferred with a message between threads. */
  | { readonly kind: 'socket'; readonly socket: object };

/** A connection that was accepted and that no shard has yet. */
export interface Arrived {
  readonly remoteAddress: string;
  readonly remotePort: number;
  /**
   * Gives the connection up. Null where it has died meanwhile: then there is nothing to close. 'no descriptor' where its descriptor would
   * be `limit` or more (they are given out from the lowest, so the number says how many are in use), or there is none left.
   */
  handOver(limit?: number): Handed | 'no descriptor' | null;
  /** Closes it. */
  destroy(): void;
}

/** How much the kernel holds for one socket, in bytes (SO_SNDBUF, SO_RCVBUF); below zero as it likes. */
export interface SocketBuffers {
  readonly send: number;
  readonly receive: number;
}

export interface ListenOptions {
  /** Empty: all addresses. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** How many connections the kernel holds for us before they are accepted. */
  readonly backlog: number;
}

export interface Listening {
  readonly port: number;
  /** Accepts no more. Connections that were accepted stay. */
  stop(): void;
}

/** Why a listener did not open: the runtime's code (`EADDRINUSE`) and its words. */
export interface ListenFailure {
  readonly code: string;
  readonly message: string;
}

/** What a wire tells its owner. All calls come on the owner's thread; none after `closed`. */
export interface WireReceiver {
  /**
   * Where the next read puts its bytes. Asked once when the wire is made and again when `received` returns, so the answer for a
   * connection that is idle stands for as long as it is.
   */
  buffer(): Uint8Array;
  /** `size` bytes stand at the start of what `buffer` gave last. False stops reading until `resume`. */
  received(size: number): boolean;
  /** The other side will send no more (FIN). It may still read. */
  ended(): void;
  /** Everything written has been taken by the kernel. */
  written(): void;
  /** The connection is gone, by whichever side. Once. The code of the failure, null where there was none. */
  closed(code: string | null): void;
}

export interface Wire {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** Bytes of earlier writes that the kernel has not taken. */
  readonly unwritten: number;
  /** Whether `sendFile` can work at all here. */
  readonly sendsFiles: boolean;
  /**
   * Writes one buffer, which must stay as it is until `unwritten` is 0. `more`: something follows in the same turn. `written` is not called for
   * what the kernel took inside the call.
   */
  write(bytes: Uint8Array, more?: boolean): void;
  /** Writes several in one system call. */
  writeAll(parts: readonly Uint8Array[]): void;
  /**
   * Sends a slice of a file while `unwritten` is 0: how many bytes went, 0 at the end of the file, or a negative errno (`EAGAIN` where the
   * kernel holds as much as it wants to).
   */
  sendFile(descriptor: number, position: number, size: number): number;
  pause(): void;
  resume(): void;
  /** What a paused wire cannot see by itself. */
  peek(): 'open' | 'ended' | 'failed';
  /** Closes when everything written has been taken. */
  endSoon(): void;
  /** Closes at once. */
  destroy(): void;
}

/** The errno of a socket that takes no more for now. */
export const EAGAIN = -11;

/** Reads from files that other threads hold open, by their descriptors. */
export interface FileReader {
  /** Reads up to `size` bytes at `position` into `into` at `offset`, on this thread: how many; 0 at the file's end; negative on an error of the device. */
  readAt(descriptor: number, into: Uint8Array, offset: number, size: number, position: number): number;
}

export interface NetHost {
  listen(options: ListenOptions, arrived: (connection: Arrived) => void): Promise<Listening | ListenFailure>;
  /** Builds the shard's side. Null where the connection died on the way (it is closed). Reading begins at once. */
  adopt(handed: Handed, receiver: WireReceiver, buffers?: SocketBuffers): Wire | null;
}
