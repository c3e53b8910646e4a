/**
 * The bin of the package. It runs on any Node from 14 on and does one thing: go on, as the same process where that is
 * possible, in a Node that Odradek can use.
 *
 *     this Node, if new enough  >  the one installed with the package  >  the `node`s on PATH
 *
 * Plain syntax and built-in modules only, and nothing newer than Node 14 without asking whether it is there.
 */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 26;
const ENTRY = new URL('./command.js', import.meta.url);

function major(version: string): number {
  const match = /^v?(\d+)\./.exec(version);
  return match === null ? 0 : Number(match[1]);
}

/** The Node that npm installed with the package; null where its install script was not run. */
function packagedNode(): string | null {
  try {
    const manifest = createRequire(import.meta.url).resolve('node/package.json');
    const name = process.platform === 'win32' ? 'node.exe' : 'node';
    const file = join(dirname(manifest), 'bin', name);
    return existsSync(file) ? file : null;
  } catch {
    return null;
  }
}

function versionOf(file: string): string | null {
  const answer = spawnSync(file, ['--version'], { encoding: 'utf8', timeout: 10000 });
  return answer.status === 0 ? answer.stdout.trim() : null;
}

/** The first Node on PATH that is new enough, and what else was found there. */
function nodeOnPath(): { file: string | null; seen: string[] } {
  const seen: string[] = [];
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  for (const folder of (process.env['PATH'] || '').split(delimiter)) {
    const file = join(folder, name);
    if (folder === '' || !existsSync(file)) continue;
    const version = versionOf(file);
    if (version !== null && major(version) >= NEEDED_MAJOR) return { file: file, seen: seen };
    seen.push(file + ' is ' + (version || 'unusable'));
  }
  return { file: null, seen: seen };
}

/** Becomes the other Node; where a process cannot be replaced, waits for a child and ends as it does. */
function continueIn(node: string): void {
  const args = [fileURLToPath(ENTRY)].concat(process.argv.slice(2));
  // execve is there from Node 22.15 on, and announces itself as experimental, which is no news to users.
  const execve = (process as { execve?: (file: string, args: string[], env: NodeJS.ProcessEnv) => void }).execve;
  if (typeof execve === 'function' && process.platform !== 'win32') {
    process.removeAllListeners('warning');
    try {
      execve.call(process, node, [node].concat(args), process.env);
    } catch {
      // As a child, then.
    }
  }
  const child = spawn(node, args, { stdio: 'inherit' });
  const forwarded: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];
  for (const signal of forwarded) {
    process.on(signal, function forward() {
      child.kill(signal);
    });
  }
  child.on('error', function failed(error) {
    process.stderr.write('odradek: ' + node + ' cannot be started: ' + error.message + '\n');
    process.exit(1);
  });
  child.on('exit', function ended(code, signal) {
    process.exit(signal === null ? code || 0 : 128 + constants.signals[signal]);
  });
}

function explain(seen: string[]): void {
  const lines = [
    'odradek: Node ' + NEEDED_MAJOR + ' or newer is needed, and this is Node ' + process.version + '.',
    'It comes with the package, unless npm was told to run no install scripts. To repair that:',
    '  npm rebuild node            (or install again without --ignore-scripts)',
    'Or put a newer Node on your PATH: https://nodejs.org/en/download',
  ];
  for (const found of seen) lines.push('  (' + found + ')');
  process.stderr.write(lines.join('\n') + '\n');
  process.exitCode = 1;
}

/** Threads for fsyncs and cold reads of all shards together: the runtime's own 4 are too few where one directory is slow. */
const POOL_THREADS = '16';

function launch(): void {
  if (!process.env['UV_THREADPOOL_SIZE']) process.env['UV_THREADPOOL_SIZE'] = POOL_THREADS;
  if (major(process.version) >= NEEDED_MAJOR) {
    import(ENTRY.href).catch(function failed(error) {
      process.stderr.write('odradek: ' + ((error && error.stack) || error) + '\n');
      process.exit(1);
    });
    return;
  }
  const packaged = packagedNode();
  if (packaged !== null) {
    continueIn(packaged);
    return;
  }
  const onPath = nodeOnPath();
  if (onPath.file !== null) continueIn(onPath.file);
  else explain(onPath.seen);
}

launch();
