/**
 * Memory in which small appends of one turn of the loop wait, so that each partition is written once. Lives on the thread that
 * owns the logs, one a thread.
 *
 *   slab  │p0 p0 p0│p7│p0│p3 p3│····free····│        pieces of one job that lie side by side are one buffer of its write
 *
 * A slab is used again when the last job with bytes in it has been written, which is at the end of the turn while the disk is
 * fast. What can wait here is bounded by what connections may have in work.
 */
import type { Clock } from '../port/clock.ts';
import type { Append, AppendError } from './append.ts';
import type { Segment } from './segment.ts';

const SLAB_BYTES = 256 * 1024;
const SPARE_SLABS = 4;
/** Written in about the time that it takes to wake another thread. */
const TOLD_BYTES = 32 * 1024;

interface Slab {
  readonly bytes: Buffer;
  used: number;
  jobs: number;
}

/** One write to one segment, with the appends that it completes. */
export class WriteJob {
  segment: Segment | null = null;
  position = 0;
  /** What is written, one after the other. */
  readonly buffers: Buffer[] = [];
  sizeInBytes = 0;
  /** The log end offset once it is written. */
  endOffset = 0;
  /** In the order in which they came; refused ones too, which are answered in their turn. */
  readonly appends: Append[] = [];
  readonly errors: (AppendError | null)[] = [];
  /** Of staging: the slabs that hold bytes of it, and the run that may still grow. */
  readonly slabs: Slab[] = [];
  runFrom = 0;
  runTo = 0;

  add(append: Append, error: AppendError | null): void {
    this.appends.push(append);
    this.errors.push(error);
  }
}

/** Whoever has staged bytes and wants to be called at the end of the turn. */
export interface Staged {
  flushStaged(): void;
}

export class Staging {
  readonly #clock: Clock;
  #slab: Slab | null = null;
  readonly #spare: Slab[] = [];
  readonly #jobs: WriteJob[] = [];
  #dirty: Staged[] = [];
  #scheduled = false;
  /** Bytes written since `onWritten`. */
  #written = 0;
  /** Called between the writes of one turn's end, whenever as much has been written as takes a while: who waits for it need not wait for the rest. */
  onWritten: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  newJob(segment: Segment, position: number): WriteJob {
    const job = this.#jobs.pop() ?? new WriteJob();
    job.segment = segment;
    job.position = position;
    return job;
  }

  /** Copies `bytes`, at most a slab's size, to the end of the job. */
  stage(job: WriteJob, bytes: Buffer): void {
    let slab = this.#slab;
    if (slab === null || slab.used + bytes.length > SLAB_BYTES) slab = this.#next();
    if (job.slabs.at(-1) !== slab || job.runTo !== slab.used) {
      this.closeRun(job);
      if (job.slabs.at(-1) !== slab) {
        job.slabs.push(slab);
        slab.jobs++;
      }
      job.runFrom = slab.used;
    }
    bytes.copy(slab.bytes, slab.used);
    slab.used += bytes.length;
    job.runTo = slab.used;
    job.sizeInBytes += bytes.length;
  }

  /** Makes a buffer of the run that may still grow: before another buffer is added, and before the job is written. */
  closeRun(job: WriteJob): void {
    const slab = job.slabs.at(-1);
    if (slab === undefined || job.runTo === job.runFrom) return;
    job.buffers.push(slab.bytes.subarray(job.runFrom, job.runTo));
    job.runFrom = job.runTo = 0;
  }

  /** The job is written, or given up. */
  recycle(job: WriteJob): void {
    this.#written += job.sizeInBytes;
    for (const slab of job.slabs) {
      if (--slab.jobs > 0) continue;
      slab.used = 0;
      if (slab !== this.#slab && this.#spare.length < SPARE_SLABS) this.#spare.push(slab);
    }
    job.segment = null;
    for (const array of [job.slabs, job.buffers, job.appends, job.errors]) empty(array);
    job.sizeInBytes = 0;
    job.runFrom = job.runTo = 0;
    if (this.#jobs.length < 256) this.#jobs.push(job);
  }

  /** Calls `staged.flushStaged` at the end of this turn. */
  flushLater(staged: Staged): void {
    this.#dirty.push(staged);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.soon(this.#flush);
  }

  readonly #flush = (): void => {
    this.#scheduled = false;
    const dirty = this.#dirty;
    this.#dirty = [];
    this.#written = 0;
    for (const staged of dirty) {
      staged.flushStaged();
      if (this.#written < TOLD_BYTES) continue;
      this.#written = 0;
      this.onWritten();
    }
  };

  #next(): Slab {
    this.#slab = this.#spare.pop() ?? { bytes: Buffer.allocUnsafeSlow(SLAB_BYTES), used: 0, jobs: 0 };
    return this.#slab;
  }
}

/** One by one: setting the length to 0 is a call into the runtime, which gives the array's memory away (measured: 0.2 µs a job more). */
function empty(array: unknown[]): void {
  while (array.length > 0) array.pop();
}
