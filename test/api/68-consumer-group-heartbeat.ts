/** ConsumerGroupHeartbeat: what is refused, joining, handing partitions over, static members, patterns, leaving; and how it is described. */
import type { RequestInputOf } from '../../src/protocol/schema/index.ts';
import { servedVersions } from '../harness/client.ts';
import type { Scenario, Session, Topic } from '../harness/session.ts';

type Request = RequestInputOf<'ConsumerGroupHeartbeat'>;

const ASK_AGAIN_MS = 1100;

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** A heartbeat that says nothing. */
function beatOf(groupId: string, memberId: string, memberEpoch: number, more: Partial<Request> = {}): Request {
  return { groupId, memberId, memberEpoch, ...more };
}

export function joinOf(
  groupId: string,
  memberId: string,
  topics: readonly Topic[],
  more: Partial<Request> = {},
): Request {
  const subscribedTopicNames = topics.map(({ name }) => name);
  return {
    groupId,
    memberId,
    memberEpoch: 0,
    rebalanceTimeoutMs: 60_000,
    subscribedTopicNames,
    topicPartitions: [],
    ...more,
  };
}

export const owned = ({ id }: Topic, ...partitions: number[]): NonNullable<Request['topicPartitions']> => [
  { topicId: id, partitions },
];

async function beat(session: Session, label: string, request: Request): Promise<void> {
  await session.ask(label, 'ConsumerGroupHeartbeat', request);
}

/** Members and topics in an order of ours: Kafka's is that of hash maps. */
export async function describe(
  session: Session,
  label: string,
  groupId: string,
  nameOf: (memberId: string) => string = (memberId) => memberId,
): Promise<void> {
  const asked = { groupIds: [groupId], includeAuthorizedOperations: false };
  const answer = await session.quietly('ConsumerGroupDescribe', 1, asked);
  const groups = answer.groups.map((group) => ({
    ...group,
    members: group.members
      .map(({ memberId, ...member }) => ({ memberId: nameOf(memberId), ...member }))
      .toSorted((one, other) => (one.memberId < other.memberId ? -1 : 1))
      .map(({ assignment, targetAssignment, ...member }) => ({
        ...member,
        subscribedTopicNames: member.subscribedTopicNames.toSorted(),
        assignment: sorted(assignment),
        targetAssignment: sorted(targetAssignment),
      })),
  }));
  session.tell(label, groups);
}

function sorted({
  topicPartitions,
}: {
  topicPartitions: readonly { topicName: string; partitions: readonly number[] }[];
}) {
  return topicPartitions
    .map(({ topicName, partitions }) => `${topicName}: ${partitions.toSorted((a, b) => a - b).join(' ')}`)
    .sort();
}

const versions = servedVersions('ConsumerGroupHeartbeat');

