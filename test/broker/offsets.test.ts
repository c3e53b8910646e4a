/** Committed offsets in a broker process: what expires goes with its group, for good; the rest stays through kill -9. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestBroker } from '../harness/broker.ts';
import { targetAt } from '../harness/replay.ts';
import { Session } from '../harness/session.ts';

async function sessionOf(broker: TestBroker): Promise<Session> {
  return new Session({ ...(await targetAt(broker.port)), isLazy: false, restart: async () => {} }, 0);
}

/** The group's offsets of partition 0 by topic; null where the group is not listed. */
async function shown(session: Session, groupId: string): Promise<Record<string, number> | null> {
  const { groups } = await session.quietly('ListGroups', 5, { statesFilter: [], typesFilter: [] });
  if (!groups.some((group) => group.groupId === groupId)) return null;
  const { errorCode, topics } = await session.quietly('OffsetFetch', 7, { groupId, topics: null, groups: [] });
  assert.equal(errorCode, 0);
  return Object.fromEntries(topics.map(({ name, partitions }) => [name, Number(partitions[0]?.committedOffset)]));
}

test('offsets expire, a group without any goes, and neither comes back', async () => {
  const overrides = { 'shard.count': 2, 'offsets.retention.check.interval.ms': 100 };
  const broker = await TestBroker.start({ overrides });
  try {
    let session = await sessionOf(broker);
    const kept = await session.create('kept');
    const short = await session.create('short');
    const mixed = await session.group('mixed');
    const gone = await session.group('gone');
    const commit = async (groupId: string, name: string, retentionTimeMs: number): Promise<void> => {
      const partitions = [{ partitionIndex: 0, committedOffset: 7n, committedMetadata: '' }];
      const member = { generationIdOrMemberEpoch: -1, memberId: '' };
      const request = { groupId, ...member, retentionTimeMs, topics: [{ name, partitions }] };
      const { topics } = await session.quietly('OffsetCommit', 2, request);
      assert.equal(topics[0]?.partitions[0]?.errorCode, 0);
    };
    await commit(mixed, kept.name, -1);
    await commit(mixed, short.name, 1);
    await commit(gone, short.name, 1);
    while ((await shown(session, gone)) !== null || short.name in ((await shown(session, mixed)) ?? {}));
    assert.deepEqual(await shown(session, mixed), { [kept.name]: 7 });
    session.close();
    await broker.kill();
    await broker.startAgain();
    session = await sessionOf(broker);
    // Not before its coordinator has loaded is a group listed.
    while ((await shown(session, mixed)) === null);
    assert.deepEqual(await shown(session, mixed), { [kept.name]: 7 });
    assert.equal(await shown(session, gone), null);
    session.close();
  } finally {
    await broker.close();
  }
});
