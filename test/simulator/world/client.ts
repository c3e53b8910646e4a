/** A simulated client's connection: requests out, answers in the order of the requests, to a callback each. */
import { decodeResponseHeader, encodeRequest } from '../../../src/protocol/frame.ts';
import {
  type ApiName,
  apiOf,
  type DecodedResponseOf,
  type RequestInputOf,
} from '../../../src/protocol/schema/index.ts';
import { Violation } from './history.ts';
import type { ClientEnd, Connection } from './net.ts';

interface Asked {
  readonly api: ApiName;
  readonly version: number;
  readonly correlationId: number;
  answered(response: unknown): void;
}

export class Rpc implements ClientEnd {
  #connection: Connection | null = null;
  #pending: Buffer = Buffer.alloc(0);
  readonly #asked: Asked[] = [];
  #correlationId = 0;
  readonly #onGone: () => void;
  #isGone = false;

  /** Whatever comes back is dropped: for who sends nonsense. */
  ignores = false;

  /** `onGone`: once, after every request without an answer has been told null. */
  constructor(onGone: () => void) {
    this.#onGone = onGone;
  }

  attach(connection: Connection): void {
    this.#connection = connection;
  }

  get connection(): Connection {
    if (this.#connection === null) throw new Error('not connected');
    return this.#connection;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  get waiting(): number {
    return this.#asked.length;
  }

  /** `answered` is given null where the connection went first. */
  ask<N extends ApiName>(
    api: N,
    version: number,
    request: RequestInputOf<N>,
    answered: (response: DecodedResponseOf<N> | null) => void,
  ): void {
    const correlationId = ++this.#correlationId;
    this.#asked.push({ api, version, correlationId, answered });
    this.connection.send(encodeRequest(api, version, correlationId, 'simulated', request));
  }

  /** A request that is not answered (Produce with acks=0). */
  tell<N extends ApiName>(api: N, version: number, request: RequestInputOf<N>): void {
    this.connection.send(encodeRequest(api, version, ++this.#correlationId, 'simulated', request));
  }

  onData(bytes: Buffer): void {
    if (this.ignores) return;
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    while (this.#pending.length >= 4 && !this.#isGone) {
      const size = this.#pending.readInt32BE(0);
      if (size < 4 || size > 50_000_000) throw new Violation(`a response of ${size} bytes`);
      if (this.#pending.length < 4 + size) return;
      const frame = this.#pending.subarray(4, 4 + size);
      this.#pending = this.#pending.subarray(4 + size);
      this.#answer(frame);
    }
  }

  #answer(frame: Buffer): void {
    const asked = this.#asked.shift();
    if (asked === undefined) throw new Violation('an answer to nothing');
    const { api, version } = asked;
    const { correlationId, bodyOffset } = decodeResponseHeader(api, version, frame, 0, frame.length);
    if (correlationId !== asked.correlationId) {
      throw new Violation(`an answer to ${correlationId} where ${api} ${asked.correlationId} was due`);
    }
    asked.answered(apiOf(api).response.decode(version, frame, bodyOffset, frame.length));
  }

  onClosed(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    for (const asked of this.#asked.splice(0)) asked.answered(null);
    this.#onGone();
  }
}

/** The bytes of a decoded response's records. */
export function bytesOf(records: unknown): Buffer {
  if (records === null) return Buffer.alloc(0);
  // oxlint-disable-next-line no-unsafe-type-assertion -- a decoded response holds its records in memory
  return (records as { readonly bytes: Buffer }).bytes;
}
