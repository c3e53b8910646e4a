/** TxnOffsetCommit's handler: what producers are told whose version does not know what the coordinator said. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { txnOffsetCommit } from '../../../src/api/28-txn-offset-commit.ts';
import type { Context, Services } from '../../../src/api/services.ts';
import { uuidFromBytes } from '../../../src/base/uuid.ts';
import { MetadataImage } from '../../../src/machine/image/image.ts';
import { record } from '../../../src/protocol/record/metadata-records.ts';
import type { ResponseOf } from '../../../src/protocol/schema/index.ts';

const LOADING = 14;
const NOT_AVAILABLE = 15;
const NOT_COORDINATOR = 16;
const UNKNOWN_TOPIC_OR_PARTITION = 3;
const topicId = uuidFromBytes(Buffer.alloc(16, 1));

function imageWithTopic(): MetadataImage {
  const image = new MetadataImage();
  image.replay(record('topic', { name: 't', topicId }));
  const replicas = { replicas: [1], isr: [1], removingReplicas: [], addingReplicas: [] };
  const leader = { leader: 1, leaderRecoveryState: 0, leaderEpoch: 0, partitionEpoch: 0, directories: [] };
  const elr = { eligibleLeaderReplicas: null, lastKnownElr: null };
  image.replay(record('partition', { partitionId: 0, topicId, ...replicas, ...leader, ...elr }));
  return image;
}

/** The codes of the partitions 0 and 1, of which the topic has one, where there is no answer of the group's coordinator. */
async function codesFor(version: number, errorCode: number): Promise<(number | undefined)[]> {
  const group = (): Promise<unknown> => Promise.resolve({ ok: false, errorCode });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that this handler asks for
  const services = { image: imageWithTopic(), group } as unknown as Services;
  const of = (partitionIndex: number) => {
    return { partitionIndex, committedOffset: 1n, committedLeaderEpoch: -1, committedMetadata: '' };
  };
  const request = {
    transactionalId: 'x',
    groupId: 'g',
    producerId: 7,
    producerEpoch: 0,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    groupInstanceId: null,
    topics: [{ name: 't', topicId, partitions: [of(0), of(1)] }],
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same
  const context = { services, version } as unknown as Context<ResponseOf<'TxnOffsetCommit'>>;
  const answer = (await txnOffsetCommit.handle(request, context)) as ResponseOf<'TxnOffsetCommit'>;
  const partitions = answer.topics.flatMap((topic) => topic.partitions);
  return [0, 1].map((index) => partitions.find(({ partitionIndex }) => partitionIndex === index)?.errorCode);
}

test('producers of before version 2 do not know that a coordinator loads', async () => {
  for (const version of [0, 1]) {
    assert.deepEqual(await codesFor(version, LOADING), [NOT_AVAILABLE, UNKNOWN_TOPIC_OR_PARTITION]);
    assert.deepEqual(await codesFor(version, NOT_COORDINATOR), [NOT_COORDINATOR, UNKNOWN_TOPIC_OR_PARTITION]);
  }
  for (const version of [2, 3, 4, 5, 6]) {
    assert.deepEqual(await codesFor(version, LOADING), [LOADING, UNKNOWN_TOPIC_OR_PARTITION]);
  }
});
