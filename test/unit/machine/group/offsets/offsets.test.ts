/** Committed offsets: replay equals live, what was reverted never was, transactions, expiry, deleted topics. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ZERO_UUID } from '../../../../../src/base/uuid.ts';
import type { GroupDecision, GroupEvent } from '../../../../../src/machine/group/decision.ts';
import { type GroupRecord, type GroupRecordOf, record, tombstone } from '../../../../../src/machine/group/records.ts';
import { ERRORS } from '../../../../../src/protocol/errors.ts';
import type { RequestOf } from '../../../../../src/protocol/schema/index.ts';
import { CLIENT, idOf, MachineLog, told } from './log.ts';

const DAY = 86_400_000;
const TOPICS = ['a', 'b', 'a b'];
const GROUPS = ['g', 'h', '1:g'];

interface Commit {
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

function commitEvent({ groupId, topic, partition, offset }: Commit, retentionTimeMs = -1): GroupEvent {
  const partitions = [
    { partitionIndex: partition, committedOffset: BigInt(offset), committedLeaderEpoch: -1, committedMetadata: 'm' },
  ];
  const topics = [{ name: topic, topicId: ZERO_UUID, partitions }];
  const member = { memberId: '', groupInstanceId: null, generationIdOrMemberEpoch: -1 };
  const request = { groupId, ...member, retentionTimeMs, topics };
  return { kind: 'OffsetCommit', version: retentionTimeMs === -1 ? 9 : 2, request, client: CLIENT };
}

/** A commit in the transaction of a producer. */
function transactionalEvent(
  { groupId, topic, partition, offset }: Commit,
  producerId: number,
  more: Partial<RequestOf<'TxnOffsetCommit'>> = {},
  version = 5,
): GroupEvent<'TxnOffsetCommit'> {
  const partitions = [
    { partitionIndex: partition, committedOffset: BigInt(offset), committedLeaderEpoch: 3, committedMetadata: 'm' },
  ];
  const topics = [{ name: topic, topicId: ZERO_UUID, partitions }];
  const member = { memberId: '', groupInstanceId: null, generationIdOrMemberEpoch: -1 };
  const request = { groupId, transactionalId: 't', producerId, producerEpoch: 4, ...member, topics, ...more };
  return { kind: 'TxnOffsetCommit', version, request, client: CLIENT };
}

function codesOf(answer: GroupDecision['answer']): number[] {
  assert.ok(answer != null && 'topics' in answer);
  return answer.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode));
}

function commitRecord({ groupId, topic, partition, offset }: Commit): GroupRecord {
  return record('offsetCommit', { group: groupId, topic, partition }, 4, {
    offset: BigInt(offset),
    leaderEpoch: -1,
    metadata: '',
    commitTimestamp: 1,
    expireTimestamp: -1,
    topicId: idOf(topic),
  });
}

function fetchEvent(groupId: string, requireStable = false): GroupEvent {
  const groups = [{ groupId, memberId: null, memberEpoch: -1, topics: null }];
  return {
    kind: 'OffsetFetch',
    version: 8,
    request: { groupId: '', topics: [], groups, requireStable },
    client: CLIENT,
  };
}

function deleteGroupEvent(groupId: string): GroupEvent {
  return { kind: 'DeleteGroups', version: 2, request: { groupsNames: [groupId] }, client: CLIENT };
}

function deleteOffsetEvent({ groupId, topic, partition }: Commit): GroupEvent {
  const topics = [{ name: topic, partitions: [{ partitionIndex: partition }] }];
  return { kind: 'OffsetDelete', version: 0, request: { groupId, topics }, client: CLIENT };
}

/** `g a-0=5, a-1=unstable` … of what a fetch says. */
function fetched(log: MachineLog, groupId: string, requireStable = false): string {
  const event = fetchEvent(groupId, requireStable);
  const answer = log.query(event) ?? log.ask(event);
  assert.ok(answer !== null && 'groups' in answer);
  const [group] = answer.groups;
  assert.ok(group !== undefined && 'topics' in group);
  const all = group.topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex, committedOffset, errorCode }) => {
      return `${name}-${partitionIndex}=${errorCode === ERRORS.UNSTABLE_OFFSET_COMMIT ? 'unstable' : committedOffset}`;
    }),
  );
  return all.toSorted().join(', ');
}

const at = (groupId: string, topic: string, partition: number, offset: number): Commit => ({
  groupId,
  topic,
  partition,
  offset,
});

// ---- properties

type Step =
  | { readonly do: 'commit' | 'offsetDelete'; readonly of: Commit }
  | { readonly do: 'pending'; readonly of: Commit; readonly producerId: number }
  | { readonly do: 'end'; readonly producerId: number; readonly commit: boolean }
  | { readonly do: 'deleteGroup'; readonly groupId: string }
  | { readonly do: 'deleteTopic'; readonly topic: string }
  | { readonly do: 'expire'; readonly after: number }
  | { readonly do: 'committed' | 'revert' };

