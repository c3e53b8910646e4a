/** Committed offsets: the rows of the machine's tables. */
import { commitOffsets } from './commit.ts';
import { deleteOffsets, deleteOffsetsOfTopics, expireOffsets } from './delete.ts';
import { fetchStableOffsets, queryOffsets } from './fetch.ts';
import { replayLegacyOffsetCommit, replayOffsetCommit } from './replay.ts';
import { commitTransactionalOffsets } from './transactional-commit.ts';

export { allOffsetTombstones, nextExpiry } from './delete.ts';
export { GroupOffsets } from './offsets.ts';

export const OFFSET_DECISIONS = {
  OffsetCommit: commitOffsets,
  TxnOffsetCommit: commitTransactionalOffsets,
  OffsetFetch: fetchStableOffsets,
  OffsetDelete: deleteOffsets,
  topicsDeleted: deleteOffsetsOfTopics,
  expireOffsets,
} as const;

export const OFFSET_QUERIES = { OffsetFetch: queryOffsets } as const;

export const OFFSET_REPLAYS = {
  offsetCommit: replayOffsetCommit,
  legacyOffsetCommit: replayLegacyOffsetCommit,
} as const;
