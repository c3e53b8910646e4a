/**
 * The launcher, bundled as it is shipped, on pretended old Nodes: it goes on in the package's Node or one on PATH, with
 * arguments, exit code and signals, or says what to do.
 */

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { buildSync } from 'esbuild';

const root = mkdtempSync(join(tmpdir(), 'odradek-launcher-'));
after(() => rmSync(root, { recursive: true, force: true }));

const COMMAND = `
if (process.argv[2] === 'wait') {
  process.on('SIGTERM', () => { console.log('stopped'); process.exit(5); });
  setInterval(() => {}, 1000);
  console.log('ready');
} else {
  console.log(JSON.stringify(process.argv.slice(2)));
  process.exitCode = 7;
}
`;

/** A package with the launcher, pretending to run on `version`, with or without process.execve. */
function install(name: string, version: string | null, execve: boolean, ownNode: boolean): string {
  const folder = join(root, name);
  const define: Record<string, string> = {};
  if (version !== null) define['process.version'] = JSON.stringify(version);
  if (!execve) define['process.execve'] = 'undefined';
  const outfile = join(folder, 'dist', 'odradek.js');
  buildSync({
    entryPoints: ['src/admin/launcher.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node14',
    outfile,
    define,
  });
  writeFileSync(join(folder, 'dist', 'package.json'), '{"type":"module"}\n');
  writeFileSync(join(folder, 'dist', 'command.js'), COMMAND);
  if (ownNode) {
    const bin = join(folder, 'node_modules', 'node', 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(folder, 'node_modules', 'node', 'package.json'), '{"name":"node","version":"26.0.0"}\n');
    symlinkSync(process.execPath, join(bin, 'node'));
  }
  return outfile;
}

function launch(file: string, path = ''): { status: number | null; stdout: string; stderr: string } {
  const args = [file, 'start', '--override', 'a=b c'];
  return spawnSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, PATH: path } });
}

const PRINTED = '["start","--override","a=b c"]\n';

test('on a Node that is new enough it goes on in the same process', () => {
  const { status, stdout, stderr } = launch(install('new', null, true, false));
  assert.deepEqual([status, stdout, stderr], [7, PRINTED, '']);
});

test('on an older Node it becomes the package’s Node', () => {
  const { status, stdout, stderr } = launch(install('execve', 'v23.11.0', true, true));
  assert.deepEqual([status, stdout, stderr], [7, PRINTED, '']);
});

test('where a process cannot be replaced it waits for a child', () => {
  const { status, stdout, stderr } = launch(install('spawn', 'v14.0.0', false, true));
  assert.deepEqual([status, stdout, stderr], [7, PRINTED, '']);
});

test('signals reach the child, and its exit code comes back', async () => {
  const child = spawn(process.execPath, [install('signals', 'v14.0.0', false, true), 'wait']);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (output === 'ready\n') child.kill('SIGTERM');
  });
  const code = await new Promise((resolve) => child.on('exit', resolve));
  assert.deepEqual([code, output], [5, 'ready\nstopped\n']);
});

test('without a Node of its own it takes the first on PATH that is new enough', () => {
  const old = join(root, 'path-old');
  const fresh = join(root, 'path-new');
  mkdirSync(old);
  mkdirSync(fresh);
  writeFileSync(join(old, 'node'), '#!/bin/sh\necho v18.1.0\n');
  chmodSync(join(old, 'node'), 0o755);
  symlinkSync(process.execPath, join(fresh, 'node'));
  const file = install('path', 'v18.1.0', true, false);
  const { status, stdout } = launch(file, `${old}:${join(root, 'nothing')}:${fresh}`);
  assert.deepEqual([status, stdout], [7, PRINTED]);

  const failed = launch(file, old);
  assert.equal(failed.status, 1);
  assert.equal(failed.stdout, '');
  assert.match(failed.stderr, /^odradek: Node 26 or newer is needed, and this is Node v18\.1\.0\./);
  assert.match(failed.stderr, /npm rebuild node/);
  assert.ok(failed.stderr.includes(`${join(old, 'node')} is v18.1.0`));
});
