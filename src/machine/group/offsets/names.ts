/** Texts that many rows share, by number: each is kept once, as long as a row uses it. */

/** Part of one table of offsets. */
export class Names {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];
  readonly #uses: number[] = [];
  readonly #free: number[] = [];

  /** -1 where nobody uses it. */
  numberOf(text: string): number {
    return this.#numbers.get(text) ?? -1;
  }

  textOf(number: number): string {
    return this.#texts[number] as string;
  }

  /** One row more uses the text. */
  take(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) {
      this.#uses[known] = (this.#uses[known] as number) + 1;
      return known;
    }
    const number = this.#free.pop() ?? this.#texts.length;
    this.#numbers.set(text, number);
    this.#texts[number] = text;
    this.#uses[number] = 1;
    return number;
  }

  /** One row less uses the text; whether it was the last. */
  release(number: number): boolean {
    const uses = (this.#uses[number] as number) - 1;
    this.#uses[number] = uses;
    if (uses > 0) return false;
    this.#numbers.delete(this.textOf(number));
    this.#texts[number] = '';
    this.#free.push(number);
    return true;
  }

  /** All that are used. */
  texts(): MapIterator<string> {
    return this.#numbers.keys();
  }
}
