/** OffsetDelete: deletes committed offsets of topics that the group does not subscribe to (KIP-496). */
import { ERRORS } from '../protocol/errors.ts';
import type { OffsetDeleteRequest, OffsetDeleteResponseInput } from '../protocol/schema/47-offset-delete.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';

type Topic = OffsetDeleteRequest['topics'][number];
type TopicAnswer = OffsetDeleteResponseInput['topics'][number];

function respond(errorCode: number, topics: readonly TopicAnswer[] = []): OffsetDeleteResponseInput {
  return { errorCode, throttleTimeMs: 0, topics };
}

/** The answer about the partitions that are not there; null where all are. */
function missingOf(topic: Topic, image: Services['image']): TopicAnswer | null {
  const found = image.topics.byName(topic.name);
  const missing = topic.partitions.filter(({ partitionIndex }) => found?.has(partitionIndex) !== true);
  if (missing.length === 0) return null;
  const errorCode = ERRORS.UNKNOWN_TOPIC_OR_PARTITION;
  return { name: topic.name, partitions: missing.map(({ partitionIndex }) => ({ partitionIndex, errorCode })) };
}

/** A topic once, what is missing first. */
function merged(missing: readonly TopicAnswer[], answered: readonly TopicAnswer[]): readonly TopicAnswer[] {
  if (missing.length === 0) return answered;
  const byName = new Map<string, TopicAnswer>();
  for (const topic of [...missing, ...answered]) {
    const first = byName.get(topic.name);
    byName.set(topic.name, first ? { ...first, partitions: [...first.partitions, ...topic.partitions] } : topic);
  }
  return [...byName.values()];
}

export const offsetDelete: Api<OffsetDeleteRequest, OffsetDeleteResponseInput, Services> = {
  async handle(request, context) {
    if (request.groupId === '') return respond(ERRORS.INVALID_GROUP_ID);
    const { topics: image } = context.services.image;
    const missing = request.topics.flatMap((topic) => missingOf(topic, context.services.image) ?? []);
    const topics = request.topics.flatMap((topic) => {
      const found = image.byName(topic.name);
      const partitions = topic.partitions.filter(({ partitionIndex }) => found?.has(partitionIndex) === true);
      return partitions.length === 0 ? [] : [{ ...topic, partitions }];
    });
    const outcome = await context.services.group('OffsetDelete', request.groupId, { ...request, topics }, context);
    if (!outcome.ok) return respond(outcome.errorCode);
    const { errorCode, topics: answered } = outcome.response;
    return errorCode === ERRORS.NONE ? respond(errorCode, merged(missing, answered)) : respond(errorCode);
  },

  failed(_request, _context, errorCode) {
    return respond(errorCode);
  },
};
