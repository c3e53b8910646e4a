/**
 * The subscribers of a topic by how many partitions they have: who takes the next one, and who gives one.
 *
 *   load │                 ██        The lightest are filled like a vessel: each of [0, lightEnd) is given one, then the level rises, and
 *        │            ▓▓▓▓▓██        those who stood on that level join them. The heaviest are drained the same way from the other end.
 *        │       ████████████        Who is heavy but has nothing of this topic to give is moved behind heavyEnd.
 *        │ ▒▒▒▒▒▒████████████
 *        └──────────────────────     members, by load, then by their place in the group
 *          light       heavy
 */

/** Made for one topic. `loads` are the true ones and change while it is used: whoever uses it does with a member what it was told. */
export class LoadLevels {
  readonly #loads: Int32Array;
  readonly #members: number[];
  #lightEnd = 0;
  #lightLevel: number;
  #lightNext = 0;
  #heavyStart: number;
  #heavyEnd: number;
  #heavyLevel: number;
  #heavyNext: number;

  /** `members`: at least one; indexes into `loads`. */
  constructor(members: readonly number[], loads: Int32Array) {
    this.#loads = loads;
    this.#members = [...members].sort((a, b) => (loads[a] as number) - (loads[b] as number) || a - b);
    this.#lightLevel = this.#loadAt(0) - 1;
    this.#heavyStart = members.length;
    this.#heavyEnd = members.length;
    this.#heavyLevel = this.#loadAt(members.length - 1) + 1;
    this.#heavyNext = members.length - 1;
  }

  /** How much more the heaviest has than the lightest. Before anything was taken. */
  get spread(): number {
    return this.#heavyLevel - this.#lightLevel - 2;
  }

  /** Whether moving a partition from those who give to those who take makes nothing better. */
  get isEven(): boolean {
    return this.#heavyLevel - this.#lightLevel <= 1;
  }

  /** Who is to be given a partition. */
  takeLightest(): number {
    if (this.#lightNext >= this.#lightEnd) {
      this.#lightLevel++;
      while (this.#lightEnd < this.#members.length && this.#loadAt(this.#lightEnd) === this.#lightLevel)
        this.#lightEnd++;
      this.#lightNext = 0;
    }
    return this.#members[this.#lightNext++] as number;
  }

  /** Who is to give a partition away, or `dismiss` is called. Null: nobody is left. */
  takeHeaviest(): number | null {
    if (this.#heavyNext < this.#heavyStart) {
      const none = this.#heavyEnd <= this.#heavyStart && this.#heavyStart > 0;
      this.#heavyLevel = none ? this.#loadAt(this.#heavyStart - 1) : this.#heavyLevel - 1;
      while (this.#heavyStart > 0 && this.#loadAt(this.#heavyStart - 1) === this.#heavyLevel) this.#heavyStart--;
      this.#heavyNext = this.#heavyEnd - 1;
    }
    return this.#heavyNext < 0 ? null : (this.#members[this.#heavyNext--] as number);
  }

  /** Whoever `takeHeaviest` has named last has nothing to give. */
  dismiss(): void {
    const at = this.#heavyNext + 1;
    const last = --this.#heavyEnd;
    const dismissed = this.#members[at] as number;
    this.#members[at] = this.#members[last] as number;
    this.#members[last] = dismissed;
  }

  #loadAt(place: number): number {
    return this.#loads[this.#members[place] as number] as number;
  }
}
