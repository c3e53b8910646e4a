/** What the tests of faults ask of a broker: topics, batches, and everything read back with its checksums. */
import assert from 'node:assert/strict';
import { batchesOf, isChecksumRight } from '../../src/protocol/batch.ts';
import { batchOf, type BatchOptions, crc32c, recordsIn, type TestRecord } from '../harness/batches.ts';
import { RawClient } from '../harness/client.ts';

export async function connected<T>(port: number, work: (client: RawClient) => Promise<T>): Promise<T> {
  const client = await RawClient.open(port);
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

/** Resolves to the error code. */
export async function createTopic(
  client: RawClient,
  name: string,
  numPartitions: number,
  configs: Readonly<Record<string, string>> = {},
): Promise<number> {
  const { topics } = await client.ask('CreateTopics', 7, {
    topics: [
      {
        name,
        numPartitions,
        replicationFactor: 1,
        assignments: [],
        configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
      },
    ],
  });
  return topics[0]?.errorCode ?? -1;
}

export async function deleteTopic(client: RawClient, name: string): Promise<number> {
  const { responses } = await client.ask('DeleteTopics', 5, { topics: [], topicNames: [name], timeoutMs: 5000 });
  return responses[0]?.errorCode ?? -1;
}

export interface Produced {
  readonly errorCode: number;
  readonly baseOffset: number;
}

export async function produce(
  client: RawClient,
  topic: string,
  index: number,
  records: readonly (string | TestRecord)[],
  options: BatchOptions = {},
): Promise<Produced> {
  const response = await client.ask('Produce', 9, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 10_000,
    topicData: [
      { name: topic, partitionData: [{ index, records: { kind: 'memory', bytes: batchOf(records, options) } }] },
    ],
  });
  const part = response.responses[0]?.partitionResponses[0];
  assert.ok(part);
  return part;
}

/** Produces, and it must succeed. Resolves to the base offset. */
export async function produced(client: RawClient, topic: string, index: number, values: string[]): Promise<number> {
  const { errorCode, baseOffset } = await produce(client, topic, index, values);
  assert.equal(errorCode, 0, `${topic}-${index}`);
  return baseOffset;
}

/** Latest (-1) or earliest (-2). */
export async function listOffset(
  client: RawClient,
  topic: string,
  partitionIndex: number,
  timestamp: bigint,
): Promise<{ errorCode: number; offset: number }> {
  const { topics } = await client.ask('ListOffsets', 5, {
    replicaId: -1,
    isolationLevel: 0,
    topics: [{ name: topic, partitions: [{ partitionIndex, timestamp }] }],
  });
  const part = topics[0]?.partitions[0];
  assert.ok(part);
  return part;
}

export async function endOffset(client: RawClient, topic: string, index: number): Promise<number> {
  const { errorCode, offset } = await listOffset(client, topic, index, -1n);
  assert.equal(errorCode, 0, `${topic}-${index}`);
  return offset;
}

export interface Fetched {
  readonly errorCode: number;
  readonly bytes: Buffer;
}

export async function fetch(
  client: RawClient,
  topic: string,
  partition: number,
  fetchOffset: number,
  { maxBytes = 1 << 20 }: { readonly maxBytes?: number } = {},
): Promise<Fetched> {
  const response = await client.ask('Fetch', 12, {
    clusterId: null,
    replicaId: -1,
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [
      {
        topic,
        partitions: [
          {
            partition,
            currentLeaderEpoch: -1,
            fetchOffset,
            lastFetchedEpoch: -1,
            logStartOffset: -1,
            partitionMaxBytes: maxBytes,
          },
        ],
      },
    ],
    forgottenTopicsData: [],
    rackId: '',
  });
  const part = response.responses[0]?.partitions[0];
  assert.ok(part);
  const { records } = part;
  const bytes = records !== null && records.kind === 'memory' ? records.bytes : Buffer.alloc(0);
  return { errorCode: part.errorCode, bytes };
}

export interface ReadRecord {
  readonly offset: number;
  readonly value: string;
}

/** The records of whole batches; a checksum that is wrong fails the test. */
export function checked(bytes: Buffer, where: string): ReadRecord[] {
  const records: ReadRecord[] = [];
  for (const header of batchesOf(bytes)) {
    assert.ok(isChecksumRight(bytes, header, crc32c), `${where}: checksum at ${header.baseOffset}`);
    for (const { offset, value } of recordsIn(bytes, header)) records.push({ offset, value: value?.toString() ?? '' });
  }
  return records;
}

/** Everything from an offset to the end of the partition. */
export async function readAll(client: RawClient, topic: string, partition: number, from = 0): Promise<ReadRecord[]> {
  const all: ReadRecord[] = [];
  const end = await endOffset(client, topic, partition);
  for (let next = from; next < end; ) {
    const { errorCode, bytes } = await fetch(client, topic, partition, next);
    assert.equal(errorCode, 0, `${topic}-${partition} at ${next}`);
    const records = checked(bytes, `${topic}-${partition}`).filter(({ offset }) => offset >= next);
    assert.ok(records.length > 0, `nothing at ${next} of ${topic}-${partition}, which ends at ${end}`);
    all.push(...records);
    next = (records.at(-1)?.offset ?? end) + 1;
  }
  return all;
}
