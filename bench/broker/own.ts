/**
 * What needs the process in hand: Odradek from dist/ is started, killed and started again. Start time, recovery after kill -9, and ten
 * thousand partitions.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { answers, createTopic, ledWithin, pause } from './admin.ts';
import { batchesOf } from './batches.ts';
import { cpuSecondsOf, memoryOf } from './process.ts';
import { produce } from './produce.ts';
import type { Measured } from './scenarios.ts';
import { type Address, Connection } from './wire.ts';

const HOST = '127.0.0.1';
const STARTS = 10;
const RECOVERED_BYTES = 1.65e9;
const MANY_PARTITIONS = 10_000;
/** Partitions of one topic: a request may make no more than 10,000 records, as Kafka has it. */
const PARTITIONS_A_TOPIC = 1000;

export interface OwnOptions {
  /** The bundle's entry. */
  readonly entry: string;
  readonly port: number;
  readonly shards: number;
  /** Others, as key=value. */
  readonly settings?: readonly string[];
}

/** A broker of ours, on a directory of its own under the system's temporary one. */
export class OwnBroker {
  readonly address: Address;
  readonly #options: OwnOptions;
  readonly #directory = mkdtempSync(join(tmpdir(), 'odradek-bench-'));
  #process: ChildProcess | null = null;

  constructor(options: OwnOptions) {
    this.#options = options;
    this.address = { host: HOST, port: options.port };
    if (!existsSync(options.entry)) throw new Error(`${options.entry} is not there: build first`);
  }

  get pid(): number {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error('the broker does not run');
    return pid;
  }

  /** Resolves to the seconds until it answered. */
  async start(): Promise<number> {
    const { entry, port, shards } = this.#options;
    const settings = [`listeners=PLAINTEXT://${HOST}:${port}`, `log.dirs=${this.#directory}`, `shard.count=${shards}`];
    settings.push(...(this.#options.settings ?? []));
    const begin = performance.now();
    const args = [resolve(entry), 'start', ...settings.flatMap((setting) => ['--override', setting])];
    this.#process = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    await answers(this.address);
    return (performance.now() - begin) / 1000;
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null) return;
    await new Promise<void>((ended) => {
      child.once('exit', () => ended());
      child.kill(signal);
    });
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** CPU and memory a moment after `start` said that it was ready. */
async function started(broker: OwnBroker, seconds: number): Promise<Measured> {
  const cpu = cpuSecondsOf(broker.pid);
  await pause(500);
  return { seconds, cpu, rss: memoryOf(broker.pid).residentBytes };
}

/** Ten starts on the same directory, each stopped cleanly. */
async function startTimes(options: OwnOptions): Promise<Measured[]> {
  const broker = new OwnBroker(options);
  const rounds: Measured[] = [];
  try {
    for (let round = 0; round < STARTS; round++) {
      rounds.push(await started(broker, await broker.start()));
      await broker.stop();
    }
  } finally {
    await broker.stop();
    broker.remove();
  }
  return rounds;
}

/** Kill -9 with a log of 1.65 GB, nothing of it checkpointed as flushed. */
async function recovery(options: OwnOptions): Promise<Measured[]> {
  const broker = new OwnBroker(options);
  try {
    await broker.start();
    await createTopic(broker.address, 'recovered', 6);
    const batches = batchesOf({ valueSize: 1000, batchSize: 65_536, codec: 'none' });
    const requests = Math.ceil(RECOVERED_BYTES / (batches[0]?.bytes.length ?? 1));
    const run = { topic: 'recovered', partitions: 6, batches, connections: 2, inFlight: 6, rate: 0, requests };
    await produce(broker.address, run);
    await broker.stop('SIGKILL');
    return [await started(broker, await broker.start())];
  } finally {
    await broker.stop('SIGKILL');
    broker.remove();
  }
}

/** Ten thousand partitions: created, after a clean stop, after kill -9. */
async function manyPartitions(options: OwnOptions): Promise<Map<string, Measured[]>> {
  const broker = new OwnBroker(options);
  const results = new Map<string, Measured[]>();
  const topics = Array.from({ length: MANY_PARTITIONS / PARTITIONS_A_TOPIC }, (_, index) => `many-${index}`);
  const led = async (): Promise<void> => {
    const connection = await Connection.open(broker.address);
    for (const topic of topics) await ledWithin(connection, topic, PARTITIONS_A_TOPIC);
    connection.close();
  };
  const restarted = async (): Promise<Measured> => {
    const begin = performance.now();
    await broker.start();
    await led();
    return started(broker, (performance.now() - begin) / 1000);
  };
  try {
    await broker.start();
    const cpu = cpuSecondsOf(broker.pid);
    const begin = performance.now();
    await Promise.all(topics.map((topic) => createTopic(broker.address, topic, PARTITIONS_A_TOPIC)));
    const created = await started(broker, (performance.now() - begin) / 1000);
    results.set('partitions-create', [{ ...created, cpu: (created['cpu'] ?? 0) - cpu }]);
    await broker.stop();
    results.set('partitions-restart', [await restarted()]);
    await broker.stop('SIGKILL');
    results.set('partitions-kill', [await restarted()]);
  } finally {
    await broker.stop('SIGKILL');
    broker.remove();
  }
  return results;
}

/** Name → what it is, for the tables. */
export const OWN_SCENARIOS: ReadonlyMap<string, string> = new Map([
  ['start', `ready after the process was started, ${STARTS} times; resident half a second later`],
  ['recovery', 'ready after kill -9 with 1.65 GB of log'],
  ['partitions-create', `${MANY_PARTITIONS} partitions created and led`],
  ['partitions-restart', `ready and all of ${MANY_PARTITIONS} partitions led after a clean stop`],
  ['partitions-kill', `ready and all of ${MANY_PARTITIONS} partitions led after kill -9`],
]);

/** Runs those of OWN_SCENARIOS that `wants` names. */
export async function measureOwn(
  options: OwnOptions,
  wants: (name: string) => boolean,
): Promise<Map<string, Measured[]>> {
  const results = new Map<string, Measured[]>();
  if (wants('start')) results.set('start', await startTimes(options));
  if (wants('recovery')) results.set('recovery', await recovery(options));
  if ([...OWN_SCENARIOS.keys()].some((name) => name.startsWith('partitions') && wants(name))) {
    for (const [name, rounds] of await manyPartitions(options)) results.set(name, rounds);
  }
  return results;
}
