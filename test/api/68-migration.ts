/** Groups that go from the classic protocol to the consumer protocol and back while they are in use (KIP-848). */
import { writeI16 } from '../../src/base/bytes.ts';
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
} from '../../src/protocol/record/group/consumer-protocol.ts';
import type { RequestInputOf } from '../../src/protocol/schema/index.ts';
import type { Scenario, Session, Topic } from '../harness/session.ts';
import { describe, joinOf, owned, pause } from './68-consumer-group-heartbeat.ts';

const JOIN = 9;
const SYNC = 5;
const HEARTBEAT = 4;
const LEAVE = 5;
const VERSION = 3;

type Join = RequestInputOf<'JoinGroup'>;
type Partitions = readonly (readonly [topic: Topic, ...partitions: readonly number[]])[];

const listed = (partitions: Partitions) =>
  partitions.map(([{ name }, ...numbers]) => ({ topic: name, partitions: numbers }));

function subscription(topics: readonly Topic[], has: Partitions): Buffer {
  const bytes = consumerProtocolSubscription.encode(
    VERSION,
    { topics: topics.map(({ name }) => name), ownedPartitions: listed(has) },
    2,
  );
  writeI16(bytes, 0, VERSION);
  return bytes;
}

function assignment(has: Partitions): Buffer {
  const bytes = consumerProtocolAssignment.encode(VERSION, { assignedPartitions: listed(has) }, 2);
  writeI16(bytes, 0, VERSION);
  return bytes;
}

/** What a broker calls a member is its own affair. */
class Names {
  readonly #names = new Map<string, string>();

  add(memberId: string, name: string): void {
    if (memberId !== '') this.#names.set(memberId, name);
  }

  nameOf(memberId: string): string {
    return this.#names.get(memberId) ?? memberId;
  }

  of(value: unknown): unknown {
    if (typeof value === 'string') return this.nameOf(value);
    if (Buffer.isBuffer(value)) return told(value);
    if (Array.isArray(value)) return value.map((each) => this.of(each));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([field, each]) => [field, this.of(each)]));
  }
}

/** Assignments and subscriptions in words. */
function told(bytes: Buffer): string {
  if (bytes.length === 0) return '';
  const version = bytes.readInt16BE(0);
  try {
    const { assignedPartitions } = consumerProtocolAssignment.decode(version, bytes, 2);
    return `v${version} ${assignedPartitions
      .map(({ topic, partitions }) => `${topic}: ${partitions.toSorted((a, b) => a - b).join(' ')}`)
      .sort()
      .join(', ')}`;
  } catch {
    return `v${version} ${bytes.length} bytes`;
  }
}

class Member {
  readonly #session: Session;
  readonly #names: Names;
  readonly #groupId: string;
  readonly #name: string;
  memberId = '';
  generationId = -1;

  constructor(session: Session, names: Names, groupId: string, name: string) {
    this.#session = session;
    this.#names = names;
    this.#groupId = groupId;
    this.#name = name;
  }

