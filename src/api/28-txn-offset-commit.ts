/**
 * TxnOffsetCommit: commits the offsets of a group as part of a producer's transaction (KIP-98).
 *
 * v2 leader epochs (KIP-320), and loading is told      v3 member, generation and instance (KIP-447)      v5 adds the group's partition to the
 * transaction (KIP-890)      v6 topic ids, GROUP_ID_NOT_FOUND, STALE_MEMBER_EPOCH (KIP-1319)
 */
import { ERRORS } from '../protocol/errors.ts';
import type { TxnOffsetCommitRequest, TxnOffsetCommitResponseInput } from '../protocol/schema/28-txn-offset-commit.ts';
import { type CommitTopicAnswer, failedTopic, mergedTopics, splitTopics } from './commit-topics.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';

const FIRST_WITH_LOADING = 2;
const FIRST_WITH_TOPIC_IDS = 6;

function respond(topics: readonly CommitTopicAnswer[]): TxnOffsetCommitResponseInput {
  return { throttleTimeMs: 0, topics };
}

/** Producers of before 2.0 take COORDINATOR_LOAD_IN_PROGRESS for the end (KAFKA-7296). */
function toldCode(errorCode: number, version: number): number {
  const isLoading = errorCode === ERRORS.COORDINATOR_LOAD_IN_PROGRESS;
  return isLoading && version < FIRST_WITH_LOADING ? ERRORS.COORDINATOR_NOT_AVAILABLE : errorCode;
}

export const txnOffsetCommit: Api<TxnOffsetCommitRequest, TxnOffsetCommitResponseInput, Services> = {
  async handle(request, context) {
    const { services, version } = context;
    const usesIds = version >= FIRST_WITH_TOPIC_IDS;
    const [topics, unknown] = splitTopics(request.topics, usesIds, services.image);
    if (topics.length === 0) return respond(mergedTopics(usesIds, unknown, []));
    const failed = (errorCode: number): CommitTopicAnswer[] => topics.map((topic) => failedTopic(topic, errorCode));
    const ask = async (): Promise<readonly CommitTopicAnswer[]> => {
      if (request.groupId === '') return failed(ERRORS.INVALID_GROUP_ID);
      const outcome = await services.group('TxnOffsetCommit', request.groupId, { ...request, topics }, context);
      return outcome.ok ? outcome.response.topics : failed(toldCode(outcome.errorCode, version));
    };
    return respond(mergedTopics(usesIds, unknown, await ask()));
  },

  failed(request, _context, errorCode) {
    return respond(request.topics.map((topic) => failedTopic(topic, errorCode)));
  },
};