const commits = fc.record({
  groupId: fc.constantFrom(...GROUPS),
  topic: fc.constantFrom(...TOPICS),
  partition: fc.nat(2),
  offset: fc.nat(9),
});
const producers = fc.constantFrom(7, 8);
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('commit' as const), of: commits }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('pending' as const), of: commits, producerId: producers }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('end' as const), producerId: producers, commit: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('offsetDelete' as const), of: commits }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deleteGroup' as const), groupId: fc.constantFrom(...GROUPS) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deleteTopic' as const), topic: fc.constantFrom(...TOPICS) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expire' as const), after: fc.nat(8 * DAY) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('committed' as const, 'revert' as const) }) },
);

function take(log: MachineLog, step: Step): void {
  switch (step.do) {
    case 'commit':
      log.decide(commitEvent(step.of, step.of.offset === 9 ? 1000 : -1));
      return;
    case 'pending':
      // What an older topic of that name had, too.
      if (step.of.offset === 9) log.append([commitRecord(step.of)], step.producerId);
      else log.decide(transactionalEvent(step.of, step.producerId));
      return;
    case 'end':
      log.end(step.producerId, step.commit);
      return;
    case 'offsetDelete':
      log.decide(deleteOffsetEvent(step.of));
      return;
    case 'deleteGroup':
      log.decide(deleteGroupEvent(step.groupId));
      return;
    case 'deleteTopic':
      log.decide({ kind: 'topicsDeleted', topics: [{ name: step.topic, id: idOf(step.topic) }] });
      return;
    case 'expire':
      log.now += step.after;
      log.decide({ kind: 'expireOffsets' });
      return;
    case 'committed':
      log.commit();
      return;
    case 'revert':
      log.revert();
  }
}

/** Lines about pending offsets, which only the newest state tells. */
const PENDING = /^.* pending (true|false).*\n?|\n.* pending (true|false).*$/gm;

test('replay equals live; what is committed is what was committed; what was reverted never was', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 60, size: 'max' }), (all) => {
      const log = new MachineLog();
      for (const step of all) {
        take(log, step);
        assert.equal(
          told(log.machine, log.committed),
          told(log.reloaded(log.committed), Infinity).replaceAll(PENDING, ''),
        );
      }
      assert.equal(told(log.machine), told(log.reloaded()));
      assert.equal(log.machine.offsets.committed.size, log.reloaded().offsets.committed.size);
      log.commit();
      assert.equal(log.machine.journal.pending, 0);
    }),
    { numRuns: 100 },
  );
});

// ---- transactions

test('what a producer commits is told to the log as its own, and nobody sees it before the end', () => {
  const log = new MachineLog();
  const { records, answer, producer, timers } = log.decide(transactionalEvent(at('g', 'a', 0, 5), 7));
  assert.deepEqual(producer, { producerId: 7, producerEpoch: 4 });
  assert.deepEqual(codesOf(answer), [ERRORS.NONE]);
  assert.equal(timers, undefined);
  assert.deepEqual(
    records.map(({ type, key, version, value }) => ({ type, key, version, value })),
    [
      {
        type: 'offsetCommit',
        key: { group: 'g', topic: 'a', partition: 0 },
        version: 4,
        value: {
          offset: 5n,
          leaderEpoch: 3,
          metadata: 'm',
          commitTimestamp: log.now,
          expireTimestamp: -1,
          topicId: ZERO_UUID,
        },
      },
    ],
  );
  log.commit();
  assert.equal(fetched(log, 'g'), '');
  log.end(7, true);
  log.commit();
  assert.equal(fetched(log, 'g', true), 'a-0=5');
});

test('a group that is not there: a generation is refused as the version can say it, none makes the group', () => {
  const log = new MachineLog();
  const ask = (version: number, generationIdOrMemberEpoch: number): number[] => {
    const event = transactionalEvent(at('g', 'a', 0, 5), 7, { generationIdOrMemberEpoch, memberId: 'm' }, version);
    return codesOf(log.ask(event));
  };
  assert.deepEqual(
    [3, 5, 6].map((version) => ask(version, 1)),
    [[22], [22], [69]],
  );
  assert.ok(!log.machine.groups.has('g'));
  assert.deepEqual(ask(5, -1), [0]);
  assert.ok(log.machine.groups.has('g'));
  // Now there is one, and this is not its member.
  assert.deepEqual(
    [5, 6].map((version) => ask(version, 1)),
    [[25], [25]],
  );
});

