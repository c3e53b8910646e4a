/**
 * Compiles the message table: where each field lies in a frame, an encoder that stores it there and a decoder that loads it.
 *
 *    0        4           8                 16             20
 *    │ length │ type·part │ metadata offset │ correlation  │ i32s … │ f64s, i64s … │ uuids … │ texts, inline payload │
 *
 * The part says what the frame is: a note, a request, `consumed`, an answer. Numbers stand at their natural alignment in the
 * machine's own byte order: both ends are threads of one process.
 */
import { assert } from '../base/assert.ts';
import { INLINE_BYTES, LANES, type MessageFields, type MessageTable } from './message-kit.ts';
import { frameBytes, type RingMemory } from './ring.ts';

export const FRAME = { length: 0, kind: 4, metadataOffset: 8, correlation: 16, fields: 20 } as const;
export const PART = { note: 0, request: 1, consumed: 2, answer: 3 } as const;
/** Bytes of a frame without fields. */
export const BARE_FRAME_BYTES = frameBytes(FRAME.fields);
/** In the place of a payload's arena: the bytes stand in the frame. */
const INLINE = -1;

/** A piece of an arena that a payload was copied to. */
export interface LentBytes {
  readonly arena: number;
  readonly offset: number;
}

/** Reads what another thread lent. */
export interface ArenaViews {
  view(arena: number, offset: number, size: number): Buffer;
}

type Values = Readonly<Record<string, unknown>>;

export interface FieldsCodec {
  /** The largest frame, header included; a multiple of 8. */
  readonly maxBytes: number;
  /** The name of the payload field, null where there is none. */
  readonly payload: string | null;
  /** Writes the fields of a frame that begins at `at`; `lent` says where a payload that is not inline lies. Returns the frame's bytes. */
  readonly encode: (values: Values, memory: RingMemory, at: number, lent: LentBytes | null) => number;
  readonly decode: (memory: RingMemory, at: number, arenas: ArenaViews) => Values;
}

/** One row of the table as the mailbox uses it. */
export interface CompiledMessage {
  readonly name: string;
  readonly id: number;
  readonly kind: 'note' | 'call';
  /** Its place in LANES. */
  readonly lane: number;
  readonly to: readonly string[];
  readonly waitsForMetadata: boolean;
  readonly consumes: boolean;
  /** The note's fields, or the call's request. */
  readonly request: FieldsCodec;
  readonly answer: FieldsCodec | null;
  /** Bytes of the ring of answers that a call reserves: the largest answer, and `consumed` where it has one. */
  readonly reservedBytes: number;
}

export interface CompiledTable {
  readonly messages: readonly CompiledMessage[];
  readonly byName: Readonly<Record<string, CompiledMessage>>;
  /** The largest frame of a ring of answers: room for one pad. */
  readonly largestAnswer: number;
  readonly largestRequest: number;
}

interface Place {
  readonly name: string;
  readonly kind: MessageFields[string]['kind'];
  readonly max: number;
  readonly nullable: boolean;
  readonly at: number;
}

const WORDS: Readonly<Record<Place['kind'], number>> = {
  i32: 1,
  bool: 1,
  text: 1,
  descriptor: 2,
  payload: 2,
  f64: 0,
  i64x: 0,
  uuid: 0,
};

/** Where the fixed part of each field lies: 4-byte words first, then 8-byte ones, then uuids. `behind`: where variable bytes begin. */
function layOut(fields: MessageFields): { words: Place[]; longs: Place[]; uuids: Place[]; behind: number } {
  const places = Object.entries(fields).map(([name, { kind, max, nullable }]) => {
    assert(/^[a-z][A-Za-z0-9]*$/.test(name), `${name} is no name of a field`);
    return { name, kind, max, nullable };
  });
  let at: number = FRAME.fields;
  const put = (size: number, chosen: typeof places): Place[] =>
    chosen.map((place) => {
      const placed = { ...place, at };
      at += size === 4 ? 4 * WORDS[place.kind] : size;
      return placed;
    });
  const words = put(
    4,
    places.filter(({ kind }) => WORDS[kind] > 0),
  );
  at = (at + 7) & -8;
  const longs = put(
    8,
    places.filter(({ kind }) => ['f64', 'i64x', 'descriptor', 'payload'].includes(kind)),
  );
  const uuids = put(
    16,
    places.filter(({ kind }) => kind === 'uuid'),
  );
  return { words, longs, uuids, behind: at };
}

/** Helpers that the compiled functions call. */
const runtime = {
  inlineBytes: INLINE_BYTES,
  text(memory: RingMemory, at: number, value: string, max: number, name: string): number {
    const size = Buffer.byteLength(value);
    assert(size <= max, `${name} has ${size} bytes, more than ${max}`);
    return memory.bytes.utf8Write(value, at, size);
  },
  /** A copy: the frame is gone when the handler has returned. */
  copy: (memory: RingMemory, at: number, size: number): Buffer => Buffer.from(memory.bytes.subarray(at, at + size)),
};

