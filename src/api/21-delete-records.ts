/**
 * DeleteRecords: moves the log start offset up (KIP-107). Offset -1 is the high watermark.
 *
 * v2 flexible
 */
import { ERRORS } from '../protocol/errors.ts';
import type { DeleteRecordsRequest, DeleteRecordsResponseInput } from '../protocol/schema/21-delete-records.ts';
import { isInternalTopic } from '../protocol/topic-names.ts';
import type { Api } from './handler.ts';
import { hasRepetitions, withoutRepetitions } from './repetitions.ts';
import type { DeletePart, Services } from './services.ts';

interface Deleted {
  errorCode: number;
  lowWatermark: number;
}

type Topics = DeleteRecordsRequest['topics'];

const indexOf = ({ partitionIndex }: { readonly partitionIndex: number }): number => partitionIndex;

function distinct(topics: Topics): Topics {
  const keyed = topics.map((topic) => ({ ...topic, key: topic.name }));
  return hasRepetitions(keyed, indexOf) ? withoutRepetitions(keyed, indexOf) : topics;
}

function respond(topics: Topics, deleted: readonly Deleted[]): DeleteRecordsResponseInput {
  let place = 0;
  return {
    throttleTimeMs: 0,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, ...(deleted[place++] as Deleted) })),
    })),
  };
}

export const deleteRecords: Api<DeleteRecordsRequest, DeleteRecordsResponseInput, Services> = {
  async handle(request, { services }) {
    const topics = distinct(request.topics);
    const deleted: Deleted[] = [];
    const items: DeletePart[] = [];
    const places: number[] = [];
    for (const { name, partitions } of topics) {
      const topic = services.image.topics.byName(name);
      for (const { partitionIndex, offset } of partitions) {
        let errorCode: number = ERRORS.NONE;
        if (!topic?.has(partitionIndex)) errorCode = ERRORS.UNKNOWN_TOPIC_OR_PARTITION;
        else if (isInternalTopic(name)) errorCode = ERRORS.INVALID_TOPIC_EXCEPTION;
        if (errorCode === ERRORS.NONE && topic) {
          places.push(deleted.length);
          items.push({ topicId: topic.id, partition: partitionIndex, offset });
        }
        deleted.push({ errorCode, lowWatermark: -1 });
      }
    }
    const results = await services.deleteRecords(items);
    results.forEach((result, i) => {
      deleted[places[i] as number] = result;
    });
    return respond(topics, deleted);
  },

  failed(request, _context, errorCode) {
    const count = request.topics.reduce((sum, topic) => sum + topic.partitions.length, 0);
    return respond(
      request.topics,
      Array.from({ length: count }, () => ({ errorCode, lowWatermark: -1 })),
    );
  },
};
