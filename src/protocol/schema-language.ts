/**
 * The language in which every message is declared, once: a TypeScript value. Types, codecs, JSON and ApiVersions come out of it.
 *
 *     export const heartbeatRequest = message('HeartbeatRequest', {
 *       versions: '0-4',                     // versions that the codec accepts
 *       flexible: '4+',                      // versions with compact lengths and tagged fields (KIP-482), or 'none'
 *       fields: {                            // in the order of the wire, named as Kafka's with a small first letter
 *         groupId: string('0+', { entityType: 'groupId' }),
 *         generationId: i32('0+'),
 *         memberId: string('0+'),
 *         groupInstanceId: string('3+', { nullable: '3+', default: null }),
 *       },
 *     });
 *     export type HeartbeatRequest = Decoded<typeof heartbeatRequest>;
 *     export type HeartbeatRequestInput = Input<typeof heartbeatRequest>;
 *
 * Structs: `struct('0+', { … })`. Arrays: `array('0+', 'i32')` of a primitive, `array('0+', { … })` of structs. Fields that
 * several structs share are a plain constant object.
 *
 * `Decoded` has all fields; one that its version lacks has its default (0, false, '', no bytes, [], the zero uuid, a struct of
 * defaults, unless the declaration says another). `Input` is what encoding takes: fields with a declared default, tagged and
 * ignorable ones may be left out. To give a value other than the default to a field that the version lacks is an
 * `UnsupportedVersionError`, unless the field is ignorable.
 *
 * Two kinds of 64-bit integers: `i64` is a number, ±Infinity for the extremes, and fails the decoding beyond ±2^53;
 * `i64x` is a bigint of the whole range, for what is carried and not computed with.
 */
import type { Uuid } from '../base/uuid.ts';
import type { Records } from './records.ts';

/** '3' or '3+' or '0-5': where a field exists. */
export type Versions = `${number}` | `${number}+` | `${number}-${number}`;

/** What a primitive is in memory. */
export interface Primitives {
  bool: boolean;
  i8: number;
  i16: number;
  u16: number;
  i32: number;
  u32: number;
  i64: number;
  i64x: bigint;
  f64: number;
  uuid: Uuid;
  string: string;
  bytes: Buffer;
  records: Records;
}

export type Primitive = keyof Primitives;

/** What a value names, for whoever lists, checks or masks them. */
export type EntityType = 'topicName' | 'groupId' | 'transactionalId' | 'producerId' | 'brokerId';

export interface Options<Value> {
  /** Versions in which null is allowed. */
  readonly nullable?: Versions;
  /** The value where a version lacks the field or a tagged field was left out. */
  readonly default?: Value | null;
  /** The number of a tagged field, and the versions in which it is one (none given: all in which it exists). */
  readonly tag?: number;
  readonly tagged?: Versions;
  /** A version that lacks the field drops the value silently. */
  readonly ignorable?: boolean;
  /** A string that keeps the old length form in flexible versions. */
  readonly flexible?: 'none';
  /** Kafka keeps the array as a map by this field. */
  readonly mapKey?: boolean;
  readonly entityType?: EntityType;
}

declare const decodedType: unique symbol;
declare const inputType: unique symbol;
declare const optionalInput: unique symbol;

/** A field: how it is decoded, what encoding takes, and whether it may be left out there. */
export interface Field<D = unknown, I = unknown, Optional extends boolean = boolean> {
  readonly type: Primitive | 'struct' | 'array';
  readonly versions: Versions;
  readonly options: Options<unknown>;
  /** Of an array: what it holds. Fields stand for a struct. */
  readonly element: Primitive | Fields | null;
  /** Of a struct. */
  readonly fields: Fields | null;
  readonly [decodedType]?: D;
  readonly [inputType]?: I;
  readonly [optionalInput]?: Optional;
}

export type Fields = { readonly [name: string]: Field };

type Simplify<T> = { [K in keyof T]: T[K] };
type DecodedField<F> = F extends Field<infer D> ? D : never;
type InputField<F> = F extends Field<unknown, infer I> ? I : never;

