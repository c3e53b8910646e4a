/**
 * Writes the encoder of one message in one version as JavaScript, in two functions: `size` walks the message, refuses what the
 * version cannot carry, and remembers in `S` every size that stands in front of something; `write` walks again in the same order and
 * takes them from there. Between them the caller allocates once.
 *
 *     size(m, S, parts)              // bytes without the records that stay parts of their own
 *     write(m, b, o, S, parts)       // returns the position after it
 *
 * In the text `n` is the size so far, `o` the position, `k` the place in `S`, `seg` where the part being filled began.
 */
import type { ResponsePart } from '../records.ts';
import { defaultText, literal } from './decoder.ts';
import {
  type FieldPlan,
  fixedElementSize,
  fixedSizeOf,
  type FixedPrimitive,
  hasRecords,
  isFixed,
  type StructPlan,
} from './plan.ts';
import { encoderRuntime } from './runtime.ts';

export interface Encoder {
  readonly size: (message: unknown, sizes: number[], parts: ResponsePart[] | null) => number;
  /** With `parts`, the pieces of `bytes` from its start on and the records between them are pushed there. */
  readonly write: (
    message: unknown,
    bytes: Buffer,
    offset: number,
    sizes: number[],
    parts: ResponsePart[] | null,
  ) => number;
}

export function compileEncoder(plan: StructPlan, version: number): Encoder {
  const sizes = new SizeWriter(version);
  sizes.struct(plan, 'm');
  const writes = new WriteWriter();
  writes.struct(plan, 'm');
  const tail = hasRecords(plan) ? 'if (parts !== null && o > seg) parts.push(b.subarray(seg, o));' : '';
  const text = `"use strict";
const { ${Object.keys(encoderRuntime).join(', ')} } = R;
function size(m, S, parts) {
let n = 0, k = 0;
${sizes.lines.join('\n')}
return n;
}
function write(m, b, o, S, parts) {
let k = 0, seg = 0;
${writes.lines.join('\n')}
${tail}
return o;
}
return { size, write };`;
  // The text is made of schemas of this program only: nothing of it comes from outside.
  // oxlint-disable-next-line typescript/no-implied-eval, typescript/no-unsafe-type-assertion
  return new Function('R', text)(encoderRuntime) as Encoder;
}

/** A condition that holds where the field has its default and need not be written. */
function isDefaultText(field: FieldPlan, value: string): string {
  if (field.defaultsToNull) return `${value} === null`;
  if (field.type === 'array' || field.type === 'bytes') return `(${value} !== null && ${value}.length === 0)`;
  if (field.type === 'records')
    return `(${value} !== null && ${value}.kind === 'memory' && ${value}.bytes.length === 0)`;
  if (field.struct !== null) {
    const inner = field.struct.fields.map((each) => {
      const text = isDefaultText(each, `${value}.${each.name}`);
      return each.optional ? `(${value}.${each.name} === undefined || ${text})` : text;
    });
    return `(${[`${value} !== null`, ...inner].join(' && ')})`;
  }
  return `${value} === ${literal(field.defaultValue)}`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}

/** What both passes have in common: fresh names, and the value of a field with its default. */
class Writer {
  readonly lines: string[] = [];
  #names = 0;

  name(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }

  value(field: FieldPlan, owner: string): string {
    const value = this.name('v');
    if (field.optional) {
      this.lines.push(`let ${value} = ${owner}.${field.name};`);
      this.lines.push(`if (${value} === undefined) ${value} = ${defaultText(field)};`);
    } else {
      this.lines.push(`const ${value} = ${owner}.${field.name};`);
    }
    return value;
  }
}

const sizeInBytesText = (value: string) =>
  `(${value}.kind === 'memory' ? ${value}.bytes.length : ${value}.sizeInBytes)`;

class SizeWriter extends Writer {
  readonly #version: number;

  constructor(version: number) {
    super();
    this.#version = version;
  }

