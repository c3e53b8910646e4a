/**
 * Reads the log of a coordinator of groups from its start to its end, batch by batch: records, those of transactions with their producer, and
 * the markers that end transactions. Records are decoded as they are asked for, so that a large batch does not hold up the loop.
 */
import { readI16 } from '../base/bytes.ts';
import type { GroupRecord } from '../machine/group/records.ts';
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
import { type CoordinatorPartition, decodeGroupRecord } from './group-log.ts';

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
export async function* loadGroups(
  ports: LoadingPorts,
  partition: CoordinatorPartition,
  bufferBytes: number,
  isStopped: () => boolean,
): AsyncGenerator<Loaded<GroupRecord>> {
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
      yield await loadedBatch(ports, bytes, header);
    }
    // Compaction may have left nothing at the end.
    if (next === offset) return;
    offset = next;
    if (clock.monotonic() - told < PROGRESS_MS) continue;
    told = clock.monotonic();
    log.info('Loading groups', {
      partition: `${topic}-${index}`,
      offset: offset - startOffset,
      of: endOffset - startOffset,
    });
  }
}

async function loadedBatch(ports: LoadingPorts, bytes: Buffer, header: BatchHeader): Promise<Loaded<GroupRecord>> {
  const { lastOffset, leaderEpoch: epoch, attributes, producerId, producerEpoch } = header;
  const payload = await payloadOf(ports, bytes, header);
  const records = readRecords(header, payload);
  const producer = { producerId, producerEpoch };
  if (isControl(attributes)) return { records: [], lastOffset, epoch, marker: markerOf(records, producer) };
  return { records: decoded(records, isTransactional(attributes) ? producer : null), lastOffset, epoch };
}

function* decoded(
  records: readonly LogRecord[],
  producer: RecordProducer | null,
): Generator<LoadedRecord<GroupRecord>> {
  for (const { key, value, offset } of records) {
    // Every record of this topic has a key; a type that is not known belongs to a later version and is left alone.
    const record = key === null ? null : decodeGroupRecord(key, ownBytes(key, value));
    if (record !== null) yield { record, offset, producer };
  }
}

const OFFSET_COMMIT = 1;

/** Bytes inside a value are kept by the state: they must not keep the whole buffer that was read. Commits have none. */
function ownBytes(key: Buffer, value: Buffer | null): Buffer | null {
  return value === null || (key.length >= 2 && readI16(key, 0) <= OFFSET_COMMIT) ? value : Buffer.from(value);
}

function markerOf(records: readonly LogRecord[], producer: RecordProducer): Loaded<GroupRecord>['marker'] {
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
