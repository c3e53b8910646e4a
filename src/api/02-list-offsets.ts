/**
 * ListOffsets: the offset of a timestamp, or of one of the special ones.
 *
 * v2 isolation level     v7  -3 maximum timestamp (KIP-734)     v10 timeout for remote look-ups (KIP-1075)
 * v4 leader epochs       v8  -4 earliest local (KIP-405)        v11 -6 earliest pending upload (KIP-1023)
 *                        v9  -5 last tiered (KIP-1005)
 */
import { ERRORS } from '../protocol/errors.ts';
import type { ListOffsetsRequest, ListOffsetsResponseInput } from '../protocol/schema/02-list-offsets.ts';
import type { Api } from './handler.ts';
import { isIsolationLevel } from './isolation.ts';
import { hasRepetitions, withoutRepetitions } from './repetitions.ts';
import type { OffsetsPart, Services } from './services.ts';

/** Special timestamps, and the version that brought each. */
const SPECIAL: ReadonlyMap<bigint, number> = new Map([
  [-1n, 1],
  [-2n, 1],
  [-3n, 7],
  [-4n, 8],
  [-5n, 9],
  [-6n, 11],
]);

interface Found {
  errorCode: number;
  timestamp: bigint;
  offset: number;
  leaderEpoch: number;
}

function notFound(errorCode: number): Found {
  return { errorCode, timestamp: -1n, offset: -1, leaderEpoch: -1 };
}

type Topics = readonly { readonly name: string; readonly partitions: readonly { readonly partitionIndex: number }[] }[];

function respond(topics: Topics, found: readonly Found[], version: number): ListOffsetsResponseInput {
  let place = 0;
  const hasEpochs = version >= 4;
  return {
    throttleTimeMs: 0,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => {
        const { leaderEpoch, ...rest } = found[place++] as Found;
        return { partitionIndex, ...rest, ...(hasEpochs ? { leaderEpoch } : {}) };
      }),
    })),
  };
}

const indexOf = ({ partitionIndex }: { readonly partitionIndex: number }): number => partitionIndex;

/** The topics with their partitions, each once, and the partitions that the request names twice: `topic/partition`. */
function distinct(request: ListOffsetsRequest): { topics: ListOffsetsRequest['topics']; twice: ReadonlySet<string> } {
  const keyed = request.topics.map((topic) => ({ ...topic, key: topic.name }));
  const twice = new Set<string>();
  if (!hasRepetitions(keyed, indexOf)) return { topics: request.topics, twice };
  const seen = new Set<string>();
  for (const { name, partitions } of request.topics) {
    for (const { partitionIndex } of partitions) {
      const key = `${name}/${partitionIndex}`;
      if (seen.has(key)) twice.add(key);
      seen.add(key);
    }
  }
  return { topics: withoutRepetitions(keyed, indexOf), twice };
}

export const listOffsets: Api<ListOffsetsRequest, ListOffsetsResponseInput, Services> = {
  async handle(request, { services, version }) {
    // Kafka has no code for an isolation level that does not exist.
    if (!isIsolationLevel(request.isolationLevel)) return fail(request, version, ERRORS.UNKNOWN_SERVER_ERROR);
    const { topics, twice } = distinct(request);
    const found: Found[] = [];
    const items: OffsetsPart[] = [];
    const places: number[] = [];
    for (const { name, partitions } of topics) {
      const topic = services.image.topics.byName(name);
      for (const { partitionIndex, currentLeaderEpoch, timestamp } of partitions) {
        let errorCode: number = ERRORS.NONE;
        const since = timestamp < 0n ? SPECIAL.get(timestamp) : 1;
        if (twice.has(`${name}/${partitionIndex}`)) errorCode = ERRORS.INVALID_REQUEST;
        else if (since === undefined || since > version) errorCode = ERRORS.UNSUPPORTED_VERSION;
        else if (!topic?.has(partitionIndex)) errorCode = ERRORS.UNKNOWN_TOPIC_OR_PARTITION;
        if (errorCode === ERRORS.NONE && topic) {
          places.push(found.length);
          items.push({ topicId: topic.id, partition: partitionIndex, currentLeaderEpoch, timestamp });
        }
        found.push(notFound(errorCode));
      }
    }
    const { replicaId, isolationLevel } = request;
    const results = await services.listOffsets({ replicaId, isolationLevel, items });
    results.forEach((result, i) => {
      found[places[i] as number] = result;
    });
    return respond(topics, found, version);
  },

  failed(request, { version }, errorCode) {
    return fail(request, version, errorCode);
  },
};

function fail(request: ListOffsetsRequest, version: number, errorCode: number): ListOffsetsResponseInput {
  const count = request.topics.reduce((sum, topic) => sum + topic.partitions.length, 0);
  return respond(
    request.topics,
    Array.from({ length: count }, () => notFound(errorCode)),
    version,
  );
}
