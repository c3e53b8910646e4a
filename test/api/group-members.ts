/** Members of groups, for scenarios about what groups may and may not do while they have some. */
import type { Session, Topic } from '../harness/session.ts';

export interface Joined {
  readonly memberId: string;
  /** Generation of the classic protocol, or member epoch. */
  readonly epoch: number;
}

/** A subscription of a classic consumer to one topic, version 0. */
function subscription(topic: string): Buffer {
  const name = Buffer.from(topic);
  const bytes = Buffer.alloc(2 + 4 + 2 + name.length + 4);
  bytes.writeInt32BE(1, 2);
  bytes.writeInt16BE(name.length, 6);
  name.copy(bytes, 8);
  bytes.writeInt32BE(-1, 8 + name.length);
  return bytes;
}

/** A classic member alone in its group; `assigned`: the group is stable. */
export async function joinClassic(
  session: Session,
  groupId: string,
  topic: Topic,
  { assigned = true, protocolType = 'consumer' }: { assigned?: boolean; protocolType?: string } = {},
): Promise<Joined> {
  const request = {
    groupId,
    sessionTimeoutMs: 30_000,
    rebalanceTimeoutMs: 30_000,
    memberId: '',
    protocolType,
    protocols: [{ name: 'range', metadata: subscription(topic.name) }],
  };
  // Version 3 gives the id in the first answer.
  const { errorCode, memberId, generationId } = await session.quietly('JoinGroup', 3, request);
  if (errorCode !== 0) throw new Error(`not joined: ${errorCode}`);
  if (assigned) {
    const assignments = [{ memberId, assignment: Buffer.from([0, 0, 0, 0, 0, 0, 255, 255, 255, 255]) }];
    await session.quietly('SyncGroup', 2, { groupId, generationId, memberId, assignments });
  }
  return { memberId, epoch: generationId };
}

/** A member of the new protocol alone in its group. */
export async function joinConsumer(session: Session, groupId: string, topic: Topic): Promise<Joined> {
  const { errorCode, memberId, memberEpoch } = await session.quietly('ConsumerGroupHeartbeat', 1, {
    groupId,
    memberId: 'AAAAAAAAAAAAAAAAAAAAAw',
    memberEpoch: 0,
    rebalanceTimeoutMs: 30_000,
    subscribedTopicNames: [topic.name],
    topicPartitions: [],
  });
  if (errorCode !== 0 || memberId === null) throw new Error(`not joined: ${errorCode}`);
  return { memberId, epoch: memberEpoch };
}

export async function leaveClassic(session: Session, groupId: string, { memberId }: Joined): Promise<void> {
  await session.quietly('LeaveGroup', 2, { groupId, memberId, members: [] });
}

export async function leaveConsumer(session: Session, groupId: string, { memberId }: Joined): Promise<void> {
  await session.quietly('ConsumerGroupHeartbeat', 1, { groupId, memberId, memberEpoch: -1 });
}
