/**
 * A client that speaks frames and knows nothing: requests go out as they are given, answers come back as they are. For tests that
 * look at the wire; one connection each, requests may be sent before the ones before are answered.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { decodeResponseHeader, encodeRequest } from '../../src/protocol/frame.ts';
import {
  type ApiName,
  APIS,
  apiOf,
  type RequestInputOf,
  type DecodedResponseOf,
} from '../../src/protocol/schema/index.ts';

/** The broker closed the connection instead of answering. */
export class ClosedError extends Error {}

interface Waiter {
  resolve(frame: Buffer): void;
  reject(error: Error): void;
}

/** A broker that does not answer fails the test rather than hang it. */
const PATIENCE_MS = 20_000;

export class RawClient {
  readonly #socket: Socket;
  readonly #waiters: Waiter[] = [];
  readonly #frames: Buffer[] = [];
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #wanted = 4;
  #isClosed = false;
  #correlationId = 0;
  /** Of the requests to come. */
  clientId = 'raw';

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#received(bytes));
    socket.on('error', () => this.#closed());
    socket.on('close', () => this.#closed());
    socket.on('end', () => this.#closed());
  }

  static async open(port: number, host = '127.0.0.1'): Promise<RawClient> {
    const socket = connect(port, host);
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sends a request, waits for its answer. `ClosedError` where the broker closes the connection. */
  async ask<N extends ApiName>(api: N, version: number, request: RequestInputOf<N>): Promise<DecodedResponseOf<N>> {
    return this.decode(api, version, await this.exchange(this.post(api, version, request)));
  }

  /** Sends a request without waiting. Returns its correlation id. */
  post<N extends ApiName>(api: N, version: number, request: RequestInputOf<N>): number {
    const correlationId = ++this.#correlationId;
    this.send(encodeRequest(api, version, correlationId, this.clientId, request));
    return correlationId;
  }

  /** The next frame, which must be the answer to `correlationId`. */
  async exchange(correlationId: number): Promise<Buffer> {
    const frame = await this.receive();
    const answered = frame.readInt32BE(0);
    if (answered !== correlationId) throw new Error(`an answer to ${answered} where one to ${correlationId} was due`);
    return frame;
  }

  /** The answer of a frame. A `DecodeError` where a byte is too few or too many. */
  decode<N extends ApiName>(api: N, version: number, frame: Buffer): DecodedResponseOf<N> {
    const { bodyOffset } = decodeResponseHeader(api, version, frame, 0, frame.length);
    // oxlint-disable-next-line no-unsafe-type-assertion -- the row of the table and the name are of one API
    return apiOf(api).response.decode(version, frame, bodyOffset, frame.length) as DecodedResponseOf<N>;
  }

  /** Sends bytes as they are. */
  send(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** The next frame without its length. `ClosedError` where there comes none any more. */
  receive(): Promise<Buffer> {
    const frame = this.#frames.shift();
    if (frame) return Promise.resolve(frame);
    if (this.#isClosed) return Promise.reject(new ClosedError('the connection is closed'));
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS} ms`)), PATIENCE_MS);
    this.#waiters.push({
      resolve: (received) => {
        clearTimeout(timer);
        resolve(received);
      },
      reject: (error) => {
        clearTimeout(timer);
        reject(error);
      },
    });
    return promise;
  }

  /** Waits until the broker has closed the connection; an answer before that is an error. */
  async untilClosed(): Promise<void> {
    try {
      const frame = await this.receive();
      throw new Error(`an answer of ${frame.length} bytes where the connection was to be closed`);
    } catch (error) {
      if (!(error instanceof ClosedError)) throw error;
    }
  }

  /** Reads nothing until `resume`: what the broker sends fills the kernel's buffers and then its own patience. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.destroy();
  }

  #received(bytes: Buffer): void {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    // A long answer comes in many pieces: they are put together once, when it is whole.
    if (this.#pendingBytes < this.#wanted) return;
    let buffer = this.#pending.length === 1 ? bytes : Buffer.concat(this.#pending);
    this.#wanted = 4;
    while (buffer.length >= 4) {
      const size = 4 + buffer.readInt32BE(0);
      if (buffer.length < size) {
        this.#wanted = size;
        break;
      }
      this.#deliver(buffer.subarray(4, size));
      buffer = buffer.subarray(size);
    }
    this.#pending = buffer.length === 0 ? [] : [buffer];
    this.#pendingBytes = buffer.length;
  }

  #deliver(frame: Buffer): void {
    const waiter = this.#waiters.shift();
    if (waiter) waiter.resolve(frame);
    else this.#frames.push(frame);
  }

  #closed(): void {
    this.#isClosed = true;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(new ClosedError('the connection was closed'));
    this.#socket.destroy();
  }
}

/** The versions of an API that are served: what is advertised, less what has no codec (Produce 0 to 2). */
export function servedVersions(api: ApiName): number[] {
  const { validVersions, advertised } = APIS[api];
  if (advertised === null) return [];
  const min = Math.max(validVersions.min, advertised.min);
  return Array.from({ length: advertised.max - min + 1 }, (_, i) => min + i);
}
