/** Random messages of any type and version, for property tests: every value that the version can carry. */
import * as fc from 'fast-check';
import { type FieldPlan, planMessage, type StructPlan } from '../../../src/protocol/codec/plan.ts';
import type { Message } from '../../../src/protocol/message.ts';
import { memoryRecords } from '../../../src/protocol/records.ts';
import type { Primitive } from '../../../src/protocol/schema-language.ts';

type Value = fc.Arbitrary<unknown>;

const someBytes: fc.Arbitrary<Buffer> = fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes));
const int = (bits: number): Value => fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 });

const PRIMITIVES: { readonly [P in Primitive]: Value } = {
  bool: fc.boolean(),
  i8: int(8),
  i16: int(16),
  u16: fc.integer({ min: 0, max: 65_535 }),
  i32: int(32),
  u32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  i64: fc.oneof(
    fc.maxSafeInteger(),
    fc.constantFrom(Infinity, -Infinity, 2 ** 53, -(2 ** 53), 2 ** 32, -(2 ** 32), -1),
  ),
  i64x: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  f64: fc.double({ noNaN: true }),
  uuid: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  string: fc.string({ unit: 'grapheme', maxLength: 40 }),
  bytes: someBytes,
  records: someBytes.map(memoryRecords),
};

/** Values as `decode` gives them: all fields, the absent ones with their default. */
export function arbitraryMessage(message: Message, version: number): Value {
  return structOf(planMessage(message.name, message.declaration, version));
}

function structOf(plan: StructPlan): Value {
  return fc.record(Object.fromEntries(plan.fields.map((field) => [field.name, fieldOf(field)])), {
    noNullPrototype: true,
  });
}

function fieldOf(field: FieldPlan): Value {
  if (!field.present) return fc.constant(null).map(() => defaultOf(field));
  const value = presentOf(field);
  const optional = field.nullable ? fc.option(value, { nil: null, freq: 3 }) : value;
  return field.tag === null
    ? optional
    : fc.oneof(
        optional,
        fc.constant(null).map(() => defaultOf(field)),
      );
}

function presentOf(field: FieldPlan): Value {
  if (field.struct !== null) return structOf(field.struct);
  if (field.type !== 'array') return PRIMITIVES[field.type as Primitive];
  const { element } = field;
  const each = element === null || typeof element === 'string' ? PRIMITIVES[element ?? 'i32'] : structOf(element);
  return fc.array(each, { maxLength: 3 });
}

export function defaultOf(field: FieldPlan): unknown {
  if (field.defaultsToNull) return null;
  if (field.type === 'array') return [];
  if (field.struct !== null) {
    return Object.fromEntries(field.struct.fields.map((each) => [each.name, defaultOf(each)]));
  }
  if (field.type === 'bytes') return Buffer.alloc(0);
  return field.type === 'records' ? memoryRecords(Buffer.alloc(0)) : field.defaultValue;
}