/** All fields of a struct, as decoded. */
export type DecodedFields<F extends Fields> = { -readonly [K in keyof F]: DecodedField<F[K]> };

type OptionalKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends Field<unknown, unknown, true> ? K : never;
}[keyof F];

/** What encoding a struct takes. */
export type InputFields<F extends Fields> = Simplify<
  { readonly [K in Exclude<keyof F, OptionalKeys<F>>]: InputField<F[K]> } & {
    readonly [K in OptionalKeys<F>]?: InputField<F[K]>;
  }
>;

type MayBeNull<O, T> = O extends { readonly nullable: string } ? T | null : T;
type MayBeLeftOut<O> = O extends { readonly default: unknown } | { readonly tag: number } | { readonly ignorable: true }
  ? true
  : false;

type PrimitiveField<P extends Primitive, O> = Field<
  MayBeNull<O, Primitives[P]>,
  MayBeNull<O, Primitives[P]>,
  MayBeLeftOut<O>
>;

function field<D, I, Optional extends boolean>(
  type: Field['type'],
  versions: Versions,
  options: Options<unknown> | undefined,
  element: Primitive | Fields | null,
  fields: Fields | null,
): Field<D, I, Optional> {
  return { type, versions, options: options ?? {}, element, fields };
}

type Declare<P extends Primitive> = <const O extends Options<Primitives[P]> = {}>(
  versions: Versions,
  options?: O,
) => PrimitiveField<P, O>;

function primitive<P extends Primitive>(type: P): Declare<P> {
  return (versions, options) => field(type, versions, options, null, null);
}

export const bool: Declare<'bool'> = primitive('bool');
export const i8: Declare<'i8'> = primitive('i8');
export const i16: Declare<'i16'> = primitive('i16');
export const u16: Declare<'u16'> = primitive('u16');
export const i32: Declare<'i32'> = primitive('i32');
export const u32: Declare<'u32'> = primitive('u32');
/** A number: whole within ±2^53, ±Infinity for the extremes. */
export const i64: Declare<'i64'> = primitive('i64');
/** A bigint of the whole range. */
export const i64x: Declare<'i64x'> = primitive('i64x');
export const f64: Declare<'f64'> = primitive('f64');
export const uuid: Declare<'uuid'> = primitive('uuid');
export const string: Declare<'string'> = primitive('string');
/** Decoded, a view of the input. */
export const bytes: Declare<'bytes'> = primitive('bytes');
/** Record batches: decoded, a view of the input; encoded, memory or a slice of a file. */
export const records: Declare<'records'> = primitive('records');

export function struct<const F extends Fields, const O extends Options<null> = {}>(
  versions: Versions,
  fields: F,
  options?: O,
): Field<MayBeNull<O, DecodedFields<F>>, MayBeNull<O, InputFields<F>>, MayBeLeftOut<O>> {
  return field('struct', versions, options, null, fields);
}

type ElementDecoded<E> = E extends Primitive ? Primitives[E] : E extends Fields ? DecodedFields<E> : never;
type ElementInput<E> = E extends Primitive ? Primitives[E] : E extends Fields ? InputFields<E> : never;

export function array<const E extends Primitive | Fields, const O extends Options<null> = {}>(
  versions: Versions,
  element: E,
  options?: O,
): Field<MayBeNull<O, ElementDecoded<E>[]>, MayBeNull<O, readonly ElementInput<E>[]>, MayBeLeftOut<O>> {
  return field('array', versions, options, element, null);
}

/** A declared message, before its codecs. */
export interface MessageDeclaration<F extends Fields = Fields> {
  /** Versions that decoding and encoding accept. */
  readonly versions: Versions;
  /** Versions with compact lengths and tagged fields. */
  readonly flexible: Versions | 'none';
  /** Requests only: the newest version may still change, so it is not advertised by default. */
  readonly latestVersionUnstable?: boolean;
  readonly fields: F;
}
