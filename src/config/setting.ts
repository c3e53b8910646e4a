/**
 * What a setting is: the shape of a row of the setting tables (broker-settings.ts, topic-settings.ts, group-settings.ts),
 * and the few functions in which those rows are written. The type of a setting's value follows from its row.
 */

/** Kafka's types of settings, as `ConfigDef.Type` names them; error messages show these names. */
export type SettingType = 'BOOLEAN' | 'STRING' | 'INT' | 'SHORT' | 'LONG' | 'DOUBLE' | 'LIST' | 'CLASS' | 'PASSWORD';

/**
 * A parsed value. LONG is a number: Long.MAX_VALUE and Long.MIN_VALUE are ±Infinity, other values beyond ±2^53 are rounded
 * (their exact text stays available, see `settingText`). CLASS and PASSWORD are text.
 */
export type SettingValue = boolean | string | number | readonly string[] | null;

export type Importance = 'HIGH' | 'MEDIUM' | 'LOW';

/** How a broker setting may change at run time (KIP-226). Topic, group and client-metrics settings always may. */
export type UpdateMode = 'read-only' | 'per-broker' | 'cluster-wide';

/**
 * `used`: it does something here. `none`: it is known, validated and described, and changes nothing, either because the
 * feature it belongs to does not exist yet or because it speaks of something that only a JVM has.
 */
export type Effect = 'used' | 'none';

/** What values are allowed, as data. Messages about a violation are made in check-value.ts. */
export type Validator =
  | { readonly kind: 'range'; readonly min: number | null; readonly max: number | null }
  | { readonly kind: 'one-of'; readonly values: readonly string[]; readonly ignoreCase: boolean }
  /** Entries must be non-empty, duplicates are dropped; without `values` all are allowed (KIP-1161). */
  | { readonly kind: 'list'; readonly values: readonly string[]; readonly mayBeEmpty: boolean }
  | { readonly kind: 'non-empty' }
  /** 1 to 9, or -1 for the library's default (KIP-390). */
  | { readonly kind: 'gzip-level' }
  /** `*`, or a list of `partition:broker` pairs. */
  | { readonly kind: 'throttled-replicas' }
  /** `id@host:port` entries. */
  | { readonly kind: 'quorum-voters' }
  /** `host:port` entries. */
  | { readonly kind: 'bootstrap-servers' }
  /** `latest`, `earliest` or `by_duration:` and an ISO-8601 duration (KIP-932). */
  | { readonly kind: 'share-offset-reset' };

/** A row of a table. `V` is the type of its values and exists for the compiler only. */
export interface Setting<V extends SettingValue = SettingValue> {
  readonly type: SettingType;
  /** The default as Kafka prints it; null: none. */
  readonly default: string | null;
  readonly valid: Validator | null;
  readonly importance: Importance;
  readonly update: UpdateMode;
  readonly effect: Effect;
  /** Not shown by DescribeConfigs unless given; for tests and experiments. */
  readonly internal: boolean;
  /** One sentence: what DescribeConfigs and SETTINGS.md say. */
  readonly doc: string;
  readonly phantom?: V;
}

export interface SettingOptions {
  readonly valid?: Validator;
  /** By default MEDIUM. */
  readonly importance?: Importance;
  /** By default read-only. */
  readonly update?: UpdateMode;
  /** By default none. */
  readonly effect?: Effect;
  /** By default false. */
  readonly internal?: boolean;
}

/** A table of settings by name. */
export type SettingTable = Readonly<Record<string, Setting>>;

/** The values of a table, typed by its rows. */
export type ValuesOf<T> = { readonly [Name in keyof T]: T[Name] extends Setting<infer V> ? V : never };

type Nullable<Default, V extends SettingValue> = Default extends null ? V | null : V;

function row<V extends SettingValue>(
  type: SettingType,
  fallback: string | null,
  options: SettingOptions,
  doc: string,
): Setting<V> {
  return {
    type,
    default: fallback,
    valid: options.valid ?? null,
    importance: options.importance ?? 'MEDIUM',
    update: options.update ?? 'read-only',
    effect: options.effect ?? 'none',
    internal: options.internal ?? false,
    doc,
  };
}

type Rule<V extends SettingValue> = <Default extends string | null>(
  fallback: Default,
  options: SettingOptions,
  doc: string,
) => Setting<Nullable<Default, V>>;

function rule<V extends SettingValue>(type: SettingType): Rule<V> {
  return <Default extends string | null>(fallback: Default, options: SettingOptions, doc: string) =>
    row<Nullable<Default, V>>(type, fallback, options, doc);
}

export const boolean: Rule<boolean> = rule<boolean>('BOOLEAN');
export const string: Rule<string> = rule<string>('STRING');
export const int: Rule<number> = rule<number>('INT');
export const short: Rule<number> = rule<number>('SHORT');
export const long: Rule<number> = rule<number>('LONG');
export const double: Rule<number> = rule<number>('DOUBLE');
export const list: Rule<readonly string[]> = rule<readonly string[]>('LIST');
/** The name of a Java class. Odradek has no plug-in classes of the JVM; names it knows are its own implementations. */
export const className: Rule<string> = rule<string>('CLASS');
/** Never shown. */
export const password: Rule<string> = rule<string>('PASSWORD');

/** A string of which only some values are allowed; its type is the union of them. */
export function oneOf<const Values extends readonly string[]>(
  fallback: Values[number],
  values: Values,
  options: SettingOptions,
  doc: string,
): Setting<Values[number]> {
  return row('STRING', fallback, { ...options, valid: { kind: 'one-of', values, ignoreCase: false } }, doc);
}

export const atLeast = (min: number): Validator => ({ kind: 'range', min, max: null });
export const between = (min: number, max: number): Validator => ({ kind: 'range', min, max });
export const ignoringCase = (...values: string[]): Validator => ({ kind: 'one-of', values, ignoreCase: true });
export const NON_EMPTY: Validator = { kind: 'non-empty' };
export const GZIP_LEVEL: Validator = { kind: 'gzip-level' };
export const THROTTLED_REPLICAS: Validator = { kind: 'throttled-replicas' };
export const QUORUM_VOTERS: Validator = { kind: 'quorum-voters' };
export const BOOTSTRAP_SERVERS: Validator = { kind: 'bootstrap-servers' };
export const SHARE_OFFSET_RESET: Validator = { kind: 'share-offset-reset' };

/** A list whose entries are any, or some of `values`, and which may be empty. */
export const anyOf = (...values: string[]): Validator => ({ kind: 'list', values, mayBeEmpty: true });
/** A list whose entries are any, or some of `values`, of which there must be one. */
export const someOf = (...values: string[]): Validator => ({ kind: 'list', values, mayBeEmpty: false });
