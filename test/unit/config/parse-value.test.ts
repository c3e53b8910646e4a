/** Text to value and back, as Kafka's ConfigDef does it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalText, doubleText, parseValue } from '../../../src/config/parse-value.ts';
import {
  SHARE_OFFSET_RESET,
  atLeast,
  boolean,
  double,
  int,
  list,
  long,
  short,
  someOf,
  string,
} from '../../../src/config/setting.ts';
import type { Setting } from '../../../src/config/setting.ts';

const INT = int('1', { valid: atLeast(1) }, 'A number.');
const LONG = long('1', {}, 'A number.');

function value(setting: Setting, text: string): unknown {
  const parsed = parseValue('x', setting, text);
  return parsed.ok ? parsed.value : parsed.message;
}

test('integers: signs, blanks, bounds', () => {
  assert.equal(value(INT, ' +5\t'), 5);
  assert.equal(value(INT, '2147483647'), 2147483647);
  for (const text of ['2147483648', '', ' ', '1_0', '0x1', '1.0', '1e3', 'abc', '--1', '９']) {
    assert.equal(value(INT, text), `Invalid value ${text} for configuration x: Not a number of type INT`);
  }
  assert.equal(value(INT, '0'), 'Invalid value 0 for configuration x: Value must be at least 1');
  assert.equal(
    value(short('1', {}, 'A.'), '40000'),
    'Invalid value 40000 for configuration x: Not a number of type SHORT',
  );
});

test('LONG: the extremes are infinite, the text stays exact', () => {
  assert.equal(value(LONG, '9223372036854775807'), Infinity);
  assert.equal(value(LONG, '-9223372036854775808'), -Infinity);
  assert.equal(
    value(LONG, '9223372036854775808'),
    'Invalid value 9223372036854775808 for configuration x: Not a number of type LONG',
  );
  assert.equal(canonicalText(LONG, ' +09223372036854775806'), '9223372036854775806');
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (n) => canonicalText(LONG, `${n}`) === `${n}`),
  );
});

test('booleans and strings are trimmed; lists split, empty entries refused, duplicates dropped', () => {
  assert.equal(value(boolean('true', {}, 'A.'), ' TRUE '), true);
  assert.equal(
    value(boolean('true', {}, 'A.'), 'yes'),
    'Invalid value yes for configuration x: Expected value to be either true or false',
  );
  assert.equal(value(string('', {}, 'A.'), ' a b '), 'a b');
  const policies = list('a', { valid: someOf('a', 'b') }, 'A.');
  assert.deepEqual(value(policies, ' b , a,b '), ['b', 'a']);
  assert.equal(canonicalText(policies, ' b , a,b '), 'b,a');
  assert.equal(value(policies, ''), "Configuration 'x' must not be empty. Valid values include: [a, b]");
  assert.equal(value(policies, 'a,,b'), "Configuration 'x' values must not be empty.");
  assert.equal(value(policies, 'a,c'), 'Invalid value c for configuration x: String must be one of: a, b');
});

test('doubles are read and printed as Java does', () => {
  const ratio = double('0.5', {}, 'A.');
  for (const [text, n] of [
    ['.5f', 0.5],
    ['1e-5', 1e-5],
    ['5.', 5],
    ['1E400', Infinity],
    ['-Infinity', -Infinity],
  ] as const) {
    assert.equal(value(ratio, text), n);
  }
  assert.ok(Number.isNaN(value(ratio, 'NaN')));
  assert.equal(value(ratio, '0,5'), 'Invalid value 0,5 for configuration x: Not a number of type DOUBLE');
  const printed = [0.5, 1, 0, -0, 1e7, 9999999, 0.001, 0.0001, 1.7976931348623157e308, 123456789.5, -2.5e-9].map(
    doubleText,
  );
  const java = [
    '0.5',
    '1.0',
    '0.0',
    '-0.0',
    '1.0E7',
    '9999999.0',
    '0.001',
    '1.0E-4',
    '1.7976931348623157E308',
    '1.234567895E8',
    '-2.5E-9',
  ];
  assert.deepEqual(printed, java);
});

test('where a share group starts', () => {
  const reset = string('latest', { valid: SHARE_OFFSET_RESET }, 'A.');
  for (const text of ['latest', 'earliest', 'by_duration:P1D', 'by_duration:PT1H30M', 'by_duration:P2DT0.5S']) {
    assert.equal(value(reset, text), text);
  }
  for (const text of ['none', 'by_duration:', 'by_duration:P', 'by_duration:PT', 'by_duration:1D']) {
    assert.match(String(value(reset, text)), /^Invalid value/);
  }
});
