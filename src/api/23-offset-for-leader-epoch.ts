/**
 * OffsetForLeaderEpoch: where a leader epoch ended, for followers and consumers that look for divergence (KIP-101, KIP-279).
 *
 * v2 current leader epoch (KIP-320)      v3 replica id; -2 is a consumer      v4 flexible
 */
import { ERRORS } from '../protocol/errors.ts';
import type {
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponseInput,
} from '../protocol/schema/23-offset-for-leader-epoch.ts';
import type { Api } from './handler.ts';
import type { EpochPart, Services } from './services.ts';

interface EpochEnd {
  errorCode: number;
  leaderEpoch: number;
  endOffset: number;
}

function undefinedEnd(errorCode: number): EpochEnd {
  return { errorCode, leaderEpoch: -1, endOffset: -1 };
}

function respond(request: OffsetForLeaderEpochRequest, ends: readonly EpochEnd[]): OffsetForLeaderEpochResponseInput {
  let place = 0;
  return {
    throttleTimeMs: 0,
    topics: request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition }) => ({ partition, ...(ends[place++] as EpochEnd) })),
    })),
  };
}

export const offsetForLeaderEpoch: Api<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponseInput, Services> = {
  async handle(request, { services }) {
    const ends: EpochEnd[] = [];
    const items: EpochPart[] = [];
    const places: number[] = [];
    for (const { topic: name, partitions } of request.topics) {
      const topic = services.image.topics.byName(name);
      for (const { partition, currentLeaderEpoch, leaderEpoch } of partitions) {
        if (topic?.has(partition)) {
          places.push(ends.length);
          items.push({ topicId: topic.id, partition, currentLeaderEpoch, leaderEpoch });
        }
        ends.push(undefinedEnd(ERRORS.UNKNOWN_TOPIC_OR_PARTITION));
      }
    }
    const results = await services.epochEnds(items);
    results.forEach((result, i) => {
      ends[places[i] as number] = result;
    });
    return respond(request, ends);
  },

  failed(request, _context, errorCode) {
    const count = request.topics.reduce((sum, topic) => sum + topic.partitions.length, 0);
    return respond(
      request,
      Array.from({ length: count }, () => undefinedEnd(errorCode)),
    );
  },
};
