/** Prepared requests: batches of records as producers send them, encoded once before a run. */
import { loadNative } from '../../src/host/addon.ts';
import { CODEC } from '../../src/port/native.ts';
import { BATCH } from '../../src/protocol/batch.ts';
import { BatchBuilder } from '../../src/protocol/batch-builder.ts';
import { encodeRequest } from '../../src/protocol/frame.ts';
import { memoryRecords } from '../../src/protocol/records.ts';
import { CLIENT_ID } from './wire.ts';

export type CodecName = 'none' | 'lz4' | 'zstd';

export interface BatchKind {
  /** Bytes of a record's value. */
  readonly valueSize: number;
  /** Uncompressed bytes of a batch, about; one record where it is 0. */
  readonly batchSize: number;
  readonly codec: CodecName;
}

export interface Batch {
  readonly bytes: Buffer;
  readonly records: number;
  /** Of the records, uncompressed. */
  readonly uncompressed: number;
  /** The checksum in its header, which the broker never changes: by it a batch is known when it is read back. */
  readonly crc: number;
}

/** Different batches of a kind: the broker's caches shall not see one and the same. */
const VARIANTS = 8;
const LEVELS = { lz4: 1, zstd: 3 } as const;
export const { native } = loadNative();

/** Text as events are: keys repeat, numbers differ; zstd makes a third to a quarter of it. */
function valueOf(seed: number, size: number): Buffer {
  let text = '';
  let state = (seed * 2654435761) >>> 0;
  const next = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % below;
  };
  while (text.length < size) {
    text += `{"id":"${next(2 ** 31).toString(36)}","user":${next(1000)},"amount":${next(100000) / 100},"kind":"order","ok":true},`;
  }
  return Buffer.from(text.slice(0, size), 'latin1');
}

function batchOf(kind: BatchKind, variant: number): Batch {
  const builder = new BatchBuilder({ baseOffset: 0 });
  const timestamp = BigInt(Date.now());
  do {
    const value = valueOf(variant * 1000 + builder.recordsCount, kind.valueSize);
    builder.append({ timestamp, key: null, value });
  } while (builder.sizeInBytes + kind.valueSize + 16 < kind.batchSize);
  const crc32c = (bytes: Buffer): number => native.crc32c(bytes, 0, bytes.length, 0);
  const { codec } = kind;
  const compressor =
    codec === 'none'
      ? undefined
      : {
          codec,
          compress: (records: Buffer) => native.compress(CODEC[codec], LEVELS[codec], records, 0, records.length),
        };
  const uncompressed = builder.sizeInBytes;
  const bytes = Buffer.from(builder.build(crc32c, compressor));
  return { bytes, records: builder.recordsCount, uncompressed, crc: bytes.readUInt32BE(BATCH.crc) };
}

export function batchesOf(kind: BatchKind): Batch[] {
  return Array.from({ length: VARIANTS }, (_, variant) => batchOf(kind, variant));
}

/** Where the correlation id stands in a request, and where the error code in the answer to `produceRequest`. */
export const CORRELATION_ID = 8;
export const PRODUCE_VERSION = 9;

/** A Produce request of one batch, acks=all. A copy of its own: it may be written while others are. */
export function produceRequest(topic: string, partition: number, batch: Batch): Buffer {
  const partitionData = [{ index: partition, records: memoryRecords(batch.bytes) }];
  return encodeRequest('Produce', PRODUCE_VERSION, 0, CLIENT_ID, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 30_000,
    topicData: [{ name: topic, partitionData }],
  });
}

/** Length, correlation id, tags; topics, name; partitions, index; then the code. Names have fewer than 127 characters. */
export function produceErrorOffset(topic: string): number {
  return 4 + 4 + 1 + 1 + 1 + topic.length + 1 + 4;
}
