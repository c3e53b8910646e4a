/**
 * Writes the decoder of one message in one version as JavaScript: one function without calls for what is common, a local
 * position, one literal an object. The ends of runs of fixed-size fields are checked once.
 *
 *     decode(b, o, end, keep, cur)   // bytes, position, end, keep unknown tags?, cursor for the position after it
 *
 * In the text `o` is the position and `end` where the bytes end; `R` holds the cold paths (codec/runtime.ts).
 */
import { required } from '../../base/assert.ts';
import type { Cursor } from '../../base/varint.ts';
import {
  type FieldPlan,
  type FixedPrimitive,
  isFixed,
  fixedElementSize,
  fixedSizeOf,
  minElementSize,
  prefixSizeOf,
  type StructPlan,
} from './plan.ts';
import { decoderRuntime, MAX_ARRAY_LENGTH, MAX_INITIAL_CAPACITY, MAX_STRING_LENGTH } from './runtime.ts';

export type Decoder = (bytes: Buffer, offset: number, end: number, keepUnknownTags: boolean, cursor: Cursor) => unknown;

export function compileDecoder(plan: StructPlan): Decoder {
  const writer = new DecoderWriter();
  const result = writer.struct(plan, false);
  const text = `"use strict";
const { ${Object.keys(decoderRuntime).join(', ')} } = R;
return function decode(b, o, end, keep, cur) {
${writer.lines.join('\n')}
cur.offset = o;
return ${result};
};`;
  // The text is made of schemas of this program only: nothing of it comes from outside.
  // oxlint-disable-next-line typescript/no-implied-eval, typescript/no-unsafe-type-assertion
  return new Function('R', text)(decoderRuntime) as Decoder;
}

/** What an absent field decodes to, as text. */
export function defaultText(field: FieldPlan): string {
  if (field.defaultsToNull) return 'null';
  if (field.type === 'array') return '[]';
  if (field.struct !== null) return structText(field.struct, defaultText);
  if (field.type === 'bytes') return 'EMPTY';
  if (field.type === 'records') return 'memory(EMPTY)';
  return literal(field.defaultValue);
}

export function literal(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}

function structText(struct: StructPlan, valueOf: (field: FieldPlan) => string): string {
  return `{ ${struct.fields.map((field) => `${field.name}: ${valueOf(field)}`).join(', ')} }`;
}

class DecoderWriter {
  readonly lines: string[] = [];
  #names = 0;

  #name(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }

  /** Reads a struct; the name of the variable that holds it. `covered`: its end has been checked. */
  struct(struct: StructPlan, covered: boolean): string {
    const values = new Map<FieldPlan, string>();
    const inline = struct.fields.filter((field) => field.present && field.tag === null);
    let run = covered ? inline.length : 0;
    inline.forEach((field, index) => {
      if (index >= run) run = index + this.#checkRun(inline, index, struct);
      values.set(field, this.#value(field));
    });
    const unknown = struct.flexible ? this.#tags(struct, inline.length >= run, values) : null;
    const result = this.#name('s');
    this.lines.push(`const ${result} = ${structText(struct, (field) => values.get(field) ?? defaultText(field))};`);
    if (unknown !== null) this.lines.push(`if (${unknown} !== null) ${result}[UNKNOWN_TAGS] = ${unknown};`);
    return result;
  }

  /** Checks the end for as many fields from `index` as lie at known distances, and returns how many those are. */
  #checkRun(fields: readonly FieldPlan[], index: number, struct: StructPlan): number {
    let size = 0;
    let count = 0;
    for (let i = index; i < fields.length; i++) {
      const field = required(fields[i], 'a field in bounds');
      const fixed = fixedSizeOf(field.type);
      size += fixed || prefixSizeOf(field);
      count++;
      if (fixed === 0) break;
      // The count of tagged fields follows the last fixed field: its first byte belongs to the run.
      if (i === fields.length - 1 && struct.flexible) {
        size += 1;
        count++;
      }
    }
    if (size > 0) this.lines.push(`if (end - o < ${size}) truncated(${quote(fields[index]?.path ?? '')}, o);`);
    return count;
  }

