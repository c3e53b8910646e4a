/** The command line: what each command is given, what is printed, how it ends. */

import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { type DumpLogOptions, type FormatOptions, runCommandLine, type StartOptions } from '../../../src/admin/cli.ts';

interface Run {
  code: number;
  out: string;
  err: string;
  started: StartOptions[];
  formatted: FormatOptions[];
  dumped: DumpLogOptions[];
}

const FILES: Readonly<Record<string, string>> = { 'server.properties': 'node.id=3\n' };

async function run(args: readonly string[], actionCode?: number): Promise<Run> {
  const result: Run = { code: -1, out: '', err: '', started: [], formatted: [], dumped: [] };
  const actions = {
    start: async (options: StartOptions) => (result.started.push(options), actionCode),
    format: async (options: FormatOptions) => (result.formatted.push(options), actionCode),
    dumpLog: async (options: DumpLogOptions) => (result.dumped.push(options), actionCode),
  };
  result.code = await runCommandLine(args, '1.2.3', actions, {
    out: (text) => void (result.out += text),
    err: (text) => void (result.err += text),
    readFile: (path) => {
      const text = FILES[path];
      if (text === undefined) throw new Error('ENOENT: no such file or directory');
      return text;
    },
  });
  return result;
}

test('start without a file: one node, data in ./data, formatted where needed', async () => {
  const { code, started } = await run(['start']);
  assert.equal(code, 0);
  assert.deepEqual(started, [
    {
      propertiesText: null,
      propertiesPath: null,
      overrides: [['log.dirs', resolve('data')]],
      formatIfMissing: true,
    },
  ]);
});

test('start without a file, with overrides', async () => {
  const { started } = await run(['start', '--override', 'log.dirs=/d', '-o', ' num.partitions =a=b', '--override=x=']);
  assert.deepEqual(started[0]?.overrides, [
    ['log.dirs', '/d'],
    ['num.partitions', 'a=b'],
    ['x', ''],
  ]);
});

test('start with a file formats only when asked to', async () => {
  const { started } = await run(['start', '--config', 'server.properties', '--override', 'node.id=4']);
  assert.deepEqual(started, [
    {
      propertiesText: 'node.id=3\n',
      propertiesPath: resolve('server.properties'),
      overrides: [['node.id', '4']],
      formatIfMissing: false,
    },
  ]);
  const asked = await run(['start', '-c', 'server.properties', '--format-if-missing']);
  assert.equal(asked.started[0]?.formatIfMissing, true);
});

test('format', async () => {
  const { formatted } = await run(['format', '-t', 'abc', '-c', 'server.properties', '-g']);
  assert.deepEqual(
    [formatted[0]?.clusterId, formatted[0]?.ignoreFormatted, formatted[0]?.overrides],
    ['abc', true, []],
  );
  const plain = await run(['format']);
  assert.deepEqual([plain.formatted[0]?.clusterId, plain.formatted[0]?.ignoreFormatted], [null, false]);
  assert.deepEqual([plain.formatted[0]?.releaseVersion, plain.formatted[0]?.features], [null, []]);
  const levels = await run(['format', '-r', '4.3', '--feature', 'transaction.version=1', '-f', 'group.version=0']);
  const { releaseVersion, features } = levels.formatted[0] ?? {};
  assert.deepEqual([releaseVersion, features], ['4.3', ['transaction.version=1', 'group.version=0']]);
});

test('dump-log takes Kafka’s options', async () => {
  const { dumped } = await run(['dump-log', 'a.log', '--files', 'b.log,c.index', '--cluster-metadata-decoder']);
  assert.deepEqual(dumped[0]?.files, ['a.log', 'b.log', 'c.index']);
  assert.deepEqual(
    [dumped[0]?.decoder, dumped[0]?.printDataLog, dumped[0]?.deepIteration],
    ['cluster-metadata', true, true],
  );
  const plain = await run(['dump-log', 'a.log', '--max-bytes', '10', '--verify-index-only']);
  assert.deepEqual(
    [plain.dumped[0]?.maxBytes, plain.dumped[0]?.verifyIndexOnly, plain.dumped[0]?.decoder],
    [10, true, 'none'],
  );
});

test('the action’s exit code is the command’s', async () => {
  assert.equal((await run(['start'], 1)).code, 1);
  assert.equal((await run(['dump-log', 'x'], 3)).code, 3);
});

test('help and version go to standard output and are no failure', async () => {
  const version = await run(['--version']);
  assert.deepEqual([version.code, version.out, version.err], [0, 'odradek 1.2.3\n', '']);
  const help = await run(['--help']);
  assert.equal(help.code, 0);
  for (const command of ['start', 'format', 'dump-log']) assert.match(help.out, new RegExp(`^  ${command} `, 'm'));
  const start = await run(['start', '--help']);
  assert.equal(start.code, 0);
  assert.match(start.out, /--override <name=value>/);
});

test('a wrong command line says what is wrong, on standard error, and ends with 2', async () => {
  const cases: readonly (readonly [string[], RegExp])[] = [
    [[], /Usage: odradek/],
    [['strat'], /unknown command 'strat'.*\n?.*start/],
    [['start', '--port', '1'], /unknown option '--port'/],
    [['start', '--override', 'novalue'], /'novalue' is invalid\. It has to be name=value/],
    [['start', '--override'], /argument missing/],
    [['start', 'extra'], /too many arguments/],
    [['dump-log'], /no files given/],
    [['dump-log', 'x', '--max-bytes', 'lots'], /It has to be a number/],
  ];
  for (const [args, message] of cases) {
    const { code, out, err, started, dumped } = await run(args);
    assert.equal(code, 2, args.join(' '));
    assert.equal(out, '');
    assert.match(err, message);
    assert.equal(started.length + dumped.length, 0);
  }
});

test('a file that cannot be read ends with 1 and its reason', async () => {
  const { code, err } = await run(['start', '-c', 'nope.properties']);
  assert.equal(code, 1);
  assert.equal(err, 'odradek: the settings in nope.properties cannot be read: ENOENT: no such file or directory\n');
});

test('a bug is not dressed up as a message', async () => {
  const actions = {
    start: () => Promise.reject(new TypeError('bug')),
    format: () => Promise.resolve(),
    dumpLog: () => Promise.resolve(),
  };
  const terminal = { out: () => {}, err: () => {}, readFile: () => '' };
  await assert.rejects(runCommandLine(['start'], '1', actions, terminal), TypeError);
});
