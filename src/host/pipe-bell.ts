/**
 * How a thread of ours wakes another that sleeps in its event loop: a byte in a pipe. Half the time and half the CPU of Atomics.notify to a
 * waitAsync (5 µs one way in place of 10), which wakes the other thread while it still holds two locks that the other then waits for.
 */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { BellRope } from '../port/doorbell.ts';
import type { SystemCalls } from '../port/native.ts';

/** The ends of each thread's pipe, by its number: descriptors that are valid in every thread of the process. */
export interface BellPipe {
  readonly read: number;
  readonly write: number;
}

const WRITE_END = 2 ** 20;
const BYTE = Buffer.from([1]);
/** Bytes that are read at once; more wait for the next read. */
const LANDING = 256;

/** A pipe for each thread; null where this system has none of ours: the threads then wait by Atomics. */
export function openBellPipes(native: SystemCalls, threads: number): readonly BellPipe[] | null {
  const pipes: BellPipe[] = [];
  for (let thread = 0; thread < threads; thread++) {
    const ends = native.pipe();
    if (ends < 0) {
      for (const { read, write } of pipes) for (const fd of [read, write]) native.closeFd(fd);
      return null;
    }
    pipes.push({ read: ends % WRITE_END, write: Math.floor(ends / WRITE_END) });
  }
  return pipes;
}

/** The rope of a thread, where there are pipes. */
export function bellOf(pipes: readonly BellPipe[] | null | undefined, self: number): BellRope | null {
  return pipes ? new PipeBell(pipes, self) : null;
}

/** Lives on its thread; one a thread. */
class PipeBell implements BellRope {
  readonly #pipes: readonly BellPipe[];
  readonly #self: number;
  #socket: Socket | null = null;

  constructor(pipes: readonly BellPipe[], self: number) {
    this.#pipes = pipes;
    this.#self = self;
  }

  pull(thread: number): void {
    const pipe = this.#pipes[thread];
    if (pipe === undefined) throw new RangeError(`there is no thread ${thread}`);
    try {
      writeSync(pipe.write, BYTE, 0, 1);
    } catch (error) {
      // Full: it has been rung often enough. Broken: that thread has ended.
      const code = error instanceof Error && 'code' in error ? error.code : '';
      if (code !== 'EAGAIN' && code !== 'EPIPE') throw error;
    }
  }

  listen(rung: () => void): void {
    const pipe = this.#pipes[this.#self];
    if (pipe === undefined) throw new RangeError(`there is no thread ${this.#self}`);
    const callback = (): boolean => {
      rung();
      return true;
    };
    const socket = new Socket({
      fd: pipe.read,
      readable: true,
      writable: false,
      onread: { buffer: Buffer.allocUnsafeSlow(LANDING), callback },
    });
    socket.resume();
    // As a wait by Atomics: what keeps a thread alive is its port to main.
    socket.unref();
    this.#socket = socket;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }
}
