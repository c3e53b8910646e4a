/**
 * OffsetCommit: commits the offsets of a group.
 *
 * v5 without retention      v6 leader epochs (KIP-320)      v7 static members (KIP-345)      v9 the member epoch of the new protocol, and
 * GROUP_ID_NOT_FOUND (KIP-848)      v10 topic ids (KIP-848)
 */
import type { OffsetCommitRequest, OffsetCommitResponseInput } from '../protocol/schema/08-offset-commit.ts';
import { type CommitTopicAnswer, failedTopic, mergedTopics, splitTopics } from './commit-topics.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';

const FIRST_WITH_TOPIC_IDS = 10;

function respond(topics: readonly CommitTopicAnswer[]): OffsetCommitResponseInput {
  return { throttleTimeMs: 0, topics };
}

export const offsetCommit: Api<OffsetCommitRequest, OffsetCommitResponseInput, Services> = {
  async handle(request, context) {
    const { services, version } = context;
    const usesIds = version >= FIRST_WITH_TOPIC_IDS;
    const [topics, unknown] = splitTopics(request.topics, usesIds, services.image);
    if (topics.length === 0) return respond(mergedTopics(usesIds, unknown, []));
    const outcome = await services.group('OffsetCommit', request.groupId, { ...request, topics }, context);
    const answered = outcome.ok
      ? outcome.response.topics
      : topics.map((topic) => failedTopic(topic, outcome.errorCode));
    return respond(mergedTopics(usesIds, unknown, answered));
  },

  failed(request, _context, errorCode) {
    return respond(request.topics.map((topic) => failedTopic(topic, errorCode)));
  },
};
