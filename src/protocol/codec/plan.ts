/**
 * A message in one version, with every question about versions answered: what the decoder and encoder compilers and the JSON form
 * work from. Made once a (message, version).
 */
import { ZERO_UUID } from '../../base/uuid.ts';
import type { Field, Fields, MessageDeclaration, Primitive } from '../schema-language.ts';
import { includes, parseVersions } from '../versions.ts';

export interface StructPlan {
  /** For messages: `FetchRequest.topics`. */
  readonly path: string;
  /** Ends in tagged fields. */
  readonly flexible: boolean;
  /** In the order of the wire, the absent and tagged ones among them. */
  readonly fields: readonly FieldPlan[];
  /** The tagged ones of this version, by ascending tag. */
  readonly tagged: readonly FieldPlan[];
  /** Tags of fields that are tagged in other versions only: Kafka refuses them, where it skips unknown ones. */
  readonly refusedTags: readonly number[];
}

export interface FieldPlan {
  readonly name: string;
  readonly path: string;
  readonly type: Primitive | 'struct' | 'array';
  /** In this version. */
  readonly present: boolean;
  readonly tag: number | null;
  readonly nullable: boolean;
  /** In some other version, so that its type admits null. */
  readonly nullableElsewhere: boolean;
  readonly ignorable: boolean;
  /** The input may lack the property. */
  readonly optional: boolean;
  /** Lengths are unsigned varints of length + 1. */
  readonly compact: boolean;
  readonly element: Primitive | StructPlan | null;
  readonly struct: StructPlan | null;
  /** The default is null, or (primitives) this value. Without a declared one: zero, empty, a struct of defaults. */
  readonly defaultsToNull: boolean;
  readonly defaultValue: unknown;
}

const ZERO_VALUES: { readonly [P in Primitive]: unknown } = {
  bool: false,
  i8: 0,
  i16: 0,
  u16: 0,
  i32: 0,
  u32: 0,
  i64: 0,
  i64x: 0n,
  f64: 0,
  uuid: ZERO_UUID,
  string: '',
  bytes: null,
  records: null,
};

export function planMessage(name: string, declaration: MessageDeclaration, version: number): StructPlan {
  const flexible = includes(parseVersions(declaration.flexible), version);
  return planStruct(name, declaration.fields, version, flexible);
}

function planStruct(path: string, fields: Fields, version: number, flexible: boolean): StructPlan {
  const plans = Object.entries(fields).map(([name, field]) => planField(path, name, field, version, flexible));
  const tagged = plans.filter((plan) => plan.present && plan.tag !== null);
  tagged.sort((a, b) => (a.tag ?? 0) - (b.tag ?? 0));
  const known = new Set(tagged.map((plan) => plan.tag));
  const refusedTags = Object.values(fields).flatMap(({ options: { tag } }) =>
    tag === undefined || known.has(tag) ? [] : [tag],
  );
  return { path, flexible, fields: plans, tagged, refusedTags };
}

function planField(parent: string, name: string, field: Field, version: number, flexible: boolean): FieldPlan {
  const { type, options } = field;
  const path = `${parent}.${name}`;
  const present = includes(parseVersions(field.versions), version);
  const isTagged = options.tag !== undefined && includes(parseVersions(options.tagged ?? field.versions), version);
  const element = field.element;
  // A batch of records that was not given is no batch, where null can say so.
  const hasNullDefault = options.default === null || (type === 'records' && options.nullable !== undefined);
  return {
    name,
    path,
    type,
    present,
    tag: isTagged && options.tag !== undefined ? options.tag : null,
    nullable: includes(parseVersions(options.nullable), version),
    nullableElsewhere: options.nullable !== undefined && !includes(parseVersions(options.nullable), version),
    ignorable: options.ignorable === true,
    optional: 'default' in options || options.tag !== undefined || options.ignorable === true,
    compact: flexible && options.flexible !== 'none',
    element: element === null || typeof element === 'string' ? element : planStruct(path, element, version, flexible),
    struct: field.fields === null ? null : planStruct(path, field.fields, version, flexible),
    defaultsToNull: hasNullDefault,
    defaultValue: options.default ?? (type === 'struct' || type === 'array' ? null : ZERO_VALUES[type]),
  };
}

/** Primitives that always take the same number of bytes, and how many. */
const FIXED_SIZES = { bool: 1, i8: 1, i16: 2, u16: 2, i32: 4, u32: 4, i64: 8, i64x: 8, f64: 8, uuid: 16 } as const;

export type FixedPrimitive = keyof typeof FIXED_SIZES;

export function isFixed(type: FieldPlan['type']): type is FixedPrimitive {
  return Object.hasOwn(FIXED_SIZES, type);
}

/** Bytes of a primitive that always takes the same number, else 0. */
export function fixedSizeOf(type: FieldPlan['type']): number {
  return isFixed(type) ? FIXED_SIZES[type] : 0;
}

/** Bytes of an array's element that always takes the same number, else 0. */
export function fixedElementSize(element: Primitive | StructPlan | null): number {
  if (element === null) return 0;
  if (typeof element === 'string') return fixedSizeOf(element);
  if (element.flexible) return 0;
  let size = 0;
  for (const field of element.fields) {
    if (!field.present) continue;
    const fieldSize = fixedSizeOf(field.type);
    if (fieldSize === 0) return 0;
    size += fieldSize;
  }
  return size;
}

/** The fewest bytes that an element can take, at least 1: what a claimed length is checked against. */
export function minElementSize(plan: FieldPlan): number {
  const element = plan.element;
  if (element === null) return 1;
  if (typeof element === 'string') return fixedSizeOf(element) || (plan.compact ? 1 : element === 'string' ? 2 : 4);
  return Math.max(1, minStructSize(element));
}

function minStructSize(struct: StructPlan): number {
  let size = struct.flexible ? 1 : 0;
  for (const field of struct.fields) {
    if (!field.present || field.tag !== null) continue;
    size += fixedSizeOf(field.type) || prefixSizeOf(field) || (field.struct === null ? 0 : minStructSize(field.struct));
  }
  return size;
}

/** The fewest bytes in front of a value of changing size: its length, or the mark of a nullable struct. */
export function prefixSizeOf(field: FieldPlan): number {
  if (isFixed(field.type)) return 0;
  if (field.type === 'struct') return field.nullable ? 1 : 0;
  if (field.compact) return 1;
  return field.type === 'string' ? 2 : 4;
}

/** Whether somewhere in the message there are records. */
export function hasRecords(struct: StructPlan): boolean {
  return struct.fields.some(
    (field) =>
      field.type === 'records' ||
      (field.struct !== null && hasRecords(field.struct)) ||
      (field.element !== null && typeof field.element !== 'string' && hasRecords(field.element)),
  );
}
