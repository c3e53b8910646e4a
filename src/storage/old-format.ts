/**
 * Telling messages of Kafka before 0.11 (magic 0 and 1) from damage. They are not read, but a log that holds some must be refused and
 * not be cut as if they were a torn tail.
 *
 *   offset i64 │ size i32 │ crc u32 (IEEE, over all that follows) │ magic i8 │ attributes i8 │ …
 */
import { readI32, readU32 } from '../base/bytes.ts';
import { DiskFault } from '../port/disk.ts';
import { LOG_OVERHEAD } from '../protocol/batch.ts';

/** crc, magic, attributes, two lengths: the shortest message. */
const MIN_SIZE = 14;
const CRC = 12;
const MAGIC = 16;

/** The code of the fault: no errno of a medium, so that the directory stays. */
export const OLD_FORMAT = 'EPROTONOSUPPORT';

const POLYNOMIAL = 0xedb88320;

const table = new Uint32Array(256);
for (let index = 0; index < 256; index++) {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ POLYNOMIAL;
  table[index] = value;
}

function crc32(bytes: Buffer, from: number, to: number): number {
  let crc = 0xffffffff;
  for (let at = from; at < to; at++) crc = (crc >>> 8) ^ (table[(crc ^ (bytes[at] as number)) & 0xff] as number);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Whether a whole message of magic 0 or 1 stands at `position`: its checksum fits. */
export function isOldMessage(bytes: Buffer, position: number): boolean {
  if (position + LOG_OVERHEAD + MIN_SIZE > bytes.length || (bytes[position + MAGIC] as number) > 1) return false;
  const size = readI32(bytes, position + 8);
  const end = position + LOG_OVERHEAD + size;
  return (
    size >= MIN_SIZE && end <= bytes.length && crc32(bytes, position + MAGIC, end) === readU32(bytes, position + CRC)
  );
}

export function oldFormatFault(path: string, operation: string): DiskFault {
  return new DiskFault(OLD_FORMAT, path, operation, 'records in the format of Kafka before 0.11 are not read');
}
