/**
 * A group that nobody has joined: offsets were committed under its id. Kafka keeps it as an empty group of the classic protocol without a
 * protocol type, and writes no record for it.
 */
import { ERRORS } from '../../../protocol/errors.ts';
import type { Group, GroupType, OffsetCommitCheck } from '../group.ts';
import { type GroupRecord, tombstone } from '../records.ts';

export class SimpleGroup implements Group {
  readonly groupId: string;
  readonly type: GroupType = 'classic';
  readonly protocolType = '';
  readonly isEmpty = true;

  constructor(groupId: string) {
    this.groupId = groupId;
  }

  stateAt(): string {
    return 'Empty';
  }

  checkOffsetCommit({ generationIdOrMemberEpoch }: OffsetCommitCheck): number {
    return generationIdOrMemberEpoch < 0 ? ERRORS.NONE : ERRORS.UNKNOWN_MEMBER_ID;
  }

  checkOffsetFetch(): number {
    return ERRORS.NONE;
  }

  checkOffsetDelete(): number {
    return ERRORS.NONE;
  }

  checkDelete(): number {
    return ERRORS.NONE;
  }

  isSubscribedTo(): boolean {
    return false;
  }

  expiryBase(_topic: string, committedAt: number): number {
    return committedAt;
  }

  tombstones(): GroupRecord[] {
    return [tombstone('groupMetadata', { group: this.groupId })];
  }
}
