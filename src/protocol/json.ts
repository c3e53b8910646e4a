/**
 * Messages as JSON, in the form of Kafka's converters: names as in the schema with a small first letter, only the fields of the
 * version, tagged fields only where they differ from their default, bytes in base64, uuids in Kafka's text, records by their
 * size. 64-bit integers are numbers with all their digits; ±Infinity are the extremes.
 */
// oxlint-disable typescript/no-unsafe-type-assertion -- what a message holds is known from its plan alone
import { uuidToText } from '../base/uuid.ts';
import type { Uuid } from '../base/uuid.ts';
import { UnsupportedVersionError } from './codec/errors.ts';
import type { FieldPlan, StructPlan } from './codec/plan.ts';
import { type Records, sizeInBytesOf } from './records.ts';
import type { Primitive } from './schema-language.ts';

export type JsonValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

const I64_MAX = 0x7fffffffffffffffn;
const I64_MIN = -0x8000000000000000n;

/** JSON text with bigints as plain numbers. */
export function jsonText(value: JsonValue): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return JSON.stringify(String(value));
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  const entries = Object.entries(value as { readonly [name: string]: JsonValue });
  return `{${entries.map(([name, each]) => `${JSON.stringify(name)}:${jsonText(each)}`).join(',')}}`;
}

export function jsonValue(struct: StructPlan, message: unknown, version: number): JsonValue {
  const given = message as { readonly [name: string]: unknown };
  const result: { [name: string]: JsonValue } = {};
  for (const field of struct.fields) {
    const value = given[field.name];
    if (!field.present) {
      if (!field.ignorable && !isDefault(field, value)) {
        throw new UnsupportedVersionError(`version ${version} has no ${field.path}, which is not the default`);
      }
    } else if (field.tag === null || !isDefault(field, value)) {
      const name = field.type === 'records' && value !== null ? `${field.name}SizeInBytes` : field.name;
      result[name] = fieldJson(field, value === undefined ? defaultOf(field) : value, version);
    }
  }
  return result;
}

function fieldJson(field: FieldPlan, value: unknown, version: number): JsonValue {
  if (value === null) return null;
  if (field.struct !== null) return jsonValue(field.struct, value, version);
  if (field.type !== 'array') return primitiveJson(field.type as Primitive, value);
  const { element } = field;
  return (value as readonly unknown[]).map((each) =>
    element !== null && typeof element !== 'string'
      ? jsonValue(element, each, version)
      : primitiveJson(element ?? 'string', each),
  );
}

function primitiveJson(type: Primitive, value: unknown): JsonValue {
  if (type === 'uuid') return uuidToText(value as Uuid);
  if (type === 'bytes') return (value as Buffer).toString('base64');
  if (type === 'records') return sizeInBytesOf(value as Records);
  if (type === 'i64' && value === Infinity) return I64_MAX;
  return type === 'i64' && value === -Infinity ? I64_MIN : (value as JsonValue);
}

function defaultOf(field: FieldPlan): unknown {
  if (field.defaultsToNull) return null;
  if (field.type === 'array') return [];
  if (field.struct !== null) {
    return Object.fromEntries(field.struct.fields.map((each) => [each.name, defaultOf(each)]));
  }
  if (field.type === 'bytes') return Buffer.alloc(0);
  return field.type === 'records' ? { kind: 'memory', bytes: Buffer.alloc(0) } : field.defaultValue;
}

function isDefault(field: FieldPlan, value: unknown): boolean {
  if (value === undefined) return true;
  if (field.defaultsToNull || value === null) return field.defaultsToNull && value === null;
  if (field.type === 'array' || field.type === 'bytes') return (value as { length: number }).length === 0;
  if (field.type === 'records') return sizeInBytesOf(value as Records) === 0;
  if (field.struct !== null) {
    const given = value as { readonly [name: string]: unknown };
    return field.struct.fields.every((each) => isDefault(each, given[each.name]));
  }
  return value === field.defaultValue;
}
