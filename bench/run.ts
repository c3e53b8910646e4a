/**
 * `npm run bench`: runs every benchmark of this folder, one after the other, each in a process of its own. `npm run bench -- NAME…`: those
 * that are named. Options go to the benchmark that is named before them; without a name to `broker`.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const WHOLE_BROKER = 'broker';

const all = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.ts') && name !== 'run.ts' && !name.endsWith('-worker.ts'))
  .map((name) => name.slice(0, -3));
const given = process.argv.slice(2);
const options = given.findIndex((argument) => argument.startsWith('-'));
const named = options < 0 ? given : given.slice(0, options);
const passed = options < 0 ? [] : given.slice(options);
const unknown = named.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`no such benchmark: ${unknown.join(', ')} (there are ${all.join(', ')})\n`);
  process.exit(2);
}
const chosen = named.length > 0 ? named : passed.length > 0 ? [WHOLE_BROKER] : all;
for (const name of chosen) {
  process.stdout.write(`\n── ${name}\n\n`);
  const script = join(import.meta.dirname, `${name}.ts`);
  const { status } = spawnSync(process.execPath, [script, ...passed], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
