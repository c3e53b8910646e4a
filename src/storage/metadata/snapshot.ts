/**
 * Snapshots of the metadata: `<end offset>-<epoch>.checkpoint` (KIP-630). One file is the whole state as of an offset:
 *
 *   ┌ control batch ─────────────────────────┬ batches ────────┬ control batch ┐
 *   │ SnapshotHeader · KRaftVersion · Voters │ records …       │ SnapshotFooter│
 *   └────────────────────────────────────────┴─────────────────┴───────────────┘
 *
 * Offsets inside count from 0. `…0-…0.checkpoint` is what a directory was formatted with; it stands for no state of the log.
 */
import { DecodeError } from '../../protocol/codec/errors.ts';
import { batchesOf, isChecksumRight, isControl } from '../../protocol/batch.ts';
import { BatchBuilder } from '../../protocol/batch-builder.ts';
import { recordsOf } from '../../protocol/batch-records.ts';
import type { Disk } from '../../port/disk.ts';
import type { BatchFunctions } from '../../port/native.ts';
import { type ControlRecord, decodeControlRecord, encodeControlRecord } from '../../protocol/record/control-records.ts';
import type { VotersRecord } from '../../protocol/record/raft/voters.ts';

/** A batch of records is closed when it has come to so many bytes. */
const BATCH_BYTES = 1 << 20;

const SUFFIX = '.checkpoint';
const NAME = /^(\d{20})-(\d{10})\.checkpoint$/;

/** The state after all records below `offset`, of which the last has `epoch`. */
export interface SnapshotId {
  readonly offset: number;
  readonly epoch: number;
}

export interface SnapshotContent {
  /** 0: voters are in the configuration. */
  readonly kraftVersion: number;
  readonly voters: VotersRecord | null;
  /** Of the last record that the snapshot stands for; milliseconds since the epoch. */
  readonly lastContainedLogTimestamp: bigint;
  /** Values of records. */
  readonly values: readonly Buffer[];
}

export function snapshotName({ offset, epoch }: SnapshotId): string {
  return `${String(offset).padStart(20, '0')}-${String(epoch).padStart(10, '0')}${SUFFIX}`;
}

/** Null for other files. */
export function parseSnapshotName(name: string): SnapshotId | null {
  const match = NAME.exec(name);
  return match === null ? null : { offset: Number(match[1]), epoch: Number(match[2]) };
}

/** The snapshots of a directory, the oldest first. Rejects with a DiskFault. */
export async function listSnapshots(disk: Disk, directory: string): Promise<SnapshotId[]> {
  const entries = await disk.list(directory);
  const ids = entries.map(({ name }) => parseSnapshotName(name)).filter((id) => id !== null);
  return ids.toSorted((a, b) => a.offset - b.offset || a.epoch - b.epoch);
}

/** The bytes of a snapshot. `now` in milliseconds since the epoch. */
export function encodeSnapshot(content: SnapshotContent, epoch: number, now: number, native: BatchFunctions): Buffer {
  const crc32c = (bytes: Buffer): number => native.crc32c(bytes, 0, bytes.length, 0);
  const timestamp = BigInt(now);
  const parts: Buffer[] = [];
  let offset = 0;
  const close = (builder: BatchBuilder): void => {
    offset = builder.lastOffset + 1;
    parts.push(builder.build(crc32c));
  };
  const header = new BatchBuilder({ baseOffset: 0, leaderEpoch: epoch, isControl: true });
  const { lastContainedLogTimestamp, voters, kraftVersion } = content;
  const control = (record: ControlRecord) => ({ timestamp, ...encodeControlRecord(record) });
  header.append(control({ type: 'snapshotHeader', value: { version: 0, lastContainedLogTimestamp } }));
  if (kraftVersion > 0) {
    header.append(control({ type: 'kraftVersion', value: { version: 0, kRaftVersion: kraftVersion } }));
  }
  if (voters !== null) header.append(control({ type: 'kraftVoters', value: voters }));
  close(header);
  let data: BatchBuilder | null = null;
  for (const value of content.values) {
    data ??= new BatchBuilder({ baseOffset: offset, leaderEpoch: epoch });
    data.append({ timestamp, key: null, value });
    if (data.sizeInBytes < BATCH_BYTES) continue;
    close(data);
    data = null;
  }
  if (data !== null) close(data);
  const footer = new BatchBuilder({ baseOffset: offset, leaderEpoch: epoch, isControl: true });
  footer.append(control({ type: 'snapshotFooter', value: { version: 0 } }));
  close(footer);
  return Buffer.concat(parts);
}

/** Null where the bytes are damaged or end before the footer. */
export function decodeSnapshot(bytes: Buffer, native: BatchFunctions): SnapshotContent | null {
  const crc32c = (piece: Buffer): number => native.crc32c(piece, 0, piece.length, 0);
  const values: Buffer[] = [];
  const controls: (ControlRecord | null)[] = [];
  try {
    for (const header of batchesOf(bytes)) {
      if (!isChecksumRight(bytes, header, crc32c)) return null;
      for (const record of recordsOf(bytes, header)) {
        if (record.value === null) continue;
        if (!isControl(header.attributes)) values.push(record.value);
        else if (record.key !== null) controls.push(decodeControlRecord(record.key, record.value));
      }
    }
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
  if (controls.at(-1)?.type !== 'snapshotFooter') return null;
  let kraftVersion = 0;
  let voters: VotersRecord | null = null;
  let lastContainedLogTimestamp = -1n;
  for (const control of controls) {
    if (control?.type === 'kraftVersion') kraftVersion = control.value.kRaftVersion;
    else if (control?.type === 'kraftVoters') voters = control.value;
    else if (control?.type === 'snapshotHeader') ({ lastContainedLogTimestamp } = control.value);
  }
  return { kraftVersion, voters, lastContainedLogTimestamp, values };
}

export async function readSnapshot(
  disk: Disk,
  native: BatchFunctions,
  directory: string,
  id: SnapshotId,
): Promise<SnapshotContent | null> {
  return decodeSnapshot(await disk.readFile(`${directory}/${snapshotName(id)}`), native);
}
