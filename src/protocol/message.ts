/**
 * A declared message with its codecs, one a version, compiled when first used.
 *
 * Decoded bytes, records and unknown tagged fields are views of the input, valid as long as it is. Decoders throw `DecodeError`
 * and nothing else; encoders throw `UnsupportedVersionError` for what a version cannot carry, and other errors for bugs.
 */
// oxlint-disable typescript/no-unsafe-type-assertion -- what compiled code returns is known from the declaration alone
import type { Cursor } from '../base/varint.ts';
import { compileDecoder, type Decoder } from './codec/decoder.ts';
import { compileEncoder, type Encoder } from './codec/encoder.ts';
import { DecodeError, UnsupportedVersionError } from './codec/errors.ts';
import { planMessage, type StructPlan } from './codec/plan.ts';
import { type JsonValue, jsonText, jsonValue } from './json.ts';
import type { ResponsePart } from './records.ts';
import type { DecodedFields, Fields, InputFields, MessageDeclaration } from './schema-language.ts';
import { includes, parseVersions, type VersionRange } from './versions.ts';

export interface DecodeOptions {
  /** Keep tagged fields that the version does not know, and write them again when the message is encoded. */
  readonly keepUnknownTags?: boolean;
  /** Do not check that the message ends at `end`: Kafka's brokers ignore what follows a request. */
  readonly allowTrailing?: boolean;
}

/** Sizes that an encoder remembers between its two passes. Beyond so many the memory is given back. */
const KEPT_SIZES = 65_536;
let sizes: number[] = [];

const cursor: Cursor = { offset: 0 };

declare const decodedType: unique symbol;
declare const inputType: unique symbol;

/** `D`: what decoding gives. `I`: what encoding takes. `Message` alone is any message: its values are unknown. */
export class Message<D = unknown, I = never> {
  readonly name: string;
  readonly declaration: MessageDeclaration;
  readonly versions: VersionRange;
  readonly flexibleVersions: VersionRange;
  declare readonly [decodedType]?: D;
  declare readonly [inputType]?: (input: I) => void;
  readonly #plans: (StructPlan | undefined)[] = [];
  readonly #decoders: (Decoder | undefined)[] = [];
  readonly #encoders: (Encoder | undefined)[] = [];

  constructor(name: string, declaration: MessageDeclaration) {
    this.name = name;
    this.declaration = declaration;
    this.versions = parseVersions(declaration.versions);
    this.flexibleVersions = parseVersions(declaration.flexible);
  }

  /** Whether there is a codec for it. */
  supports(version: number): boolean {
    return includes(this.versions, version);
  }

  isFlexible(version: number): boolean {
    return includes(this.flexibleVersions, version);
  }

  /** The message that fills the bytes from `offset` to `end`. */
  decode(version: number, bytes: Buffer, offset = 0, end = bytes.length, options?: DecodeOptions): D {
    const decoder = this.#decoders[version] ?? this.#compileDecoder(version, offset);
    const decoded = decoder(bytes, offset, end, options?.keepUnknownTags === true, cursor);
    if (cursor.offset !== end && options?.allowTrailing !== true) {
      throw new DecodeError('trailing bytes', this.name, cursor.offset);
    }
    return decoded as D;
  }

  /** The message at `at.offset`, which moves behind it. For what is followed by something else. */
  decodeFrom(version: number, bytes: Buffer, at: Cursor, end = bytes.length, options?: DecodeOptions): D {
    const decoder = this.#decoders[version] ?? this.#compileDecoder(version, at.offset);
    return decoder(bytes, at.offset, end, options?.keepUnknownTags === true, at) as D;
  }

  /** Bytes of the encoded message, records included. */
  sizeOf(version: number, value: I): number {
    return this.#encoder(version).size(value, freshSizes(), null);
  }

  /** One allocation of exactly `headroom` and the message; the headroom is for the caller to fill. */
  encode(version: number, value: I, headroom = 0): Buffer {
    const encoder = this.#encoder(version);
    const size = encoder.size(value, freshSizes(), null);
    const bytes = Buffer.allocUnsafe(headroom + size);
    this.#checkEnd(encoder.write(value, bytes, headroom, sizes, null), bytes.length);
    return bytes;
  }

  /** Writes the message at `offset` of memory that is there already and returns the position after it. */
  encodeInto(version: number, value: I, bytes: Buffer, offset: number): number {
    const encoder = this.#encoder(version);
    const end = offset + encoder.size(value, freshSizes(), null);
    if (end > bytes.length) throw new RangeError(`${this.name}: ${end - bytes.length} bytes too few`);
    this.#checkEnd(encoder.write(value, bytes, offset, sizes, null), end);
    return end;
  }

  /**
   * As `encode`, for messages with records: slices of files and memory over 4 KiB stay parts of their own, in their place. The first
   * part begins with the headroom. One allocation for all bytes that are not records.
   */
  encodeParts(version: number, value: I, headroom = 0): ResponsePart[] {
    const encoder = this.#encoder(version);
    const parts: ResponsePart[] = [];
    const size = encoder.size(value, freshSizes(), parts);
    const bytes = Buffer.allocUnsafe(headroom + size);
    this.#checkEnd(encoder.write(value, bytes, headroom, sizes, parts), bytes.length);
    if (parts.length === 0) parts.push(bytes);
    return parts;
  }

  /** As Kafka's JsonConverter: 64-bit integers that a number cannot hold as bigints, bytes in base64, records by their size. */
  toJsonValue(version: number, value: I): JsonValue {
    return jsonValue(this.#plan(version), value, version);
  }

  /** The JSON text. */
  toJson(version: number, value: I): string {
    return jsonText(this.toJsonValue(version, value));
  }

  #encoder(version: number): Encoder {
    return this.#encoders[version] ?? this.#compileEncoder(version);
  }

  #compileDecoder(version: number, offset: number): Decoder {
    if (!this.supports(version)) throw new DecodeError('unknown', `${this.name} version ${version}`, offset);
    const decoder = compileDecoder(this.#plan(version));
    this.#decoders[version] = decoder;
    return decoder;
  }

  #compileEncoder(version: number): Encoder {
    const encoder = compileEncoder(this.#plan(version), version);
    this.#encoders[version] = encoder;
    return encoder;
  }

  #plan(version: number): StructPlan {
    const known = this.#plans[version];
    if (known !== undefined) return known;
    if (!this.supports(version)) throw new UnsupportedVersionError(`${this.name} has no version ${version}`);
    const plan = planMessage(this.name, this.declaration, version);
    this.#plans[version] = plan;
    return plan;
  }

  #checkEnd(written: number, expected: number): void {
    if (written !== expected) throw new RangeError(`${this.name}: ${written} bytes written, ${expected} expected`);
  }
}

function freshSizes(): number[] {
  if (sizes.length > KEPT_SIZES) sizes = [];
  return sizes;
}

/** Declares a message. */
export function message<const F extends Fields>(
  name: string,
  declaration: MessageDeclaration<F>,
): Message<DecodedFields<F>, InputFields<F>> {
  return new Message(name, declaration);
}

/** What decoding the message gives: all fields. */
export type Decoded<M> = M extends Message<infer D> ? D : never;

/** What encoding it takes: fields with a declared default, tagged and ignorable ones are optional. */
export type Input<M> = M extends Message<unknown, infer I> ? I : never;
