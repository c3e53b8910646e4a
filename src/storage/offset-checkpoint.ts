/**
 * One offset a partition in a text file of a log directory: how far it is flushed, committed, deleted.
 *
 *   0 \n <count> \n (<topic> <partition> <offset> \n)*
 */
import type { Disk } from '../port/disk.ts';
import { fileOrNull } from './index-loading.ts';

export const RECOVERY_POINT_FILE = 'recovery-point-offset-checkpoint';
export const REPLICATION_OFFSET_FILE = 'replication-offset-checkpoint';
export const LOG_START_OFFSET_FILE = 'log-start-offset-checkpoint';

export interface PartitionOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export function encodeOffsetCheckpoint(rows: readonly PartitionOffset[]): Buffer {
  const lines = rows.map(({ topic, partition, offset }) => `${topic} ${partition} ${offset}\n`);
  return Buffer.from(`0\n${rows.length}\n${lines.join('')}`, 'latin1');
}

/** Null where the file is damaged. */
export function decodeOffsetCheckpoint(file: Buffer): PartitionOffset[] | null {
  const lines = file.toString('latin1').split('\n');
  if (lines[0] !== '0' || !/^\d+$/.test(lines[1] ?? '')) return null;
  const rows: PartitionOffset[] = [];
  for (let index = 0; index < Number(lines[1]); index++) {
    const match = /^(\S+) (\d+) (\d+)\s*$/.exec(lines[index + 2] ?? '');
    if (!match) return null;
    rows.push({ topic: match[1] ?? '', partition: Number(match[2]), offset: Number(match[3]) });
  }
  return rows;
}

/** The rows of a file; none where it does not exist; null where it is damaged. Rejects with a DiskFault. */
export async function readOffsetCheckpoint(disk: Disk, path: string): Promise<PartitionOffset[] | null> {
  const file = await fileOrNull({ disk }, path);
  return file === null ? [] : decodeOffsetCheckpoint(file);
}

/** Replaces the file; afterwards it is on the medium. Rejects with a DiskFault. */
export function writeOffsetCheckpoint(disk: Disk, path: string, rows: readonly PartitionOffset[]): Promise<void> {
  return disk.replaceFile(path, encodeOffsetCheckpoint(rows));
}
