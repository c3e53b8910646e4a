/** What must hold whenever one looks, and what must hold when everybody has been steady for a while. */
import assert from 'node:assert/strict';
import type { GroupCoordinator } from '../../../src/coordinator/groups.ts';
import { ERRORS } from '../../../src/protocol/errors.ts';
import type { ResponseOf } from '../../../src/protocol/schema/index.ts';
import { ClassicMember } from './classic-member.ts';
import { ConsumerMember } from './consumer-member.ts';
import type { Member } from './member.ts';
import type { GroupWorld } from './world.ts';

type Described = ResponseOf<'ConsumerGroupDescribe'>['groups'][number];
type DescribedClassic = ResponseOf<'DescribeGroups'>['groups'][number];

function describeConsumer(world: GroupWorld, groupId: string, coordinator = world.coordinator): Described | null {
  const request = { groupIds: [groupId], includeAuthorizedOperations: false };
  return world.ask('ConsumerGroupDescribe', 1, request, coordinator)?.groups[0] ?? null;
}

function describeClassic(world: GroupWorld, groupId: string, coordinator = world.coordinator): DescribedClassic | null {
  const request = { groups: [groupId], includeAuthorizedOperations: false };
  return world.ask('DescribeGroups', 6, request, coordinator)?.groups[0] ?? null;
}

type Fetched = NonNullable<ResponseOf<'OffsetFetch'>['groups']>[number];

function fetchAll(world: GroupWorld, groupId: string, coordinator = world.coordinator): Fetched | null {
  const groups = [{ groupId, memberId: null, memberEpoch: -1, topics: null }];
  const response = world.ask('OffsetFetch', 9, { groupId: '', topics: [], groups, requireStable: false }, coordinator);
  return response?.groups?.[0] ?? null;
}

function assertDisjoint(parts: Iterable<readonly [string, Iterable<string>]>, what: string): void {
  const owners = new Map<string, string>();
  for (const [owner, partitions] of parts) {
    for (const partition of partitions) {
      const other = owners.get(partition);
      assert.equal(other, undefined, `${what}: ${partition} is ${owner}'s and ${other}'s`);
      owners.set(partition, owner);
    }
  }
}

function assignmentOf({ assignment }: Described['members'][number]): string[] {
  return assignment.topicPartitions.flatMap(({ topicName, partitions }) =>
    partitions.map((one) => `${topicName}:${one}`),
  );
}

/** At any time. */
export function check(world: GroupWorld, members: readonly Member[], groups: readonly string[]): void {
  world.counts.checks++;
  for (const groupId of groups) {
    checkOwners(
      world,
      members.filter((member) => member.groupId === groupId && member.isAlive),
      groupId,
    );
    checkOffsets(world, groupId);
  }
}

function checkOwners(world: GroupWorld, members: readonly Member[], groupId: string): void {
  const group = describeConsumer(world, groupId);
  // Of one generation, whatever they missed meanwhile. A group that has changed its protocol begins to count anew.
  const known = group?.members ?? [];
  const inGroup = new Set(
    [...known, ...(describeClassic(world, groupId)?.members ?? [])].map(({ memberId }) => memberId),
  );
  const classic = Map.groupBy(
    members.filter(
      (member) =>
        member instanceof ClassicMember &&
        member.epoch > 0 &&
        inGroup.has(member.memberId) &&
        !hasDouble(member, members),
    ),
    ({ epoch }) => epoch,
  );
  for (const [generation, those] of classic) {
    assertDisjoint(
      those.map((member) => [member.name, member.owned] as const),
      `generation ${generation} of ${groupId}`,
    );
  }
  if (group === null || group.errorCode !== ERRORS.NONE) return;
  assertDisjoint(
    group.members.map((member) => [member.memberId, assignmentOf(member)] as const),
    `assignment of ${groupId} in epoch ${group.groupEpoch}`,
  );
  // Whoever the coordinator still counts in may own what it has been given; nobody else is given it.
  const counted = new Set(group.members.map(({ memberId }) => memberId));
  const owners = members.filter(
    (member) => member instanceof ConsumerMember && member.epoch > 0 && counted.has(member.memberId),
  );
  assertDisjoint(
    owners.map((member) => [member.name, member.owned] as const),
    `owners of ${groupId}`,
  );
}

/** Whoever comes with the instance id of another takes its place and its partitions; the other hears of it when it asks next. */
function hasDouble({ instanceId, name }: Member, members: readonly Member[]): boolean {
  return instanceId !== null && members.some((other) => other.instanceId === instanceId && other.name !== name);
}

