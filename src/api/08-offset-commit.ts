/**
 * OffsetCommit: commits the offsets of a group.
 *
 * v5 without retention      v6 leader epochs (KIP-320)      v7 static members (KIP-345)      v9 the member epoch of the new protocol, and
 * GROUP_ID_NOT_FOUND (KIP-848)      v10 topic ids (KIP-848)
 *
 * Topics and partitions that are not there never reach the coordinator; a request that names no others is answered without it.
 */
import { ERRORS } from '../protocol/errors.ts';
import type { OffsetCommitRequest, OffsetCommitResponseInput } from '../protocol/schema/08-offset-commit.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';

type Topic = OffsetCommitRequest['topics'][number];

interface TopicAnswer {
  readonly name?: string;
  readonly topicId?: Topic['topicId'];
  readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[];
}

const FIRST_WITH_TOPIC_IDS = 10;

function failedTopic({ name, topicId, partitions }: Topic, errorCode: number): TopicAnswer {
  return { name, topicId, partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })) };
}

function respond(topics: readonly TopicAnswer[]): OffsetCommitResponseInput {
  return { throttleTimeMs: 0, topics };
}

/** What there is of the topics, and the answers about what there is not. */
function split(topics: readonly Topic[], version: number, image: Services['image']): [Topic[], TopicAnswer[]] {
  const known: Topic[] = [];
  const unknown: TopicAnswer[] = [];
  const usesIds = version >= FIRST_WITH_TOPIC_IDS;
  for (const topic of topics) {
    const found = usesIds ? image.topics.byId(topic.topicId) : image.topics.byName(topic.name);
    if (found === undefined) {
      unknown.push(failedTopic(topic, usesIds ? ERRORS.UNKNOWN_TOPIC_ID : ERRORS.UNKNOWN_TOPIC_OR_PARTITION));
      continue;
    }
    const partitions = topic.partitions.filter(({ partitionIndex }) => found.has(partitionIndex));
    const missing = topic.partitions.filter(({ partitionIndex }) => !found.has(partitionIndex));
    if (partitions.length > 0) known.push({ ...topic, partitions });
    if (missing.length > 0) {
      unknown.push(failedTopic({ ...topic, partitions: missing }, ERRORS.UNKNOWN_TOPIC_OR_PARTITION));
    }
  }
  return [known, unknown];
}

/** The coordinator's answers behind those that there are already, a topic once. */
function merged(
  version: number,
  unknown: readonly TopicAnswer[],
  answered: readonly TopicAnswer[],
): readonly TopicAnswer[] {
  if (unknown.length === 0) return answered;
  const byKey = new Map<string, TopicAnswer>();
  for (const topic of [...unknown, ...answered]) {
    const key = (version >= FIRST_WITH_TOPIC_IDS ? topic.topicId : topic.name) ?? '';
    const first = byKey.get(key);
    byKey.set(key, first ? { ...first, partitions: [...first.partitions, ...topic.partitions] } : topic);
  }
  return [...byKey.values()];
}

export const offsetCommit: Api<OffsetCommitRequest, OffsetCommitResponseInput, Services> = {
  async handle(request, context) {
    const { services, version } = context;
    const [topics, unknown] = split(request.topics, version, services.image);
    if (topics.length === 0) return respond(merged(version, unknown, []));
    const outcome = await services.group('OffsetCommit', request.groupId, { ...request, topics }, context);
    const answered = outcome.ok
      ? outcome.response.topics
      : topics.map((topic) => failedTopic(topic, outcome.errorCode));
    return respond(merged(version, unknown, answered));
  },

  failed(request, _context, errorCode) {
    return respond(request.topics.map((topic) => failedTopic(topic, errorCode)));
  },
};
