/** How dump-log prints one record: metadata, keys and values, control records; as Kafka's tool words it. */
// oxlint-disable typescript/no-unsafe-type-assertion -- rows of the tables of records by a name that was just decoded
import { readI16 } from '../base/bytes.ts';
import { type Cursor, readUvarint } from '../base/varint.ts';
import type { BatchHeader } from '../protocol/batch.ts';
import { isControl, isLogAppendTime } from '../protocol/batch.ts';
import type { LogRecord } from '../protocol/batch-records.ts';
import { type JsonValue, jsonText } from '../protocol/json.ts';
import type { Message } from '../protocol/message.ts';
import { decodeControlKey } from '../protocol/record/control-records.ts';
import { GROUP_RECORDS, SHARE_RECORDS, TRANSACTION_RECORDS } from '../protocol/record/coordinator-records.ts';
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
} from '../protocol/record/group/consumer-protocol.ts';
import { METADATA_RECORDS } from '../protocol/record/metadata-records.ts';
import { kraftVersionRecord } from '../protocol/record/raft/kraft-version.ts';
import { leaderChangeMessage } from '../protocol/record/raft/leader-change-message.ts';
import { snapshotFooterRecord } from '../protocol/record/raft/snapshot-footer.ts';
import { snapshotHeaderRecord } from '../protocol/record/raft/snapshot-header.ts';
import { votersRecord } from '../protocol/record/raft/voters.ts';
import type { RecordDecoder } from './cli.ts';

export interface RecordFormat {
  readonly decoder: RecordDecoder;
  /** Keys and values too. */
  readonly contents: boolean;
  readonly skipMetadata: boolean;
}

/** Key and payload as text; null: not printed. */
interface Contents {
  readonly key: string | null;
  readonly payload: string | null;
}

/** The line of a record; empty, as Kafka's, where nothing of it is to be printed. */
export function recordLine(header: BatchHeader, record: LogRecord, format: RecordFormat): string {
  const control = isControl(header.attributes);
  let line = '';
  let prefix = '| ';
  if (!format.skipMetadata) {
    line = metadataText(header, record) + (control ? controlText(record) : '');
    prefix = ' ';
  }
  if (format.contents && !control) {
    const { key, payload } = contentsOf(record, format.decoder);
    if (key !== null) {
      line += `${prefix}key: ${key}`;
      prefix = ' ';
    }
    if (payload !== null) line += `${prefix}payload: ${payload}`;
  }
  return line;
}

function metadataText(header: BatchHeader, record: LogRecord): string {
  const time = isLogAppendTime(header.attributes) ? 'LogAppendTime' : 'CreateTime';
  const sequence = header.baseSequence < 0 ? -1 : header.baseSequence + (record.offset - header.baseOffset);
  const keys = record.headers.map(({ key }) => key).join(',');
  return (
    `| offset: ${record.offset} ${time}: ${record.timestamp} keySize: ${record.key?.length ?? -1}` +
    ` valueSize: ${record.value?.length ?? -1} sequence: ${sequence} headerKeys: [${keys}]`
  );
}

const CONTROL: Readonly<Record<string, readonly [text: string, message: Message]>> = {
  leaderChange: ['LeaderChange: ', leaderChangeMessage],
  snapshotHeader: ['SnapshotHeader ', snapshotHeaderRecord],
  snapshotFooter: ['SnapshotFooter ', snapshotFooterRecord],
  kraftVersion: ['KRaftVersion ', kraftVersionRecord],
  kraftVoters: ['KRaftVoters ', votersRecord],
};

function controlText(record: LogRecord): string {
  const { key, value } = record;
  const type = key === null || key.length < 4 ? null : decodeControlKey(key);
  if (type === null || value === null || value.length < 2) {
    return ` controlType: UNKNOWN(${key === null || key.length < 4 ? -1 : readI16(key, 2)})`;
  }
  if (type === 'abort' || type === 'commit') {
    return ` endTxnMarker: ${type.toUpperCase()} coordinatorEpoch: ${value.readInt32BE(2)}`;
  }
  const [text, message] = CONTROL[type] ?? ['', leaderChangeMessage];
  return ` ${text}${jsonOf(message, readI16(value, 0), value, 0)}`;
}

