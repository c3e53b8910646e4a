/**
 * How files and directories of a log are called, which is Kafka's way to the letter.
 *
 *   <topic>-<partition>/                       a partition
 *   <topic>-<partition>.<32 hex>-delete/       one that is being deleted
 *   <topic>-<partition>.<32 hex>-future/       one that moves to another log directory
 *   <topic>-<partition>.<32 hex>-stray/        one that the metadata does not know
 *     00000000000000000042.log .index .timeindex .txnindex .snapshot
 *     … .deleted .cleaned .swap                deletion, compaction, the end of a compaction
 */

export const LOG_SUFFIX = '.log';
export const INDEX_SUFFIX = '.index';
export const TIME_INDEX_SUFFIX = '.timeindex';
export const TRANSACTION_INDEX_SUFFIX = '.txnindex';
export const SNAPSHOT_SUFFIX = '.snapshot';
export const DELETED_SUFFIX = '.deleted';
export const CLEANED_SUFFIX = '.cleaned';
export const SWAP_SUFFIX = '.swap';

/** The files of a segment that are deleted, renamed and cleaned together. The snapshot at its base offset goes with them. */
export const SEGMENT_SUFFIXES: readonly string[] = [
  LOG_SUFFIX,
  INDEX_SUFFIX,
  TIME_INDEX_SUFFIX,
  TRANSACTION_INDEX_SUFFIX,
];

const DIGITS = 20;

/** `42` → `00000000000000000042`. */
export function offsetName(offset: number): string {
  return String(offset).padStart(DIGITS, '0');
}

export function segmentPath(directory: string, baseOffset: number, suffix: string): string {
  return `${directory}/${offsetName(baseOffset)}${suffix}`;
}

/** The offset in `00000000000000000042.log` and `….log.deleted`; null where the name does not begin with digits and a dot. */
export function offsetOfFile(name: string): number | null {
  const match = /^(\d{1,20})\./.exec(name);
  if (!match) return null;
  const offset = Number(match[1]);
  return Number.isSafeInteger(offset) ? offset : null;
}

export type DirectoryKind = 'current' | 'delete' | 'future' | 'stray';

export interface PartitionDirectoryName {
  readonly topic: string;
  readonly partition: number;
  readonly kind: DirectoryKind;
}

/**
 * The name of a directory on its way out or in. `unique` is 32 hexadecimal digits; a name over 255 characters loses the end of
 * its topic, as Kafka's does.
 */
export function movedDirectoryName(
  topic: string,
  partition: number,
  unique: string,
  kind: Exclude<DirectoryKind, 'current'>,
): string {
  const suffix = `-${partition}.${unique}-${kind}`;
  return `${topic.slice(0, 255 - suffix.length)}${suffix}`;
}

/** Null where the name is not one that Kafka gives to a partition's directory. */
export function parsePartitionDirectory(name: string): PartitionDirectoryName | null {
  const moved = /^(\S+)-(\d+)\.(\S+)-(delete|future|stray)$/.exec(name);
  const plain = moved ? null : /^(\S+)-(\d+)$/.exec(name);
  const match = moved ?? plain;
  if (!match) return null;
  const partition = Number(match[2]);
  if (partition > 0x7fffffff) return null;
  const kind = (moved ? moved[4] : 'current') as DirectoryKind;
  return { topic: match[1] as string, partition, kind };
}

export function parentDirectory(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}
