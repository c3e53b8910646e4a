/**
 * Prints what is in the files of a log, with the options and the words of Kafka's kafka-dump-log, so that scripts that read its output
 * read ours. Never writes; a file that a broker is writing to is read as far as it goes.
 */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { readU32 } from '../base/bytes.ts';
import { loadNative } from '../host/addon.ts';
import {
  BATCH,
  BATCH_HEADER_SIZE,
  LOG_OVERHEAD,
  type BatchHeader,
  batchPayload,
  compressionOf,
  hasDeleteHorizon,
  isControl,
  isLogAppendTime,
  isTransactional,
  readBatchHeader,
} from '../protocol/batch.ts';
import { readRecords } from '../protocol/batch-records.ts';
import type { LogRecord } from '../protocol/batch-records.ts';
import { decrementSequence, incrementSequence } from '../storage/batch-header.ts';
import { OFFSET_ENTRY_SIZE, OffsetIndex } from '../storage/offset-index.ts';
import { decodeProducerSnapshot } from '../storage/producer-snapshot.ts';
import { TIME_ENTRY_SIZE, TimeIndex } from '../storage/time-index.ts';
import { decodeAborted } from '../storage/transaction-index.ts';
import type { DumpLogOptions } from './cli.ts';
import { recordLine } from './dump-log-records.ts';

const CODEC_NAMES = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
/** Bound of what one batch may decompress to: Kafka's largest array. */
const MAX_OUTPUT = 2147483639;

const { native } = loadNative();

/** What was found wrong, printed at the end: file → lines. */
type Complaints = Map<string, string[]>;

/** Where the lines go. */
export interface DumpOutput {
  out(line: string): void;
  err(line: string): void;
}

const CONSOLE: DumpOutput = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
};

/** Prints the files. 0; 1 where one could not be read, or indexes do not fit their log. */
export async function dumpLog(options: DumpLogOptions, output: DumpOutput = CONSOLE): Promise<number> {
  return new Dump(options, output).run();
}

class Dump {
  readonly #options: DumpLogOptions;
  readonly #output: DumpOutput;
  readonly #mismatches: Complaints = new Map();
  readonly #timeMismatches: Complaints = new Map();
  readonly #outOfOrder: Complaints = new Map();
  readonly #notFound: Complaints = new Map();
  readonly #gaps: Complaints = new Map();
  #failed = false;

  constructor(options: DumpLogOptions, output: DumpOutput) {
    this.#options = options;
    this.#output = output;
  }

  run(): number {
    for (const file of this.#options.files) {
      this.#output.out(`Dumping ${file}`);
      try {
        this.#dump(file);
      } catch (error) {
        this.#failed = true;
        this.#output.err(`${file}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    this.#complain('Mismatches in :', this.#mismatches);
    this.#complain('Found timestamp mismatch in :', this.#timeMismatches);
    this.#complain('Found out of order timestamp in :', this.#outOfOrder);
    this.#complain('The following indexed offsets are not found in :', this.#notFound);
    this.#complain('Non-consecutive offsets in ', this.#gaps, false);
    return this.#failed ? 1 : 0;
  }

  #dump(file: string): void {
    const name = basename(file);
    if (name.endsWith('.log')) this.#dumpLog(file, `Log starting offset: ${offsetOf(name)}`);
    else if (name.endsWith('.checkpoint')) this.#dumpLog(file, snapshotText(name));
    else if (name.endsWith('.index')) this.#dumpIndex(file);
    else if (name.endsWith('.timeindex')) this.#dumpTimeIndex(file);
    else if (name.endsWith('.snapshot')) this.#dumpProducers(file);
    else if (name.endsWith('.txnindex')) this.#dumpTransactions(file);
    else this.#output.err(`Ignoring unknown file ${file}`);
  }

  #complain(title: string, complaints: Complaints, counts = true): void {
    for (const [file, lines] of complaints) {
      if (counts) this.#failed = true;
      this.#output.err(title + file);
      for (const line of lines) this.#output.err(`  ${line}`);
    }
  }

  // --- .log and .checkpoint