test('metadata that is too long fails its partition only', () => {
  const log = new MachineLog();
  const of = (partitionIndex: number, size: number) => ({
    partitionIndex,
    committedOffset: 1n,
    committedLeaderEpoch: -1,
    committedMetadata: 'x'.repeat(size),
  });
  const topics = [{ name: 'a', topicId: ZERO_UUID, partitions: [of(0, 4097), of(1, 4096)] }];
  const answer = log.ask(transactionalEvent(at('g', 'a', 0, 5), 7, { topics }));
  assert.deepEqual(codesOf(answer), [ERRORS.OFFSET_METADATA_TOO_LARGE, ERRORS.NONE]);
  log.end(7, true);
  log.commit();
  assert.equal(fetched(log, 'g'), 'a-1=1');
});

test('a plain commit after that of a transaction stays, one before it goes', () => {
  for (const isLater of [false, true]) {
    const log = new MachineLog();
    const plain = (): unknown => log.ask(commitEvent(at('g', 'a', 0, 1)));
    if (!isLater) plain();
    log.ask(transactionalEvent(at('g', 'a', 0, 5), 7));
    if (isLater) plain();
    log.end(7, true);
    log.commit();
    assert.equal(fetched(log, 'g', true), isLater ? 'a-0=1' : 'a-0=5');
    assert.equal(told(log.machine), told(log.reloaded()));
  }
});

test('a marker that was not written leaves the transaction open', () => {
  const log = new MachineLog();
  log.ask(transactionalEvent(at('g', 'a', 0, 5), 7));
  log.end(7, false);
  log.revert();
  assert.equal(fetched(log, 'g', true), '');
  assert.ok(log.machine.offsets.hasPending('g', 'a', 0));
  log.end(7, true);
  log.commit();
  assert.equal(fetched(log, 'g', true), 'a-0=5');
});

test('a transaction commits what no later record has committed', () => {
  const log = new MachineLog();
  log.append([commitRecord(at('g', 'a', 0, 1)), commitRecord(at('g', 'a', 1, 1))], 7);
  log.ask(commitEvent(at('g', 'a', 0, 5)));
  assert.equal(fetched(log, 'g'), 'a-0=5');
  assert.equal(fetched(log, 'g', true), 'a-0=unstable');
  log.end(7, true);
  log.commit();
  assert.equal(fetched(log, 'g', true), 'a-0=5, a-1=1');
});

test('an aborted transaction leaves what was; its group stays', () => {
  const log = new MachineLog();
  log.ask(commitEvent(at('g', 'a', 0, 5)));
  log.append([commitRecord(at('g', 'a', 0, 6)), commitRecord(at('h', 'a', 0, 6))], 7);
  log.end(7, false);
  log.commit();
  assert.equal(fetched(log, 'g', true), 'a-0=5');
  assert.equal(fetched(log, 'h', true), '');
  assert.ok(log.machine.groups.has('h'));
});

test('two producers: the partition is unstable until both have ended, and the later record wins', () => {
  const log = new MachineLog();
  log.append([commitRecord(at('g', 'a', 0, 1))], 7);
  log.append([commitRecord(at('g', 'a', 0, 2))], 8);
  log.end(8, true);
  log.commit();
  assert.equal(fetched(log, 'g', true), 'a-0=unstable');
  log.end(7, true);
  log.commit();
  assert.equal(fetched(log, 'g', true), 'a-0=2');
});

test('a tombstone takes pending offsets along', () => {
  const log = new MachineLog();
  log.append([commitRecord(at('g', 'a', 0, 1))], 7);
  log.ask(deleteGroupEvent('g'));
  log.end(7, true);
  log.commit();
  assert.equal(fetched(log, 'g', true), '');
  assert.equal(log.machine.groups.size, 0);
  assert.equal(log.machine.offsets.committed.size, 0);
});

test('offsets that a transaction would commit go with OffsetDelete, and hold the group of an expired one', () => {
  const log = new MachineLog({ 'offsets.retention.minutes': '60' });
  log.ask(transactionalEvent(at('g', 'a', 0, 1), 7));
  log.ask(transactionalEvent(at('g', 'a', 1, 2), 7));
  log.ask(deleteOffsetEvent(at('g', 'a', 0, 0)));
  log.now += 7_200_000;
  log.ask({ kind: 'expireOffsets' });
  assert.ok(log.machine.groups.has('g'));
  log.end(7, true);
  log.commit();
  assert.equal(fetched(log, 'g', true), 'a-1=2');
  log.ask({ kind: 'expireOffsets' });
  assert.equal(log.machine.groups.size, 0);
});

// ---- reading

test('a fetch reads what is committed, a stable one what is decided', () => {
  const log = new MachineLog();
  log.ask(commitEvent(at('g', 'a', 0, 1)));
  log.decide(commitEvent(at('g', 'a', 0, 2)));
  log.decide(commitEvent(at('g', 'b', 0, 3)));
  assert.equal(fetched(log, 'g'), 'a-0=1');
  assert.equal(fetched(log, 'g', true), 'a-0=2, b-0=3');
});

