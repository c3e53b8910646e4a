/**
 * The floor: a C program that only receives, checks, writes to new pages and answers, and one (the same) that only sends from the page cache,
 * under the load of bench/broker. What a broker costs above it is its own doing. Needs cc. `npm run bench -- floor`
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause } from './broker/admin.ts';
import { holdPages } from './broker/ballast.ts';
import { type BatchKind, batchesOf } from './broker/batches.ts';
import { consume } from './broker/consume.ts';
import { cpuSecondsOf } from './broker/process.ts';
import { produce } from './broker/produce.ts';

const PORT = 19_392;
const ROUNDS = 3;
const GB = 1e9;
const PARTITIONS = 6;
const address = { host: '127.0.0.1', port: PORT };
const output = join(import.meta.dirname, '../.build/bench');
const program = join(output, 'floor');

interface Load extends BatchKind {
  readonly what: string;
  readonly connections: number;
  readonly inFlight: number;
  readonly requests: number;
}

const KIB = 1024;
const bulk = (size: number, bytes: number): Load => ({
  what: `produce, 1 KB records in ${size / KIB} KiB batches`,
  valueSize: 1000,
  batchSize: size,
  codec: 'none',
  connections: 2,
  inFlight: 6,
  requests: Math.ceil(bytes / size),
});
const LOADS: readonly Load[] = [
  bulk(16 * KIB, 0.6 * GB),
  bulk(64 * KIB, 1.2 * GB),
  bulk(256 * KIB, 1.2 * GB),
  {
    what: 'produce, 100-byte records one a request, 50 connections',
    valueSize: 100,
    batchSize: 0,
    codec: 'none',
    connections: 50,
    inFlight: 1,
    requests: 60_000,
  },
];

mkdirSync(output, { recursive: true });
const machine = process.arch === 'x64' ? ['-msse4.2'] : ['-march=armv8-a+crc'];
const built = spawnSync('cc', ['-O2', ...machine, '-o', program, join(import.meta.dirname, 'floor/floor.c')], {
  stdio: 'inherit',
});
if (built.status !== 0) process.exit(1);

holdPages();
process.stdout.write('|  | CPU-s/GB | µs CPU/request |\n| --- | --- | --- |\n');
for (const load of LOADS) {
  await tell(load.what, async (pid) => {
    const batches = batchesOf(load);
    const { connections, inFlight, requests } = load;
    const run = { topic: 'floor', partitions: PARTITIONS, batches, connections, inFlight, requests, rate: 0 };
    const before = cpuSecondsOf(pid);
    const { bytes } = await produce(address, run);
    return { cpu: cpuSecondsOf(pid) - before, bytes, requests };
  });
}
await tell('consume, six partitions, 1 MiB of each in a Fetch', async (pid) => {
  const batches = batchesOf(bulk(64 * KIB, 0));
  const [batch] = batches;
  if (batch === undefined) throw new Error('no batch');
  const run = { topic: 'floor', partitions: PARTITIONS, batches, connections: 2, inFlight: 6, rate: 0 };
  await produce(address, { ...run, requests: Math.ceil((0.4 * GB) / batch.bytes.length) });
  const before = cpuSecondsOf(pid);
  const { bytes, requests } = await consume(address, {
    topic: 'floor',
    partitions: PARTITIONS,
    connections: 2,
    batch,
    endOffsets: new Array<number>(PARTITIONS).fill(Number.POSITIVE_INFINITY),
    partitionMaxBytes: 1_048_576,
    bytes: 3 * GB,
  });
  return { cpu: cpuSecondsOf(pid) - before, bytes, requests };
});

/** A row of the table: rounds of `work`, each against a floor of its own on an empty directory. */
async function tell(
  what: string,
  work: (pid: number) => Promise<{ cpu: number; bytes: number; requests: number }>,
): Promise<void> {
  const perGb: number[] = [];
  const perRequest: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const directory = mkdtempSync(join(tmpdir(), 'floor-'));
    const child = spawn(program, [String(PORT), directory], { stdio: ['ignore', 'inherit', 'inherit'] });
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    try {
      await pause(100);
      const { cpu, bytes, requests } = await work(child.pid as number);
      perGb.push(cpu / (bytes / GB));
      perRequest.push((cpu / requests) * 1e6);
    } finally {
      child.kill();
      await ended;
      rmSync(directory, { recursive: true });
    }
  }
  process.stdout.write(`| ${what} | ${shown(perGb, 2)} | ${shown(perRequest, 1)} |\n`);
}

function shown(values: number[], digits: number): string {
  values.sort((a, b) => a - b);
  const at = (index: number): string => (values[index] ?? Number.NaN).toFixed(digits);
  return `${at(values.length >> 1)} (${at(0)}–${at(values.length - 1)})`;
}
