/** A setting in words: what may stand there, and what its type is called. For error messages and SETTINGS.md. */

import { unreachable } from '../base/assert.ts';
import type { Setting, SettingType } from './setting.ts';

const NOUNS: Readonly<Record<SettingType, string>> = {
  BOOLEAN: 'true or false',
  STRING: 'text',
  INT: 'a 32-bit integer',
  SHORT: 'a 16-bit integer',
  LONG: 'a 64-bit integer',
  DOUBLE: 'a number',
  LIST: 'a list separated by commas',
  CLASS: 'the name of a class',
  PASSWORD: 'a secret',
};

/** For instance `a 32-bit integer, at least 1`. */
export function allowedText(setting: Setting): string {
  const noun = NOUNS[setting.type];
  const valid = setting.valid;
  if (valid === null) return noun;
  switch (valid.kind) {
    case 'range':
      if (valid.max === null) return `${noun}, at least ${valid.min}`;
      return valid.min === null ? `${noun}, at most ${valid.max}` : `${noun} from ${valid.min} to ${valid.max}`;
    case 'one-of':
      return `one of ${valid.values.join(', ')}${valid.ignoreCase ? ', in capitals or not' : ''}`;
    case 'list': {
      const of = valid.values.length === 0 ? noun : `${noun}, of ${valid.values.join(', ')}`;
      return valid.mayBeEmpty ? of : `${of}, not empty`;
    }
    case 'non-empty':
      return 'text, not empty';
    case 'gzip-level':
      return 'an integer from 1 to 9, or -1';
    case 'throttled-replicas':
      return '* or a list of partition:broker pairs';
    case 'quorum-voters':
      return 'a list of id@host:port';
    case 'bootstrap-servers':
      return 'a list of host:port';
    case 'share-offset-reset':
      return 'latest, earliest or by_duration:PnDTnHnMn.nS';
    default:
      return unreachable(valid);
  }
}
