/**
 * Programmer errors. `assert` stays on in production: a broken invariant stops the process instead of writing wrong bytes.
 * Expected failures are values, never this.
 */

/** A rule of the program itself is broken. Nobody catches it to go on. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Throws where `condition` does not hold. The message says what should have been true. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** The value, which the caller knows to be there. */
export function required<T>(value: T | null | undefined, message: string): T {
  if (value === null || value === undefined) throw new AssertionError(message);
  return value;
}

/** For the default branch of an exhaustive switch: does not compile while a case is missing. */
export function unreachable(value: never): never {
  throw new AssertionError(`unexpected value: ${String(value)}`);
}
