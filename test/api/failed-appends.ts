/** Groups whose records their partition does not take: too few replicas in sync, records that are too large. Then everything works again. */
import type { RequestInputOf } from '../../src/protocol/schema/index.ts';
import type { Scenario, Session, Topic } from '../harness/session.ts';
import { DELETE, followed, incremental, type Operation, RESOURCE, SET } from './altered-configs.ts';
import { subscription } from './classic-members.ts';

async function alterOffsetsTopic(session: Session, ...operations: Operation[]): Promise<void> {
  const request = incremental([[RESOURCE.topic, '__consumer_offsets', operations]]);
  const { responses } = await session.quietly('IncrementalAlterConfigs', 1, request);
  if (responses[0]?.errorCode !== 0) throw new Error(`not altered: ${responses[0]?.errorMessage}`);
  await followed(session);
}

function commit(groupId: string, { name }: Topic, offset: bigint): RequestInputOf<'OffsetCommit'> {
  const partitions = [{ partitionIndex: 0, committedOffset: offset, committedMetadata: '' }];
  return { groupId, generationIdOrMemberEpoch: -1, memberId: '', topics: [{ name, partitions }] };
}

function member(groupId: string, { name }: Topic): RequestInputOf<'ConsumerGroupHeartbeat'> {
  return {
    groupId,
    memberId: 'AAAAAAAAAAAAAAAAAAAAAw',
    memberEpoch: 0,
    rebalanceTimeoutMs: 20_000,
    subscribedTopicNames: [name],
    topicPartitions: [],
  };
}

/** A member of a classic group; the ids that the broker gives are left out. */
async function joinAndSync(session: Session, label: string, groupId: string, { name }: Topic): Promise<void> {
  const { errorCode, memberId, generationId } = await session.quietly('JoinGroup', 3, {
    groupId,
    sessionTimeoutMs: 20_000,
    rebalanceTimeoutMs: 20_000,
    memberId: '',
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription(name) }],
  });
  session.tell(`${label}: JoinGroup`, [errorCode, generationId]);
  if (errorCode !== 0) return;
  const assignments = [{ memberId, assignment: Buffer.from('all') }];
  const synced = await session.quietly('SyncGroup', 2, { groupId, generationId, memberId, assignments });
  session.tell(`${label}: SyncGroup`, [synced.errorCode, synced.assignment.toString()]);
  const left = await session.quietly('LeaveGroup', 2, { groupId, memberId, members: [] });
  session.tell(`${label}: LeaveGroup`, left.errorCode);
}

/** Everything that writes. */
async function everything(session: Session, label: string, topic: Topic): Promise<void> {
  const simple = session.name('simple');
  await session.ask(`${label}: OffsetCommit`, 'OffsetCommit', commit(simple, topic, 7n), { version: 8 });
  await joinAndSync(session, label, session.name('classic'), topic);
  const heartbeat = await session.quietly('ConsumerGroupHeartbeat', 1, member(session.name('new'), topic));
  session.tell(`${label}: ConsumerGroupHeartbeat`, [
    heartbeat.errorCode,
    heartbeat.errorMessage,
    heartbeat.memberEpoch,
  ]);
  const topics = [{ name: topic.name, partitions: [{ partitionIndex: 0 }] }];
  await session.ask(
    `${label}: OffsetDelete`,
    'OffsetDelete',
    { groupId: session.name('kept'), topics },
    { version: 0 },
  );
  await session.ask(`${label}: DeleteGroups`, 'DeleteGroups', { groupsNames: [session.name('kept')] }, { version: 2 });
  await session.ask(
    `${label}: what is committed`,
    'OffsetFetch',
    { groupId: session.name('kept'), topics: [{ name: topic.name, partitionIndexes: [0] }], groups: [] },
    { version: 7 },
  );
}

export const failedAppendsScenarios: readonly Scenario[] = [
  {
    name: 'too few replicas in sync, and enough again',
    versions: [0],
    async run(session) {
      const topic = await session.create('read');
      for (const name of ['simple', 'classic', 'new', 'kept']) await session.group(name);
      await session.ask('committed before', 'OffsetCommit', commit(session.name('kept'), topic, 5n), { version: 8 });
      await alterOffsetsTopic(session, ['min.insync.replicas', SET, '2']);
      try {
        await everything(session, 'too few', topic);
      } finally {
        await alterOffsetsTopic(session, ['min.insync.replicas', DELETE, null]);
      }
      await everything(session, 'enough', topic);
    },
  },
  {
    name: 'records that are too large',
    versions: [0],
    async run(session) {
      const topic = await session.create('read');
      for (const name of ['simple', 'classic', 'new', 'kept']) await session.group(name);
      await session.ask('committed before', 'OffsetCommit', commit(session.name('kept'), topic, 5n), { version: 8 });
      await alterOffsetsTopic(session, ['max.message.bytes', SET, '60']);
      try {
        await everything(session, 'too large', topic);
      } finally {
        await alterOffsetsTopic(session, ['max.message.bytes', DELETE, null]);
      }
      await everything(session, 'as large as may be', topic);
    },
  },
];
