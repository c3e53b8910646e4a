/**
 * The records of the metadata log: the 27 types by name, and the frame that each stands in as a record's value.
 *
 *     frame version uvarint (1) · type uvarint · version uvarint · message
 *
 * Messages are held complete, as decoded: what is replayed live is exactly what a reload decodes.
 */
import { type Cursor, readUvarint, sizeOfUvarint, writeUvarint } from '../../base/varint.ts';
import { DecodeError } from '../../protocol/codec/errors.ts';
import type { Decoded } from '../../protocol/message.ts';
import { abortTransactionRecord } from '../../protocol/record/metadata/abort-transaction.ts';
import { accessControlEntryRecord } from '../../protocol/record/metadata/access-control-entry.ts';
import { beginTransactionRecord } from '../../protocol/record/metadata/begin-transaction.ts';
import { brokerRegistrationChangeRecord } from '../../protocol/record/metadata/broker-registration-change.ts';
import { clearElrRecord } from '../../protocol/record/metadata/clear-elr.ts';
import { clientQuotaRecord } from '../../protocol/record/metadata/client-quota.ts';
import { configRecord } from '../../protocol/record/metadata/config.ts';
import { delegationTokenRecord } from '../../protocol/record/metadata/delegation-token.ts';
import { endTransactionRecord } from '../../protocol/record/metadata/end-transaction.ts';
import { featureLevelRecord } from '../../protocol/record/metadata/feature-level.ts';
import { fenceBrokerRecord } from '../../protocol/record/metadata/fence-broker.ts';
import { noOpRecord } from '../../protocol/record/metadata/no-op.ts';
import { partitionChangeRecord } from '../../protocol/record/metadata/partition-change.ts';
import { partitionRecord } from '../../protocol/record/metadata/partition.ts';
import { producerIdsRecord } from '../../protocol/record/metadata/producer-ids.ts';
import { registerBrokerRecord } from '../../protocol/record/metadata/register-broker.ts';
import { registerControllerRecord } from '../../protocol/record/metadata/register-controller.ts';
import { removeAccessControlEntryRecord } from '../../protocol/record/metadata/remove-access-control-entry.ts';
import { removeDelegationTokenRecord } from '../../protocol/record/metadata/remove-delegation-token.ts';
import { removeTopicRecord } from '../../protocol/record/metadata/remove-topic.ts';
import { removeUserScramCredentialRecord } from '../../protocol/record/metadata/remove-user-scram-credential.ts';
import { topicRecord } from '../../protocol/record/metadata/topic.ts';
import { unfenceBrokerRecord } from '../../protocol/record/metadata/unfence-broker.ts';
import { unregisterBrokerRecord } from '../../protocol/record/metadata/unregister-broker.ts';
import { unregisterControllerRecord } from '../../protocol/record/metadata/unregister-controller.ts';
import { userScramCredentialRecord } from '../../protocol/record/metadata/user-scram-credential.ts';
import { zkMigrationStateRecord } from '../../protocol/record/metadata/zk-migration-state.ts';

const FRAME_VERSION = 1;

const MESSAGES = {
  registerBroker: registerBrokerRecord,
  unregisterBroker: unregisterBrokerRecord,
  topic: topicRecord,
  partition: partitionRecord,
  config: configRecord,
  partitionChange: partitionChangeRecord,
  fenceBroker: fenceBrokerRecord,
  unfenceBroker: unfenceBrokerRecord,
  removeTopic: removeTopicRecord,
  delegationToken: delegationTokenRecord,
  userScramCredential: userScramCredentialRecord,
  featureLevel: featureLevelRecord,
  clientQuota: clientQuotaRecord,
  producerIds: producerIdsRecord,
  brokerRegistrationChange: brokerRegistrationChangeRecord,
  accessControlEntry: accessControlEntryRecord,
  removeAccessControlEntry: removeAccessControlEntryRecord,
  noOp: noOpRecord,
  zkMigrationState: zkMigrationStateRecord,
  removeUserScramCredential: removeUserScramCredentialRecord,
  beginTransaction: beginTransactionRecord,
  endTransaction: endTransactionRecord,
  abortTransaction: abortTransactionRecord,
  removeDelegationToken: removeDelegationTokenRecord,
  registerController: registerControllerRecord,
  clearElr: clearElrRecord,
  unregisterController: unregisterControllerRecord,
} as const;

