/** The coordinator of the groups of one partition over a log in memory: loading what Apache Kafka 4.4 wrote, and its own again. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SeededRandom } from '../../../src/base/prng.ts';
import { GroupCoordinator, type GroupResult } from '../../../src/coordinator/groups.ts';
import { Timers } from '../../../src/coordinator/timers.ts';
import { loadNative } from '../../../src/host/addon.ts';
import type { GroupEvent } from '../../../src/machine/group/decision.ts';
import { MetadataImage } from '../../../src/machine/image/image.ts';
import { batchesOf, compressionOf, isControl, isTransactional } from '../../../src/protocol/batch.ts';
import { BatchBuilder } from '../../../src/protocol/batch-builder.ts';
import { recordsOf } from '../../../src/protocol/batch-records.ts';
import { decodeControlRecord } from '../../../src/protocol/record/control-records.ts';
import type { ResponseOf } from '../../../src/protocol/schema/index.ts';
import { VirtualClock } from '../../simulator/virtual-clock.ts';
import { brokerConfig } from '../machine/controller/fixture.ts';
import { MemoryPartition, settled, silent } from './fixture.ts';

const { native } = loadNative();
const NOT_ENOUGH_REPLICAS = 19;
const client = { clientId: 'test', clientHost: '/127.0.0.1' };

async function coordinatorOf(partition: MemoryPartition, settings: Readonly<Record<string, string>> = {}) {
  const clock = new VirtualClock();
  const parts = {
    clock,
    log: silent,
    native,
    config: brokerConfig(settings),
    image: new MetadataImage(),
    random: new SeededRandom(1),
    timers: new Timers(clock),
    onFault: (error: unknown) => {
      throw error;
    },
  };
  const coordinator = new GroupCoordinator(parts, partition);
  await settled(clock, coordinator.load());
  return { coordinator, clock };
}

type Coordinated = Awaited<ReturnType<typeof coordinatorOf>>;

function ask({ coordinator, clock }: Coordinated, event: GroupEvent): GroupResult | null {
  let result: GroupResult | null = null;
  coordinator.submit(event, (came) => (result = came));
  clock.runSoon();
  return result;
}

/** What is committed, as `topic-partition: offset`. */
function offsetsOf(coordinated: Coordinated, groupId: string): string[] {
  const groups = [{ groupId, memberId: null, memberEpoch: -1, topics: null }];
  const request = { groupId: '', topics: [], groups, requireStable: false };
  const result = ask(coordinated, { kind: 'OffsetFetch', version: 8, request, client });
  assert.ok(result?.ok === true);
  const [group] = (result.answer as ResponseOf<'OffsetFetch'>).groups;
  const lines = (group?.topics ?? []).flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex, committedOffset }) => `${name}-${partitionIndex}: ${committedOffset}`),
  );
  return lines.toSorted();
}

function commitOf(groupId: string, offset: number): GroupEvent {
  const partitions = [
    { partitionIndex: 0, committedOffset: BigInt(offset), committedLeaderEpoch: -1, committedMetadata: '' },
  ];
  const request = {
    groupId,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    groupInstanceId: null,
    retentionTimeMs: -1,
    topics: [{ name: 't', partitions }],
  };
  return { kind: 'OffsetCommit', version: 8, request, client } as unknown as GroupEvent;
}

function transactionalCommitOf(groupId: string, offset: number, producerId: number): GroupEvent {
  const plain = commitOf(groupId, offset);
  assert.ok(plain.kind === 'OffsetCommit');
  const request = { ...plain.request, transactionalId: 't', producerId, producerEpoch: 5 };
  return { ...plain, kind: 'TxnOffsetCommit', version: 5, request };
}

function end(
  { coordinator, clock }: Coordinated,
  producerId: number,
  commit: boolean,
  transactionVersion = 2,
): number | null {
  let code: number | null = null;
  const marker = { producerId, producerEpoch: 6, commit, coordinatorEpoch: 3, transactionVersion };
  coordinator.endTransaction(marker, (errorCode) => (code = errorCode));
  clock.runSoon();
  return code;
}