export const consumerGroupHeartbeatScenarios: readonly Scenario[] = [
  {
    name: 'what is refused',
    versions,
    async run(session) {
      const topic = await session.create('a', 1);
      const groupId = await session.group('g');
      const join = (label: string, more: Partial<Request>) =>
        beat(session, label, joinOf(groupId, 'm1', [topic], more));
      await join('no group id', { groupId: '' });
      await join('a blank group id', { groupId: ' ' });
      await join('a blank member id', { memberId: ' ' });
      await join('a blank instance id', { instanceId: '' });
      await join('a blank rack', { rackId: '' });
      await join('no rebalance timeout', { rebalanceTimeoutMs: -1 });
      await join('partitions owned', { topicPartitions: owned(topic, 0) });
      await join('partitions not told', { topicPartitions: null });
      await join('no subscription', { subscribedTopicNames: null });
      await join('an assignor that is not there', { serverAssignor: 'sticky' });
      await join('an epoch below all', { memberEpoch: -3 });
      await beat(session, 'a group that is not there', beatOf(groupId, 'm1', 1));
      await beat(session, 'leaving a group that is not there', beatOf(groupId, 'm1', -1));
      await beat(session, 'leaving without member id', beatOf(groupId, '', -1));
      await beat(session, 'staying without member id', beatOf(groupId, '', 3));
      await beat(session, 'stepping back without instance id', beatOf(groupId, 'm1', -2));
      await beat(
        session,
        'stepping back from a group that is not there',
        beatOf(groupId, 'm1', -2, { instanceId: 'i' }),
      );
      await join('the first', {});
      await beat(session, 'another member', beatOf(groupId, 'm2', 2));
      await beat(session, 'another member leaves', beatOf(groupId, 'm2', -1));
      await beat(session, 'an epoch ahead', beatOf(groupId, 'm1', 9));
      await beat(session, 'an epoch behind', beatOf(groupId, 'm1', 1));
      await beat(session, 'an instance that is not there', beatOf(groupId, 'm1', 2, { instanceId: 'i' }));
      await beat(session, 'an instance that is not there leaves', beatOf(groupId, 'm1', -1, { instanceId: 'i' }));
      const simple = await session.group('simple');
      await session.quietly('OffsetCommit', 2, {
        groupId: simple,
        generationIdOrMemberEpoch: -1,
        memberId: '',
        topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, committedOffset: 1n, committedMetadata: '' }] }],
      });
      await beat(session, 'a group of another kind', beatOf(simple, 'm1', 1));
      await beat(session, 'a group of another kind is left', beatOf(simple, 'm1', -1));
      await describe(session, 'a group of another kind is described', simple);
      await beat(session, 'a group of offsets only is joined', joinOf(simple, 'm1', [topic]));
      if (session.version >= 1) await join('a pattern that is none', { memberId: 'm3', subscribedTopicRegex: '(' });
    },
  },
  {
    name: 'one member',
    versions,
    async run(session) {
      const topic = await session.create('a', 3);
      const other = await session.create('b', 1);
      const groupId = await session.group('g');
      await describe(session, 'not there yet', groupId);
      await beat(session, 'joins', joinOf(groupId, 'm1', [topic]));
      await describe(session, 'joined', groupId);
      await beat(session, 'stays', beatOf(groupId, 'm1', 2));
      await beat(session, 'says everything again', {
        ...joinOf(groupId, 'm1', [topic]),
        memberEpoch: 2,
        topicPartitions: owned(topic, 0, 1, 2),
      });
      await beat(session, 'joins again', joinOf(groupId, 'm1', [topic]));
      await pause(ASK_AGAIN_MS);
      await beat(
        session,
        'subscribes to more',
        beatOf(groupId, 'm1', 2, { subscribedTopicNames: [topic.name, other.name] }),
      );
      await describe(session, 'subscribed to more', groupId);
      await beat(session, 'the epoch before', beatOf(groupId, 'm1', 2));
      await beat(
        session,
        'the epoch before, owning what it may',
        beatOf(groupId, 'm1', 2, { topicPartitions: owned(topic, 0) }),
      );
      await beat(
        session,
        'subscribes to less at once',
        beatOf(groupId, 'm1', 3, { subscribedTopicNames: [other.name] }),
      );
      await describe(session, 'subscribed to less', groupId);
      await pause(ASK_AGAIN_MS);
      await beat(session, 'has given it up', beatOf(groupId, 'm1', 3, { topicPartitions: owned(other, 0) }));
      await beat(session, 'asks for another assignor', beatOf(groupId, 'm1', 4, { serverAssignor: 'range' }));
      await describe(session, 'with another assignor', groupId);
      await beat(session, 'leaves', beatOf(groupId, 'm1', -1));
      await describe(session, 'empty', groupId);
      await beat(session, 'comes back', joinOf(groupId, 'm2', [topic, other]));
      await describe(session, 'come back', groupId);
    },
  },
  {
    name: 'two members',
    versions,
    async run(session) {
      const topic = await session.create('a', 4);
      const groupId = await session.group('g');
      await beat(session, 'the first joins', joinOf(groupId, 'm1', [topic]));
      await beat(session, 'the second joins at once', joinOf(groupId, 'm2', [topic]));
      await describe(session, 'assigning', groupId);
      await pause(ASK_AGAIN_MS);
      await beat(session, 'the second asks', beatOf(groupId, 'm2', 2, { topicPartitions: [] }));
      await describe(session, 'reconciling', groupId);
      await beat(session, 'the first is told', beatOf(groupId, 'm1', 2, { topicPartitions: owned(topic, 0, 1, 2, 3) }));
      await beat(
        session,
        'the first still has everything',
        beatOf(groupId, 'm1', 2, { topicPartitions: owned(topic, 0, 1, 2, 3) }),
      );
      await beat(session, 'the first says nothing of what it has', beatOf(groupId, 'm1', 2));
      await describe(session, 'revoking', groupId);
      await beat(session, 'the second waits', beatOf(groupId, 'm2', 3, { topicPartitions: [] }));
      const kept = await session.quietly('ConsumerGroupDescribe', 1, {
        groupIds: [groupId],
        includeAuthorizedOperations: false,
      });
      const target = kept.groups[0]?.members.find(({ memberId }) => memberId === 'm1')?.targetAssignment
        .topicPartitions;
      const keeps = owned(topic, ...(target?.[0]?.partitions ?? []));
      await beat(session, 'the first has given up', beatOf(groupId, 'm1', 2, { topicPartitions: keeps }));
      await beat(session, 'the second gets', beatOf(groupId, 'm2', 3, { topicPartitions: [] }));
      await describe(session, 'stable', groupId);
      await beat(session, 'the first leaves', beatOf(groupId, 'm1', -1));
      await describe(session, 'one is left', groupId);
      await pause(ASK_AGAIN_MS);
      await beat(session, 'the second gets everything', beatOf(groupId, 'm2', 3));
      await describe(session, 'stable again', groupId);
    },
  },
  {
    name: 'static members',
    versions,
    async run(session) {
      const topic = await session.create('a', 2);
      const groupId = await session.group('g');
      await beat(session, 'joins', joinOf(groupId, 'm1', [topic], { instanceId: 'i' }));
      await beat(session, 'another joins in its place', joinOf(groupId, 'm2', [topic], { instanceId: 'i' }));
      await beat(session, 'another stays in its place', beatOf(groupId, 'm2', 2, { instanceId: 'i' }));
      await beat(session, 'another leaves in its place', beatOf(groupId, 'm2', -1, { instanceId: 'i' }));
      await beat(session, 'steps back', beatOf(groupId, 'm1', -2, { instanceId: 'i' }));
      await describe(session, 'stepped back', groupId);
      await beat(session, 'is taken over', joinOf(groupId, 'm2', [topic], { instanceId: 'i' }));
      await describe(session, 'taken over', groupId);
      await beat(session, 'is fenced', beatOf(groupId, 'm1', 2, { instanceId: 'i' }));
      await beat(session, 'leaves', beatOf(groupId, 'm2', -1, { instanceId: 'i' }));
      await describe(session, 'left', groupId);
    },
  },
  {
    name: 'patterns',
    versions: versions.filter((version) => version >= 1),
    async run(session) {
      const topic = await session.create('a1', 1);
      await session.create('a2', 1);
      const groupId = await session.group('g');
      const subscribedTopicRegex = `${session.prefix}a.*`;
      await beat(session, 'joins', joinOf(groupId, 'm1', [], { subscribedTopicNames: null, subscribedTopicRegex }));
      for (let tries = 0; tries < 100; tries++) {
        const { groups } = await session.quietly('ConsumerGroupDescribe', 1, {
          groupIds: [groupId],
          includeAuthorizedOperations: false,
        });
        if (groups[0]?.groupState === 'Assigning') break;
        await pause(20);
      }
      await beat(session, 'is told', beatOf(groupId, 'm1', 1));
      await describe(session, 'told', groupId);
      await beat(session, 'another with the same', joinOf(groupId, 'm2', [], { subscribedTopicRegex }));
      await beat(session, 'a name, too', beatOf(groupId, 'm2', 2, { subscribedTopicNames: [topic.name] }));
      await beat(session, 'the name alone', beatOf(groupId, 'm2', 2, { subscribedTopicRegex: '' }));
      await describe(session, 'names and patterns', groupId);
      await beat(session, 'the pattern goes', beatOf(groupId, 'm1', -1));
      await pause(ASK_AGAIN_MS);
      await beat(session, 'the rest', beatOf(groupId, 'm2', 2, { topicPartitions: [] }));
      await describe(session, 'names', groupId);
    },
  },
];
