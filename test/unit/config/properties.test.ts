/** Java's properties format. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseProperties } from '../../../src/config/properties.ts';

function entries(text: string): readonly (readonly [string, string])[] {
  const result = parseProperties(text);
  assert.ok(result.ok);
  return result.entries;
}

test('separators, blanks and comments', () => {
  const text = '# comment\n! comment \\\na=1\n  b : 2 \nc 3\nd\n\n e\\=f = g=h\r\n#\\\ni:=j\rk==l\n\f\tm\t=\tn';
  assert.deepEqual(entries(text), [
    ['a', '1'],
    ['b', '2 '],
    ['c', '3'],
    ['d', ''],
    ['e=f', 'g=h'],
    ['i', '=j'],
    ['k', '=l'],
    ['m', 'n'],
  ]);
});

test('continuation lines and escapes', () => {
  assert.deepEqual(entries('a=1,\\\n   2,\\\r\n\t3\nb=x\\\\\nc=\\u00e4\\t\\q\\:\nd=end\\'), [
    ['a', '1,2,3'],
    ['b', 'x\\'],
    ['c', 'ä\tq:'],
    ['d', 'end'],
  ]);
  assert.deepEqual(entries('log.dirs=C\\:\\\\data'), [['log.dirs', 'C:\\data']]);
});

test('a broken \\u is the only error, and tells its line', () => {
  assert.deepEqual(parseProperties('a=1\n\nb=\\u12g4'), { ok: false, line: 3, message: 'Malformed \\uxxxx encoding.' });
});

test('what is escaped comes back', () => {
  const escape = (text: string): string =>
    text.replace(/[\\=:#!\s]/g, (c) => (c === '\n' ? '\\n' : c === '\r' ? '\\r' : `\\${c}`));
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string(), (key, value) => {
      assert.deepEqual(entries(`${escape(key)}=${escape(value)}`), [[key, value]]);
    }),
  );
});
