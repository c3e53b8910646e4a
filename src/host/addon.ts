/**
 * Loads the Rust addon, or the fallback where it cannot be loaded. Every thread calls it once; the addon has no state of its own.
 *
 * `ODRADEK_NATIVE=off` asks for the fallback; any other value is the path of the addon.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Native } from '../port/native.ts';
import { makeFallback } from './codec/fallback.ts';

export interface LoadedNative {
  readonly native: Native;
  readonly kind: 'addon' | 'fallback';
  /** Why it is the fallback. */
  readonly reason?: string;
}

/** From the bundle (`dist/`) and from the source (`src/host/`). */
const PLACES = ['../native/odradek.node', '../../native/odradek.node'];

/** The functions without which it is not our addon, or an old one. */
const NEEDED = {
  crc32c: true,
  validateBatches: true,
  sealBatches: true,
  scanBatches: true,
  compress: true,
  decompress: true,
  findTimestamp: true,
  dup: true,
  pipe: true,
  closeFd: true,
  sendfile: true,
  send: true,
  setSocketBuffers: true,
  isCached: true,
  syncFileRange: true,
  syncfs: true,
  lockFile: true,
  unlockFile: true,
  releasePages: true,
  peek: true,
  pinThread: true,
} satisfies Record<keyof Native, true>;

function isNative(value: unknown): value is Native {
  if (typeof value !== 'object' || value === null) return false;
  const functions = new Map(Object.entries(value));
  return Object.keys(NEEDED).every((name) => typeof functions.get(name) === 'function');
}

/** Never throws for a missing addon; throws where the packages of the fallback are missing as well. */
export function loadNative(setting: string | undefined = process.env['ODRADEK_NATIVE']): LoadedNative {
  if (setting === 'off') return fallback('ODRADEK_NATIVE=off');
  const path =
    setting ?? PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((place) => existsSync(place));
  if (path === undefined) return fallback('native/odradek.node was not built');
  try {
    const addon: unknown = createRequire(import.meta.url)(path);
    return isNative(addon) ? { native: addon, kind: 'addon' } : fallback(`${path} is of another version`);
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
    return fallback(reason ?? 'unknown');
  }
}

function fallback(reason: string): LoadedNative {
  return { native: makeFallback(), kind: 'fallback', reason };
}
