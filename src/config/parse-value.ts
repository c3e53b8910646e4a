/**
 * Text to value, value to text, and what is allowed: the rules and messages of Kafka's `ConfigDef.parseType`, of its
 * validators and of `convertToString`. Clients see these messages in the answers of CreateTopics and AlterConfigs.
 */

import type { Setting, SettingType, SettingValue, Validator } from './setting.ts';

export type ParseResult<V = SettingValue> =
  | { readonly ok: true; readonly value: V }
  | { readonly ok: false; readonly message: string };

const LONG_MAX = 2n ** 63n - 1n;
const LONG_MIN = -(2n ** 63n);
const INTEGER_BOUNDS = {
  SHORT: [-(2n ** 15n), 2n ** 15n - 1n],
  INT: [-(2n ** 31n), 2n ** 31n - 1n],
  LONG: [LONG_MIN, LONG_MAX],
} as const;

/** What Java's `Double.parseDouble` reads, without hexadecimal numbers. */
const DOUBLE = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[dDfF]?$/;

/** Parses and checks the text of the setting `name`. The message of a failure is Kafka's. */
export function parseValue(name: string, setting: Setting, text: string): ParseResult {
  const parsed = parseType(name, setting.type, text);
  if (!parsed.ok || setting.valid === null) return parsed;
  const value = setting.valid.kind === 'list' ? withoutDuplicates(parsed.value) : parsed.value;
  const message = violation(name, setting.valid, value, canonicalText(setting, text));
  return message === null ? { ok: true, value } : { ok: false, message };
}

/** `Invalid value x for configuration y: why` */
export function invalidValue(name: string, value: string, why: string): string {
  return `Invalid value ${value} for configuration ${name}: ${why}`;
}

/** Java's `String.trim`: everything up to a blank, control characters included. */
function trim(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && text.charCodeAt(from) <= 0x20) from++;
  while (to > from && text.charCodeAt(to - 1) <= 0x20) to--;
  return text.slice(from, to);
}

function parseType(name: string, type: SettingType, text: string): ParseResult {
  const trimmed = trim(text);
  switch (type) {
    case 'BOOLEAN': {
      const lower = trimmed.toLowerCase();
      if (lower === 'true' || lower === 'false') return { ok: true, value: lower === 'true' };
      return { ok: false, message: invalidValue(name, text, 'Expected value to be either true or false') };
    }
    case 'INT':
    case 'SHORT':
    case 'LONG': {
      const value = parseInteger(type, trimmed);
      return value === null ? notANumber(name, type, text) : { ok: true, value: numberOf(value) };
    }
    case 'DOUBLE': {
      const value = parseDouble(trimmed);
      return value === null ? notANumber(name, type, text) : { ok: true, value };
    }
    case 'LIST':
      return { ok: true, value: trimmed === '' ? [] : trimmed.split(/\s*,\s*/) };
    case 'STRING':
    case 'CLASS':
    case 'PASSWORD':
      return { ok: true, value: trimmed };
  }
}

function notANumber(name: string, type: SettingType, text: string): ParseResult<never> {
  return { ok: false, message: invalidValue(name, text, `Not a number of type ${type}`) };
}

function parseInteger(type: 'INT' | 'SHORT' | 'LONG', trimmed: string): bigint | null {
  if (!/^[+-]?\d{1,30}$/.test(trimmed)) return null;
  const value = BigInt(trimmed.replace(/^\+/, ''));
  const [min, max] = INTEGER_BOUNDS[type];
  return value < min || value > max ? null : value;
}

/** The extremes of a long are ±Infinity. */
function numberOf(value: bigint): number {
  if (value === LONG_MAX) return Infinity;
  return value === LONG_MIN ? -Infinity : Number(value);
}

function parseDouble(trimmed: string): number | null {
  if (/^[+-]?(NaN|Infinity)$/.test(trimmed)) return Number(trimmed.replace(/^[+-]?NaN$/, 'NaN'));
  return DOUBLE.test(trimmed) ? Number(trimmed.replace(/[dDfF]$/, '')) : null;
}

function withoutDuplicates(value: SettingValue): SettingValue {
  return Array.isArray(value) ? [...new Set(value)] : value;
}

