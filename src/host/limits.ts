/**
 * What the operating system allows this process, and how its descriptors are divided:
 *
 *   the threads' own │ logs that are kept open │ sockets                 │ files that are open for a moment, background
 *                    └──────── half each ────────┘ up to three quarters   └ a quarter
 */
import { readFileSync } from 'node:fs';

/** Where the system does not tell. */
const USUAL_FILES = 4096;
/** With fewer a broker of moderate size is refused files or sockets: worth a word at the start. */
const FEW_FILES = 4096;

/** Of descriptors: numbers up to it are given to sockets and logs. */
const KEPT_SHARE = 0.75;
/** Pipes, event loops and what a thread has open by itself: measured. */
const OWN_FILES = 24;
const OWN_FILES_OF_A_THREAD = 8;
/** Main and control. */
const OTHER_THREADS = 2;
/** With less a shard opens a file for every second batch. */
const LEAST_LOGS = 16;

/** Files and sockets that the process may have open (RLIMIT_NOFILE). */
export function openFilesLimit(): number {
  try {
    const [, limit] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return limit === undefined ? USUAL_FILES : Number(limit);
  } catch {
    return USUAL_FILES;
  }
}

/** How many log files each of the shards may keep open: half of what is not for other things. */
export function logDescriptors(limit: number, shardCount: number): number {
  const own = OWN_FILES + OWN_FILES_OF_A_THREAD * (OTHER_THREADS + shardCount);
  return Math.max(LEAST_LOGS, Math.floor((limit * KEPT_SHARE - own) / 2 / shardCount));
}

/** What the operator should know at the start; null: there is enough. */
export function fewFilesWarning(limit: number): string | null {
  if (limit >= FEW_FILES) return null;
  return `The process may have only ${limit} files and sockets open: raise the limit (ulimit -n, LimitNOFILE), or connections are refused early and logs are opened and closed again and again`;
}
