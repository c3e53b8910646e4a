/**
 * What stands in for the addon where it cannot be built: the same batch functions over npm packages with prebuilt binaries.
 *
 * It differs in what a host has to know:
 * - The system calls do not exist: all answer `UNSUPPORTED`. Hosts transfer sockets instead of descriptors, read and write instead of sendfile, read
 *   in a pool thread instead of asking for cached pages, leave write-back to the kernel, and have no lock against a second process.
 * - Records are decompressed into memory, not streamed, and never beyond 256 MiB.
 * - LZ4 knows one level.
 */
import { type Native, UNSUPPORTED } from '../../port/native.ts';
import { findTimestamp, scanBatches, sealBatches, validateBatches } from './batches.ts';
import { bytesOf, compress, decompress } from './codecs.ts';
import { loadPackages } from './packages.ts';

const unsupported = (): number => UNSUPPORTED;

/** Throws where its packages are missing. */
export function makeFallback(): Native {
  const { crc32 } = loadPackages();
  return {
    crc32c: (buffer, from, to, seed) => crc32.crc32c(bytesOf(buffer, from, to), seed),
    validateBatches,
    sealBatches,
    scanBatches,
    compress,
    decompress,
    findTimestamp,
    dup: unsupported,
    pipe: unsupported,
    closeFd: unsupported,
    sendfile: unsupported,
    send: unsupported,
    setSocketBuffers: unsupported,
    isCached: unsupported,
    syncFileRange: unsupported,
    syncfs: unsupported,
    lockFile: unsupported,
    unlockFile: unsupported,
    releasePages: unsupported,
    peek: unsupported,
    pinThread: unsupported,
  };
}
