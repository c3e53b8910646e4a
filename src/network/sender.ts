/**
 * The sending half of a connection: parts of responses in order, bytes by write and slices of files by sendfile. One a connection,
 * on its shard's thread.
 *
 * A slice leaves while the kernel holds everything written before it. Where the kernel takes no more (EAGAIN), one small chunk is
 * read and written instead, because the runtime tells when that has gone. Small slices are read and leave with the bytes around
 * them in one write. Every slice's slot is given back exactly once, sent or not.
 */
import { EAGAIN } from '../port/net.ts';
import type { FileReader, Wire } from '../port/net.ts';
import type { FileRecords, ResponsePart } from '../protocol/records.ts';

/** The descriptors that threads share, as the sender of a slice needs them (shard/slots). */
export interface SlotTable {
  /** The number to use in the same synchronous call. */
  descriptor(slot: number): number;
  /** One use fewer. */
  done(slot: number): void;
}

/** What all senders of a shard share. */
export interface SendingMeans {
  readonly slots: SlotTable;
  readonly files: FileReader;
}

/** Slices up to this size are read and written with what stands beside them. */
const SMALL_SLICE = 32 * 1024;
/** Parts are put together in one buffer up to this size: copying costs less than another element of a writev. */
const TOGETHER = 64 * 1024;
/** Bytes of slices a connection and turn. */
const TURN_LIMIT = 1024 * 1024;
/** Read and written when the kernel takes no more: the write's end is the signal that it does again. */
const SIGNAL_SIZE = 4 * 1024;
/** Read and written at a time where there is no sendfile. */
const COPY_SIZE = 256 * 1024;

/** What `flush` leaves behind. */
export type Flushed =
  /** Everything has been given to the kernel or the runtime. */
  | 'done'
  /** More when the wire says `written`. */
  | 'waiting'
  /** The turn's limit: more in a later turn. */
  | 'later'
  /** A file is shorter than its slice, or the wire failed: the connection cannot go on. */
  | 'broken';

export class Sender {
  readonly #means: SendingMeans;
  #wire: Wire | null = null;
  #parts: ResponsePart[] = [];
  /** The first part of `#parts` that has not left. */
  #head = 0;
  /** Bytes of the head, a slice, that have left. */
  #sent = 0;
  /** Bytes in `#parts` that have not left. */
  #queued = 0;
  /** The kernel took less of the head than it was given. */
  #isFull = false;
  /** Why the connection broke, for the log. */
  failure = '';

  constructor(means: SendingMeans) {
    this.#means = means;
  }

  attach(wire: Wire): void {
    this.#wire = wire;
  }

  /** Bytes of responses that the kernel has not taken. */
  get unsent(): number {
    return this.#queued + (this.#wire === null ? 0 : this.#wire.unwritten);
  }

  push(part: ResponsePart): void {
    this.#parts.push(part);
    this.#queued += Buffer.isBuffer(part) ? part.length : part.sizeInBytes;
  }

