/** The codecs on the hot path: what a Produce, a Fetch and a Metadata cost to read and to write. */
import { pathToFileURL } from 'node:url';
import { Bench } from 'tinybench';
import { ZERO_UUID } from '../src/base/uuid.ts';
import {
  decodeRequest,
  decodeRequestHeader,
  encodeRequest,
  encodeResponse,
  encodeResponseParts,
} from '../src/protocol/frame.ts';
import { memoryRecords } from '../src/protocol/records.ts';
import { fetchRequest } from '../src/protocol/schema/01-fetch.ts';
import type { RequestInputOf, ResponseOf } from '../src/protocol/schema/index.ts';

const RECORDS = Buffer.alloc(200, 7);
const PARTITIONS = 100;

function produceRequest(partitions: number): RequestInputOf<'Produce'> {
  const partitionData = Array.from({ length: partitions }, (_, index) => ({ index, records: memoryRecords(RECORDS) }));
  return { acks: -1, timeoutMs: 30_000, topicData: [{ name: 'payments.settled', partitionData }] };
}

function produceResponse(partitions: number): ResponseOf<'Produce'> {
  const partitionResponses = Array.from({ length: partitions }, (_, index) => ({
    index,
    errorCode: 0,
    baseOffset: 123_456 + index,
    logAppendTimeMs: -1n,
    logStartOffset: 0,
  }));
  return { responses: [{ name: 'payments.settled', partitionResponses }] };
}

function fetchResponse(partitions: number, size: number): ResponseOf<'Fetch'> {
  const records = memoryRecords(Buffer.alloc(size));
  return {
    sessionId: 7,
    responses: [
      {
        topicId: ZERO_UUID,
        partitions: Array.from({ length: partitions }, (_, partitionIndex) => ({
          partitionIndex,
          errorCode: 0,
          highWatermark: 1_000_000,
          lastStableOffset: 1_000_000,
          logStartOffset: 0,
          abortedTransactions: null,
          records,
        })),
      },
    ],
  };
}

function fetchOf(partitions: number): RequestInputOf<'Fetch'> {
  return {
    maxWaitMs: 500,
    minBytes: 1,
    topics: [
      {
        topicId: ZERO_UUID,
        partitions: Array.from({ length: partitions }, (_, partition) => ({
          partition,
          currentLeaderEpoch: 3,
          fetchOffset: 1_000_000,
          partitionMaxBytes: 1_048_576,
        })),
      },
    ],
    forgottenTopicsData: [],
  };
}

function metadataResponse(topics: number): ResponseOf<'Metadata'> {
  const partitions = Array.from({ length: 6 }, (_, partitionIndex) => ({
    errorCode: 0,
    partitionIndex,
    leaderId: 1,
    leaderEpoch: 3,
    replicaNodes: [1, 2, 3],
    isrNodes: [1, 2, 3],
    offlineReplicas: [],
  }));
  return {
    brokers: [1, 2, 3].map((nodeId) => ({ nodeId, host: `broker-${nodeId}.example`, port: 9092 })),
    clusterId: 'abcdefghijklmnopqrstuv',
    controllerId: 1,
    topics: Array.from({ length: topics }, (_, i) => ({
      errorCode: 0,
      name: `topic-number-${i}`,
      topicId: ZERO_UUID,
      isInternal: false,
      partitions,
    })),
  };
}

/** The benchmark, for the runner of all. */
export function codecBench(): Bench {
  const bench = new Bench({ time: 300, warmupTime: 100 });
  const decoding = (name: string, frame: Buffer) =>
    bench.add(name, () => {
      const header = decodeRequestHeader(frame, 4, frame.length);
      decodeRequest(header.api, header.apiVersion, frame, header.bodyOffset, frame.length);
    });
  const small = encodeRequest('Produce', 11, 1, 'producer-1', produceRequest(1));
  const large = encodeRequest('Produce', 11, 1, 'producer-1', produceRequest(PARTITIONS));
  const poll = encodeRequest('Fetch', 17, 1, 'consumer-1', fetchOf(PARTITIONS));
  bench.add('header of a request', () => decodeRequestHeader(small, 4, small.length));
  decoding('Produce request, 1 partition: decode', small);
  decoding('Produce request, 100 partitions: decode', large);
  decoding('Fetch request, 100 partitions: decode', poll);
  const produced = produceResponse(1);
  bench.add('Produce response, 1 partition: encode', () => encodeResponse('Produce', 11, 1, produced));
  const one = fetchResponse(1, 1000);
  const many = fetchResponse(PARTITIONS, 10_000);
  bench.add('Fetch response, 1 partition of 1 kB: encode', () => encodeResponseParts('Fetch', 17, 1, one));
  bench.add('Fetch response, 100 partitions of 10 kB: encode', () => encodeResponseParts('Fetch', 17, 1, many));
  const metadata = metadataResponse(100);
  bench.add('Metadata response, 600 partitions: encode', () => encodeResponse('Metadata', 12, 1, metadata));
  const fetchBody = fetchRequest.encode(17, fetchOf(PARTITIONS));
  bench.add('Fetch request, 100 partitions: decode and encode', () =>
    fetchRequest.encode(17, fetchRequest.decode(17, fetchBody)),
  );
  return bench;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const bench = codecBench();
  await bench.run();
  for (const { name, result } of bench.tasks) {
    if (!('latency' in result)) throw new Error(`${name} failed`);
    console.log(`${(result.latency.p50 * 1000).toFixed(2).padStart(9)} µs  ${name}`);
  }
}
