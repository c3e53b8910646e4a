/**
 * What we need of machine code: batch checks, CRC32C, codecs, and the system calls that Node lacks. Two implementations pass
 * the same contract tests: the Rust addon (native/) and the fallback in TypeScript (host/codec).
 *
 * Every function is synchronous and stateless. A typed-array argument costs 0.4 µs and a number nothing, so numbers are passed as
 * numbers and buffers once: what a function says about many batches goes into rows of a Float64Array that the caller keeps. Every
 * buffer may be a view of a SharedArrayBuffer. Ranges are `[from, to)`, positions count from the buffer's first byte.
 *
 *   regions  [from, to, from, to, …]                     one pair a region, the records of one partition
 *   rows     [row 0: ROW_SIZE numbers][row 1: …]         one row a batch, columns as in `ROW`
 *
 * Timestamps are two numbers: `hi` (signed, the upper 32 bits) and `lo` (unsigned): `(BigInt(hi) << 32n) | BigInt(lo)`. Producer
 * ids and offsets are one number each; from ±2^53 on it is ±Infinity, which no honest batch has.
 *
 * System calls answer a number: what they are for, or a negative errno. Where one does not exist (the fallback, an older kernel,
 * another system) the answer is `UNSUPPORTED`, and the host uses another way.
 */

/** The columns of a row. */
export const ROW = {
  /** Where the batch starts in the buffer. */
  position: 0,
  /** 12 + the batch length in its header. */
  sizeInBytes: 1,
  /** One of `BATCH_ERROR`. Columns up to `headerMaxTimestampLo` are the header's, and valid, where the header was read. */
  error: 2,
  /** The record (index from 0) at which a records error was found, else -1. */
  errorRecordIndex: 3,
  recordsCount: 4,
  /** The 16 bits of the header, unsigned: bits 0-2 codec, 3 log append time, 4 transactional, 5 control, 6 delete horizon. */
  attributes: 5,
  producerId: 6,
  producerEpoch: 7,
  baseSequence: 8,
  partitionLeaderEpoch: 9,
  baseOffset: 10,
  /** baseOffset + lastOffsetDelta. */
  lastOffset: 11,
  /** The maximum timestamp that the header claims. */
  headerMaxTimestampHi: 12,
  headerMaxTimestampLo: 13,
  /** The base timestamp of the header; the delete horizon where attribute bit 6 is set. */
  baseTimestampHi: 14,
  baseTimestampLo: 15,
  /**
   * The highest timestamp of the records, -1 where none is above -1 (Kafka's "no timestamp"). With log append time, and where
   * the records were not read, the header's.
   */
  maxTimestampHi: 16,
  maxTimestampLo: 17,
  /** Offset delta of the first record with the highest timestamp; -1 where there is none or the records were not read. */
  offsetDeltaOfMaxTimestamp: 18,
  /** The lowest timestamp of the records, those of -1 left out (Kafka does not bound them); -1 where there is none. */
  minTimestampHi: 19,
  minTimestampLo: 20,
  /** Index of the first record without a key, else -1: a compacted topic refuses the batch. */
  firstKeylessRecord: 21,
  /** Bytes of the records section, decompressed. 0 where the records were not read. */
  uncompressedBytes: 22,
} as const;

/** Numbers in a row. */
export const ROW_SIZE = 24;

/**
 * What is wrong with a batch. The first that applies, in this order, which is the order of Kafka's checks; in brackets the error
 * Kafka answers a producer. Control batches from clients, a producer id with a negative sequence, the timestamp type and bounds are
 * the caller's to check, from the columns.
 */
export const BATCH_ERROR = {
  none: 0,
  /** Fewer bytes than a batch header, or than the header claims: a torn tail in a scan, no batch at all in a request. [INVALID_RECORD] */
  incomplete: 1,
  /** A length too small for a header. [CORRUPT_MESSAGE] */
  badLength: 2,
  /** Magic 0 or 1, which 4.x does not take. [INVALID_RECORD] */
  oldMagic: 3,
  /** A magic that does not exist. [CORRUPT_MESSAGE] */
  badMagic: 4,
  /** Bytes after the first batch of the region. [INVALID_RECORD] */
  moreThanOneBatch: 5,
  /** The header's base offset is not 0. Validation only. [INVALID_RECORD] */
  baseOffsetNotZero: 6,
  /** Larger than `maxBatchBytes`. [MESSAGE_TOO_LARGE] */
  tooLarge: 7,
  /** CRC32C over attributes to end differs. [CORRUPT_MESSAGE] */
  badCrc: 8,
  /** Count not positive, or lastOffsetDelta is not count - 1 (validation); lastOffsetDelta or count negative (scan). [INVALID_RECORD] */
  badCount: 9,
  /** Codec 5, 6 or 7. [UNKNOWN_SERVER_ERROR in Kafka; INVALID_RECORD says more] */
  unknownCodec: 10,
  /** The compressed stream is damaged. [UNKNOWN_SERVER_ERROR in Kafka; CORRUPT_MESSAGE says more] */
  badCompression: 11,
  /** More than `maxUncompressedBytes` come out. Ours: the caller tries again in the pool with a larger bound. */
  uncompressedTooLarge: 12,
  /** A record's body is larger than `maxRecordBytes` (`max.decompressed.message.bytes`). [INVALID_RECORD] */
  recordTooLarge: 13,
  /** A record's lengths do not fit each other or the batch, or there are more or fewer records than `recordsCount`. [INVALID_RECORD] */
  badRecord: 14,
  /**
   * All is well except that the offset deltas are not 0, 1, 2 …; the row is complete. Kafka takes uncompressed batches as they are, writes compressed
   * ones anew where the topic has another codec, and fails on the others. [none, or UNKNOWN_SERVER_ERROR; INVALID_RECORD says more]
   */
  offsetsNotDense: 15,
  /** Scan: an offset is below `minOffset`, not above the batch before, negative, or 2^53 and more. */
  offsetOutOfOrder: 16,
} as const;