  /** Sends what can leave now. */
  flush(): Flushed {
    const wire = this.#wire;
    if (wire === null) return 'waiting';
    let budget = TURN_LIMIT;
    while (this.#head < this.#parts.length) {
      if (wire.unwritten > 0) return 'waiting';
      const part = this.#parts[this.#head] as ResponsePart;
      if (Buffer.isBuffer(part) || (this.#sent === 0 && part.sizeInBytes <= SMALL_SLICE)) {
        if (!this.#writeRun(wire)) return 'broken';
        continue;
      }
      if (budget <= 0) return 'later';
      const sent = this.#sendSlice(wire, part, budget);
      if (sent < 0) return 'broken';
      budget -= sent;
    }
    this.#parts.length = 0;
    this.#head = 0;
    return 'done';
  }

  /** Forgets what has not left and gives its slots back. */
  release(): void {
    for (let i = this.#head; i < this.#parts.length; i++) {
      const part = this.#parts[i] as ResponsePart;
      if (!Buffer.isBuffer(part)) this.#means.slots.done(part.slot);
    }
    this.#parts = [];
    this.#head = 0;
    this.#sent = 0;
    this.#queued = 0;
  }

  /** Writes the bytes and small slices from the head on with one write. False where a file was cut. */
  #writeRun(wire: Wire): boolean {
    const parts = this.#parts;
    let end = this.#head;
    let total = 0;
    while (end < parts.length && total < COPY_SIZE) {
      const part = parts[end] as ResponsePart;
      const size = Buffer.isBuffer(part) ? part.length : part.sizeInBytes;
      if (!Buffer.isBuffer(part) && size > SMALL_SLICE) break;
      total += size;
      end++;
    }
    const first = parts[this.#head] as ResponsePart;
    // What follows is a large slice.
    const more = end < parts.length;
    if (end === this.#head + 1 && Buffer.isBuffer(first)) {
      wire.write(first, more);
    } else if (total <= TOGETHER) {
      const bytes = this.#together(end, total);
      if (bytes === null) return false;
      wire.write(bytes, more);
    } else {
      const buffers: Buffer[] = [];
      for (let i = this.#head; i < end; i++) {
        const part = parts[i] as ResponsePart;
        const bytes = Buffer.isBuffer(part) ? part : this.#readSlice(part, 0, part.sizeInBytes);
        if (bytes === null) return false;
        buffers.push(bytes);
      }
      wire.writeAll(buffers);
    }
    for (; this.#head < end; this.#head++) {
      const part = parts[this.#head] as ResponsePart;
      if (!Buffer.isBuffer(part)) this.#means.slots.done(part.slot);
    }
    this.#queued -= total;
    this.#compact();
    return true;
  }

  #together(end: number, total: number): Buffer | null {
    const bytes = Buffer.allocUnsafe(total);
    let at = 0;
    for (let i = this.#head; i < end; i++) {
      const part = this.#parts[i] as ResponsePart;
      if (Buffer.isBuffer(part)) {
        part.copy(bytes, at);
        at += part.length;
      } else {
        if (!this.#readInto(part, 0, bytes, at, part.sizeInBytes)) return null;
        at += part.sizeInBytes;
      }
    }
    return bytes;
  }

  /** Sends a piece of the head, a slice: how many bytes left; -1 where the connection is broken. */
  #sendSlice(wire: Wire, part: FileRecords, budget: number): number {
    const left = part.sizeInBytes - this.#sent;
    let sent = 0;
    if (wire.sendsFiles && !this.#isFull) {
      const position = part.position + this.#sent;
      const wanted = Math.min(left, budget);
      sent = wire.sendFile(this.#means.slots.descriptor(part.slot), position, wanted);
      this.#isFull = sent < wanted;
      if (sent === 0) return this.#cut(part);
      if (sent < 0 && sent !== EAGAIN) {
        this.failure = `sendfile failed: errno ${-sent}`;
        return -1;
      }
    }
    if (sent <= 0) {
      this.#isFull = false;
      sent = Math.min(left, wire.sendsFiles ? SIGNAL_SIZE : COPY_SIZE);
      const bytes = this.#readSlice(part, this.#sent, sent);
      if (bytes === null) return -1;
      wire.write(bytes);
    }
    this.#sent += sent;
    this.#queued -= sent;
    if (this.#sent === part.sizeInBytes) {
      this.#head++;
      this.#sent = 0;
      this.#means.slots.done(part.slot);
      this.#compact();
    }
    return sent;
  }

  #readSlice(part: FileRecords, from: number, size: number): Buffer | null {
    const bytes = Buffer.allocUnsafe(size);
    return this.#readInto(part, from, bytes, 0, size) ? bytes : null;
  }

  #readInto(part: FileRecords, from: number, into: Buffer, offset: number, size: number): boolean {
    let done = 0;
    while (done < size) {
      const descriptor = this.#means.slots.descriptor(part.slot);
      const read = this.#means.files.readAt(descriptor, into, offset + done, size - done, part.position + from + done);
      if (read <= 0) {
        if (read === 0) this.#cut(part);
        else this.failure = `reading a segment file failed: errno ${-read}`;
        return false;
      }
      done += read;
    }
    return true;
  }

  #cut(part: FileRecords): -1 {
    this.failure = `a segment file ends before ${part.position + part.sizeInBytes}, inside a slice that was to be sent`;
    return -1;
  }

  /** Parts that left hold memory until they are dropped. */
  #compact(): void {
    if (this.#head === this.#parts.length) {
      this.#parts.length = 0;
      this.#head = 0;
    } else if (this.#head >= 32) {
      this.#parts.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
