/** What breaks the rule of a setting, in the words of Kafka's validators. */

import { unreachable } from '../base/assert.ts';
import type { SettingValue, Validator } from './setting.ts';

/** `Invalid value x for configuration y: why` */
export function invalidValue(name: string, value: string, why: string): string {
  return `Invalid value ${value} for configuration ${name}: ${why}`;
}

export function isList(value: SettingValue): value is readonly string[] {
  return Array.isArray(value);
}

/** Kafka's message about a value that breaks its rule, `text` being the value as Kafka prints it; null when it keeps it. */
export function violation(name: string, valid: Validator, value: SettingValue, text: string): string | null {
  switch (valid.kind) {
    case 'range': {
      const n = typeof value === 'number' ? value : Number.NaN;
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
      return listViolation(name, valid.values, valid.mayBeEmpty, isList(value) ? value : []);
    case 'non-empty':
      return value === '' ? invalidValue(name, '', 'String must be non-empty') : null;
    case 'gzip-level': {
      const n = Number(value);
      if (n === -1 || (n >= 1 && n <= 9)) return null;
      return invalidValue(name, text, 'Value must be between 1 and 9 or equal to -1');
    }
    case 'throttled-replicas':
      return throttledReplicasViolation(name, isList(value) ? value : []);
    case 'quorum-voters':
      return votersViolation(name, isList(value) ? value : []);
    case 'bootstrap-servers':
      return bootstrapServersViolation(name, isList(value) ? value : []);
    case 'share-offset-reset':
      return offsetResetViolation(name, text);
    default:
      return unreachable(valid);
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
    `Invalid value \`${value}\` for configuration ${name}. The value must be either 'earliest', 'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'.`,
  );
}
