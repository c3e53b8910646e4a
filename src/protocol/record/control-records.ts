/**
 * Control records: what stands in a batch whose control bit is set. The key is version (int16, 0) and type (int16); what the value is
 * follows from the type. Transaction markers have a version in front (KIP-98); those of the metadata log begin with a field of that
 * name themselves (KIP-595, KIP-630, KIP-853).
 */
// oxlint-disable typescript/no-unsafe-type-assertion -- the keys of the table are its names
import { readI16, writeI16 } from '../../base/bytes.ts';
import { DecodeError } from '../codec/errors.ts';
import type { Message } from '../message.ts';
import { type EndTxnMarker, endTxnMarker } from './control/end-txn-marker.ts';
import { type KRaftVersionRecord, kraftVersionRecord } from './raft/kraft-version.ts';
import { type LeaderChangeMessage, leaderChangeMessage } from './raft/leader-change-message.ts';
import { type SnapshotFooterRecord, snapshotFooterRecord } from './raft/snapshot-footer.ts';
import { type SnapshotHeaderRecord, snapshotHeaderRecord } from './raft/snapshot-header.ts';
import { type VotersRecord, votersRecord } from './raft/voters.ts';

export const CONTROL_TYPE = {
  abort: 0,
  commit: 1,
  leaderChange: 2,
  snapshotHeader: 3,
  snapshotFooter: 4,
  kraftVersion: 5,
  kraftVoters: 6,
} as const;

export type ControlType = keyof typeof CONTROL_TYPE;

export type ControlRecord =
  | { readonly type: 'abort' | 'commit'; readonly value: EndTxnMarker }
  | { readonly type: 'leaderChange'; readonly value: LeaderChangeMessage }
  | { readonly type: 'snapshotHeader'; readonly value: SnapshotHeaderRecord }
  | { readonly type: 'snapshotFooter'; readonly value: SnapshotFooterRecord }
  | { readonly type: 'kraftVersion'; readonly value: KRaftVersionRecord }
  | { readonly type: 'kraftVoters'; readonly value: VotersRecord };

const TYPES = Object.keys(CONTROL_TYPE) as ControlType[];
const KEY_VERSION = 0;
const MARKER_VERSION = 0;

/** Those of the metadata log, whose first field is their version. */
const RAFT_MESSAGES = {
  leaderChange: leaderChangeMessage,
  snapshotHeader: snapshotHeaderRecord,
  snapshotFooter: snapshotFooterRecord,
  kraftVersion: kraftVersionRecord,
  kraftVoters: votersRecord,
} as const;

export function encodeControlKey(type: ControlType): Buffer {
  const key = Buffer.allocUnsafe(4);
  writeI16(key, 0, KEY_VERSION);
  writeI16(key, 2, CONTROL_TYPE[type]);
  return key;
}

/** Null for a type that this program does not know: such a record is skipped. */
export function decodeControlKey(key: Buffer): ControlType | null {
  if (key.length < 4) throw new DecodeError('truncated', 'control record key', 0);
  return TYPES[readI16(key, 2)] ?? null;
}

/** Key and value, for a builder of control batches. The records of the metadata log carry their version as a field. */
export function encodeControlRecord(record: ControlRecord): { readonly key: Buffer; readonly value: Buffer } {
  return { key: encodeControlKey(record.type), value: encodeValue(record) };
}

function encodeValue({ type, value }: ControlRecord): Buffer {
  if (!isMarker(type)) return RAFT_MESSAGES[type].encode((value as { version: number }).version, value as never);
  const bytes = endTxnMarker.encode(MARKER_VERSION, value as EndTxnMarker, 2);
  writeI16(bytes, 0, MARKER_VERSION);
  return bytes;
}

/** Null for a type that this program does not know. A newer version of a known one is read as the newest known, as Kafka does. */
export function decodeControlRecord(key: Buffer, value: Buffer): ControlRecord | null {
  const type = decodeControlKey(key);
  if (type === null) return null;
  if (value.length < 2) throw new DecodeError('truncated', 'control record value', 0);
  const version = readI16(value, 0);
  const message: Message = isMarker(type) ? endTxnMarker : RAFT_MESSAGES[type];
  return { type, value: read(message, version, value, isMarker(type) ? 2 : 0) } as ControlRecord;
}

function isMarker(type: ControlType): type is 'abort' | 'commit' {
  return type === 'abort' || type === 'commit';
}

function read<D>(message: Message<D>, version: number, value: Buffer, offset: number): D {
  const { min, max } = message.versions;
  const known = Math.max(min, Math.min(version, max));
  return message.decode(known, value, offset, value.length, { allowTrailing: version !== known });
}