/** Codecs by the number that they have in a batch's attributes. */
export const CODEC = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;

export type Codec = (typeof CODEC)[keyof typeof CODEC];

/** The numbers of a row of `sealBatches`. */
export const SEAL = {
  /** Where the batch starts in the buffer. */
  position: 0,
  baseOffset: 1,
  partitionLeaderEpoch: 2,
  /** One of `SEAL_TIMESTAMP`. */
  timestamp: 3,
  maxTimestampHi: 4,
  maxTimestampLo: 5,
} as const;

/** Numbers in a row of `sealBatches`. */
export const SEAL_SIZE = 6;

/** What `sealBatches` does with the timestamp type and the maximum timestamp in the header. */
export const SEAL_TIMESTAMP = {
  /** Nothing: base offset and leader epoch are outside the CRC, which stays. */
  keep: 0,
  /** Log append time (attribute bit 3) with the row's maximum timestamp. */
  logAppendTime: 1,
  /** Create time with the row's maximum timestamp: what Kafka does where the header's was wrong. */
  createTime: 2,
} as const;

/** Where `scanBatches` and its caller say things about the whole scan: the first numbers of `out`, before the rows. */
export const SCAN = {
  /** Where the scan stopped: the position after the last whole valid batch. */
  stoppedAt: 0,
  /** One of `BATCH_ERROR`: why. `none` where `to` was reached, or `out` was full. */
  reason: 1,
  /** With `incomplete`: how many bytes from `stoppedAt` the next batch needs (12 where its length is not known yet). */
  bytesNeeded: 2,
  /** Where the rows start in `out`. */
  firstRow: 4,
} as const;

/** Answer of a system call that does not exist here: -ENOSYS. */
export const UNSUPPORTED = -38;

/** What `peek` answers, apart from a negative errno. */
export const PEEK = {
  /** The peer has closed its side (FIN) and no data is left. */
  finished: 0,
  data: 1,
  nothing: 2,
} as const;

/** The flags of sync_file_range(2). */
export const SYNC_FILE_RANGE = { waitBefore: 1, write: 2, waitAfter: 4 } as const;

export interface BatchFunctions {
  /** CRC32C (Castagnoli) of the range, unsigned; `seed` is the CRC of what stands before it (0 to begin). */
  crc32c(buffer: Uint8Array, from: number, to: number, seed: number): number;

  /**
   * Checks the record bytes of a Produce request: region i must hold exactly one batch of magic 2, and row i of `out` says what it
   * is and what is wrong with it. Header, size, CRC32C, count; then every record, decompressing as it goes without keeping more than a window.
   *
   * @param regions pairs [from, to); only the first `regionCount` are read
   * @param out at least `regionCount` rows
   * @param maxBatchBytes `max.message.bytes`
   * @param maxUncompressedBytes bound of the decompressed bytes of one batch (Infinity: none); not for uncompressed batches
   * @param maxRecordBytes `max.decompressed.message.bytes`: bound of one record's body in a compressed batch
   * @returns how many of the regions are in error (`offsetsNotDense` counts)
   */
  validateBatches(
    buffer: Uint8Array,
    regions: Float64Array,
    regionCount: number,
    out: Float64Array,
    maxBatchBytes: number,
    maxUncompressedBytes: number,
    maxRecordBytes: number,
  ): number;

  /**
   * Writes base offset and partition leader epoch, which the CRC does not cover, into batch headers in place; where the row says so
   * also timestamp type and maximum timestamp, with a new CRC (none where both are as they should be already).
   *
   * @param rows `count` rows of `SEAL_SIZE` numbers
   * @returns how many batches were sealed: less than `count` where a batch does not lie within the buffer, which is the caller's bug
   */
  sealBatches(buffer: Uint8Array, rows: Float64Array, count: number): number;

