/**
 * Members whose bytes are not what the consumer protocol says: protocol metadata and assignments that are cut, too long, of a version that there is
 * not, or nothing at all. What is passed through is passed through; what must be read is refused with Kafka's code.
 */
import type { RequestInputOf } from '../../src/protocol/schema/index.ts';
import type { Scenario, Session, Topic } from '../harness/session.ts';
import { pause, subscription } from './classic-members.ts';

/** Of JoinGroup, SyncGroup and ConsumerGroupHeartbeat: who is hostile is so in every version. */
const JOIN = 5;
const SYNC = 3;
const HEARTBEAT = 1;
const LEAVE = 2;

const bytes = (...values: number[]): Buffer => Buffer.from(values);

/** Of a topic, in which one thing is wrong. */
function hostile(topic: string): Readonly<Record<string, Buffer>> {
  const good = subscription(topic);
  const longest = Buffer.from(good);
  longest.writeInt32BE(0x7fffffff, 2);
  const negative = Buffer.from(good);
  negative.writeInt32BE(-7, 2);
  const future = Buffer.from(good);
  future.writeInt16BE(0x7fff, 0);
  const past = Buffer.from(good);
  past.writeInt16BE(-1, 0);
  return {
    nothing: bytes(),
    'one byte': bytes(0),
    'a version alone': bytes(0, 0),
    cut: good.subarray(0, good.length - 7),
    'more than there is': longest,
    'fewer than none': negative,
    'of the future': future,
    'of a negative version': past,
    'with bytes behind': Buffer.concat([good, bytes(1, 2, 3)]),
    'no text': Buffer.concat([good.subarray(0, 8), Buffer.alloc(topic.length, 0xff), bytes(255, 255, 255, 255)]),
    noise: Buffer.from('these are no bytes of the consumer protocol'),
  };
}

function join(groupId: string, metadata: Buffer, more: Partial<RequestInputOf<'JoinGroup'>> = {}) {
  return {
    groupId,
    sessionTimeoutMs: 20_000,
    rebalanceTimeoutMs: 20_000,
    memberId: '',
    groupInstanceId: 'static',
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata }],
    ...more,
  };
}

/** Without what only chance knows. */
function told<T extends { readonly memberId: string; readonly leader?: string; readonly members?: unknown }>(
  answer: T,
) {
  return {
    ...answer,
    memberId: answer.memberId === '' ? '' : '<id>',
    leader: answer.leader === '' ? '' : '<id>',
    members: '<members>',
  };
}

async function joined(session: Session, label: string, request: RequestInputOf<'JoinGroup'>) {
  const answer = await session.quietly('JoinGroup', JOIN, request);
  session.tell(label, told(answer));
  return answer;
}

async function leave(session: Session, groupId: string, memberId: string): Promise<void> {
  await session.quietly('LeaveGroup', LEAVE, { groupId, memberId, members: [] });
}

async function committed(
  session: Session,
  groupId: string,
  generationIdOrMemberEpoch: number,
  memberId: string,
  { name }: Topic,
) {
  const { topics } = await session.quietly('OffsetCommit', 8, {
    groupId,
    generationIdOrMemberEpoch,
    memberId,
    groupInstanceId: 'static',
    topics: [{ name, partitions: [{ partitionIndex: 0, committedOffset: 3n, committedMetadata: 'm' }] }],
  });
  return topics[0]?.partitions[0]?.errorCode;
}

function heartbeat(groupId: string, topic: Topic): RequestInputOf<'ConsumerGroupHeartbeat'> {
  return {
    groupId,
    memberId: 'AAAAAAAAAAAAAAAAAAAAAg',
    memberEpoch: 0,
    rebalanceTimeoutMs: 20_000,
    subscribedTopicNames: [topic.name],
    topicPartitions: [],
  };
}