function codeOf(result: GroupResult | null): number | null {
  if (result === null) return null;
  if (!result.ok) return result.errorCode;
  return (result.answer as ResponseOf<'OffsetCommit'>).topics[0]?.partitions[0]?.errorCode ?? -1;
}

test('a log that Apache Kafka 4.4 wrote: commits, transactions that ended and that did not, groups of both protocols', async () => {
  const bytes = readFileSync(join(import.meta.dirname, 'kafka-4.4-groups.log'));
  const coordinated = await coordinatorOf(new MemoryPartition(bytes));
  assert.deepEqual(offsetsOf(coordinated, 'simple'), ['t-0: 10', 't-1: 11']);
  assert.deepEqual(offsetsOf(coordinated, 'deleted'), []);
  assert.deepEqual(offsetsOf(coordinated, 'txn-committed'), ['t-0: 100', 't-1: 101']);
  assert.deepEqual(offsetsOf(coordinated, 'txn-aborted'), []);
  assert.deepEqual(offsetsOf(coordinated, 'txn-open'), []);
  assert.deepEqual(offsetsOf(coordinated, 'both'), ['t-0: 20', 't-1: 21']);
  const listed = ask(coordinated, {
    kind: 'ListGroups',
    version: 5,
    request: { statesFilter: [], typesFilter: [] },
    client,
  });
  assert.ok(listed?.ok === true);
  const { groups } = listed.answer as ResponseOf<'ListGroups'>;
  const lines = groups.map(({ groupId, groupType, groupState }) => `${groupId} ${groupType} ${groupState}`);
  // As Kafka lists them after a restart on this log.
  assert.deepEqual(lines.toSorted(), [
    'both classic Empty',
    'classic classic Empty',
    'consumer consumer Stable',
    'simple classic Empty',
    'txn-aborted classic Empty',
    'txn-committed classic Empty',
    'txn-open classic Empty',
  ]);
});

test('what several decided in a turn is one batch; in every codec it is loaded again', async () => {
  for (const codec of [0, 1, 2, 3, 4]) {
    const partition = new MemoryPartition();
    const settings = { 'offsets.topic.compression.codec': String(codec) };
    const coordinated = await coordinatorOf(partition, settings);
    const codes: (number | null)[] = [];
    for (let group = 0; group < 100; group++) {
      coordinated.coordinator.submit(commitOf(`g${group}`, group), (result) => codes.push(codeOf(result)));
    }
    assert.deepEqual(codes, []);
    coordinated.clock.runSoon();
    assert.equal(codes.length, 100);
    assert.ok(codes.every((code) => code === 0));
    const headers = [...batchesOf(partition.bytes)];
    assert.deepEqual(
      headers.map(({ recordsCount, attributes }) => [recordsCount, compressionOf(attributes)]),
      [[100, codec]],
    );
    const again = await coordinatorOf(partition, settings);
    for (let group = 0; group < 100; group++) assert.deepEqual(offsetsOf(again, `g${group}`), [`t-0: ${group}`]);
    assert.equal(codeOf(ask(again, transactionalCommitOf('g7', 1000, 7))), 0);
    assert.equal(end(again, 7, true), 0);
    const codecs = Array.from(batchesOf(partition.bytes), ({ attributes }) => compressionOf(attributes));
    assert.deepEqual(codecs, [codec, codec, 0]);
    assert.deepEqual(offsetsOf(await coordinatorOf(partition, settings), 'g7'), ['t-0: 1000']);
  }
});