  #dumpLog(file: string, title: string): void {
    const { maxBytes, deepIteration, decoder, printDataLog, skipRecordMetadata } = this.#options;
    this.#output.out(title);
    const format = { decoder, contents: printDataLog, skipMetadata: skipRecordMetadata };
    let last = -1;
    const end = eachBatch(file, 0, maxBytes, (bytes, header, position) => {
      if (deepIteration) {
        this.#output.out(batchText(bytes, header, position));
        for (const record of recordsIn(bytes, header)) {
          if (last >= 0 && record.offset !== last + 1) {
            noteLine(this.#gaps, file, `${last} is followed by ${record.offset}`);
          }
          last = record.offset;
          this.#output.out(recordLine(header, record, format));
        }
      } else {
        if (last >= 0 && header.baseOffset !== last + 1) {
          noteLine(this.#gaps, file, `${last} is followed by ${header.baseOffset}`);
        }
        last = header.lastOffset;
        this.#output.out(batchText(bytes, header, position));
      }
      return true;
    });
    const rest = end.fileBytes - end.position;
    if (rest > 0 && maxBytes === Infinity)
      this.#output.out(`Found ${rest} invalid bytes at the end of ${basename(file)}`);
  }

  // --- indexes

  #dumpIndex(file: string): void {
    const base = offsetOf(basename(file));
    const bytes = readFileSync(file);
    const index = new OffsetIndex(base, bytes.subarray(0, bytes.length - (bytes.length % OFFSET_ENTRY_SIZE)));
    if (bytes.length === 0) {
      this.#output.out(`${file} is empty.`);
      return;
    }
    if (this.#options.indexSanityCheck) {
      this.#sane(file, bytes.length % OFFSET_ENTRY_SIZE === 0 && index.lastOffset >= base);
      return;
    }
    for (let slot = 0; slot < index.entries; slot++) {
      const { offset, position } = index.entry(slot);
      // The tail of zeros that Kafka preallocates.
      if (offset === base && slot > 0) return;
      const found = batchAt(logOf(file), position);
      if (found?.header.lastOffset !== offset) {
        const lastOffset = found?.header.lastOffset ?? -1;
        noteLine(this.#mismatches, resolve(file), `Index offset: ${offset}, log offset: ${lastOffset}`);
      }
      if (!this.#options.verifyIndexOnly) this.#output.out(`offset: ${offset} position: ${position}`);
    }
  }

  #dumpTimeIndex(file: string): void {
    const base = offsetOf(basename(file));
    const bytes = readFileSync(file);
    const index = new TimeIndex(base, bytes.subarray(0, bytes.length - (bytes.length % TIME_ENTRY_SIZE)));
    if (this.#options.indexSanityCheck) {
      const first = index.entries === 0 ? -1n : index.entry(0).timestamp;
      const grows = index.entries === 0 || (index.lastTimestamp >= first && index.lastOffset >= base);
      this.#sane(file, bytes.length % TIME_ENTRY_SIZE === 0 && grows);
      return;
    }
    const offsets = readFileSync(file.replace(/\.timeindex$/, '.index'));
    const offsetIndex = new OffsetIndex(base, withoutZeros(offsets));
    let previous = -1n;
    for (let slot = 0; slot < index.entries; slot++) {
      const { timestamp, offset } = index.entry(slot);
      if (offset === base && slot > 0) return;
      this.#verifyTimestamp(file, timestamp, offset, offsetIndex.floorPosition(offset));
      if (previous >= timestamp) {
        const line = `Index timestamp: ${timestamp}, Previously indexed timestamp: ${previous}`;
        noteLine(this.#outOfOrder, resolve(file), line);
      }
      if (!this.#options.verifyIndexOnly) this.#output.out(`timestamp: ${timestamp} offset: ${offset}`);
      previous = timestamp;
    }
  }

  /** The entry's offset is the last of a batch, and its timestamp the highest in it. */
  #verifyTimestamp(file: string, timestamp: bigint, offset: number, position: number): void {
    let lastOffset = -1;
    let highest = -1n;
    eachBatch(logOf(file), position, Infinity, (bytes, header) => {
      if (header.lastOffset < offset) return true;
      lastOffset = header.lastOffset;
      if (lastOffset === offset) {
        for (const record of recordsIn(bytes, header)) if (record.timestamp > highest) highest = record.timestamp;
      }
      return false;
    });
    if (lastOffset !== offset) {
      noteLine(this.#notFound, resolve(file), `Indexed offset: ${offset}, found log offset: ${lastOffset}`);
    } else if (highest !== timestamp) {
      noteLine(this.#timeMismatches, resolve(file), `Index timestamp: ${timestamp}, log timestamp: ${highest}`);
    }
  }

  #sane(file: string, sane: boolean): void {
    if (sane) this.#output.out(`${file} passed sanity check.`);
    else throw new RangeError('the index is damaged and will be built anew when a broker starts');
  }

  // --- .snapshot and .txnindex

  #dumpProducers(file: string): void {
    const entries = decodeProducerSnapshot(readFileSync(file), native);
    if (entries === null) throw new RangeError('the snapshot is damaged: its checksum does not fit');
    for (const entry of entries) {
      const first = optionalLong(entry.currentTxnFirstOffset);
      let line =
        `producerId: ${entry.producerId} producerEpoch: ${entry.producerEpoch} coordinatorEpoch: ${entry.coordinatorEpoch}` +
        ` currentTxnFirstOffset: ${first} lastTimestamp: ${entry.timestamp}`;
      if (entry.lastOffset >= 0) {
        line +=
          ` firstSequence: ${decrementSequence(entry.lastSequence, entry.offsetDelta)} lastSequence: ${entry.lastSequence}` +
          ` lastOffset: ${entry.lastOffset} offsetDelta: ${entry.offsetDelta} timestamp: ${entry.timestamp}`;
      }
      this.#output.out(line);
    }
  }

  #dumpTransactions(file: string): void {
    const entries = decodeAborted(readFileSync(file), offsetOf(basename(file)));
    if (entries === null) throw new RangeError('the transaction index is damaged');
    for (const { producerId, firstOffset, lastOffset, lastStableOffset } of entries) {
      this.#output.out(
        `version: 0 producerId: ${producerId} firstOffset: ${firstOffset} lastOffset: ${lastOffset} lastStableOffset: ${lastStableOffset}`,
      );
    }
  }
}

