/** The two expected failures of a codec. */

export type DecodeFailure =
  /** The bytes end inside a field. */
  | 'truncated'
  /** A length below -1, or one that no int32 can hold. */
  | 'negative length'
  /** Null where the version does not allow it. */
  | 'null'
  /** An array of more than 1,000,000 elements or more than 10,000 tagged fields, or a string over 32,767 bytes. */
  | 'too long'
  /** A variable-length integer of more than five bytes. */
  | 'varint'
  /** An i64 beyond ±2^53 that is not an extreme. */
  | 'i64'
  /** A tagged field that only other versions have. */
  | 'tag'
  /** Bytes after the end of the message. */
  | 'trailing bytes'
  /** A key or version that has no codec. */
  | 'unknown';

/**
 * Bytes that are not what they should be. Thrown by every decoder of this folder and by nothing else; caught at the one place where
 * the bytes came in (a connection, a log that is read), which knows what to answer.
 */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
  readonly failure: DecodeFailure;
  /** Where: `FetchRequest.topics.partitions`. */
  readonly field: string;
  /** The position in the buffer. */
  readonly offset: number;

  constructor(failure: DecodeFailure, field: string, offset: number) {
    super(`${field}: ${failure} at byte ${offset}`);
    this.failure = failure;
    this.field = field;
    this.offset = offset;
  }
}

/** The message has a value that the version cannot carry, or the version has no codec. As in Kafka, thrown when encoding. */
export class UnsupportedVersionError extends Error {
  override readonly name = 'UnsupportedVersionError';
}
