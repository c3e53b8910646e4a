/**
 * The records of the coordinators' logs: `__consumer_offsets`, `__transaction_state`, `__share_group_state`.
 *
 *   key    │ type i16 │ message in version 0 │
 *   value  │ version i16 │ message │            a null value deletes the key
 */
// oxlint-disable typescript/no-unsafe-type-assertion -- the row of the table and the name are of one type of record
import { readI16, writeI16 } from '../../base/bytes.ts';
import { DecodeError } from '../codec/errors.ts';
import type { Decoded, Input, Message } from '../message.ts';
import { legacyOffsetCommitKey, legacyOffsetCommitValue } from './group/legacy-offset-commit.ts';
import { offsetCommitKey, offsetCommitValue } from './group/offset-commit.ts';
import { groupMetadataKey, groupMetadataValue } from './group/group-metadata.ts';
import { consumerGroupMetadataKey, consumerGroupMetadataValue } from './group/consumer-group-metadata.ts';
import {
  consumerGroupPartitionMetadataKey,
  consumerGroupPartitionMetadataValue,
} from './group/consumer-group-partition-metadata.ts';
import {
  consumerGroupMemberMetadataKey,
  consumerGroupMemberMetadataValue,
} from './group/consumer-group-member-metadata.ts';
import {
  consumerGroupTargetAssignmentMetadataKey,
  consumerGroupTargetAssignmentMetadataValue,
} from './group/consumer-group-target-assignment-metadata.ts';
import {
  consumerGroupTargetAssignmentMemberKey,
  consumerGroupTargetAssignmentMemberValue,
} from './group/consumer-group-target-assignment-member.ts';
import {
  consumerGroupCurrentMemberAssignmentKey,
  consumerGroupCurrentMemberAssignmentValue,
} from './group/consumer-group-current-member-assignment.ts';
import { shareGroupMemberMetadataKey, shareGroupMemberMetadataValue } from './group/share-group-member-metadata.ts';
import { shareGroupMetadataKey, shareGroupMetadataValue } from './group/share-group-metadata.ts';
import {
  shareGroupTargetAssignmentMetadataKey,
  shareGroupTargetAssignmentMetadataValue,
} from './group/share-group-target-assignment-metadata.ts';
import {
  shareGroupTargetAssignmentMemberKey,
  shareGroupTargetAssignmentMemberValue,
} from './group/share-group-target-assignment-member.ts';
import {
  shareGroupCurrentMemberAssignmentKey,
  shareGroupCurrentMemberAssignmentValue,
} from './group/share-group-current-member-assignment.ts';
import {
  shareGroupStatePartitionMetadataKey,
  shareGroupStatePartitionMetadataValue,
} from './group/share-group-state-partition-metadata.ts';
import {
  consumerGroupRegularExpressionKey,
  consumerGroupRegularExpressionValue,
} from './group/consumer-group-regular-expression.ts';
import { streamsGroupMetadataKey, streamsGroupMetadataValue } from './group/streams-group-metadata.ts';
import {
  streamsGroupMemberMetadataKey,
  streamsGroupMemberMetadataValue,
} from './group/streams-group-member-metadata.ts';
import {
  streamsGroupTargetAssignmentMetadataKey,
  streamsGroupTargetAssignmentMetadataValue,
} from './group/streams-group-target-assignment-metadata.ts';
import {
  streamsGroupTargetAssignmentMemberKey,
  streamsGroupTargetAssignmentMemberValue,
} from './group/streams-group-target-assignment-member.ts';
import {
  streamsGroupCurrentMemberAssignmentKey,
  streamsGroupCurrentMemberAssignmentValue,
} from './group/streams-group-current-member-assignment.ts';
import { streamsGroupTopologyKey, streamsGroupTopologyValue } from './group/streams-group-topology.ts';
import { transactionLogKey, transactionLogValue } from './transaction/transaction-log.ts';
import { shareSnapshotKey, shareSnapshotValue } from './share/share-snapshot.ts';
import { shareUpdateKey, shareUpdateValue } from './share/share-update.ts';

/** A type of record: its number in the key, and the messages. */
interface RecordType<K extends Message = Message, V extends Message = Message> {
  readonly number: number;
  readonly key: K;
  readonly value: V;
}

function entry<K extends Message, V extends Message>(number: number, key: K, value: V): RecordType<K, V> {
  return { number, key, value };
}

export type RecordTable = { readonly [name: string]: RecordType };

/** A key as decoded, by the name of its type. */
export type RecordKey<T extends RecordTable> = {
  [N in keyof T & string]: { readonly type: N; readonly key: Decoded<T[N]['key']> };
}[keyof T & string];

const KEY_VERSION = 0;

/** The records of one kind of coordinator. */
export class CoordinatorRecords<T extends RecordTable> {
  readonly #table: T;
  readonly #names: (keyof T & string)[] = [];

  constructor(table: T) {
    this.#table = table;
    for (const name of Object.keys(table)) this.#names[this.#type(name).number] = name;
  }

  encodeKey<N extends keyof T & string>(type: N, key: Input<T[N]['key']>): Buffer {
    const { number, key: message } = this.#type(type);
    const bytes = message.encode(KEY_VERSION, key as never, 2);
    writeI16(bytes, 0, number);
    return bytes;
  }

