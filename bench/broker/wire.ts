/**
 * A client's connection: frames in, frames out, over a raw socket that reads into one buffer. Two ways of use: `call` for the few requests
 * that prepare a run, whole and decoded; and `stream`, where a run looks at the bytes as they come and keeps none.
 */
import { connect, type Socket } from 'node:net';
import { decodeResponseHeader, encodeRequest } from '../../src/protocol/frame.ts';
import { type ApiName, apiOf, type DecodedResponseOf, type RequestInputOf } from '../../src/protocol/schema/index.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export const CLIENT_ID = 'bench';
const LANDING_SIZE = 512 * 1024;

/** Takes bytes as they come; the buffer is used again afterwards. */
export type Taker = (bytes: Buffer, size: number) => void;

export class Connection {
  readonly socket: Socket;
  /** Why it cannot be used any more. */
  failure: Error | null = null;
  onFailure: (error: Error) => void = () => undefined;
  #taker: Taker;
  #correlationId = 1;
  readonly #waiting: ((frame: Buffer) => void)[] = [];
  #partial: Buffer[] = [];

  private constructor(address: Address, connected: () => void, landingSize: number) {
    this.#taker = (bytes, size) => this.#gather(bytes, size);
    const landing = Buffer.allocUnsafeSlow(landingSize);
    const callback = (size: number): boolean => {
      this.#taker(landing, size);
      return true;
    };
    this.socket = connect({ ...address, noDelay: true, onread: { buffer: landing, callback } }, connected);
    this.socket.on('error', (error) => this.#failed(error));
    this.socket.on('close', () => this.#failed(new Error('the broker closed the connection')));
  }

  static open(address: Address, landingSize = LANDING_SIZE): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const connection = new Connection(address, () => resolve(connection), landingSize);
      connection.onFailure = reject;
    });
  }

  /** From now on everything received goes to `taker`; null: back to `call`. */
  stream(taker: Taker | null): void {
    this.#taker = taker ?? ((bytes, size) => this.#gather(bytes, size));
  }

  call<N extends ApiName>(api: N, version: number, request: RequestInputOf<N>): Promise<DecodedResponseOf<N>> {
    if (this.failure !== null) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.onFailure = reject;
      this.#waiting.push((frame) => {
        const { bodyOffset } = decodeResponseHeader(api, version, frame, 0, frame.length);
        resolve(apiOf(api).response.decode(version, frame, bodyOffset, frame.length) as DecodedResponseOf<N>);
      });
      this.socket.write(encodeRequest(api, version, this.#correlationId++, CLIENT_ID, request));
    });
  }

  close(): void {
    this.onFailure = () => undefined;
    this.socket.destroy();
  }

  #gather(bytes: Buffer, size: number): void {
    this.#partial.push(Buffer.from(bytes.subarray(0, size)));
    let all = Buffer.concat(this.#partial);
    while (all.length >= 4 && all.length >= 4 + all.readInt32BE(0)) {
      const end = 4 + all.readInt32BE(0);
      this.#waiting.shift()?.(all.subarray(4, end));
      all = all.subarray(end);
    }
    this.#partial = all.length > 0 ? [all] : [];
  }

  #failed(error: Error): void {
    if (this.failure !== null) return;
    this.failure = error;
    this.onFailure(error);
  }
}
