/**
 * One connection on its shard's thread, over net.Socket with `onread`.
 *
 * The descriptor's number is read from the live handle inside the call that uses it and kept nowhere: after a close the kernel
 * gives the same number to the next file.
 */
import { Socket } from 'node:net';

import { PEEK, UNSUPPORTED } from '../port/native.ts';
import type { Native } from '../port/native.ts';
import type { Handed, SocketBuffers, Wire, WireReceiver } from '../port/net.ts';

/** The part of Node's TCP handle that is used here: internal to Node, unchanged for many releases, held by test/contract/net. */
export interface TcpHandle {
  readonly fd: number;
}

interface WithHandle {
  _handle?: TcpHandle | null;
}

const EPIPE = -32;

export function handleOf(socket: Socket): TcpHandle | null {
  return (socket as unknown as WithHandle)._handle ?? null;
}

/** An IPv4 client of a listener for both families shows its IPv4 address, as in Java. */
export function plainAddress(address: string | undefined): string {
  return address === undefined ? '' : address.startsWith('::ffff:') ? address.slice(7) : address;
}

/** Builds the shard's socket. Null where the connection has died on the way. */
export function adoptSocket(
  native: Native,
  handed: Handed,
  receiver: WireReceiver,
  buffers: SocketBuffers | null = null,
): Wire | null {
  const socket =
    handed.kind === 'descriptor'
      ? fromDescriptor(native, handed.descriptor, receiver)
      : fromSocket(handed.socket, receiver);
  if (socket === null) return null;
  if (socket.remoteAddress === undefined) {
    socket.on('error', () => undefined);
    socket.destroy();
    return null;
  }
  const handle = handleOf(socket);
  // Where it cannot be done, the system's own sizes serve as well.
  if (buffers !== null && handle !== null) native.setSocketBuffers(handle.fd, buffers.send, buffers.receive);
  return new NodeWire(native, socket, receiver);
}

function onread(receiver: WireReceiver): { buffer: () => Uint8Array; callback: (size: number) => boolean } {
  return { buffer: () => receiver.buffer(), callback: (size) => receiver.received(size) };
}

function fromDescriptor(native: Native, fd: number, receiver: WireReceiver): Socket | null {
  try {
    return new Socket({ fd, allowHalfOpen: true, onread: onread(receiver) });
  } catch {
    native.closeFd(fd);
    return null;
  }
}

/** Takes the handle out of a socket that was transferred, because only a socket built with `onread` reads into our memory. */
function fromSocket(transferred: object, receiver: WireReceiver): Socket | null {
  const shell = transferred as Socket & WithHandle;
  const handle = shell._handle ?? null;
  if (handle === null || shell.destroyed) return null;
  shell._handle = null;
  shell.destroy();
  return new Socket({ handle, allowHalfOpen: true, onread: onread(receiver) } as unknown as { allowHalfOpen: boolean });
}

class NodeWire implements Wire {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly sendsFiles: boolean;
  readonly #native: Native;
  readonly #socket: Socket;
  readonly #written: () => void;
  /** The kernel has just refused bytes: what is written next waits by the stream. */
  #isFull = false;

  constructor(native: Native, socket: Socket, receiver: WireReceiver) {
    this.#native = native;
    this.#socket = socket;
    this.remoteAddress = plainAddress(socket.remoteAddress);
    this.remotePort = socket.remotePort ?? 0;
    this.localAddress = socket.localAddress ?? '';
    this.localPort = socket.localPort ?? 0;
    this.sendsFiles = native.sendfile(-1, -1, 0, 0) !== UNSUPPORTED;
    this.#written = () => {
      if (socket.writableLength === 0 && !socket.destroyed) receiver.written();
    };
    let failure: string | null = null;
    socket.on('error', (error: NodeJS.ErrnoException) => {
      failure = error.code ?? error.message;
    });
    socket.on('end', () => receiver.ended());
    socket.on('close', () => receiver.closed(failure));
    // A socket that was handed over is paused in Node's eyes.
    socket.resume();
  }

  get unwritten(): number {
    return this.#socket.writableLength;
  }

  /** The kernel mostly takes all of it at once, and then the stream need not know: that costs a tenth of a write by it. */
  write(bytes: Uint8Array, more = false): void {
    const socket = this.#socket;
    const handle = handleOf(socket);
    if (this.#isFull || socket.writableLength > 0 || handle === null) {
      this.#isFull = false;
      socket.write(bytes, this.#written);
      return;
    }
    const sent = this.#native.send(handle.fd, bytes, 0, bytes.length, more);
    if (sent === bytes.length) return;
    // Errors come to light there, too.
    socket.write(sent > 0 ? bytes.subarray(sent) : bytes, this.#written);
  }

  writeAll(parts: readonly Uint8Array[]): void {
    const socket = this.#socket;
    socket.cork();
    for (const part of parts) socket.write(part, this.#written);
    socket.uncork();
  }

  sendFile(descriptor: number, position: number, size: number): number {
    const handle = handleOf(this.#socket);
    if (handle === null) return EPIPE;
    const sent = this.#native.sendfile(handle.fd, descriptor, position, size);
    this.#isFull = sent < size;
    return sent;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  peek(): 'open' | 'ended' | 'failed' {
    const handle = handleOf(this.#socket);
    if (handle === null) return 'open';
    const found = this.#native.peek(handle.fd);
    if (found === PEEK.finished) return 'ended';
    return found < 0 && found !== UNSUPPORTED ? 'failed' : 'open';
  }

  endSoon(): void {
    this.#socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