  /** Tagged fields and unknown ones; the variable that holds the unknown ones. */
  #tags(struct: StructPlan, check: boolean, values: Map<FieldPlan, string>): string {
    const unknown = this.#name('u');
    const count = this.#name('n');
    const lines = this.lines;
    lines.push(`let ${unknown} = null;`);
    const given = struct.tagged.map((field) => {
      const value = this.#name('t');
      lines.push(`let ${value};`);
      return { field, value };
    });
    if (check) lines.push(`if (o >= end) truncated(${quote(struct.path)}, o);`);
    lines.push(`let ${count} = b[o++];`, `if (${count} !== 0) {`);
    lines.push(`${count} = tagCount(b, o - 1, end, cur, ${quote(struct.path)}); o = cur.offset;`);
    lines.push(`for (; ${count} > 0; ${count}--) {`);
    lines.push(`const tag = uvarint(b, o, end, cur, ${quote(struct.path)});`);
    lines.push(`const size = uvarint(b, cur.offset, end, cur, ${quote(struct.path)}); o = cur.offset;`);
    lines.push(`if (size > end - o) truncated(${quote(struct.path)}, o);`, 'switch (tag) {');
    for (const { field, value } of given) {
      lines.push(`case ${field.tag}: {`);
      const prefix = fixedSizeOf(field.type) || prefixSizeOf(field);
      if (prefix > 0) lines.push(`if (end - o < ${prefix}) truncated(${quote(field.path)}, o);`);
      lines.push(`${value} = ${this.#value(field)};`, 'break;', '}');
    }
    for (const tag of struct.refusedTags) lines.push(`case ${tag}: refusedTag(${quote(struct.path)}, o);`);
    lines.push(`default: ${unknown} = unknownTag(keep, ${unknown}, tag, b, o, size); o += size;`, '}', '}', '}');
    for (const { field, value } of given) {
      lines.push(`if (${value} === undefined) ${value} = ${defaultText(field)};`);
      values.set(field, value);
    }
    return unknown;
  }

  /** Reads one field whose fixed part is known to be there; the variable with its value. */
  #value(field: FieldPlan): string {
    const value = this.#name('v');
    if (field.struct !== null) return this.#nestedStruct(field, field.struct, value);
    if (field.type === 'array') return this.#array(field, value);
    if (isFixed(field.type)) {
      this.lines.push(`const ${value} = ${fixedText(field.type, field.path)}; o += ${fixedSizeOf(field.type)};`);
      return value;
    }
    const length = this.#length(field.type, field.compact, field.path);
    this.lines.push(`let ${value};`, `if (${length} < 0) ${value} = ${nullText(field)};`, 'else {');
    this.lines.push(`${value} = ${this.#sliced(field.type, length, field.path)}; o += ${length};`, '}');
    return value;
  }

  #nestedStruct(field: FieldPlan, struct: StructPlan, value: string): string {
    if (!field.nullable) return this.struct(struct, false);
    // The mark is a signed byte; of a tagged struct it is a varint, as a length would be.
    if (field.tag === null) this.lines.push(`let ${value} = null;`, 'if (b[o++] < 128) {');
    else this.lines.push(`let ${value} = null;`, 'if (b[o++] !== 0) {');
    this.lines.push(`${value} = ${this.struct(struct, false)};`, '}');
    return value;
  }

  /** The length in front of a value; negative (whatever it is, as in Kafka) for null. */
  #length(type: FieldPlan['type'], compact: boolean, path: string): string {
    const length = this.#name('l');
    if (compact) {
      this.lines.push(`let ${length} = b[o++];`);
      this.lines.push(
        `if (${length} > 127) { ${length} = lengthVarint(b, o - 1, end, cur, ${quote(path)}); o = cur.offset; }`,
      );
      this.lines.push(`${length} = (${length} - 1) | 0;`);
    } else {
      const size = type === 'string' ? 2 : 4;
      this.lines.push(`const ${length} = ${fixedText(size === 2 ? 'i16' : 'i32', path)}; o += ${size};`);
    }
    return length;
  }

  /** The value of a given length, after its checks. */
  #sliced(type: FieldPlan['type'], length: string, path: string): string {
    if (type === 'string') this.lines.push(`if (${length} > ${MAX_STRING_LENGTH}) tooLong(${quote(path)}, o);`);
    this.lines.push(`if (${length} > end - o) truncated(${quote(path)}, o);`);
    if (type === 'string') return `text(b, o, ${length})`;
    return type === 'bytes' ? `b.subarray(o, o + ${length})` : `memory(b.subarray(o, o + ${length}))`;
  }

  #array(field: FieldPlan, value: string): string {
    const lines = this.lines;
    const path = quote(field.path);
    const length = this.#length('array', field.compact, field.path);
    const index = this.#name('i');
    lines.push(`let ${value};`, `if (${length} < 0) ${value} = ${nullText(field)};`, 'else {');
    lines.push(`if (${length} > ${MAX_ARRAY_LENGTH}) tooLong(${path}, o);`);
    lines.push(`if (${length} * ${minElementSize(field)} > end - o) truncated(${path}, o);`);
    lines.push(`${value} = new Array(${length} > ${MAX_INITIAL_CAPACITY} ? ${MAX_INITIAL_CAPACITY} : ${length});`);
    lines.push(`for (let ${index} = 0; ${index} < ${length}; ${index}++) {`);
    lines.push(`${value}[${index}] = ${this.#element(field)};`, '}', '}');
    return value;
  }

  #element(field: FieldPlan): string {
    const { element, path } = field;
    if (element === null) throw new Error(`${path}: an array of nothing`);
    if (typeof element !== 'string') return this.struct(element, fixedElementSize(element) > 0);
    const value = this.#name('e');
    if (isFixed(element)) {
      this.lines.push(`const ${value} = ${fixedText(element, path)}; o += ${fixedSizeOf(element)};`);
      return value;
    }
    const prefix = field.compact ? 1 : element === 'string' ? 2 : 4;
    this.lines.push(`if (end - o < ${prefix}) truncated(${quote(path)}, o);`);
    const length = this.#length(element, field.compact, path);
    this.lines.push(`if (${length} < 0) nullValue(${quote(path)}, o);`);
    this.lines.push(`const ${value} = ${this.#sliced(element, length, path)}; o += ${length};`);
    return value;
  }
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function nullText(field: FieldPlan): string {
  return field.nullable ? 'null' : `nullValue(${quote(field.path)}, o)`;
}

/** A primitive of fixed size at `o`. */
function fixedText(type: FixedPrimitive, path: string): string {
  if (type === 'i64') return `i64(${i32At(0)}, ${i32At(4)} >>> 0, ${quote(path)}, o)`;
  return FIXED_TEXTS[type];
}

function i32At(at: number): string {
  return `((b[o + ${at}] << 24) | (b[o + ${at + 1}] << 16) | (b[o + ${at + 2}] << 8) | b[o + ${at + 3}])`;
}

const FIXED_TEXTS: { readonly [P in Exclude<FixedPrimitive, 'i64'>]: string } = {
  bool: 'b[o] !== 0',
  i8: '(b[o] << 24) >> 24',
  i16: '((b[o] << 24) >> 16) | b[o + 1]',
  u16: '(b[o] << 8) | b[o + 1]',
  i32: i32At(0),
  u32: `${i32At(0)} >>> 0`,
  i64x: 'b.readBigInt64BE(o)',
  f64: 'b.readDoubleBE(o)',
  uuid: 'b.latin1Slice(o, o + 16)',
};
