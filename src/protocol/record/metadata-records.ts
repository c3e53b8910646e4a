/**
 * The records of the metadata log: the 27 types by name, and the frame that each stands in as a record's value.
 *
 *   │ frame version uvarint (1) │ type uvarint │ version uvarint │ message │
 *
 * A message is held complete, as decoded: what is replayed live is exactly what a reload decodes.
 */
// oxlint-disable typescript/no-unsafe-type-assertion -- the row of the table and the name are of one type of record
import { type Cursor, readUvarint, sizeOfUvarint, writeUvarint } from '../../base/varint.ts';
import { DecodeError } from '../codec/errors.ts';
import type { Decoded, Message } from '../message.ts';
import { registerBrokerRecord } from './metadata/register-broker.ts';
import { unregisterBrokerRecord } from './metadata/unregister-broker.ts';
import { topicRecord } from './metadata/topic.ts';
import { partitionRecord } from './metadata/partition.ts';
import { configRecord } from './metadata/config.ts';
import { partitionChangeRecord } from './metadata/partition-change.ts';
import { fenceBrokerRecord } from './metadata/fence-broker.ts';
import { unfenceBrokerRecord } from './metadata/unfence-broker.ts';
import { removeTopicRecord } from './metadata/remove-topic.ts';
import { delegationTokenRecord } from './metadata/delegation-token.ts';
import { userScramCredentialRecord } from './metadata/user-scram-credential.ts';
import { featureLevelRecord } from './metadata/feature-level.ts';
import { clientQuotaRecord } from './metadata/client-quota.ts';
import { producerIdsRecord } from './metadata/producer-ids.ts';
import { brokerRegistrationChangeRecord } from './metadata/broker-registration-change.ts';
import { accessControlEntryRecord } from './metadata/access-control-entry.ts';
import { removeAccessControlEntryRecord } from './metadata/remove-access-control-entry.ts';
import { noOpRecord } from './metadata/no-op.ts';
import { zkMigrationStateRecord } from './metadata/zk-migration-state.ts';
import { removeUserScramCredentialRecord } from './metadata/remove-user-scram-credential.ts';
import { beginTransactionRecord } from './metadata/begin-transaction.ts';
import { endTransactionRecord } from './metadata/end-transaction.ts';
import { abortTransactionRecord } from './metadata/abort-transaction.ts';
import { removeDelegationTokenRecord } from './metadata/remove-delegation-token.ts';
import { registerControllerRecord } from './metadata/register-controller.ts';
import { clearElrRecord } from './metadata/clear-elr.ts';
import { unregisterControllerRecord } from './metadata/unregister-controller.ts';

const FRAME_VERSION = 1;

interface RecordEntry<M extends Message = Message> {
  /** The number of the type in the log. */
  readonly key: number;
  readonly message: M;
}

function entry<M extends Message>(key: number, message: M): RecordEntry<M> {
  return { key, message };
}

export const METADATA_RECORDS = {
  registerBroker: entry(0, registerBrokerRecord),
  unregisterBroker: entry(1, unregisterBrokerRecord),
  topic: entry(2, topicRecord),
  partition: entry(3, partitionRecord),
  config: entry(4, configRecord),
  partitionChange: entry(5, partitionChangeRecord),
  fenceBroker: entry(7, fenceBrokerRecord),
  unfenceBroker: entry(8, unfenceBrokerRecord),
  removeTopic: entry(9, removeTopicRecord),
  delegationToken: entry(10, delegationTokenRecord),
  userScramCredential: entry(11, userScramCredentialRecord),
  featureLevel: entry(12, featureLevelRecord),
  clientQuota: entry(14, clientQuotaRecord),
  producerIds: entry(15, producerIdsRecord),
  brokerRegistrationChange: entry(17, brokerRegistrationChangeRecord),
  accessControlEntry: entry(18, accessControlEntryRecord),
  removeAccessControlEntry: entry(19, removeAccessControlEntryRecord),
  noOp: entry(20, noOpRecord),
  zkMigrationState: entry(21, zkMigrationStateRecord),
  removeUserScramCredential: entry(22, removeUserScramCredentialRecord),
  beginTransaction: entry(23, beginTransactionRecord),
  endTransaction: entry(24, endTransactionRecord),
  abortTransaction: entry(25, abortTransactionRecord),
  removeDelegationToken: entry(26, removeDelegationTokenRecord),
  registerController: entry(27, registerControllerRecord),
  clearElr: entry(28, clearElrRecord),
  unregisterController: entry(29, unregisterControllerRecord),
} as const satisfies Record<string, RecordEntry>;

export type RecordType = keyof typeof METADATA_RECORDS;
export type RecordMessage<T extends RecordType> = Decoded<(typeof METADATA_RECORDS)[T]['message']>;

/** A record of one type. */
export interface RecordOf<T extends RecordType> {
  readonly type: T;
  readonly version: number;
  readonly message: RecordMessage<T>;
}

/** A record of the metadata log. */
export type MetadataRecord = { [T in RecordType]: RecordOf<T> }[RecordType];

/** The name of each number. */
const TYPES: (RecordType | undefined)[] = [];
for (const type of Object.keys(METADATA_RECORDS) as RecordType[]) TYPES[METADATA_RECORDS[type].key] = type;

function entryOf(type: RecordType): RecordEntry {
  return METADATA_RECORDS[type];
}

/** A record of the newest version of its type that 4.4-IV2 writes. */
export function record<T extends RecordType>(type: T, message: RecordMessage<T>): RecordOf<T> {
  return { type, version: entryOf(type).message.versions.max, message };
}

/** Bytes of the record's value, frame included. */
export function sizeOfRecord(value: MetadataRecord): number {
  const { key, message } = entryOf(value.type);
  return 1 + sizeOfUvarint(key) + sizeOfUvarint(value.version) + message.sizeOf(value.version, value.message as never);
}

/** Writes the record's value and returns the position after it. */
export function writeRecord(value: MetadataRecord, bytes: Buffer, offset: number): number {
  const { key, message } = entryOf(value.type);
  let at = writeUvarint(bytes, offset, FRAME_VERSION);
  at = writeUvarint(bytes, at, key);
  at = writeUvarint(bytes, at, value.version);
  return message.encodeInto(value.version, value.message as never, bytes, at);
}

export function encodeRecord(value: MetadataRecord): Buffer {
  const bytes = Buffer.allocUnsafe(sizeOfRecord(value));
  writeRecord(value, bytes, 0);
  return bytes;
}

const cursor: Cursor = { offset: 0 };

/**
 * The record in the bytes. A `DecodeError` where it is damaged, of a type that no release wrote, or of a version newer than this
 * program: whoever reads a log stops there, as Kafka does.
 */
export function decodeRecord(bytes: Buffer, offset = 0, end = bytes.length): MetadataRecord {
  const frameVersion = readUvarint(bytes, offset, end, cursor);
  if (frameVersion !== FRAME_VERSION) throw new DecodeError('unknown', `metadata record frame ${frameVersion}`, offset);
  const key = readUvarint(bytes, cursor.offset, end, cursor);
  const type = TYPES[key];
  if (type === undefined) throw new DecodeError('unknown', `metadata record type ${key}`, offset);
  const version = readUvarint(bytes, cursor.offset, end, cursor);
  if (Number.isNaN(version)) throw new DecodeError('varint', 'metadata record version', cursor.offset);
  return { type, version, message: entryOf(type).message.decode(version, bytes, cursor.offset, end) } as MetadataRecord;
}
