/** Offsets that go: OffsetDelete (KIP-496), deleted topics, expired ones (KIP-211), and all of a group that is deleted. */
import { ZERO_UUID } from '../../../base/uuid.ts';
import { ERRORS } from '../../../protocol/errors.ts';
import type { RequestOf, ResponseOf } from '../../../protocol/schema/index.ts';
import type { Group } from '../group.ts';
import type { DecideGroup, GroupState } from '../machine.ts';
import { type GroupRecord, tombstone } from '../records.ts';
import type { CommittedOffset } from './table.ts';

const MS_A_MINUTE = 60_000;
const TIMER = 'offsets-expiry';

function offsetTombstone(group: string, topic: string, partition: number): GroupRecord {
  return tombstone('offsetCommit', { group, topic, partition });
}

/** The records that delete all offsets of a group, also those that an open transaction would commit. */
export function allOffsetTombstones(state: GroupState, group: string): GroupRecord[] {
  const { committed } = state.offsets;
  const records: GroupRecord[] = [];
  for (const [topic, partitions] of committed.topicsOf(group)) {
    for (const partition of partitions.keys()) records.push(offsetTombstone(group, topic, partition));
  }
  for (const { topic, partition } of state.offsets.pendingOf(group)) {
    if (committed.get(group, topic, partition) === undefined) records.push(offsetTombstone(group, topic, partition));
  }
  return records;
}

// ---- OffsetDelete

type Response = ResponseOf<'OffsetDelete'>;

function deleteTopic(
  state: GroupState,
  group: Group,
  { name, partitions }: RequestOf<'OffsetDelete'>['topics'][number],
  records: GroupRecord[],
): Response['topics'][number] {
  const { groupId } = group;
  if (group.isSubscribedTo(name)) {
    const errorCode = ERRORS.GROUP_SUBSCRIBED_TO_TOPIC;
    return { name, partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })) };
  }
  for (const { partitionIndex } of partitions) {
    const hasCommitted = state.offsets.committed.get(groupId, name, partitionIndex) !== undefined;
    if (hasCommitted || state.offsets.hasPending(groupId, name, partitionIndex)) {
      records.push(offsetTombstone(groupId, name, partitionIndex));
    }
  }
  return { name, partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: ERRORS.NONE })) };
}

export const deleteOffsets: DecideGroup<'OffsetDelete'> = (state, { request }) => {
  const group = state.groups.get(request.groupId);
  const errorCode = group?.checkOffsetDelete() ?? ERRORS.GROUP_ID_NOT_FOUND;
  if (group === undefined || errorCode !== ERRORS.NONE) {
    return { records: [], answer: { errorCode, throttleTimeMs: 0, topics: [] } };
  }
  const records: GroupRecord[] = [];
  const topics = request.topics.map((topic) => deleteTopic(state, group, topic, records));
  return { records, answer: { errorCode: ERRORS.NONE, throttleTimeMs: 0, topics } };
};

// ---- deleted topics

/** Offsets of the topics, unless they are of an older or newer topic of that name; those of open transactions, too. */
export const deleteOffsetsOfTopics: DecideGroup<'topicsDeleted'> = (state, { topics }) => {
  const { committed } = state.offsets;
  const records: GroupRecord[] = [];
  const isOf = (value: CommittedOffset, id: string): boolean => value.topicId === ZERO_UUID || value.topicId === id;
  const isDeleted = (topic: string, value: CommittedOffset | undefined): boolean =>
    value !== undefined && topics.some(({ name, id }) => name === topic && isOf(value, id));
  const known = topics.filter(({ name }) => committed.hasTopic(name));
  for (const group of known.length === 0 ? [] : committed.groups()) {
    const offsets = committed.topicsOf(group);
    for (const { name, id } of known) {
      for (const [partition, value] of offsets.get(name) ?? []) {
        if (isOf(value, id)) records.push(offsetTombstone(group, name, partition));
      }
    }
  }
  for (const group of state.groups.keys()) {
    for (const { topic, partition } of state.offsets.pendingOf(group, isDeleted)) {
      if (isDeleted(topic, committed.get(group, topic, partition))) continue;
      records.push(offsetTombstone(group, topic, partition));
    }
  }
  return { records, answer: null, divisible: true };
};

// ---- expiry

/** Appends what deletes the expired offsets of a group; whether nothing holds it any more. */
function expireGroup(state: GroupState, group: Group, now: number, records: GroupRecord[]): boolean {
  const { groupId } = group;
  const retentionMs = state.settings.config.values['offsets.retention.minutes'] * MS_A_MINUTE;
  let isAll = true;
  for (const [topic, partitions] of state.offsets.committed.topicsOf(groupId)) {
    const isSubscribed = group.isSubscribedTo(topic);
    for (const [partition, { commitTimestamp, expireTimestamp }] of partitions) {
      const base = isSubscribed ? null : group.expiryBase(topic, commitTimestamp, now);
      const hasExpired = base !== null && now >= (expireTimestamp === -1 ? base + retentionMs : expireTimestamp);
      if (hasExpired && !state.offsets.hasPending(groupId, topic, partition)) {
        records.push(offsetTombstone(groupId, topic, partition));
      } else isAll = false;
    }
  }
  return isAll && !state.offsets.hasPendingOf(groupId);
}

export const expireOffsets: DecideGroup<'expireOffsets'> = (state, _event, { now }) => {
  const records: GroupRecord[] = [];
  for (const group of state.groups.values()) {
    if (expireGroup(state, group, now, records) && group.isEmpty) records.push(...group.tombstones());
  }
  return { records, answer: null, divisible: true, timers: [nextExpiry(state)] };
};

export function nextExpiry(state: GroupState) {
  const delayMs = state.settings.config.values['offsets.retention.check.interval.ms'];
  return { key: TIMER, delayMs, event: { kind: 'expireOffsets' as const } };
}