/** Kafka's message about a value that breaks its rule; null when it keeps it. */
function violation(name: string, valid: Validator, value: SettingValue, text: string): string | null {
  switch (valid.kind) {
    case 'range': {
      const n = value as number;
      if (valid.min !== null && n < valid.min) return invalidValue(name, text, `Value must be at least ${valid.min}`);
      if (valid.max !== null && n > valid.max)
        return invalidValue(name, text, `Value must be no more than ${valid.max}`);
      return null;
    }
    case 'one-of': {
      if (valid.ignoreCase) {
        if (valid.values.includes(text.toUpperCase())) return null;
        return invalidValue(name, text, `String must be one of (case insensitive): ${valid.values.join(', ')}`);
      }
      return valid.values.includes(text) ? null : notOneOf(name, text, valid.values);
    }
    case 'list':
      return listViolation(name, valid.values, valid.mayBeEmpty, value as readonly string[]);
    case 'non-empty':
      return value === '' ? invalidValue(name, '', 'String must be non-empty') : null;
    case 'gzip-level': {
      const level = value as number;
      if (level === -1 || (level >= 1 && level <= 9)) return null;
      return invalidValue(name, String(level), 'Value must be between 1 and 9 or equal to -1');
    }
    case 'throttled-replicas':
      return throttledReplicasViolation(name, value as readonly string[]);
    case 'quorum-voters':
      return votersViolation(name, value as readonly string[]);
    case 'bootstrap-servers':
      return bootstrapServersViolation(name, value as readonly string[]);
    case 'share-offset-reset':
      return offsetResetViolation(name, value as string);
  }
}

function notOneOf(name: string, value: string, values: readonly string[]): string {
  return invalidValue(name, value, `String must be one of: ${values.join(', ')}`);
}

function listViolation(
  name: string,
  values: readonly string[],
  mayBeEmpty: boolean,
  entries: readonly string[],
): string | null {
  if (entries.length === 0) {
    if (mayBeEmpty) return null;
    const valid = values.length === 0 ? 'any non-empty value' : `[${values.join(', ')}]`;
    return `Configuration '${name}' must not be empty. Valid values include: ${valid}`;
  }
  if (entries.includes('')) return `Configuration '${name}' values must not be empty.`;
  const wrong = values.length === 0 ? undefined : entries.find((entry) => !values.includes(entry));
  return wrong === undefined ? null : notOneOf(name, wrong, values);
}

function throttledReplicasViolation(name: string, entries: readonly string[]): string | null {
  if (entries.length === 0 || (entries.length === 1 && entries[0] === '*')) return null;
  if (entries.every((entry) => /^\d+:\d+$/.test(entry))) return null;
  return (
    `Invalid value [${entries.join(', ')}] for configuration ${name}: ` +
    `${name} must be the literal '*' or a list of replicas in the following format: ` +
    '[partitionId]:[brokerId],[partitionId]:[brokerId],...'
  );
}

function votersViolation(name: string, entries: readonly string[]): string | null {
  if (entries.every((entry) => /^-?\d+@\[?[^\s@\]]+\]?:\d+$/.test(entry))) return null;
  return `Invalid configuration value for ${name}. Each entry should be in the form \`{id}@{host}:{port}\`.`;
}

function bootstrapServersViolation(name: string, entries: readonly string[]): string | null {
  const wrong = entries.find((entry) => !/^\[?[0-9a-zA-Z\-%._:]+\]?:\d+$/.test(entry));
  if (wrong === undefined) return null;
  return (
    `Failed to parse host name from ${wrong} for the configuration ${name}. ` +
    'Each entry should be in the form "{host}:{port}"'
  );
}

function offsetResetViolation(name: string, value: string): string | null {
  if (value === 'latest' || value === 'earliest') return null;
  const duration = /^by_duration:P(?=\d|T\d)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d{1,9})?S)?)?$/i;
  if (duration.test(value)) return null;
  return invalidValue(
    name,
    value,
    `Invalid value \`${value}\` for configuration ${name}. The value must be either 'earliest', 'latest' or of the format by_duration:<PnDTnHnMn.nS>`,
  );
}

/** A valid text as Kafka prints the value it stands for: `+05` is `5`, `TRUE` is `true`, lists without blanks. */
export function canonicalText(setting: Setting, text: string): string {
  const trimmed = trim(text);
  switch (setting.type) {
    case 'BOOLEAN':
      return trimmed.toLowerCase();
    case 'INT':
    case 'SHORT':
    case 'LONG':
      return (parseInteger('LONG', trimmed) ?? trimmed).toString();
    case 'DOUBLE':
      return doubleText(parseDouble(trimmed) ?? Number.NaN);
    case 'LIST': {
      const entries = trimmed === '' ? [] : trimmed.split(/\s*,\s*/);
      return (setting.valid?.kind === 'list' ? [...new Set(entries)] : entries).join(',');
    }
    case 'STRING':
    case 'CLASS':
    case 'PASSWORD':
      return trimmed;
  }
}

/** Java's `Double.toString`: `0.5`, `1.0`, `1.7976931348623157E308`. */
export function doubleText(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || size === 0) return Object.is(value, -0) ? '-0.0' : size === 0 ? '0.0' : String(value);
  if (size >= 1e-3 && size < 1e7) {
    const plain = String(value);
    return plain.includes('.') ? plain : `${plain}.0`;
  }
  const [mantissa, exponent] = value.toExponential().split('e') as [string, string];
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${Number(exponent)}`;
}
