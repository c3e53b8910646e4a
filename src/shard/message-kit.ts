/**
 * The language in which messages between threads are declared: a call (a request and its answer) or a note (one way), each with its
 * lane, who receives it, and its fields. Types of senders and handlers are inferred from the declaration; the codec
 * (message-codec.ts) is compiled from it.
 *
 *     const table = {
 *       append: call({ lane: 'partition', to: ['shard'], consumes: true, request: { partition: i32, batch: descriptor }, answer: { baseOffset: f64 } }),
 *       wake: note({ lane: 'leaf', to: ['shard'], fields: { watch: i32 } }),
 *     } satisfies MessageTable;
 *
 * Why not the protocol's schema language: there, values are big-endian and packed, integers vary in length, versions and tags exist. Both
 * ends of a ring are the same build, and a frame is read where it lies. Fixed fields at aligned places of native numbers cost one
 * store and one load each, and the largest frame of a type is a constant, which credit is counted in.
 */
import type { Uuid } from '../base/uuid.ts';

/** What a thread is. The table says which kinds receive a message. */
export type ThreadKind = 'main' | 'control' | 'shard';

/**
 * The lanes in their order. A handler may wait only for answers on a later lane than its own, so waits form no cycle; and
 * each lane keeps a share of the credit that earlier lanes cannot take, so that later ones always go on.
 */
export const LANES = [
  /** From main: hand-over, the steps of a stop. */
  'lifecycle',
  /** A client's request that control decides. */
  'forward',
  /** A coordinator's shard on behalf of a client. */
  'coordinator',
  /** The owner of a partition. */
  'partition',
  /** An owner that asks control to change an ISR. */
  'replication',
  /** Control to every shard: the metadata that was committed. */
  'metadata',
  /** Answered at once, by whoever receives it. */
  'leaf',
] as const;
export type Lane = (typeof LANES)[number];

/** A piece of a thread's arena. Lent: whoever sends it keeps it as it is until it is told. */
export interface Descriptor {
  /** The number of the thread whose arena it is. */
  readonly arena: number;
  readonly offset: number;
  readonly length: number;
}

/** Payloads up to this travel in the ring, longer ones are lent from the sender's arena. */
export const INLINE_BYTES = 256;

declare const valueType: unique symbol;

/** A field of a message: how it lies in a frame, and (for the compiler only) what its value is. */
export interface MessageField<Value = unknown> {
  readonly kind: 'i32' | 'bool' | 'f64' | 'i64x' | 'uuid' | 'text' | 'descriptor' | 'payload';
  /** text: the most bytes of UTF-8. */
  readonly max: number;
  readonly nullable: boolean;
  readonly [valueType]?: Value;
}

function field<Value>(kind: MessageField['kind'], max = 0, nullable = false): MessageField<Value> {
  return { kind, max, nullable };
}

/** A whole number of 32 bits, also for error codes, API keys and versions. */
export const i32 = field<number>('i32');
export const bool = field<boolean>('bool');
/** Offsets, producer ids, milliseconds: whole numbers to 2^53, ±Infinity. */
export const f64 = field<number>('f64');
/** 64 bits that are carried and not computed with: timestamps. */
export const i64x = field<bigint>('i64x');
export const uuid = field<Uuid>('uuid');
export const descriptor = field<Descriptor>('descriptor');
/** Bytes of any length; at most one in a message. What is not inline is lent from the sender's arena by the mailbox. */
export const payload = field<Buffer>('payload');
/** Text of at most `max` bytes of UTF-8; more is a programmer error. */
export const text = (max: number): MessageField<string> => field('text', max);
/** Text or null. */
export const nullableText = (max: number): MessageField<string | null> => field('text', max, true);

export type MessageFields = Readonly<Record<string, MessageField>>;

/** The value of a message with these fields. */
export type FieldValues<F extends MessageFields> = {
  readonly [Name in keyof F]: F[Name] extends MessageField<infer Value> ? Value : never;
};

interface Common {
  readonly lane: Lane;
  /** Which kinds of threads receive it, hence must handle it. */
  readonly to: readonly ThreadKind[];
  /** Whether a receiver whose metadata is behind the sender's keeps it waiting; true where not given. */
  readonly waitsForMetadata?: boolean;
}

export interface NoteType extends Common {
  readonly kind: 'note';
  readonly fields: MessageFields;
}

export interface CallType extends Common {
  readonly kind: 'call';
  readonly request: MessageFields;
  readonly answer: MessageFields;
  /** Whether the handler tells, before it answers, that it needs the lent bytes no more. */
  readonly consumes?: boolean;
}

export type MessageTable = Readonly<Record<string, NoteType | CallType>>;

export function note<const N extends Omit<NoteType, 'kind'>>(type: N): N & { readonly kind: 'note' } {
  return { ...type, kind: 'note' };
}

export function call<const C extends Omit<CallType, 'kind'>>(type: C): C & { readonly kind: 'call' } {
  return { ...type, kind: 'call' };
}

/** The names of a table's calls, of its notes. */
export type CallName<T extends MessageTable> = { [N in keyof T]: T[N] extends CallType ? N : never }[keyof T] & string;
export type NoteName<T extends MessageTable> = { [N in keyof T]: T[N] extends NoteType ? N : never }[keyof T] & string;

export type RequestOf<T extends MessageTable, N extends CallName<T>> = T[N] extends CallType
  ? FieldValues<T[N]['request']>
  : never;
export type AnswerOf<T extends MessageTable, N extends CallName<T>> = T[N] extends CallType
  ? FieldValues<T[N]['answer']>
  : never;
export type NoteOf<T extends MessageTable, N extends NoteName<T>> = T[N] extends NoteType
  ? FieldValues<T[N]['fields']>
  : never;

/** How a handler answers a call. It may keep this and answer on a later turn. */
export interface Reply<Answer> {
  /** The request's lent bytes are needed no more. At most once, before `answer`, which says it too. */
  consumed(): void;
  /** Exactly once. Never refused: the caller has reserved the space. A payload is copied in the call. */
  answer(answer: Answer): void;
}

export type Handler<T extends MessageTable, N extends keyof T> = T[N] extends CallType
  ? (
      message: FieldValues<T[N]['request']>,
      reply: T[N]['consumes'] extends true
        ? Reply<FieldValues<T[N]['answer']>>
        : Omit<Reply<FieldValues<T[N]['answer']>>, 'consumed'>,
      from: number,
    ) => void
  : T[N] extends NoteType
    ? (message: FieldValues<T[N]['fields']>, from: number) => void
    : never;

/** What a thread of this kind must handle: forgetting one does not compile. */
export type HandlersOf<T extends MessageTable, Kind extends ThreadKind> = {
  readonly [N in keyof T as Kind extends T[N]['to'][number] ? N : never]: Handler<T, N>;
};