export type RecordType = keyof typeof MESSAGES;
export type RecordMessage<T extends RecordType> = Decoded<(typeof MESSAGES)[T]>;

/** A record of one type. */
export interface RecordOf<T extends RecordType> {
  readonly type: T;
  readonly version: number;
  readonly message: RecordMessage<T>;
}

/** A record of the metadata log. */
export type MetadataRecord = { [T in RecordType]: RecordOf<T> }[RecordType];

/** The number of each type in the log. */
export const RECORD_KEYS = {
  registerBroker: 0,
  unregisterBroker: 1,
  topic: 2,
  partition: 3,
  config: 4,
  partitionChange: 5,
  fenceBroker: 7,
  unfenceBroker: 8,
  removeTopic: 9,
  delegationToken: 10,
  userScramCredential: 11,
  featureLevel: 12,
  clientQuota: 14,
  producerIds: 15,
  brokerRegistrationChange: 17,
  accessControlEntry: 18,
  removeAccessControlEntry: 19,
  noOp: 20,
  zkMigrationState: 21,
  removeUserScramCredential: 22,
  beginTransaction: 23,
  endTransaction: 24,
  abortTransaction: 25,
  removeDelegationToken: 26,
  registerController: 27,
  clearElr: 28,
  unregisterController: 29,
} as const satisfies Record<RecordType, number>;

/** The newest version of each type that metadata.version 33 (4.4-IV2) writes. */
export const RECORD_VERSIONS = {
  registerBroker: 4,
  partition: 2,
  partitionChange: 2,
  brokerRegistrationChange: 3,
} as const;

/** What encoding and decoding need of a message, whatever its type. */
interface Codec {
  decode(version: number, bytes: Buffer, offset: number, end: number): unknown;
  sizeOf(version: number, message: unknown): number;
  encodeInto(version: number, message: unknown, bytes: Buffer, offset: number): number;
}

const TYPES: (RecordType | undefined)[] = [];
for (const type of Object.keys(RECORD_KEYS) as RecordType[]) TYPES[RECORD_KEYS[type]] = type;

function codecOf(type: RecordType): Codec {
  return MESSAGES[type] as unknown as Codec;
}

/** A record of the newest version of its type that is written. */
export function record<T extends RecordType>(type: T, message: RecordMessage<T>): RecordOf<T> {
  const versions: Partial<Record<RecordType, number>> = RECORD_VERSIONS;
  return { type, version: versions[type] ?? 0, message };
}

/** Bytes of the record's value, frame included. */
export function sizeOfRecord({ type, version, message }: MetadataRecord): number {
  const key = RECORD_KEYS[type];
  return 1 + sizeOfUvarint(key) + sizeOfUvarint(version) + codecOf(type).sizeOf(version, message);
}

/** Writes the record's value and returns the position after it. */
export function writeRecord({ type, version, message }: MetadataRecord, bytes: Buffer, offset: number): number {
  let at = writeUvarint(bytes, offset, FRAME_VERSION);
  at = writeUvarint(bytes, at, RECORD_KEYS[type]);
  at = writeUvarint(bytes, at, version);
  return codecOf(type).encodeInto(version, message, bytes, at);
}

export function encodeRecord(one: MetadataRecord): Buffer {
  const bytes = Buffer.allocUnsafe(sizeOfRecord(one));
  writeRecord(one, bytes, 0);
  return bytes;
}

const cursor: Cursor = { offset: 0 };

/**
 * The record in `bytes`. A DecodeError where it is damaged, of a type that no release wrote ('unknown'), or of a version that is newer
 * than this program: whoever reads a log stops there, as Kafka does.
 */
export function decodeRecord(bytes: Buffer, offset = 0, end = bytes.length): MetadataRecord {
  const frameVersion = readUvarint(bytes, offset, end, cursor);
  if (frameVersion !== FRAME_VERSION) throw new DecodeError('unknown', `metadata record frame ${frameVersion}`, offset);
  const key = readUvarint(bytes, cursor.offset, end, cursor);
  const type = TYPES[key];
  if (type === undefined) throw new DecodeError('unknown', `metadata record type ${key}`, offset);
  const version = readUvarint(bytes, cursor.offset, end, cursor);
  if (Number.isNaN(version)) throw new DecodeError('varint', 'metadata record version', cursor.offset);
  return { type, version, message: codecOf(type).decode(version, bytes, cursor.offset, end) } as MetadataRecord;
}