function checkOffsets(world: GroupWorld, groupId: string): void {
  const fetched = fetchAll(world, groupId);
  if (fetched === null) return;
  for (const [key, commits] of world.commits) {
    const [group, name, partition] = key.split(' ');
    if (group !== groupId) continue;
    const topic: Fetched['topics'][number] | undefined = fetched.topics.find((one) => one.name === name);
    const found = topic?.partitions.find((one) => one.partitionIndex === Number(partition));
    const offset: bigint = found?.committedOffset ?? -1n;
    assert.ok(offset >= commits.acked, `${key}: ${offset} after ${commits.acked} was acknowledged`);
    assert.ok(offset >= commits.fetched, `${key}: ${offset} after ${commits.fetched} was read`);
    assert.ok(offset === -1n || commits.submitted.has(offset), `${key}: ${offset} was never committed`);
    commits.fetched = offset;
  }
}

/** A reload of what is committed says what the live coordinator says of it. */
export async function checkReload(world: GroupWorld, groups: readonly string[]): Promise<void> {
  const live = groups.map((groupId) => hardState(world, groupId, world.coordinator));
  const pending = groups.map((groupId) => pendingOf(groupId, world.coordinator));
  if (world.coordinator?.state !== 'active') return;
  const isWritten =
    world.coordinator.held.waiting === 0 && world.partition.committedOffset === world.partition.endOffset;
  const reloaded = await world.reload();
  for (const [index, groupId] of groups.entries()) {
    const { classic, ...rest } = hardState(world, groupId, reloaded);
    const { classic: liveClassic, ...liveRest } = live[index] as ReturnType<typeof hardState>;
    assert.deepEqual(rest, liveRest, `a reload of ${groupId}`);
    if (isWritten) assert.deepEqual(pendingOf(groupId, reloaded), pending[index], `pending of ${groupId}`);
    // A rebalance under way is not in the log, or not committed yet.
    if (liveClassic?.groupState === 'Stable' && isWritten)
      assert.deepEqual(classic, liveClassic, `a reload of ${groupId}`);
  }
  reloaded.stop();
}

/** Offsets of transactions that are open, in the newest state. */
function pendingOf(groupId: string, coordinator: GroupCoordinator | null): string[] {
  const pending = coordinator?.machine.offsets.pendingOf(groupId) ?? [];
  return Array.from(pending, ({ topic, partition }) => `${topic}:${partition}`).sort();
}

/** Nothing is pending when all transactions have ended. */
export function checkEnded(world: GroupWorld, groups: readonly string[]): void {
  for (const groupId of groups) {
    assert.deepEqual(pendingOf(groupId, world.coordinator), [], `pending of ${groupId}`);
    assert.ok(world.coordinator?.machine.offsets.hasPendingOf(groupId) !== true, `${groupId} is held by a transaction`);
  }
}

function hardState(world: GroupWorld, groupId: string, coordinator: GroupCoordinator | null) {
  return {
    consumer: inOrder(describeConsumer(world, groupId, coordinator)),
    offsets: sorted(fetchAll(world, groupId, coordinator)),
    classic: describeClassic(world, groupId, coordinator),
  };
}

/** Members come in the order of their records. */
function inOrder(group: Described | null): Described | null {
  return group && { ...group, members: group.members.toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1)) };
}

function sorted(fetched: ReturnType<typeof fetchAll>) {
  if (fetched === null) return null;
  const topics = fetched.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex),
  }));
  return { ...fetched, topics: topics.toSorted((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1)) };
}

/** When members have been steady for long: each partition that somebody subscribes to is owned by one who does. */
export function checkSettled(world: GroupWorld, members: readonly Member[], groupId: string): void {
  const alive = members.filter((member) => member.groupId === groupId && member.isAlive);
  const owners = new Map<string, string>();
  assertDisjoint(
    alive.map((member) => [member.name, member.owned] as const),
    `${groupId} when settled`,
  );
  for (const member of alive) {
    assert.ok(member.epoch > 0, `${member.name} of ${groupId} is in the group`);
    for (const one of member.owned) owners.set(one, member.name);
  }
  for (const topic of new Set(alive.flatMap(({ topics }) => topics))) {
    const count = world.image.topics.byName(topic)?.partitionCount ?? 0;
    for (let partition = 0; partition < count; partition++) {
      assert.ok(owners.has(`${topic}:${partition}`), `${topic}:${partition} of ${groupId} is nobody's`);
    }
  }
  if (alive.length === 0) return;
  const consumer = describeConsumer(world, groupId);
  if (consumer?.errorCode === ERRORS.NONE) {
    assert.equal(consumer.groupState, 'Stable', groupId);
    assert.deepEqual(
      consumer.members.map(({ memberId }) => memberId).sort(),
      alive.map(({ memberId }) => memberId).sort(),
    );
  } else {
    const classic = describeClassic(world, groupId);
    assert.equal(classic?.groupState, 'Stable', groupId);
    assert.deepEqual(
      classic.members.map(({ memberId }) => memberId).sort(),
      alive.map(({ memberId }) => memberId).sort(),
    );
    assert.equal(new Set(alive.map(({ epoch }) => epoch)).size, 1, `one generation of ${groupId}`);
  }
}
