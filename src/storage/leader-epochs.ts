/**
 * Where each leader epoch of a partition begins (KIP-101, KIP-279), and its checkpoint file.
 *
 *   leader-epoch-checkpoint:   0 \n <count> \n (<epoch> <startOffset> \n)*        ascending in both
 */

export const LEADER_EPOCH_FILE = 'leader-epoch-checkpoint';

export interface EpochEndOffset {
  /** -1: unknown. */
  readonly leaderEpoch: number;
  /** -1: unknown. */
  readonly endOffset: number;
}

const UNDEFINED: EpochEndOffset = { leaderEpoch: -1, endOffset: -1 };

/** One a log, on its owner's thread. */
export class LeaderEpochs {
  #epochs: number[] = [];
  #starts: number[] = [];

  get latest(): number {
    return this.#epochs.at(-1) ?? -1;
  }

  get size(): number {
    return this.#epochs.length;
  }

  /**
   * Notes that `epoch` begins at `startOffset`. Entries that this contradicts, of a higher epoch or a later start, go. True where
   * something changed.
   */
  assign(epoch: number, startOffset: number): boolean {
    const last = this.#epochs.length - 1;
    if (last >= 0 && this.#epochs[last] === epoch && (this.#starts[last] as number) <= startOffset) return false;
    if (epoch < 0 || startOffset < 0) return false;
    while (this.#epochs.length > 0) {
      const end = this.#epochs.length - 1;
      if ((this.#epochs[end] as number) < epoch && (this.#starts[end] as number) < startOffset) break;
      this.#epochs.pop();
      this.#starts.pop();
    }
    this.#epochs.push(epoch);
    this.#starts.push(startOffset);
    return true;
  }

  /**
   * The end of `epoch`, as OffsetForLeaderEpoch answers: the current epoch ends at `logEndOffset`; a known or skipped one where the next higher
   * begins; one older than the log is answered with the first start; a future one and -1 with (-1, -1).
   */
  endOffsetOf(epoch: number, logEndOffset: number): EpochEndOffset {
    if (epoch === -1) return UNDEFINED;
    if (epoch === this.latest) return { leaderEpoch: epoch, endOffset: logEndOffset };
    const higher = this.#epochs.findIndex((known) => known > epoch);
    if (higher < 0) return UNDEFINED;
    return {
      leaderEpoch: higher === 0 ? epoch : (this.#epochs[higher - 1] as number),
      endOffset: this.#starts[higher] as number,
    };
  }

  /** The epoch of the record at `offset`; -1 where it is not known. */
  epochOf(offset: number): number {
    for (let index = this.#starts.length - 1; index >= 0; index--) {
      if ((this.#starts[index] as number) <= offset) return this.#epochs[index] as number;
    }
    return -1;
  }

  /** Forgets epochs that begin at or after `endOffset`. True where something changed. */
  truncateFromEnd(endOffset: number): boolean {
    const before = this.#epochs.length;
    while (this.#epochs.length > 0 && (this.#starts.at(-1) as number) >= endOffset) {
      this.#epochs.pop();
      this.#starts.pop();
    }
    return this.#epochs.length < before;
  }

  /** Forgets epochs that end at or before `startOffset`; the one that contains it begins there. True where something changed. */
  truncateFromStart(startOffset: number): boolean {
    let containing = -1;
    while (containing + 1 < this.#starts.length && (this.#starts[containing + 1] as number) <= startOffset)
      containing++;
    if (containing < 0 || (containing === 0 && this.#starts[0] === startOffset)) return false;
    this.#epochs.splice(0, containing);
    this.#starts.splice(0, containing);
    this.#starts[0] = startOffset;
    return true;
  }

  clear(): void {
    this.#epochs = [];
    this.#starts = [];
  }

  entries(): { epoch: number; startOffset: number }[] {
    return this.#epochs.map((epoch, index) => ({ epoch, startOffset: this.#starts[index] as number }));
  }

  encode(): Buffer {
    const lines = this.#epochs.map((epoch, index) => `${epoch} ${this.#starts[index]}\n`);
    return Buffer.from(`0\n${lines.length}\n${lines.join('')}`, 'latin1');
  }

  /** Null where the file is damaged. */
  static decode(file: Buffer): LeaderEpochs | null {
    const lines = file.toString('latin1').split('\n');
    if (lines[0] !== '0' || !/^\d+$/.test(lines[1] ?? '')) return null;
    const count = Number(lines[1]);
    const epochs = new LeaderEpochs();
    for (let index = 0; index < count; index++) {
      const match = /^(\d+) (\d+)$/.exec((lines[index + 2] ?? '').trim());
      if (!match) return null;
      epochs.assign(Number(match[1]), Number(match[2]));
    }
    return epochs;
  }
}