export const hostileMembersScenarios: readonly Scenario[] = [
  {
    name: 'protocol metadata of a classic group',
    versions: [0],
    async run(session) {
      const topic = await session.create('read');
      for (const [what, metadata] of Object.entries(hostile('read'))) {
        const groupId = await session.group(what.replaceAll(' ', '-'));
        const member = await joined(session, `${what}: joined`, join(groupId, metadata));
        const { memberId, generationId } = member;
        const assignment = Buffer.from(`for ${what}`);
        const synced = await session.quietly('SyncGroup', SYNC, {
          groupId,
          generationId,
          memberId,
          groupInstanceId: 'static',
          assignments: [{ memberId, assignment }],
        });
        session.tell(`${what}: synced`, synced);
        session.tell(`${what}: committed`, await committed(session, groupId, generationId, memberId, topic));
        const asked = { groupId, topics: [{ name: topic.name, partitions: [{ partitionIndex: 0 }] }] };
        await session.ask(`${what}: its offset deleted`, 'OffsetDelete', asked, { version: 0 });
        const { groups } = await session.quietly('DescribeGroups', 5, {
          groups: [groupId],
          includeAuthorizedOperations: false,
        });
        session.tell(
          `${what}: described`,
          groups.map(({ groupState, members }) => [
            groupState,
            members.map((each) => [each.memberMetadata.toString('hex'), each.memberAssignment.toString('hex')]),
          ]),
        );
        await session.ask(
          `${what}: the way to the consumer protocol`,
          'ConsumerGroupHeartbeat',
          heartbeat(groupId, topic),
          {
            version: HEARTBEAT,
          },
        );
        await session.quietly('ConsumerGroupHeartbeat', HEARTBEAT, { ...heartbeat(groupId, topic), memberEpoch: -1 });
        await leave(session, groupId, memberId);
      }
    },
  },
  {
    name: 'assignments of a classic group',
    versions: [0],
    async run(session) {
      const topic = await session.create('read');
      for (const [what, assignment] of Object.entries(hostile('read'))) {
        const groupId = await session.group(what.replaceAll(' ', '-'));
        const { memberId, generationId } = await joined(
          session,
          `${what}: joined`,
          join(groupId, subscription(topic.name)),
        );
        await session.ask(
          `${what}: synced`,
          'SyncGroup',
          { groupId, generationId, memberId, groupInstanceId: 'static', assignments: [{ memberId, assignment }] },
          { version: SYNC },
        );
        await session.ask(
          `${what}: heartbeat`,
          'Heartbeat',
          { groupId, generationId, memberId, groupInstanceId: 'static' },
          { version: 3 },
        );
        const upgraded = await session.quietly('ConsumerGroupHeartbeat', HEARTBEAT, heartbeat(groupId, topic));
        session.tell(`${what}: the way to the consumer protocol`, [upgraded.errorCode, upgraded.errorMessage]);
        await session.quietly('ConsumerGroupHeartbeat', HEARTBEAT, { ...heartbeat(groupId, topic), memberEpoch: -1 });
        await leave(session, groupId, memberId);
      }
      const groupId = await session.group('strangers');
      const { memberId, generationId } = await joined(
        session,
        'strangers: joined',
        join(groupId, subscription(topic.name)),
      );
      await session.ask(
        'strangers: the assignments are of others',
        'SyncGroup',
        {
          groupId,
          generationId,
          memberId,
          groupInstanceId: 'static',
          assignments: [
            { memberId: 'nobody', assignment: Buffer.from('x') },
            { memberId: '', assignment: Buffer.from('y') },
            { memberId: 'nobody', assignment: Buffer.from('z') },
          ],
        },
        { version: SYNC },
      );
      await leave(session, groupId, memberId);
    },
  },
  {
    name: 'protocol metadata of a group of the consumer protocol',
    versions: [0],
    async run(session) {
      const topic = await session.create('read', 2);
      const groupId = await session.group('new');
      const member = heartbeat(groupId, topic);
      const { memberEpoch, errorCode } = await session.quietly('ConsumerGroupHeartbeat', HEARTBEAT, member);
      session.tell('a member of the consumer protocol', errorCode);
      for (const [what, metadata] of Object.entries(hostile('read'))) {
        const answer = await joined(session, `${what}: joined`, join(groupId, metadata, { groupInstanceId: null }));
        if (answer.memberId === '') continue;
        const again = join(groupId, metadata, { groupInstanceId: null, memberId: answer.memberId });
        await joined(session, `${what}: joined with the id`, again);
        await leave(session, groupId, answer.memberId);
      }
      await pause(20);
      const { groups } = await session.quietly('ConsumerGroupDescribe', 1, {
        groupIds: [groupId],
        includeAuthorizedOperations: false,
      });
      session.tell(
        'who is there',
        groups.map(({ groupState, members }) => [groupState, members.map(({ memberId }) => memberId)]),
      );
      await session.quietly('ConsumerGroupHeartbeat', HEARTBEAT, { ...member, memberEpoch: memberEpoch > 0 ? -1 : 0 });
    },
  },
];
