import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  invalidPatternMessage,
  type TopicPattern,
  TopicPatterns,
  TopicScan,
} from '../../../../src/machine/group/regex.ts';

function pattern(text: string): TopicPattern {
  const compiled = new TopicPatterns().compile(text);
  assert.ok(compiled.ok, text);
  return compiled.pattern;
}

const NAMES = ['', 'foo', 'foo-1', 'foo.bar', 'FOO', 'a1', '__consumer_offsets'];

/** What re2j 1.8 says: the names that match. */
const MATCHES: Readonly<Record<string, readonly string[]>> = {
  foo: ['foo'],
  'foo.*': ['foo', 'foo-1', 'foo.bar'],
  '.*': NAMES,
  '^foo$': ['foo'],
  '(?i)foo': ['foo', 'FOO'],
  '\\p{L}+': ['foo', 'FOO'],
  '[[:alpha:]]+': ['foo', 'FOO'],
  '\\Qfoo.\\E.*': ['foo.bar'],
  'foo\\.(bar|baz)': ['foo.bar'],
  '__.*': ['__consumer_offsets'],
  '(|a)*': [''],
  '(?<name>a)1': ['a1'],
};

/** What re2j 1.8 says is wrong. */
const INVALID: Readonly<Record<string, string>> = {
  '[': 'missing closing ]',
  '(': 'missing closing )',
  ')': 'regexp/syntax: internal error',
  '*': 'missing argument to repetition operator',
  'a**': 'invalid nested repetition operator',
  'a{1001}': 'invalid repeat count',
  '\\': 'trailing backslash at end of expression',
  '(?=a)': 'invalid or unsupported Perl syntax',
  '\\1': 'invalid escape sequence',
  '[z-a]': 'invalid character class range',
  '(?P<n>a)(?P<n>b)': 'duplicate capture group name',
};

describe('patterns of subscriptions', () => {
  test('match what re2j matches', () => {
    for (const [text, expected] of Object.entries(MATCHES)) {
      const compiled = pattern(text);
      assert.deepEqual(
        NAMES.filter((name) => compiled.matches(name)),
        expected,
        text,
      );
    }
  });

  test("are refused in re2j's words", () => {
    for (const [text, description] of Object.entries(INVALID)) {
      assert.deepEqual(new TopicPatterns().compile(text), { ok: false, description }, text);
    }
    assert.equal(
      invalidPatternMessage('[', 'missing closing ]'),
      'SubscribedTopicRegex `[` is not a valid regular expression: missing closing ].',
    );
  });

  test('are compiled once, and the ones used last are kept', () => {
    const patterns = new TopicPatterns(2);
    const first = patterns.compile('a');
    patterns.compile('b');
    assert.equal(patterns.compile('a'), first);
    patterns.compile('c');
    assert.equal(patterns.compile('a'), first, 'b went, which was used before');
    patterns.compile('b');
    patterns.compile('c');
    assert.notEqual(patterns.compile('a'), first);
  });

  test('of hostile size are refused or cheap', () => {
    const patterns = new TopicPatterns();
    assert.ok(!patterns.compile('a{1000}'.repeat(4000)).ok);
    assert.ok(!patterns.compile('((a{100}){100}){100}').ok);
    assert.ok(!patterns.compile(`${'('.repeat(15_000)}a${')'.repeat(15_000)}`).ok);
    assert.equal(pattern('(x+x+)+y').matches('x'.repeat(249)), false);
    assert.equal(pattern('(.*a){30}').matches('b'.repeat(249)), false);
  });
});

describe('a scan of topics', () => {
  test('goes on where it stopped, and meets topics that come meanwhile', () => {
    const topics = new Map([1, 2, 3, 4, 5].map((id) => [id, { name: `t${id}` }]));
    const scan = new TopicScan([pattern('t.'), pattern('.*[24]')], topics.values());
    assert.equal(scan.advance(2), false);
    topics.delete(3);
    topics.set(6, { name: 't6' });
    assert.equal(scan.advance(3), false);
    assert.equal(scan.advance(100), true);
    assert.equal(scan.advance(100), true);
    assert.deepEqual(
      [...scan.matched],
      [
        ['t.', ['t1', 't2', 't4', 't5', 't6']],
        ['.*[24]', ['t2', 't4']],
      ],
    );
  });

  test('shows what may be described, asked once for all names', () => {
    const scan = new TopicScan([pattern('a.*'), pattern('.*')], [{ name: 'a1' }, { name: 'b1' }, { name: 'a2' }]);
    scan.advance(Number.POSITIVE_INFINITY);
    const asked: (readonly string[])[] = [];
    const visible = scan.visible((names) => {
      asked.push(names);
      return new Set(names.filter((name) => name.endsWith('1')));
    });
    assert.deepEqual(asked, [['a1', 'a2', 'b1']]);
    assert.deepEqual(
      [...visible],
      [
        ['a.*', ['a1']],
        ['.*', ['a1', 'b1']],
      ],
    );
  });
});