function compile(fields: MessageFields): FieldsCodec {
  const { words, longs, uuids, behind } = layOut(fields);
  const write: string[] = ['const a = at >> 2, d = at >> 3;', `let end = at + ${behind};`];
  const read: string[] = ['const a = at >> 2, d = at >> 3;', `let end = at + ${behind}, size = 0;`];
  const longOf = new Map(longs.map(({ name, at }) => [name, at >> 3]));
  let maxBytes = behind;
  let payload: string | null = null;
  for (const { name, kind, max, nullable, at } of words) {
    const word = at >> 2;
    const value = `v.${name}`;
    const long = longOf.get(name) ?? 0;
    if (kind === 'i32' || kind === 'bool') {
      write.push(`m.i32[a + ${word}] = ${value}${kind === 'bool' ? ' ? 1 : 0' : ''};`);
      read.push(`const ${name}_ = m.i32[a + ${word}]${kind === 'bool' ? ' !== 0' : ''};`);
    } else if (kind === 'text') {
      maxBytes += max;
      const some = `size = R.text(m, end, ${value}, ${max}, '${name}'); m.i32[a + ${word}] = size; end += size;`;
      write.push(nullable ? `if (${value} === null) m.i32[a + ${word}] = -1; else { ${some} }` : some);
      read.push(
        `size = m.i32[a + ${word}]; const ${name}_ = ${nullable ? 'size < 0 ? null : ' : ''}m.bytes.utf8Slice(end, end + size);`,
      );
      read.push('if (size > 0) end += size;');
    } else if (kind === 'descriptor') {
      write.push(
        `m.i32[a + ${word}] = ${value}.arena; m.i32[a + ${word + 1}] = ${value}.length; m.f64[d + ${long}] = ${value}.offset;`,
      );
      read.push(
        `const ${name}_ = { arena: m.i32[a + ${word}], offset: m.f64[d + ${long}], length: m.i32[a + ${word + 1}] };`,
      );
    } else {
      assert(payload === null, 'a message has at most one payload');
      payload = name;
      maxBytes += INLINE_BYTES;
      write.push(
        `size = ${value}.length; m.i32[a + ${word + 1}] = size;`,
        `if (lent === null) { m.i32[a + ${word}] = ${INLINE}; m.bytes.set(${value}, end); end += size; }`,
        `else { m.i32[a + ${word}] = lent.arena; m.f64[d + ${long}] = lent.offset; }`,
      );
      read.push(
        `size = m.i32[a + ${word + 1}]; let ${name}_;`,
        `if (m.i32[a + ${word}] === ${INLINE}) { ${name}_ = R.copy(m, end, size); end += size; }`,
        `else ${name}_ = arenas.view(m.i32[a + ${word}], m.f64[d + ${long}], size);`,
      );
    }
  }
  for (const { name, kind, at } of longs) {
    if (kind !== 'f64' && kind !== 'i64x') continue;
    const view = kind === 'f64' ? 'f64' : 'i64';
    write.push(`m.${view}[d + ${at >> 3}] = v.${name};`);
    read.push(`const ${name}_ = m.${view}[d + ${at >> 3}];`);
  }
  for (const { name, at } of uuids) {
    write.push(`m.bytes.latin1Write(v.${name}, at + ${at}, 16);`);
    read.push(`const ${name}_ = m.bytes.latin1Slice(at + ${at}, at + ${at + 16});`);
  }
  const object = Object.keys(fields).map((name) => `${name}: ${name}_`);
  return {
    maxBytes: frameBytes(maxBytes),
    payload,
    encode: new Function('R', `return (v, m, at, lent) => { let size = 0; ${write.join('\n')}\nreturn end - at; };`)(
      runtime,
    ) as FieldsCodec['encode'],
    decode: new Function('R', `return (m, at, arenas) => { ${read.join('\n')}\nreturn { ${object.join(', ')} }; };`)(
      runtime,
    ) as FieldsCodec['decode'],
  };
}

/** Compiles a whole table. Types are numbered in the table's order, which all threads of a process share. */
export function compileTable(table: MessageTable): CompiledTable {
  const messages = Object.entries(table).map(([name, type], id): CompiledMessage => {
    const answer = type.kind === 'call' ? compile(type.answer) : null;
    const consumes = type.kind === 'call' && type.consumes === true;
    return {
      name,
      id,
      kind: type.kind,
      lane: LANES.indexOf(type.lane),
      to: type.to,
      waitsForMetadata: type.waitsForMetadata ?? true,
      consumes,
      request: compile(type.kind === 'call' ? type.request : type.fields),
      answer,
      reservedBytes: answer === null ? 0 : answer.maxBytes + (consumes ? BARE_FRAME_BYTES : 0),
    };
  });
  return {
    messages,
    byName: Object.fromEntries(messages.map((message) => [message.name, message])),
    largestAnswer: Math.max(BARE_FRAME_BYTES, ...messages.map(({ answer }) => answer?.maxBytes ?? 0)),
    largestRequest: Math.max(BARE_FRAME_BYTES, ...messages.map(({ request }) => request.maxBytes)),
  };
}
