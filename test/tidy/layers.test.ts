/** The tree is held to src/layers.ts: who imports whom, which libraries where, sizes, header comments, words. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { ENTRIES, LAYERS, LIBRARIES } from '../../src/layers.ts';

const root = resolve(import.meta.dirname, '../..');
const src = join(root, 'src');

/** Files over 600 lines, each with its reason. */
const LONG_FILES: Readonly<Record<string, string>> = {};

/** Words that do not stand in the source, and what to write in their place. */
const BANNED: readonly (readonly [RegExp, string])[] = [
  [/\b(TODO|FIXME|XXX)\b/, 'finish it, or say it in the note on the issue'],
  [/\/shared\/|\.\.\/shared/, 'the product contains what it needs'],
  [/\bas any\b/, 'unknown, or the type'],
  [/^\s*(?:export )?(?:const )?enum /m, 'a const object with derived types'],
];

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && statSync(join(folder, name)).isFile())
    .map((name) => join(folder, name));
}

function importsOf(text: string): string[] {
  const found = text.matchAll(/(?:^|\n)\s*(?:import|export)\s[^;'"]*?from\s*'([^']+)'|import\('([^']+)'\)/g);
  return [...found].map((match) => match[1] ?? match[2] ?? '');
}

const sources = files(src).map((path) => {
  const name = relative(src, path).replace(/\.ts$/, '');
  return { path, name, folder: name.includes('/') ? (name.split('/')[0] ?? '') : '', text: readFileSync(path, 'utf8') };
});

test('every source file belongs to a layer', () => {
  const strangers = sources.filter(({ name, folder }) =>
    folder === '' ? !ENTRIES.includes(name) : !(folder in LAYERS),
  );
  assert.deepEqual(
    strangers.map(({ name }) => name),
    [],
  );
});

test('imports follow the layer table', () => {
  const wrong: string[] = [];
  for (const { path, name, folder, text } of sources) {
    const layer = LAYERS[folder];
    if (!layer) continue;
    for (const specifier of importsOf(text)) {
      if (!specifier.startsWith('.')) continue;
      const target = relative(src, resolve(dirname(path), specifier)).replace(/\.ts$/, '');
      if (target.startsWith(`${folder}/`)) continue;
      if (!layer.may.some((allowed) => target === allowed || target.startsWith(`${allowed}/`))) {
        wrong.push(`${name} imports ${target}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

test('only host and admin touch Node and libraries', () => {
  const wrong: string[] = [];
  for (const { name, folder, text } of sources) {
    for (const specifier of importsOf(text)) {
      if (specifier.startsWith('.')) continue;
      if (specifier.startsWith('node:')) {
        const distance = LAYERS[folder]?.distance ?? 'host';
        if (distance !== 'host') wrong.push(`${name} imports ${specifier}`);
        continue;
      }
      const allowed = LIBRARIES[specifier];
      if (!allowed?.includes(folder === '' ? name : folder)) wrong.push(`${name} imports ${specifier}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('every source file opens with what it is', () => {
  const bare = sources.filter(({ text }) => !/^(#!.*\n)?\s*(\/\*\*|\/\/ )/.test(text));
  assert.deepEqual(
    bare.map(({ name }) => name),
    [],
  );
});

test('files stay under 600 lines, or give a reason', () => {
  const long = sources
    .filter(({ name, text }) => text.split('\n').length > 600 && !(name in LONG_FILES))
    .map(({ name, text }) => `${name}: ${text.split('\n').length}`);
  assert.deepEqual(long, []);
  for (const name of Object.keys(LONG_FILES)) {
    assert.ok(
      sources.some((file) => file.name === name),
      `${name} is gone: take it out of the table`,
    );
  }
});

test('banned words do not stand in the source', () => {
  const wrong: string[] = [];
  for (const { name, text } of sources) {
    for (const [pattern, instead] of BANNED) {
      const found = pattern.exec(text);
      if (found) wrong.push(`${name}: ${found[0].trim()} (${instead})`);
    }
  }
  assert.deepEqual(wrong, []);
});
