/** What a broker's process costs, read from /proc: CPU of all threads, context switches, resident memory. Linux only. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** USER_HZ, which Linux fixes at 100 for everything in /proc. */
const TICKS_PER_SECOND = 100;
const LISTEN = '0A';

export interface Usage {
  readonly cpuSeconds: number;
  /** Of the threads that live, voluntary and not. */
  readonly contextSwitches: number;
}

export interface Memory {
  readonly residentBytes: number;
  /** Resident without what is mapped from files. */
  readonly anonymousBytes: number;
  readonly peakBytes: number;
}

/** CPU seconds of the process, of threads that ended too. NaN where there is no such process. */
export function cpuSecondsOf(pid: number): number {
  const text = textOf(`/proc/${pid}/stat`);
  // The second field is the name in brackets, which may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

export function usageOf(pid: number): Usage {
  let contextSwitches = 0;
  for (const thread of namesIn(`/proc/${pid}/task`)) {
    const status = textOf(`/proc/${pid}/task/${thread}/status`);
    for (const [, count] of status.matchAll(/ctxt_switches:\s+(\d+)/g)) contextSwitches += Number(count);
  }
  return { cpuSeconds: cpuSecondsOf(pid), contextSwitches };
}

export function memoryOf(pid: number): Memory {
  const status = textOf(`/proc/${pid}/status`);
  const field = (name: string): number =>
    1024 * Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? Number.NaN);
  return { residentBytes: field('VmRSS'), anonymousBytes: field('RssAnon'), peakBytes: field('VmHWM') };
}

/** The process that listens on a port of this machine, or null where it cannot be seen. */
export function pidListeningOn(port: number): number | null {
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of textOf(table).split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      const [, local = '', , state] = fields;
      if (state === LISTEN && Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16) === port) {
        inodes.add(`socket:[${fields[9]}]`);
      }
    }
  }
  if (inodes.size === 0) return null;
  for (const name of namesIn('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    for (const descriptor of namesIn(`/proc/${name}/fd`)) {
      if (inodes.has(linkOf(`/proc/${name}/fd/${descriptor}`))) return Number(name);
    }
  }
  return null;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
