/** The GroupMetadata record: a classic group as it is written, after an assignment and when it gets empty. */
import { type GroupRecord, record } from '../records.ts';
import { type LiveGroup, metadataOf } from './live.ts';

/** What Kafka 4.4 writes. */
const VALUE_VERSION = 3;

/**
 * The group with the members and assignments that it has. Without a leader: what was assigned is not theirs any more, and whoever loads
 * this has the members join anew.
 */
export function groupRecord(group: LiveGroup, leader: string | null = group.leaderId): GroupRecord {
  return record('groupMetadata', { group: group.groupId }, VALUE_VERSION, {
    protocolType: group.protocolType ?? '',
    generation: group.generation,
    protocol: group.protocolName,
    leader,
    currentStateTimestamp: group.stateTimestamp,
    members: Array.from(group.members.values(), (member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeout: member.rebalanceTimeoutMs,
      sessionTimeout: member.sessionTimeoutMs,
      subscription: metadataOf(member, group.protocolName),
      assignment: member.assignment,
    })),
  });
}

/** Of a group that was just made: it stands in the log before anybody is told of it. */
export function newGroupRecord(group: LiveGroup): GroupRecord {
  return record('groupMetadata', { group: group.groupId }, VALUE_VERSION, {
    protocolType: '',
    generation: 0,
    protocol: null,
    leader: null,
    currentStateTimestamp: group.stateTimestamp,
    members: [],
  });
}
