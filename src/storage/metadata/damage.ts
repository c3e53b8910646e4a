/**
 * Telling, before anything is cut, whether the metadata log is damaged where it had been committed. A power failure leaves a tail that is
 * torn, which nobody was told of; recovery cuts it. A bit that flipped in the middle is another thing: to cut there would forget topics
 * that were acknowledged.
 *
 *   ok ok ok ✗ .......                      a tail: cut
 *   ok ok ok ✗ ok ok [batch of a later epoch]   a later leader began behind it, so it was on the medium: the start stops
 *   ok ✗ … [snapshot's end]                 a snapshot holds it: it was on the medium
 *   anything after a clean stop             everything was on the medium
 */
import type { Disk } from '../../port/disk.ts';
import type { BatchFunctions } from '../../port/native.ts';
import {
  BATCH,
  BATCH_HEADER_SIZE,
  type BatchHeader,
  isChecksumRight,
  MAGIC,
  readBatchHeader,
} from '../../protocol/batch.ts';
import { DecodeError } from '../../protocol/codec/errors.ts';
import { LOG_SUFFIX, offsetOfFile, segmentPath } from '../names.ts';

export interface Damage {
  readonly path: string;
  /** Where the first byte that is no batch stands, and the offset that was due there. */
  readonly position: number;
  readonly offset: number;
}

export interface DamageOptions {
  readonly directory: string;
  /** End offset of the newest snapshot. */
  readonly snapshotEnd: number;
  readonly wasClean: boolean;
}

/** The first damage of what had been committed; null where there is none that can be told. Rejects with a DiskFault. */
export async function committedDamage(
  disk: Disk,
  native: BatchFunctions,
  { directory, snapshotEnd, wasClean }: DamageOptions,
): Promise<Damage | null> {
  const names = (await disk.list(directory)).filter(({ name }) => name.endsWith(LOG_SUFFIX));
  const bases = names.map(({ name }) => offsetOfFile(name)).filter((base) => base !== null);
  bases.sort((a, b) => a - b);
  const first = Math.max(
    0,
    bases.findLastIndex((base) => base <= snapshotEnd),
  );
  const crc32c = (bytes: Buffer): number => native.crc32c(bytes, 0, bytes.length, 0);
  let damage: Damage | null = null;
  let epoch = -1;
  let due = bases[first] ?? 0;
  for (const base of bases.slice(first)) {
    const path = segmentPath(directory, base, LOG_SUFFIX);
    const bytes = await disk.readFile(path);
    let position = 0;
    while (position < bytes.length) {
      const header = validBatchAt(bytes, position, crc32c);
      if (header === null || header.baseOffset !== due) {
        damage ??= { path, position, offset: due };
        if (wasClean || damage.offset < snapshotEnd) return damage;
      }
      if (damage === null) epoch = Math.max(epoch, header?.leaderEpoch ?? -1);
      else if (header !== null && header.leaderEpoch > epoch && header.baseOffset >= damage.offset) return damage;
      if (damage === null && header !== null) due = header.lastOffset + 1;
      position += header?.sizeInBytes ?? 1;
    }
  }
  return null;
}

function validBatchAt(bytes: Buffer, position: number, crc32c: (bytes: Buffer) => number): BatchHeader | null {
  if (position + BATCH_HEADER_SIZE > bytes.length || bytes[position + BATCH.magic] !== MAGIC) return null;
  try {
    const header = readBatchHeader(bytes, position);
    return position + header.sizeInBytes <= bytes.length && isChecksumRight(bytes, header, crc32c) ? header : null;
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}