  struct(struct: StructPlan, owner: string): void {
    let fixed = 0;
    for (const field of struct.fields) {
      if (!field.present) {
        if (!field.ignorable) this.#refuse(field, owner);
      } else if (field.tag === null) {
        const size = fixedSizeOf(field.type);
        if (size > 0) fixed += size;
        else this.#field(field, this.value(field, owner));
      }
    }
    if (fixed > 0) this.lines.push(`n += ${fixed};`);
    if (struct.flexible) this.#tags(struct, owner);
  }

  #refuse(field: FieldPlan, owner: string): void {
    const value = this.value(field, owner);
    this.lines.push(`if (!(${isDefaultText(field, value)})) absent(${quote(field.path)}, ${this.#version});`);
  }

  #tags(struct: StructPlan, owner: string): void {
    const lines = this.lines;
    const slot = this.name('k');
    const count = this.name('c');
    const unknown = this.name('u');
    lines.push(`const ${slot} = k++;`, `let ${count} = 0;`);
    for (const field of struct.tagged) {
      const value = this.value(field, owner);
      lines.push(`if (!(${isDefaultText(field, value)})) {`, `${count}++;`);
      const size = fixedSizeOf(field.type);
      if (size > 0) {
        lines.push(`n += ${tagSize(field)} + 1 + ${size};`);
      } else {
        const body = this.name('k');
        const before = this.name('n');
        lines.push(`const ${body} = k++, ${before} = n;`);
        this.#field(field, value);
        lines.push(`S[${body}] = n - ${before};`, `n += ${tagSize(field)} + uvarintSize(S[${body}]);`);
      }
      lines.push('}');
    }
    lines.push(`const ${unknown} = ${owner}[UNKNOWN_TAGS];`);
    lines.push(`if (${unknown} !== undefined) { ${count} += ${unknown}.length; n += unknownSize(${unknown}); }`);
    lines.push(`S[${slot}] = ${count};`, `n += uvarintSize(${count});`);
  }

  /** Adds the size of a value of changing size, with its length. */
  #field(field: FieldPlan, value: string): void {
    if (field.type === 'struct' && !field.nullable) {
      this.#present(field, value);
      return;
    }
    if (!field.nullable) {
      if (field.nullableElsewhere) this.lines.push(`if (${value} === null) wrong(${quote(field.path)}, null);`);
      this.#present(field, value);
      return;
    }
    const none = field.compact || field.type === 'struct' ? 1 : field.type === 'string' ? 2 : 4;
    this.lines.push(`if (${value} === null) n += ${none};`, 'else {');
    this.#present(field, value);
    this.lines.push('}');
  }

  #present(field: FieldPlan, value: string): void {
    const { lines } = this;
    if (field.struct !== null) {
      if (field.nullable) lines.push('n += 1;');
      this.struct(field.struct, value);
    } else if (field.type === 'array') {
      lines.push(`n += ${field.compact ? `uvarintSize(${value}.length + 1)` : 4};`);
      this.#elements(field, value);
    } else if (field.type === 'records') {
      const size = this.name('z');
      lines.push(`const ${size} = ${sizeInBytesText(value)};`);
      lines.push(`n += ${field.compact ? `uvarintSize(${size} + 1)` : 4};`);
      lines.push(`if (!isOwnPart(${value}, parts)) n += ${size};`);
    } else {
      this.#sliced(field.type, value, field.compact, field.path);
    }
  }

  #sliced(type: FieldPlan['type'], value: string, compact: boolean, path: string): void {
    const size = this.name('z');
    if (type === 'string') {
      this.lines.push(`const ${size} = textSize(${value}, ${quote(path)});`, `S[k++] = ${size};`);
      this.lines.push(`n += ${size} + ${compact ? `uvarintSize(${size} + 1)` : 2};`);
    } else {
      this.lines.push(`const ${size} = ${value}.length;`);
      this.lines.push(`n += ${size} + ${compact ? `uvarintSize(${size} + 1)` : 4};`);
    }
  }

  #elements(field: FieldPlan, value: string): void {
    const { element } = field;
    if (element === null) return;
    const fixed = fixedElementSize(element);
    const isChecked = typeof element !== 'string' && element.fields.some((each) => !each.present && !each.ignorable);
    if (fixed > 0 && !isChecked) {
      this.lines.push(`n += ${value}.length * ${fixed};`);
      return;
    }
    const index = this.name('i');
    const each = this.name('e');
    this.lines.push(`for (let ${index} = 0; ${index} < ${value}.length; ${index}++) {`);
    this.lines.push(`const ${each} = ${value}[${index}];`);
    if (typeof element === 'string') this.#sliced(element, each, field.compact, field.path);
    else this.struct(element, each);
    this.lines.push('}');
  }
}

