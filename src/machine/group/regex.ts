/**
 * Patterns that members of the consumer protocol subscribe by (KIP-848): RE2's language, which Kafka has from re2j and we from re2js. A
 * pattern is compiled once and matches whole names, of internal topics too: Kafka 4.4 leaves none out. Matching takes time in proportion
 * to the name whatever the pattern, and a scan of all topics is cut into slices.
 */
import { RE2JS, RE2JSSyntaxException } from 're2js';

/** Patterns kept compiled, the ones used last. A pattern that is not among them is compiled again. */
const MAX_COMPILED = 256;

export interface TopicPattern {
  /** As the member wrote it. */
  readonly text: string;
  matches(name: string): boolean;
}

/** `description`: what is wrong with the pattern, in re2j's words. */
export type CompiledPattern =
  | { readonly ok: true; readonly pattern: TopicPattern }
  | { readonly ok: false; readonly description: string };

/** One a machine. */
export class TopicPatterns {
  readonly #limit: number;
  readonly #compiled = new Map<string, CompiledPattern>();

  constructor(limit = MAX_COMPILED) {
    this.#limit = limit;
  }

  compile(text: string): CompiledPattern {
    const known = this.#compiled.get(text);
    const compiled = known ?? compile(text);
    // Last in the map: used last.
    this.#compiled.delete(text);
    this.#compiled.set(text, compiled);
    if (this.#compiled.size > this.#limit) this.#compiled.delete(this.#compiled.keys().next().value as string);
    return compiled;
  }
}

function compile(text: string): CompiledPattern {
  try {
    const regex = RE2JS.compile(text);
    return { ok: true, pattern: { text, matches: (name) => regex.matches(name) } };
  } catch (error) {
    return { ok: false, description: describe(error) };
  }
}

/** Compiling throws for one reason only: the pattern. re2j calls a lone `)` an internal error. */
function describe(error: unknown): string {
  const described = error instanceof RE2JSSyntaxException ? error.getDescription() : (error as Error).message;
  return described === 'unexpected )' ? 'regexp/syntax: internal error' : described;
}

/** The message of INVALID_REGULAR_EXPRESSION. */
export function invalidPatternMessage(text: string, description: string): string {
  return `SubscribedTopicRegex \`${text}\` is not a valid regular expression: ${description}.`;
}

/**
 * All topics against some patterns, a slice at a time. Between slices topics may come and go: those that have gone are left out when the
 * iterator is a live one, those that have come are met at its end.
 */
export class TopicScan {
  readonly #patterns: readonly TopicPattern[];
  readonly #topics: Iterator<{ readonly name: string }>;
  /** By the pattern's text, in the order of the topics. */
  readonly matched = new Map<string, string[]>();
  isDone = false;

  constructor(patterns: Iterable<TopicPattern>, topics: Iterable<{ readonly name: string }>) {
    this.#patterns = [...patterns];
    this.#topics = topics[Symbol.iterator]();
    for (const { text } of this.#patterns) this.matched.set(text, []);
  }

  /** Looks at `limit` more topics at most. Returns whether that were the last ones. */
  advance(limit: number): boolean {
    for (let looked = 0; looked < limit && !this.isDone; looked++) {
      const next = this.#topics.next();
      if (next.done === true) this.isDone = true;
      else this.#look(next.value.name);
    }
    return this.isDone;
  }

  #look(name: string): void {
    for (const pattern of this.#patterns) {
      if (pattern.matches(name)) this.matched.get(pattern.text)?.push(name);
    }
  }

  /** What of it may be shown: asked once, for every name that any pattern has matched. */
  visible(mayDescribe: (names: readonly string[]) => ReadonlySet<string>): Map<string, string[]> {
    const shown = mayDescribe([...new Set([...this.matched.values()].flat())]);
    return new Map([...this.matched].map(([text, names]) => [text, names.filter((name) => shown.has(name))]));
  }
}