  async join(label: string, topics: readonly Topic[], has: Partitions = [], more: Partial<Join> = {}): Promise<void> {
    const answer = await this.#session.quietly('JoinGroup', JOIN, {
      groupId: this.#groupId,
      memberId: this.memberId,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: subscription(topics, has) }],
      sessionTimeoutMs: 45_000,
      rebalanceTimeoutMs: 60_000,
      ...more,
    });
    this.memberId = answer.memberId;
    this.#names.add(answer.memberId, `<${this.#name}>`);
    if (answer.errorCode === 0) this.generationId = answer.generationId;
    this.#tell(label, { ...answer, members: answer.members.length });
  }

  async sync(
    label: string,
    assignments: readonly Buffer[] = [],
    more: Partial<RequestInputOf<'SyncGroup'>> = {},
  ): Promise<void> {
    const { memberId, generationId } = this;
    const answer = await this.#session.quietly('SyncGroup', SYNC, {
      groupId: this.#groupId,
      memberId,
      generationId,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: assignments.map((bytes) => ({ memberId, assignment: bytes })),
      ...more,
    });
    this.#tell(label, answer);
  }

  async beat(label: string, more: Partial<RequestInputOf<'Heartbeat'>> = {}): Promise<void> {
    const { memberId, generationId } = this;
    const request = { groupId: this.#groupId, memberId, generationId, ...more };
    this.#tell(label, await this.#session.quietly('Heartbeat', HEARTBEAT, request));
  }

  async leave(label: string): Promise<void> {
    const members = [{ memberId: this.memberId }];
    this.#tell(
      label,
      await this.#session.quietly('LeaveGroup', LEAVE, { groupId: this.#groupId, memberId: '', members }),
    );
  }

  async commit(label: string, topic: Topic, partition: number, generationIdOrMemberEpoch: number): Promise<void> {
    const partitions = [{ partitionIndex: partition, committedOffset: 1n, committedMetadata: '' }];
    const { memberId } = this;
    const request = {
      groupId: this.#groupId,
      memberId,
      generationIdOrMemberEpoch,
      topics: [{ name: topic.name, partitions }],
    };
    this.#tell(label, await this.#session.quietly('OffsetCommit', 9, request));
  }

  #tell(label: string, answer: unknown): void {
    this.#session.tell(label, this.#names.of(answer));
  }
}

async function describeClassic(session: Session, names: Names, label: string, groupId: string): Promise<void> {
  const answer = await session.quietly('DescribeGroups', 5, { groups: [groupId], includeAuthorizedOperations: false });
  session.tell(label, names.of(answer.groups));
}