test('what is not committed is not shown, and what the log refuses never was', async () => {
  const partition = new MemoryPartition();
  const coordinated = await coordinatorOf(partition);
  assert.equal(codeOf(ask(coordinated, commitOf('g', 1))), 0);
  partition.held = [];
  assert.equal(codeOf(ask(coordinated, commitOf('g', 2))), null);
  assert.deepEqual(offsetsOf(coordinated, 'g'), ['t-0: 1']);
  for (const settle of partition.held) settle();
  partition.held = null;
  assert.deepEqual(offsetsOf(coordinated, 'g'), ['t-0: 2']);
  partition.refuses = NOT_ENOUGH_REPLICAS;
  // COORDINATOR_NOT_AVAILABLE: clients of a group know nothing of the log.
  assert.equal(codeOf(ask(coordinated, commitOf('g', 3))), 15);
  partition.refuses = 0;
  assert.deepEqual(offsetsOf(coordinated, 'g'), ['t-0: 2']);
  assert.equal(codeOf(ask(coordinated, commitOf('g', 4))), 0);
  assert.deepEqual(offsetsOf(coordinated, 'g'), ['t-0: 4']);
});

test('offsets of a transaction are a batch of its producer, a marker ends it, and a reload finds the same', async () => {
  const partition = new MemoryPartition();
  const coordinated = await coordinatorOf(partition);
  assert.equal(codeOf(ask(coordinated, commitOf('g', 1))), 0);
  assert.equal(codeOf(ask(coordinated, transactionalCommitOf('g', 2, 7))), 0);
  assert.equal(codeOf(ask(coordinated, transactionalCommitOf('h', 3, 8))), 0);
  assert.equal(codeOf(ask(coordinated, transactionalCommitOf('i', 4, 9))), 0);
  assert.equal(partition.transactionVersion, 0);
  assert.equal(end(coordinated, 7, true), 0);
  assert.equal(partition.transactionVersion, 2);
  assert.equal(end(coordinated, 8, false, 1), 0);
  assert.equal(partition.transactionVersion, 1);
  const headers = [...batchesOf(partition.bytes)];
  assert.deepEqual(
    headers.map(({ attributes, producerId, producerEpoch, baseSequence, leaderEpoch, baseOffset }) => {
      const kind = `${isTransactional(attributes) ? 'transactional' : ''}${isControl(attributes) ? ' control' : ''}`;
      return [kind, producerId, producerEpoch, baseSequence, leaderEpoch, baseOffset];
    }),
    [
      // As Kafka writes them.
      ['', -1, -1, 0, 1, 0],
      ['transactional', 7, 5, 0, 1, 1],
      ['transactional', 8, 5, 0, 1, 2],
      ['transactional', 9, 5, 0, 1, 3],
      ['transactional control', 7, 6, -1, 1, 4],
      ['transactional control', 8, 6, -1, 1, 5],
    ],
  );
  const markers = headers.slice(4).map((header) => {
    const [record] = recordsOf(partition.bytes, header);
    assert.ok(record?.key != null && record.value !== null);
    return decodeControlRecord(record.key, record.value);
  });
  assert.deepEqual(markers, [
    { type: 'commit', value: { coordinatorEpoch: 3 } },
    { type: 'abort', value: { coordinatorEpoch: 3 } },
  ]);
  for (const each of [coordinated, await coordinatorOf(partition)]) {
    assert.deepEqual(offsetsOf(each, 'g'), ['t-0: 2']);
    assert.deepEqual(offsetsOf(each, 'h'), []);
    assert.deepEqual(offsetsOf(each, 'i'), []);
    assert.ok(each.coordinator.machine.offsets.hasPending('i', 't', 0));
    assert.ok(!each.coordinator.machine.offsets.hasPendingOf('h'));
  }
  // One that has read it goes on where the other was.
  const again = await coordinatorOf(partition);
  assert.equal(end(again, 9, true), 0);
  assert.deepEqual(offsetsOf(again, 'i'), ['t-0: 4']);
});