  /**
   * Walks batches of magic 2 as they stand in a segment: recovery, follower fetches. Every CRC is checked. Stops at the first batch that
   * is not whole and valid, at `to`, or when `out` is full; `out[SCAN.…]` says where and why, then come the rows, from `SCAN.firstRow`.
   *
   * @param minOffset the lowest base offset that the first batch may have; from then on offsets must grow
   * @param maxBatchBytes a longer batch is taken for damage (`tooLarge`)
   * @param maxUncompressedBytes 0: records are not read, maximum timestamps are the headers'. Else they are read within this
   *   bound, and a batch whose records are damaged stops the scan (`offsetsNotDense` does not: compaction leaves gaps)
   * @returns the number of rows written
   */
  scanBatches(
    buffer: Uint8Array,
    from: number,
    to: number,
    minOffset: number,
    out: Float64Array,
    maxBatchBytes: number,
    maxUncompressedBytes: number,
  ): number;

  /**
   * Compresses the range as Kafka's clients do. Level: gzip 1-9 or -1 (default), lz4 1-17 (9 default), zstd -131072-22 (3 default); none for snappy.
   * Snappy is framed as xerial's SnappyOutputStream (32 KiB blocks), LZ4 as frames of independent 64 KiB blocks without checksum of the content.
   */
  compress(codec: Codec, level: number, buffer: Uint8Array, from: number, to: number): Buffer;

  /**
   * Decompresses the range. Snappy is read with xerial's framing and raw; LZ4 and Zstandard with and without a declared size.
   * @returns the bytes, or `BATCH_ERROR.badCompression`, `BATCH_ERROR.uncompressedTooLarge` (more than `maxOutput`) or `BATCH_ERROR.unknownCodec`
   */
  decompress(codec: number, buffer: Uint8Array, from: number, to: number, maxOutput: number): Buffer | number;

  /**
   * The first record of the batch in the range (all of it, from its header on) with at least this timestamp and offset delta. Records come out of
   * the codec as they are looked at, and none is kept: a batch may unfold to any size. CRC and what stands behind the record are not looked at.
   *
   * @param timestampHi upper 32 bits, signed; `timestampLo` the lower ones, unsigned
   * @param maxUncompressedBytes how much of a compressed batch may come out on the way; beyond it the answer is `uncompressedTooLarge`
   * @param out gets the record's timestamp in two such numbers
   * @returns its offset delta; -1 where there is none; -1 - `BATCH_ERROR` for a batch whose records cannot be read up to it
   */
  findTimestamp(
    buffer: Uint8Array,
    from: number,
    to: number,
    timestampHi: number,
    timestampLo: number,
    minDelta: number,
    maxUncompressedBytes: number,
    out: Float64Array,
  ): number;
}

export interface SystemCalls {
  /** Another descriptor (close-on-exec) of the same open file or socket. */
  dup(fd: number): number;

  /** A pipe whose ends do not block (close-on-exec): the descriptor of the read end + that of the write end * 2^20. */
  pipe(): number;

  /** Closes a descriptor that nothing else owns. 0. */
  closeFd(fd: number): number;

  /** Sends up to `count` bytes of a file from `position`: how many went; 0 at the file's end; -11 (EAGAIN) when the socket is full. */
  sendfile(socketFd: number, fileFd: number, position: number, count: number): number;

  /**
   * Sends the range without waiting: how many bytes went, or a negative errno; -11 (EAGAIN) when the socket is full. `more`: something follows in
   * the same turn, and what does not fill a segment may wait for it.
   */
  send(socketFd: number, buffer: Uint8Array, from: number, to: number, more: boolean): number;

  /** SO_SNDBUF and SO_RCVBUF of a socket, in bytes as they were asked for; below zero leaves one to the system. 0. */
  setSocketBuffers(socketFd: number, send: number, receive: number): number;

  /** Whether the whole range of the file is in the page cache: 1 yes, 0 no. The range is cut at the file's end. */
  isCached(fd: number, position: number, count: number): number;

  /** sync_file_range(2), `flags` of `SYNC_FILE_RANGE`: starts or awaits write-back of a range, without metadata. 0. */
  syncFileRange(fd: number, position: number, count: number, flags: number): number;

  /** Flushes the file system on which this file lies. 0. */
  syncfs(fd: number): number;

  /**
   * Opens (creating it) and locks a file for writing, as Java's FileChannel.tryLock: other processes that ask, Kafka among them, and other lockers in
   * this process are refused. Returns the descriptor that holds the lock; -11 (EAGAIN) or -13 (EACCES) where somebody else does.
   */
  lockFile(path: string): number;

  /** Gives the lock back and closes the descriptor. 0. */
  unlockFile(fd: number): number;

  /** Gives the whole pages within the range back to the system; they read as zero from then on. How many bytes went. */
  releasePages(buffer: Uint8Array, from: number, to: number): number;

  /** What a read of the socket would find, without reading: one of `PEEK`, or the negative errno that it would fail with (-104: RST). */
  peek(socketFd: number): number;

  /** Runs the calling thread on this processor only. 0. */
  pinThread(cpu: number): number;
}

/** The addon or its fallback. */
export type Native = BatchFunctions & SystemCalls;