/** Of a version that this program does not know the newest known fields. */
function jsonOf(message: Message, version: number, bytes: Buffer, offset: number): string {
  const known = Math.max(message.versions.min, Math.min(version, message.versions.max));
  const value = message.decode(known, bytes, offset, bytes.length, { allowTrailing: known !== version });
  return message.toJson(known, value as never);
}

function contentsOf(record: LogRecord, decoder: RecordDecoder): Contents {
  try {
    if (decoder === 'cluster-metadata') {
      return { key: null, payload: record.value === null ? null : metadataJson(record.value) };
    }
    const table = COORDINATOR_TABLES[decoder];
    if (table !== null) return coordinatorContents(record, table);
    return { key: record.key?.toString() ?? null, payload: record.value?.toString() ?? null };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { key: null, payload: `Error at ${record.offset}, skipping. ${reason}` };
  }
}

type RecordTypes = Readonly<Record<string, { number: number; key: Message; value: Message }>>;

const COORDINATOR_TABLES: Readonly<Record<Exclude<RecordDecoder, 'cluster-metadata'>, RecordTypes | null>> = {
  none: null,
  offsets: GROUP_RECORDS,
  transactions: TRANSACTION_RECORDS,
  'share-groups': SHARE_RECORDS,
};

const cursor: Cursor = { offset: 0 };

/** Frame version, type and version stand before the message, as unsigned varints. */
function metadataJson(value: Buffer): string {
  readUvarint(value, 0, value.length, cursor);
  const number = readUvarint(value, cursor.offset, value.length, cursor);
  const version = readUvarint(value, cursor.offset, value.length, cursor);
  const found = Object.entries(METADATA_RECORDS).find(([, { key }]) => key === number);
  if (found === undefined) throw new RangeError(`unknown metadata record type ${number}`);
  const [name, { message }] = found;
  const type = `${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}_RECORD`;
  return `{"type":"${type}","version":${version},"data":${jsonOf(message, version, value, cursor.offset)}}`;
}

function coordinatorContents(record: LogRecord, table: RecordTypes): Contents {
  const { key, value } = record;
  if (key === null || key.length < 2) return { key: null, payload: null };
  const number = readI16(key, 0);
  const type = Object.values(table).find((row) => row.number === number);
  if (type === undefined) return { key: `{"type":"${number}","data":"unknown"}`, payload: null };
  const keyJson = `{"type":"${number}","data":${jsonOf(type.key, 0, key, 2)}}`;
  if (value === null) return { key: keyJson, payload: '<DELETE>' };
  const version = readI16(value, 0);
  const data =
    type === GROUP_RECORDS.groupMetadata ? groupMetadataJson(version, value) : jsonOf(type.value, version, value, 2);
  return { key: keyJson, payload: `{"version":"${version}","data":${data}}` };
}

/** Consumers say to each other in subscriptions and assignments what tools can read; of other protocols they are bytes. */
function groupMetadataJson(version: number, bytes: Buffer): string {
  const { value: message } = GROUP_RECORDS.groupMetadata;
  const value = message.decode(version, bytes, 2);
  const json = message.toJsonValue(version, value);
  if (value.protocolType !== 'consumer' || !isObject(json) || !Array.isArray(json['members'])) return jsonText(json);
  const members = json['members'].map((member, place): JsonValue => {
    const { subscription, assignment } = value.members[place] ?? {};
    if (!isObject(member) || subscription === undefined || assignment === undefined) return member;
    return {
      ...member,
      subscription: embeddedJson(consumerProtocolSubscription, subscription) ?? (member['subscription'] as JsonValue),
      assignment: embeddedJson(consumerProtocolAssignment, assignment) ?? (member['assignment'] as JsonValue),
    };
  });
  return jsonText({ ...json, members });
}

/** A message behind its version. Null where the bytes are no such message. */
function embeddedJson(message: Message, bytes: Buffer): JsonValue | null {
  if (bytes.length < 2) return null;
  try {
    const version = readI16(bytes, 0);
    const value = message.decode(version, bytes, 2, bytes.length, { allowTrailing: true });
    return message.toJsonValue(version, value as never);
  } catch {
    return null;
  }
}

function isObject(json: JsonValue): json is { readonly [name: string]: JsonValue } {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