class WriteWriter extends Writer {
  struct(struct: StructPlan, owner: string): void {
    for (const field of struct.fields) {
      if (field.present && field.tag === null) this.#field(field, this.value(field, owner));
    }
    if (struct.flexible) this.#tags(struct, owner);
  }

  #tags(struct: StructPlan, owner: string): void {
    const { lines } = this;
    const unknown = this.name('u');
    const next = this.name('j');
    this.#uvarint('S[k]');
    lines.push('if (S[k++] !== 0) {');
    lines.push(`const ${unknown} = ${owner}[UNKNOWN_TAGS] ?? [];`, `let ${next} = 0;`);
    const upTo = (condition: string) =>
      lines.push(`for (; ${next} < ${unknown}.length${condition}; ${next}++) o = putTag(b, o, ${unknown}[${next}]);`);
    for (const field of struct.tagged) {
      upTo(` && ${unknown}[${next}].tag < ${field.tag}`);
      const value = this.value(field, owner);
      lines.push(`if (!(${isDefaultText(field, value)})) {`);
      this.#uvarint(String(field.tag));
      const size = fixedSizeOf(field.type);
      this.#uvarint(size > 0 ? String(size) : 'S[k++]');
      this.#field(field, value);
      lines.push('}');
    }
    upTo('');
    lines.push('}');
  }

  #uvarint(value: string): void {
    if (/^\d+$/.test(value) && Number(value) < 128) {
      this.lines.push(`b[o++] = ${value};`);
      return;
    }
    const name = this.name('w');
    this.lines.push(`const ${name} = ${value};`);
    this.lines.push(`if (${name} < 128) b[o++] = ${name}; else o = putUvarint(b, o, ${name});`);
  }

  #length(length: string, compact: boolean, type: FieldPlan['type']): void {
    if (compact) this.#uvarint(`${length} + 1`);
    else if (type === 'string') this.lines.push(`b[o] = ${length} >> 8; b[o + 1] = ${length}; o += 2;`);
    else this.lines.push(put32(length), 'o += 4;');
  }

  #field(field: FieldPlan, value: string): void {
    if (isFixed(field.type)) {
      this.#fixed(field.type, value, field.path);
    } else if (field.nullable) {
      this.lines.push(`if (${value} === null) {`);
      if (field.compact && field.type !== 'struct') this.lines.push('b[o++] = 0;');
      else if (field.type === 'struct') this.lines.push(`b[o++] = ${field.tag === null ? 255 : 0};`);
      else if (field.type === 'string') this.lines.push('b[o] = b[o + 1] = 255; o += 2;');
      else this.lines.push('b[o] = b[o + 1] = b[o + 2] = b[o + 3] = 255; o += 4;');
      this.lines.push('} else {');
      this.#present(field, value);
      this.lines.push('}');
    } else {
      this.#present(field, value);
    }
  }

  #present(field: FieldPlan, value: string): void {
    const { lines } = this;
    if (field.struct !== null) {
      if (field.nullable) lines.push('b[o++] = 1;');
      this.struct(field.struct, value);
    } else if (field.type === 'array') {
      this.#array(field, value);
    } else if (field.type === 'records') {
      const size = this.name('z');
      lines.push(`const ${size} = ${sizeInBytesText(value)};`);
      this.#length(size, field.compact, field.type);
      lines.push(`if (isOwnPart(${value}, parts)) {`, 'if (o > seg) parts.push(b.subarray(seg, o));', 'seg = o;');
      lines.push(`if (${size} > 0) parts.push(${value}.kind === 'memory' ? ${value}.bytes : ${value});`);
      lines.push(`} else { b.set(${value}.bytes, o); o += ${size}; }`);
    } else {
      this.#sliced(field.type, value, field.compact);
    }
  }

  #sliced(type: FieldPlan['type'], value: string, compact: boolean): void {
    const size = this.name('z');
    this.lines.push(`const ${size} = ${type === 'string' ? 'S[k++]' : `${value}.length`};`);
    this.#length(size, compact, type);
    this.lines.push(type === 'string' ? `putText(b, o, ${value}, ${size});` : `b.set(${value}, o);`, `o += ${size};`);
  }

  #array(field: FieldPlan, value: string): void {
    const { element } = field;
    const index = this.name('i');
    const each = this.name('e');
    this.#length(`${value}.length`, field.compact, 'array');
    this.lines.push(`for (let ${index} = 0; ${index} < ${value}.length; ${index}++) {`);
    this.lines.push(`const ${each} = ${value}[${index}];`);
    if (element !== null && typeof element !== 'string') this.struct(element, each);
    else if (element !== null && isFixed(element)) this.#fixed(element, each, field.path);
    else if (element !== null) this.#sliced(element, each, field.compact);
    this.lines.push('}');
  }

  /** A primitive of fixed size, refused where its type cannot hold it. */
  #fixed(type: FixedPrimitive, value: string, path: string): void {
    const converted = RANGES[type]?.(value);
    if (converted !== undefined) this.lines.push(`if ((${converted}) !== ${value}) wrong(${quote(path)}, ${value});`);
    if (type === 'uuid') this.lines.push(`if (${value}.length !== 16) wrong(${quote(path)}, ${value});`);
    this.lines.push(`${PUTS[type](value, path)} o += ${fixedSizeOf(type)};`);
  }
}

