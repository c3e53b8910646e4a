/** What the operating system allows this process. */
import { readFileSync } from 'node:fs';

/** Where the system does not tell. */
const USUAL_FILES = 4096;

/** Files and sockets that the process may have open (RLIMIT_NOFILE). */
export function openFilesLimit(): number {
  try {
    const [, limit] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return limit === undefined ? USUAL_FILES : Number(limit);
  } catch {
    return USUAL_FILES;
  }
}
