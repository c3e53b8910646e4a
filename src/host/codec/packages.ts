/**
 * The packages that do for the fallback what Rust does for the addon, loaded when the fallback is made and not before. Each brings a
 * prebuilt binary; zstd-napi is optional, and where it is missing Node's own Zstandard serves.
 */
import { createRequire } from 'node:module';
import type * as Crc32 from '@node-rs/crc32';
import type * as Lz4 from 'lz4-napi';
import type * as Snappy from 'snappy';

export interface Packages {
  readonly crc32: typeof Crc32;
  readonly lz4: typeof Lz4;
  readonly snappy: typeof Snappy;
  readonly zstd: ZstdBinding | null;
}

/** What we use of `zstd-napi/binding`: contexts, as in Zstandard's own interface. */
export interface ZstdBinding {
  readonly CCtx: new () => {
    setParameter(parameter: number, value: number): void;
    compress2(output: Buffer, input: Buffer): number;
  };
  readonly DCtx: new () => ZstdDecoder;
  readonly CParameter: { readonly compressionLevel: number };
  compressBound(size: number): number;
}

export interface ZstdDecoder {
  /** [0 at a frame's end, else a hint; bytes produced; bytes consumed]. Throws on a damaged stream. */
  decompressStream(output: Buffer, input: Buffer): readonly [number, number, number];
}

let loaded: Packages | undefined;

/** Throws where one of the packages that are not optional is missing. */
export function loadPackages(): Packages {
  loaded ??= load();
  return loaded;
}

function load(): Packages {
  const require = createRequire(import.meta.url);
  const crc32: typeof Crc32 = require('@node-rs/crc32');
  const lz4: typeof Lz4 = require('lz4-napi');
  const snappy: typeof Snappy = require('snappy');
  return { crc32, lz4, snappy, zstd: loadZstd(require) };
}

function loadZstd(require: NodeJS.Require): ZstdBinding | null {
  try {
    const binding: ZstdBinding = require('zstd-napi/binding');
    return binding;
  } catch {
    return null;
  }
}
