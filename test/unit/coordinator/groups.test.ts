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
import { batchesOf, compressionOf } from '../../../src/protocol/batch.ts';
import { BatchBuilder } from '../../../src/protocol/batch-builder.ts';
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