  encodeValue<N extends keyof T & string>(type: N, version: number, value: Input<T[N]['value']>): Buffer {
    const bytes = this.#type(type).value.encode(version, value as never, 2);
    writeI16(bytes, 0, version);
    return bytes;
  }

  /** Null for a type that this program does not know: such records are skipped when a log is loaded. */
  decodeKey(bytes: Buffer): RecordKey<T> | null {
    if (bytes.length < 2) throw new DecodeError('truncated', 'coordinator record key', 0);
    const type = this.#names[readI16(bytes, 0)];
    if (type === undefined) return null;
    return { type, key: this.#type(type).key.decode(KEY_VERSION, bytes, 2) } as RecordKey<T>;
  }

  /** A `DecodeError` also for a version newer than this program. */
  decodeValue<N extends keyof T & string>(type: N, bytes: Buffer): { version: number; value: Decoded<T[N]['value']> } {
    if (bytes.length < 2) throw new DecodeError('truncated', 'coordinator record value', 0);
    const version = readI16(bytes, 0);
    const value = this.#type(type).value.decode(version, bytes, 2);
    return { version, value: value as Decoded<T[N]['value']> };
  }

  #type(name: string): RecordType {
    return this.#table[name] as RecordType;
  }
}

/** __consumer_offsets, by the names of their types. */
export const GROUP_RECORDS = {
  legacyOffsetCommit: entry(0, legacyOffsetCommitKey, legacyOffsetCommitValue),
  offsetCommit: entry(1, offsetCommitKey, offsetCommitValue),
  groupMetadata: entry(2, groupMetadataKey, groupMetadataValue),
  consumerGroupMetadata: entry(3, consumerGroupMetadataKey, consumerGroupMetadataValue),
  consumerGroupPartitionMetadata: entry(4, consumerGroupPartitionMetadataKey, consumerGroupPartitionMetadataValue),
  consumerGroupMemberMetadata: entry(5, consumerGroupMemberMetadataKey, consumerGroupMemberMetadataValue),
  consumerGroupTargetAssignmentMetadata: entry(
    6,
    consumerGroupTargetAssignmentMetadataKey,
    consumerGroupTargetAssignmentMetadataValue,
  ),
  consumerGroupTargetAssignmentMember: entry(
    7,
    consumerGroupTargetAssignmentMemberKey,
    consumerGroupTargetAssignmentMemberValue,
  ),
  consumerGroupCurrentMemberAssignment: entry(
    8,
    consumerGroupCurrentMemberAssignmentKey,
    consumerGroupCurrentMemberAssignmentValue,
  ),
  shareGroupMemberMetadata: entry(10, shareGroupMemberMetadataKey, shareGroupMemberMetadataValue),
  shareGroupMetadata: entry(11, shareGroupMetadataKey, shareGroupMetadataValue),
  shareGroupTargetAssignmentMetadata: entry(
    12,
    shareGroupTargetAssignmentMetadataKey,
    shareGroupTargetAssignmentMetadataValue,
  ),
  shareGroupTargetAssignmentMember: entry(
    13,
    shareGroupTargetAssignmentMemberKey,
    shareGroupTargetAssignmentMemberValue,
  ),
  shareGroupCurrentMemberAssignment: entry(
    14,
    shareGroupCurrentMemberAssignmentKey,
    shareGroupCurrentMemberAssignmentValue,
  ),
  shareGroupStatePartitionMetadata: entry(
    15,
    shareGroupStatePartitionMetadataKey,
    shareGroupStatePartitionMetadataValue,
  ),
  consumerGroupRegularExpression: entry(16, consumerGroupRegularExpressionKey, consumerGroupRegularExpressionValue),
  streamsGroupMetadata: entry(17, streamsGroupMetadataKey, streamsGroupMetadataValue),
  streamsGroupMemberMetadata: entry(19, streamsGroupMemberMetadataKey, streamsGroupMemberMetadataValue),
  streamsGroupTargetAssignmentMetadata: entry(
    20,
    streamsGroupTargetAssignmentMetadataKey,
    streamsGroupTargetAssignmentMetadataValue,
  ),
  streamsGroupTargetAssignmentMember: entry(
    21,
    streamsGroupTargetAssignmentMemberKey,
    streamsGroupTargetAssignmentMemberValue,
  ),
  streamsGroupCurrentMemberAssignment: entry(
    22,
    streamsGroupCurrentMemberAssignmentKey,
    streamsGroupCurrentMemberAssignmentValue,
  ),
  streamsGroupTopology: entry(23, streamsGroupTopologyKey, streamsGroupTopologyValue),
} as const;

/** __transaction_state, by the names of their types. */
export const TRANSACTION_RECORDS = {
  transactionLog: entry(0, transactionLogKey, transactionLogValue),
} as const;

/** __share_group_state, by the names of their types. */
export const SHARE_RECORDS = {
  shareSnapshot: entry(0, shareSnapshotKey, shareSnapshotValue),
  shareUpdate: entry(1, shareUpdateKey, shareUpdateValue),
} as const;

export const groupRecords = new CoordinatorRecords(GROUP_RECORDS);
export const transactionRecords = new CoordinatorRecords(TRANSACTION_RECORDS);
export const shareRecords = new CoordinatorRecords(SHARE_RECORDS);