/** What a value is after conversion to its type; where that is another, the type cannot hold it. */
const RANGES: { readonly [P in FixedPrimitive]?: (value: string) => string } = {
  i8: (value) => `(${value} << 24) >> 24`,
  i16: (value) => `(${value} << 16) >> 16`,
  u16: (value) => `${value} & 65535`,
  i32: (value) => `${value} | 0`,
  u32: (value) => `${value} >>> 0`,
};

const put16 = (value: string): string => `b[o] = ${value} >> 8; b[o + 1] = ${value};`;

const PUTS: { readonly [P in FixedPrimitive]: (value: string, path: string) => string } = {
  bool: (value) => `b[o] = ${value} ? 1 : 0;`,
  i8: (value) => `b[o] = ${value};`,
  i16: put16,
  u16: put16,
  i32: put32,
  u32: put32,
  i64: (value, path) => `putI64(b, o, ${value}, ${quote(path)});`,
  i64x: (value) => `b.writeBigInt64BE(${value}, o);`,
  f64: (value) => `b.writeDoubleBE(${value}, o);`,
  uuid: (value) => `b.latin1Write(${value}, o, 16);`,
};

function put32(value: string): string {
  return `b[o] = ${value} >> 24; b[o + 1] = ${value} >> 16; b[o + 2] = ${value} >> 8; b[o + 3] = ${value};`;
}

function tagSize(field: FieldPlan): number {
  return (field.tag ?? 0) < 0x80 ? 1 : 2;
}
