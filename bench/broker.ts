/**
 * A whole broker under load: `npm run bench -- broker [options]`. Without an address Odradek is built by `make build` before and started from
 * dist/; see bench/README.md for what is measured and how.
 *
 *   --bootstrap H:P   the broker to measure, already running
 *   --against H:P     a second one: rounds alternate, and the tables show the ratio
 *   --pid N[,N]       their processes, where they cannot be found by their ports
 *   --rounds N        rounds that count, after one that warms (3)
 *   --only A,B        scenarios whose names begin so (all)
 *   --verify          reads everything back after each round and compares checksums
 *   --entry FILE      the bundle to start (dist/odradek.js)    --port P (19092)    --shards N (2)
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pause } from './broker/admin.ts';
import { holdPages } from './broker/ballast.ts';
import { clientScenarios } from './broker/clients.ts';
import { measureOwn, OWN_SCENARIOS, OwnBroker } from './broker/own.ts';
import { pidListeningOn } from './broker/process.ts';
import { plain, tables } from './broker/report.ts';
import { type Measured, scenarios, type Target } from './broker/scenarios.ts';

/** Of a round, for warming: compilers have seen everything by then. */
const WARMING_SHARE = 0.5;
const OUTPUT = join(import.meta.dirname, '../.build/bench');

const { values } = parseArgs({
  options: {
    bootstrap: { type: 'string' },
    against: { type: 'string' },
    pid: { type: 'string', default: '' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    verify: { type: 'boolean', default: false },
    entry: { type: 'string', default: 'dist/odradek.js' },
    port: { type: 'string', default: '19092' },
    shards: { type: 'string', default: '2' },
  },
});

const only = values.only.split(',').filter((name) => name !== '');
const wants = (name: string): boolean => only.length === 0 || only.some((start) => name.startsWith(start));
const own = { entry: values.entry, port: Number(values.port), shards: Number(values.shards) };
const rounds = Number(values.rounds);
const results = new Map<string, Map<string, Measured[]>>();
const what = new Map(OWN_SCENARIOS);
const clients = clientScenarios((why) => process.stderr.write(`${why}: its rows are left out\n`));
const chosen = [...scenarios(), ...clients].filter(({ name }) => wants(name));

// A run that is cut short says what it has found.
process.once('SIGTERM', () => {
  report();
  process.exit(1);
});

try {
  await measure();
} finally {
  report();
}

async function measure(): Promise<void> {
  holdPages();
  const broker = values.bootstrap === undefined ? new OwnBroker(own) : null;
  if (chosen.length > 0) {
    try {
      await broker?.start();
      await measureRunning(targets(broker !== null));
    } finally {
      await broker?.stop();
      broker?.remove();
    }
  }
  if (broker === null) return;
  for (const [name, measured] of await measureOwn(own, wants)) results.set(name, new Map([['odradek', measured]]));
}

function targets(isOwn: boolean): Target[] {
  const pids = values.pid.split(',').map((pid) => (pid === '' ? null : Number(pid)));
  const addresses = [values.bootstrap ?? `127.0.0.1:${own.port}`, values.against].filter((text) => text !== undefined);
  return addresses.map((text, index) => {
    const colon = text.lastIndexOf(':');
    const address = { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
    const pid = pids[index] ?? pidListeningOn(address.port);
    if (pid === null) process.stderr.write(`the process behind ${text} cannot be seen: no CPU, no memory\n`);
    return { name: isOwn && index === 0 ? 'odradek' : text, address, pid };
  });
}

/** Round after round, the brokers taking turns in each. The first round warms and does not count. */
async function measureRunning(brokers: readonly Target[]): Promise<void> {
  for (const scenario of chosen) {
    what.set(scenario.name, scenario.what);
    const found = new Map<string, Measured[]>(brokers.map(({ name }) => [name, []]));
    results.set(scenario.name, found);
    for (let round = 0; round <= rounds; round++) {
      const isWarming = round === 0;
      for (const target of brokers) {
        process.stderr.write(`${scenario.name}: ${target.name}, ${isWarming ? 'warming' : `round ${round}`}\n`);
        const options = { share: isWarming ? WARMING_SHARE : 1, verify: values.verify };
        const measured = await scenario.round(target, options);
        if (!isWarming) found.get(target.name)?.push(measured);
        // What the round left to be deleted and written back.
        await pause(2500);
      }
    }
  }
}

function report(): void {
  const text = tables(results, what);
  process.stdout.write(text);
  mkdirSync(OUTPUT, { recursive: true });
  const file = join(OUTPUT, 'broker.json');
  const machine = { processors: availableParallelism(), node: process.version, rounds };
  writeFileSync(file, `${JSON.stringify({ machine, results: plain(results) }, null, 2)}\n`);
  process.stderr.write(`written to ${file}\n`);
}