function noteLine(complaints: Complaints, file: string, line: string): void {
  const lines = complaints.get(file);
  if (lines) lines.push(line);
  else complaints.set(file, [line]);
}

function offsetOf(name: string): number {
  const digits = /^\d+/.exec(name)?.[0];
  if (digits === undefined) throw new RangeError(`the name does not begin with an offset`);
  return Number(digits);
}

function snapshotText(name: string): string {
  const match = /^(\d+)-(\d+)/.exec(name);
  return match ? `Snapshot end offset: ${Number(match[1])}, epoch: ${Number(match[2])}` : 'Snapshot';
}

function logOf(file: string): string {
  return join(dirname(file), `${basename(file).replace(/\.[^.]+$/, '')}.log`);
}

function withoutZeros(file: Buffer): Buffer {
  let size = file.length - (file.length % OFFSET_ENTRY_SIZE);
  while (size > 0 && file.readBigInt64BE(size - OFFSET_ENTRY_SIZE) === 0n) size -= OFFSET_ENTRY_SIZE;
  return file.subarray(0, size);
}

function optionalLong(value: number | bigint): string {
  return value < 0 ? 'OptionalLong.empty' : `OptionalLong[${value}]`;
}

function batchText(bytes: Buffer, header: BatchHeader, position: number): string {
  const { attributes, baseSequence, baseOffset, lastOffset } = header;
  const lastSequence = baseSequence < 0 ? -1 : incrementSequence(baseSequence, lastOffset - baseOffset);
  const horizon = hasDeleteHorizon(attributes) ? optionalLong(header.baseTimestamp) : 'OptionalLong.empty';
  const time = isLogAppendTime(attributes) ? 'LogAppendTime' : 'CreateTime';
  const valid = native.crc32c(bytes, BATCH.attributes, bytes.length, 0) === readU32(bytes, BATCH.crc);
  return (
    `baseOffset: ${baseOffset} lastOffset: ${lastOffset} count: ${header.recordsCount} baseSequence: ${baseSequence}` +
    ` lastSequence: ${lastSequence} producerId: ${header.producerId} producerEpoch: ${header.producerEpoch}` +
    ` partitionLeaderEpoch: ${header.leaderEpoch} isTransactional: ${isTransactional(attributes)}` +
    ` isControl: ${isControl(attributes)} deleteHorizonMs: ${horizon} position: ${position}` +
    ` ${time}: ${header.maxTimestamp} size: ${header.sizeInBytes} magic: 2` +
    ` compresscodec: ${CODEC_NAMES[compressionOf(attributes)] ?? 'unknown'} crc: ${header.crc} isvalid: ${valid}`
  );
}

function recordsIn(bytes: Buffer, header: BatchHeader): LogRecord[] {
  const own = { ...header, position: 0 };
  const codec = compressionOf(header.attributes);
  if (codec === 0) return readRecords(own, batchPayload(bytes, own));
  const payload = native.decompress(codec, bytes, BATCH_HEADER_SIZE, bytes.length, MAX_OUTPUT);
  if (typeof payload === 'number') throw new RangeError(`the batch at offset ${header.baseOffset} does not decompress`);
  return readRecords(own, payload);
}

/** The whole batch that begins at `position`; null where there is none. */
function batchAt(file: string, position: number): { header: BatchHeader } | null {
  let found: { header: BatchHeader } | null = null;
  eachBatch(file, position, Infinity, (_bytes, header) => {
    found = { header };
    return false;
  });
  return found;
}

/** Reads batch after batch while `visit` says so; `bytes` is one batch, from 0. Ends at what does not look like a whole batch. */
function eachBatch(
  file: string,
  from: number,
  maxBytes: number,
  visit: (bytes: Buffer, header: BatchHeader, position: number) => boolean,
): { position: number; fileBytes: number } {
  const fd = openSync(file, 'r');
  try {
    const fileBytes = fstatSync(fd).size;
    const end = Math.min(fileBytes, from + maxBytes);
    const head = Buffer.alloc(BATCH_HEADER_SIZE);
    let position = from;
    while (position + BATCH_HEADER_SIZE <= end) {
      readSync(fd, head, 0, BATCH_HEADER_SIZE, position);
      const size = LOG_OVERHEAD + head.readInt32BE(BATCH.batchLength);
      if (head[BATCH.magic] !== 2 || size < BATCH_HEADER_SIZE || position + size > end) break;
      const bytes = Buffer.allocUnsafe(size);
      readSync(fd, bytes, 0, size, position);
      const at = position;
      position += size;
      if (!visit(bytes, readBatchHeader(bytes), at)) break;
    }
    return { position, fileBytes };
  } finally {
    closeSync(fd);
  }
}