export const migrationScenarios: readonly Scenario[] = [
  {
    name: 'from the classic protocol and back',
    versions: [1],
    async run(session) {
      const topic = await session.create('a', 4);
      const groupId = await session.group('g');
      const names = new Names();
      const classic = new Member(session, names, groupId, 'classic');
      const show = (label: string) => describe(session, label, groupId, (id) => names.nameOf(id));
      const beat = (label: string, memberEpoch: number, more: Partial<RequestInputOf<'ConsumerGroupHeartbeat'>> = {}) =>
        session.ask(label, 'ConsumerGroupHeartbeat', { groupId, memberId: 'm', memberEpoch, ...more });
      await classic.join('is given an id', [topic]);
      await classic.join('joins', [topic]);
      await classic.sync('is assigned', [assignment([[topic, 0, 1, 2, 3]])]);
      await classic.beat('stays');
      await beat('nobody knows the other', 1);
      await session.ask('the other joins', 'ConsumerGroupHeartbeat', joinOf(groupId, 'm', [topic]));
      await show('both');
      await classic.beat('is to join again');
      await classic.sync('may not sync');
      await classic.commit('commits in its generation', topic, 0, classic.generationId);
      await classic.join('joins with everything', [topic], [[topic, 0, 1, 2, 3]]);
      await show('revoking');
      await classic.sync('what it keeps');
      await classic.beat('is to join once more');
      await classic.join('joins with what it keeps', [topic], [[topic, 0, 1]]);
      await classic.sync('the same');
      await classic.beat('stays in the new group');
      await beat('the other gets the rest', 2, { topicPartitions: [] });
      await show('shared');
      await classic.commit('commits what it has', topic, 0, classic.generationId);
      await classic.commit('commits what it has not', topic, 3, 1);
      await classic.commit('commits in an epoch to come', topic, 0, 9);
      await classic.beat('of another generation', { generationId: 1 });
      await classic.beat('nobody', { memberId: 'x' });
      await classic.beat('of the other kind', { memberId: 'm', generationId: 2 });
      await classic.sync('by another protocol', [], { protocolName: 'roundrobin' });
      await classic.sync('by another type', [], { protocolType: 'connect' });
      await describeClassic(session, names, 'is no classic group', groupId);
      await beat('the other leaves', -1);
      await describeClassic(session, names, 'is a classic group', groupId);
      await show('is no consumer group');
      await classic.beat('is to join the classic group');
      await classic.join('joins the classic group', [topic], [[topic, 0, 1]]);
      await classic.sync('is assigned again', [assignment([[topic, 0, 1, 2, 3]])]);
      await describeClassic(session, names, 'a classic group again', groupId);
      await classic.leave('leaves');
      await session.ask('an empty one is joined', 'ConsumerGroupHeartbeat', joinOf(groupId, 'm', [topic]));
    },
  },
  {
    name: 'a classic member comes to a consumer group',
    versions: [1],
    async run(session) {
      const topic = await session.create('a', 2);
      const groupId = await session.group('g');
      const names = new Names();
      const classic = new Member(session, names, groupId, 'classic');
      const show = (label: string) => describe(session, label, groupId, (id) => names.nameOf(id));
      await session.ask('one joins', 'ConsumerGroupHeartbeat', joinOf(groupId, 'm', [topic]));
      await new Member(session, names, groupId, 'x').join('another type', [topic], [], { protocolType: 'connect' });
      await new Member(session, names, groupId, 'x').join('no protocols', [topic], [], { protocols: [] });
      const protocols = [{ name: 'range', metadata: Buffer.from([1]) }];
      await new Member(session, names, groupId, 'x').join('malformed', [topic], [], {
        protocols,
        groupInstanceId: 'i',
      });
      await classic.join('is given an id', [topic]);
      await classic.join('joins', [topic]);
      await classic.sync('has nothing yet');
      await pause(1100);
      await classic.beat('no news');
      await session.ask('one asks', 'ConsumerGroupHeartbeat', {
        groupId,
        memberId: 'm',
        memberEpoch: 2,
        topicPartitions: owned(topic, 0, 1),
      });
      await classic.beat('is to join again');
      await classic.join('joins again', [topic]);
      await classic.beat('waits for the other');
      await show('waiting');
      await session.ask('one gives up', 'ConsumerGroupHeartbeat', {
        groupId,
        memberId: 'm',
        memberEpoch: 2,
        topicPartitions: owned(topic, 0),
      });
      await classic.beat('is to join for what is free');
      await classic.join('joins for it', [topic]);
      await classic.sync('gets it');
      await show('shared');
      await classic.leave('leaves');
      await classic.leave('leaves again');
      await show('left');
    },
  },
  {
    name: 'static members change the protocol',
    versions: [1],
    async run(session) {
      const topic = await session.create('a', 2);
      const groupId = await session.group('g');
      const names = new Names();
      const show = (label: string) => describe(session, label, groupId, (id) => names.nameOf(id));
      const join = (name: string, instanceId: string) => joinOf(groupId, name, [topic], { instanceId });
      await session.ask('one', 'ConsumerGroupHeartbeat', join('m1', 'i1'));
      await session.ask('two', 'ConsumerGroupHeartbeat', join('m2', 'i2'));
      await session.ask('two steps back', 'ConsumerGroupHeartbeat', {
        groupId,
        memberId: 'm2',
        memberEpoch: -2,
        instanceId: 'i2',
      });
      const two = new Member(session, names, groupId, 'two');
      await two.join('two comes back as classic', [topic], [], { groupInstanceId: 'i2' });
      await show('mixed');
      await session.ask('one steps back', 'ConsumerGroupHeartbeat', {
        groupId,
        memberId: 'm1',
        memberEpoch: -2,
        instanceId: 'i1',
      });
      const one = new Member(session, names, groupId, 'one');
      await one.join('one comes back as classic', [topic], [], { groupInstanceId: 'i1' });
      const { groups } = await session.quietly('ListGroups', 5, { statesFilter: [], typesFilter: [] });
      session.tell(
        'type',
        groups.filter((group) => group.groupId === groupId),
      );
    },
  },
];
