/**
 * Text to value and value to text, by the rules and with the messages of Kafka's `ConfigDef.parseType` and
 * `convertToString`. Clients see these messages in the answers of CreateTopics and AlterConfigs.
 */

import { unreachable } from '../base/assert.ts';
import { invalidValue, isList, violation } from './check-value.ts';
import type { Setting, SettingType, SettingValue } from './setting.ts';

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
    default:
      return unreachable(type);
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
  return isList(value) ? [...new Set(value)] : value;
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
    default:
      return unreachable(setting.type);
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
  const [mantissa = '', exponent] = value.toExponential().split('e');
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${Number(exponent)}`;
}