test('what becomes of a marker is told as the log said it', async () => {
  const partition = new MemoryPartition();
  const coordinated = await coordinatorOf(partition);
  assert.equal(codeOf(ask(coordinated, transactionalCommitOf('g', 2, 7))), 0);
  // INVALID_PRODUCER_EPOCH, TRANSACTION_COORDINATOR_FENCED, NOT_ENOUGH_REPLICAS, NOT_LEADER_OR_FOLLOWER
  for (const code of [47, 90, NOT_ENOUGH_REPLICAS, 6]) {
    partition.refuses = code;
    assert.equal(end(coordinated, 7, true), code);
  }
  // A producer that is fenced is told so.
  partition.refuses = 47;
  assert.equal(codeOf(ask(coordinated, transactionalCommitOf('g', 3, 7))), 47);
  partition.refuses = 0;
  assert.deepEqual(offsetsOf(coordinated, 'g'), []);
  partition.held = [];
  assert.equal(end(coordinated, 7, true), null);
  assert.deepEqual(offsetsOf(coordinated, 'g'), []);
  for (const settle of partition.held) settle();
  assert.deepEqual(offsetsOf(coordinated, 'g'), ['t-0: 2']);
});

test('a marker that is not committed in time, or comes when there is no coordinator', async () => {
  const partition = new MemoryPartition();
  const coordinated = await coordinatorOf(partition, { 'offsets.commit.timeout.ms': '100' });
  const { coordinator, clock } = coordinated;
  partition.held = [];
  const codes: number[] = [];
  const marker = { producerId: 7, producerEpoch: 6, commit: true, coordinatorEpoch: 3, transactionVersion: 0 };
  coordinator.endTransaction(marker, (code) => codes.push(code));
  clock.advance(200);
  // REQUEST_TIMED_OUT
  assert.deepEqual(codes, [7]);
  coordinator.endTransaction(marker, (code) => codes.push(code));
  coordinator.stop();
  // NOT_COORDINATOR
  assert.deepEqual(codes, [7, 16]);
  coordinator.endTransaction(marker, (code) => codes.push(code));
  assert.deepEqual(codes, [7, 16, 16]);
});

test('while it loads, and when it has stopped, it says so', async () => {
  const partition = new MemoryPartition();
  const coordinated = await coordinatorOf(partition);
  assert.equal(codeOf(ask(coordinated, commitOf('g', 1))), 0);
  coordinated.coordinator.stop();
  assert.equal(codeOf(ask(coordinated, commitOf('g', 2))), 16);
  const clock = new VirtualClock();
  const parts = {
    clock,
    log: silent,
    native,
    config: brokerConfig(),
    image: new MetadataImage(),
    random: new SeededRandom(1),
    timers: new Timers(clock),
    onFault: () => {},
  };
  const coordinator = new GroupCoordinator(parts, partition);
  assert.equal(codeOf(ask({ coordinator, clock }, commitOf('g', 2))), 14);
  assert.equal(end({ coordinator, clock }, 7, true), 14);
});

test('a type of record that is not known is skipped, a damaged one ends the loading', async () => {
  const crc32c = (bytes: Buffer): number => native.crc32c(bytes, 0, bytes.length, 0);
  const batch = (baseOffset: number, key: Buffer, value: Buffer): Buffer => {
    const builder = new BatchBuilder({ baseOffset, leaderEpoch: 1 });
    builder.append({ timestamp: 1n, key, value });
    return builder.build(crc32c);
  };
  const partition = new MemoryPartition();
  await coordinatorOf(partition).then((coordinated) => ask(coordinated, commitOf('g', 7)));
  const unknown = batch(partition.endOffset, Buffer.from([0x7f, 0x7f, 1, 2]), Buffer.from('?'));
  const later = new MemoryPartition(Buffer.concat([partition.bytes, unknown]));
  assert.deepEqual(offsetsOf(await coordinatorOf(later), 'g'), ['t-0: 7']);
  const damaged = batch(partition.endOffset, Buffer.from([0, 1, 0, 1]), Buffer.from([0, 4]));
  await assert.rejects(coordinatorOf(new MemoryPartition(Buffer.concat([partition.bytes, damaged]))), {
    name: 'DecodeError',
  });
});
