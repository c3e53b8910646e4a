/** The `odradek` command, on Node 26: the launcher gets here on any Node. Each command loads only what it needs. */

import { readFileSync } from 'node:fs';
import { type Actions, runCommandLine } from './cli.ts';

/** Set by the build. */
declare const ODRADEK_VERSION: string | undefined;

const actions: Actions = {
  async start(options) {
    const { runBroker } = await import('../main.ts');
    return runBroker(options);
  },
  async format(options) {
    const { format } = await import('./format.ts');
    return format(options);
  },
  async dumpLog(options) {
    const { dumpLog } = await import('./dump-log.ts');
    return dumpLog(options);
  },
};

function version(): string {
  return typeof ODRADEK_VERSION === 'string' ? ODRADEK_VERSION : 'from source';
}

// Printing into a pipe that was closed (`odradek dump-log … | head`) is the end of the work and no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCommandLine(process.argv.slice(2), version(), actions, {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  readFile: (path) => readFileSync(path, 'latin1'),
});