test('the oldest record of offsets is read', () => {
  const log = new MachineLog();
  const value = { offset: 5n, metadata: 'old', commitTimestamp: 1 };
  log.append([record('legacyOffsetCommit', { group: 'g', topic: 'a', partition: 0 }, 0, value)]);
  log.commit();
  assert.equal(fetched(log, 'g'), 'a-0=5');
  log.append([tombstone('legacyOffsetCommit', { group: 'g', topic: 'a', partition: 0 })]);
  log.commit();
  assert.equal(fetched(log, 'g'), '');
});

test('records have the versions that Kafka 4.4 writes', () => {
  const log = new MachineLog();
  const versionOf = (retentionMs: number): number | undefined =>
    log.decide(commitEvent(at('g', 'a', 0, 1), retentionMs)).records[0]?.version;
  assert.equal(versionOf(-1), 4);
  assert.equal(versionOf(1000), 1);
});

// ---- expiry

test('offsets expire after the retention, the group when none is left; a pending one holds both', () => {
  const log = new MachineLog({ 'offsets.retention.minutes': '60' });
  log.ask(commitEvent(at('g', 'a', 0, 1)));
  log.now += 1_800_000;
  log.ask(commitEvent(at('g', 'b', 0, 2)));
  log.append([commitRecord(at('g', 'b', 0, 3))], 7);
  const expire = (): void => {
    const { timers } = log.decide({ kind: 'expireOffsets' });
    assert.deepEqual(
      timers?.map(({ delayMs, event }) => [delayMs, event?.kind]),
      [[600_000, 'expireOffsets']],
    );
    log.commit();
  };
  log.now += 1_799_999;
  expire();
  assert.equal(fetched(log, 'g'), 'a-0=1, b-0=2');
  log.now += 1;
  expire();
  assert.equal(fetched(log, 'g'), 'b-0=2');
  log.now += 1_800_000;
  expire();
  assert.equal(fetched(log, 'g'), 'b-0=2');
  log.end(7, false);
  log.commit();
  expire();
  assert.equal(fetched(log, 'g'), '');
  assert.ok(!log.machine.groups.has('g'));
});

test('a time that an old client gave goes before the retention', () => {
  const log = new MachineLog();
  log.ask(commitEvent(at('g', 'a', 0, 1), 1000));
  log.ask(commitEvent(at('g', 'a', 1, 1), 30 * DAY));
  log.ask(commitEvent(at('g', 'a', 2, 1)));
  log.now += 999;
  log.ask({ kind: 'expireOffsets' });
  assert.equal(fetched(log, 'g'), 'a-0=1, a-1=1, a-2=1');
  log.now += 1;
  log.ask({ kind: 'expireOffsets' });
  assert.equal(fetched(log, 'g'), 'a-1=1, a-2=1');
  log.now += 8 * DAY;
  log.ask({ kind: 'expireOffsets' });
  assert.equal(fetched(log, 'g'), 'a-1=1');
});

// ---- deleted topics

test('offsets of a deleted topic go, those of its successor stay', () => {
  const log = new MachineLog();
  const commit = commitRecord(at('g', 'a', 0, 1));
  log.append([commit, commitRecord(at('g', 'b', 0, 2))]);
  log.append([commitRecord(at('h', 'a', 5, 3))], 7);
  log.commit();
  log.ask({ kind: 'topicsDeleted', topics: [{ name: 'a', id: idOf('another') }] });
  assert.equal(fetched(log, 'g'), 'a-0=1, b-0=2');
  log.ask({ kind: 'topicsDeleted', topics: [{ name: 'a', id: idOf('a') }] });
  assert.equal(fetched(log, 'g'), 'b-0=2');
  log.end(7, true);
  log.commit();
  assert.equal(fetched(log, 'h'), '');
});

test('a pending offset of a deleted topic goes, whatever stands committed or pending beside it', () => {
  const log = new MachineLog();
  const older = (offset: number): GroupRecord => {
    const { key, value } = commitRecord(at('g', 'a', 0, offset)) as GroupRecordOf<'offsetCommit'>;
    assert.ok(value !== null);
    return record('offsetCommit', key, 4, { ...value, topicId: idOf('older') });
  };
  log.append([older(1)]);
  log.append([older(2)], 7);
  log.append([commitRecord(at('g', 'a', 0, 3))], 8);
  log.commit();
  const { records } = log.decide({ kind: 'topicsDeleted', topics: [{ name: 'a', id: idOf('a') }] });
  assert.equal(records.length, 1);
  log.end(7, true);
  log.end(8, true);
  log.commit();
  assert.equal(fetched(log, 'g', true), '');
});
