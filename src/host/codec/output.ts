/** Gathers decompressed pieces within a bound, and says how decompression fails. */
import { BATCH_ERROR } from '../../port/native.ts';

/** What a decoder throws; `decompress` turns it into its answer. */
export class Fault extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`decompression failed (${code})`);
    this.code = code;
  }
}

export function corrupt(): Fault {
  return new Fault(BATCH_ERROR.badCompression);
}

/** Whether node:zlib stopped at its `maxOutputLength`. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

/** The decompressed bytes so far. */
export class Output {
  readonly #pieces: Buffer[] = [];
  readonly #limit: number;
  #length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many more bytes may come. */
  get remaining(): number {
    return this.#limit - this.#length;
  }

  /** Refuses what is more than may come, before it is made. */
  expect(length: number): void {
    if (length > this.remaining) throw new Fault(BATCH_ERROR.uncompressedTooLarge);
  }

  /** Takes a piece; it must stay as it is until the output is taken. */
  push(piece: Buffer): void {
    this.expect(piece.length);
    this.#pieces.push(piece);
    this.#length += piece.length;
  }

  take(): Buffer {
    const [first] = this.#pieces;
    return this.#pieces.length === 1 && first !== undefined ? first : Buffer.concat(this.#pieces, this.#length);
  }
}
