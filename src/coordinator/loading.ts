/**
 * Reads the log of a coordinator from its start to its end, batch by batch: records, those of transactions with their producer, and
 * the markers that end transactions. Records are decoded as they are asked for, so that a large batch does not hold up the loop.
 */
import type { Clock } from '../port/clock.ts';
import type { Logger } from '../port/log.ts';
import type { BatchFunctions } from '../port/native.ts';
import {
  type BatchHeader,
  batchesOf,
  batchPayload,
  compressionOf,
  isControl,
  isTransactional,
} from '../protocol/batch.ts';
import { type LogRecord, readRecords } from '../protocol/batch-records.ts';
import { decodeControlRecord } from '../protocol/record/control-records.ts';
import type { Loaded, LoadedRecord, RecordProducer } from './contract.ts';
import type { CoordinatorPartition } from './coordinator-log.ts';
import type { RecordCodec } from './record-codec.ts';

/** What may come out of a batch on this thread. */
const INLINE_OUTPUT = 1024 * 1024;
/** What may come out of one batch at all. */
const MAX_OUTPUT = 256 * 1024 * 1024;
const PROGRESS_MS = 2000;

export interface LoadingPorts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly native: BatchFunctions;
  /** As ShardPorts of broker/shard-thread. */
  readonly decompressLarge?:
    | ((codec: number, bytes: Buffer, maxOutput: number) => Promise<Buffer | number>)
    | undefined;
}

export class LoadError extends Error {
  override readonly name = 'LoadError';
}

/** Rejects with a LoadError or DecodeError where the log cannot be read. */
export async function* loadRecords<Record>(
  ports: LoadingPorts,
  partition: CoordinatorPartition,
  bufferBytes: number,
  isStopped: () => boolean,
  codec: RecordCodec<Record>,
): AsyncGenerator<Loaded<Record>> {
  const { clock, log } = ports;
  const { topic, partition: index } = partition;
  const { startOffset, endOffset } = partition;
  let told = clock.monotonic();
  let offset = startOffset;
  while (offset < endOffset && !isStopped()) {
    const bytes = await partition.read(offset, bufferBytes);
    if (bytes === null) throw new LoadError(`${topic}-${index} cannot be read at offset ${offset}`);
    let next = offset;
    for (const header of batchesOf(bytes)) {
      next = header.lastOffset + 1;
      if (header.lastOffset < offset) continue;
      yield await loadedBatch(ports, bytes, header, codec);
    }
    // Compaction may have left nothing at the end.
    if (next === offset) return;
    offset = next;
    if (clock.monotonic() - told < PROGRESS_MS) continue;
    told = clock.monotonic();
    log.info('Loading the log of a coordinator', {
      partition: `${topic}-${index}`,
      offset: offset - startOffset,
      of: endOffset - startOffset,
    });
  }
}

async function loadedBatch<Record>(
  ports: LoadingPorts,
  bytes: Buffer,
  header: BatchHeader,
  codec: RecordCodec<Record>,
): Promise<Loaded<Record>> {
  const { lastOffset, leaderEpoch: epoch, attributes, producerId, producerEpoch } = header;
  const payload = await payloadOf(ports, bytes, header);
  const records = readRecords(header, payload);
  const producer = { producerId, producerEpoch };
  if (isControl(attributes)) return { records: [], lastOffset, epoch, marker: markerOf(records, producer) };
  return { records: decoded(records, isTransactional(attributes) ? producer : null, codec), lastOffset, epoch };
}

function* decoded<Record>(
  records: readonly LogRecord[],
  producer: RecordProducer | null,
  codec: RecordCodec<Record>,
): Generator<LoadedRecord<Record>> {
  for (const { key, value, offset } of records) {
    if (key === null) continue;
    // What the state keeps must not keep the whole buffer that was read.
    const own = value !== null && codec.keepsValue(key) ? Buffer.from(value) : value;
    const record = codec.decode(key, own);
    if (record !== null) yield { record, offset, producer };
  }
}

function markerOf(records: readonly LogRecord[], producer: RecordProducer): Loaded<never>['marker'] {
  const [first] = records;
  if (first === undefined || first.key === null || first.value === null) return null;
  const control = decodeControlRecord(first.key, first.value);
  if (control?.type !== 'commit' && control?.type !== 'abort') return null;
  return { ...producer, commit: control.type === 'commit' };
}

async function payloadOf(ports: LoadingPorts, bytes: Buffer, header: BatchHeader): Promise<Buffer> {
  const codec = compressionOf(header.attributes);
  const packed = batchPayload(bytes, header);
  if (codec === 0) return packed;
  const { native, decompressLarge } = ports;
  let payload = native.decompress(codec, packed, 0, packed.length, INLINE_OUTPUT);
  if (typeof payload === 'number') {
    payload =
      decompressLarge === undefined
        ? native.decompress(codec, packed, 0, packed.length, MAX_OUTPUT)
        : await decompressLarge(codec, packed, MAX_OUTPUT);
  }
  if (typeof payload === 'number') throw new LoadError(`a batch at offset ${header.baseOffset} cannot be decompressed`);
  return payload;
}
