/**
 * The file that says that a log directory was left in order: `{"version":0,"brokerEpoch":7}`. Written last at a stop; a start that
 * finds it deletes it first, so that it never speaks of an older stop. Kafka before 3.7 left it empty.
 */
import type { Disk } from '../port/disk.ts';
import { fileOrNull } from './index-loading.ts';
import { parentDirectory } from './names.ts';

export const CLEAN_SHUTDOWN_FILE = '.kafka_cleanshutdown';

export interface CleanShutdown {
  /** The broker's epoch when it stopped; -1: not known. */
  readonly brokerEpoch: number;
}

/** Null where there is none: the stop was not clean. */
export async function readCleanShutdown(disk: Disk, logDirectory: string): Promise<CleanShutdown | null> {
  const file = await fileOrNull({ disk }, `${logDirectory}/${CLEAN_SHUTDOWN_FILE}`);
  if (file === null) return null;
  try {
    const content: unknown = JSON.parse(file.toString('utf8'));
    if (typeof content === 'object' && content !== null && 'brokerEpoch' in content) {
      const epoch = Number(content.brokerEpoch);
      if (Number.isSafeInteger(epoch)) return { brokerEpoch: epoch };
    }
  } catch {
    // Empty, or of another version: the stop was clean, its epoch is not known.
  }
  return { brokerEpoch: -1 };
}

export function writeCleanShutdown(disk: Disk, logDirectory: string, content: CleanShutdown): Promise<void> {
  const text = `{"version":0,"brokerEpoch":${content.brokerEpoch}}`;
  return disk.replaceFile(`${logDirectory}/${CLEAN_SHUTDOWN_FILE}`, Buffer.from(text));
}

/** The file is gone, also after a crash. */
export async function removeCleanShutdown(disk: Disk, logDirectory: string): Promise<void> {
  const path = `${logDirectory}/${CLEAN_SHUTDOWN_FILE}`;
  await disk.unlink(path);
  await disk.syncDirectory(parentDirectory(path));
}
