/** What is measured of a broker that runs: each scenario does one round against one broker and says numbers by name. */
import { createTopic, deleteTopic, pause } from './admin.ts';
import { type BatchKind, batchesOf } from './batches.ts';
import { consume, endOffsetsOf, verify } from './consume.ts';
import { memoryOf, usageOf } from './process.ts';
import { type Produced, produce } from './produce.ts';
import { type Address, Connection } from './wire.ts';

export interface Target {
  readonly name: string;
  readonly address: Address;
  /** Null: the process cannot be seen, and what it costs is not told. */
  readonly pid: number | null;
}

/** Column → value. Columns are those of report.ts. */
export type Measured = Readonly<Record<string, number>>;

export interface RoundOptions {
  /** Of what a round would do: less for warming. */
  readonly share: number;
  readonly verify: boolean;
}

export interface Scenario {
  readonly name: string;
  readonly what: string;
  round(target: Target, options: RoundOptions): Promise<Measured>;
}

export const GB = 1e9;
let topics = 0;

interface ProduceScenario extends BatchKind {
  readonly name: string;
  readonly what: string;
  readonly partitions: number;
  readonly connections: number;
  readonly inFlight: number;
  /** Bytes (as sent) of a round, or requests. */
  readonly bytes?: number;
  readonly requests?: number;
  readonly rate?: number;
}

/** A topic for the time of `work`. */
export async function withTopic<T>(
  address: Address,
  partitions: number,
  work: (topic: string) => Promise<T>,
): Promise<T> {
  const topic = `bench-${process.pid}-${topics++}`;
  await createTopic(address, topic, partitions);
  try {
    return await work(topic);
  } finally {
    await deleteTopic(address, topic);
  }
}

/** What the process used for `work`, beside its result. */
export async function metered<T>(pid: number | null, work: () => Promise<T>): Promise<{ result: T; used: Measured }> {
  const before = pid === null ? null : usageOf(pid);
  const own = process.cpuUsage();
  const result = await work();
  const client = process.cpuUsage(own);
  const used: Record<string, number> = { clientCpu: (client.user + client.system) / 1e6 };
  if (pid !== null && before !== null) {
    const after = usageOf(pid);
    used['cpu'] = after.cpuSeconds - before.cpuSeconds;
    used['switches'] = after.contextSwitches - before.contextSwitches;
    used['rss'] = memoryOf(pid).residentBytes;
  }
  return { result, used };
}

export function perUnit(used: Measured, bytes: number, requests: number, seconds: number): Record<string, number> {
  const measured: Record<string, number> = {
    gbPerSecond: bytes / GB / seconds,
    requestsPerSecond: requests / seconds,
    clientCpuPerGb: (used['clientCpu'] ?? Number.NaN) / (bytes / GB),
  };
  const { cpu, switches, rss } = used;
  if (cpu === undefined || switches === undefined || rss === undefined) return measured;
  measured['cpuPerGb'] = cpu / (bytes / GB);
  measured['cpuPerRequest'] = (cpu / requests) * 1e6;
  measured['switchesPerRequest'] = switches / requests;
  measured['rss'] = rss;
  return measured;
}

function at(sorted: Float64Array, part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

function produceScenario(scenario: ProduceScenario): Scenario {
  const batches = batchesOf(scenario);
  const size = batches.reduce((sum, { bytes }) => sum + bytes.length, 0) / batches.length;
  const whole = scenario.requests ?? Math.ceil((scenario.bytes ?? 0) / size);
  return {
    name: scenario.name,
    what: scenario.what,
    round: (target, options) =>
      withTopic(target.address, scenario.partitions, async (topic) => {
        const { partitions, connections, inFlight, rate = 0 } = scenario;
        const requests = Math.ceil(whole * options.share);
        const run = { topic, partitions, batches, connections, inFlight, requests, rate };
        const { result, used } = await metered(target.pid, () => produce(target.address, run));
        if (options.verify) await verify(target.address, topic, partitions, result.acknowledged);
        return measuredOf(result, used, scenario.codec !== 'none');
      }),
  };
}

function measuredOf(result: Produced, used: Measured, isCompressed: boolean): Measured {
  const { requests, bytes, uncompressedBytes, seconds, latencies } = result;
  const measured = perUnit(used, isCompressed ? uncompressedBytes : bytes, requests, seconds);
  if (latencies.length > 0) {
    measured['p50'] = at(latencies, 0.5);
    measured['p99'] = at(latencies, 0.99);
    measured['p999'] = at(latencies, 0.999);
  }
  return measured;
}

const CONSUMED: BatchKind = { valueSize: 1000, batchSize: 65_536, codec: 'none' };
const CONSUME_PARTITIONS = 6;

const consumeScenario: Scenario = {
  name: 'consume',
  what: '1 KB records in 64 KiB batches, six partitions in a Fetch, 1 MiB a partition, two connections',
  round: (target, options) =>
    withTopic(target.address, CONSUME_PARTITIONS, async (topic) => {
      const batches = batchesOf(CONSUMED);
      const [batch] = batches;
      if (batch === undefined) throw new Error('no batch');
      const run = { topic, partitions: CONSUME_PARTITIONS, batches, connections: 2, inFlight: 6, rate: 0 };
      await produce(target.address, { ...run, requests: Math.ceil((0.4 * GB * options.share) / batch.bytes.length) });
      const endOffsets = await endOffsetsOf(target.address, topic, CONSUME_PARTITIONS);
      const { result, used } = await metered(target.pid, () =>
        consume(target.address, {
          topic,
          partitions: CONSUME_PARTITIONS,
          connections: 2,
          batch,
          endOffsets,
          partitionMaxBytes: 1_048_576,
          bytes: 3 * GB * options.share,
        }),
      );
      return perUnit(used, result.bytes, result.requests, result.seconds);
    }),
};

const IDLE_CONNECTIONS = 10_000;

const idleScenario: Scenario = {
  name: 'idle',
  what: `${IDLE_CONNECTIONS} connections that sent ApiVersions once and then nothing`,
  async round(target, { share }) {
    const count = Math.ceil(IDLE_CONNECTIONS * share);
    const before = target.pid === null ? null : memoryOf(target.pid);
    const cpuBefore = target.pid === null ? null : usageOf(target.pid);
    const connections: Connection[] = [];
    const start = performance.now();
    while (connections.length < count) {
      const some = Math.min(40, count - connections.length);
      const opened = await Promise.all(Array.from({ length: some }, () => Connection.open(target.address, 4096)));
      await Promise.all(opened.map((connection) => connection.call('ApiVersions', 0, {})));
      connections.push(...opened);
    }
    const seconds = (performance.now() - start) / 1000;
    await pause(500);
    const after = target.pid === null ? null : memoryOf(target.pid);
    const cpuAfter = target.pid === null ? null : usageOf(target.pid);
    for (const connection of connections) connection.close();
    await pause(1000);
    const measured: Record<string, number> = { requestsPerSecond: count / seconds };
    if (before !== null && after !== null && cpuBefore !== null && cpuAfter !== null) {
      measured['rss'] = after.residentBytes;
      measured['rssMore'] = after.residentBytes - before.residentBytes;
      measured['cpuPerRequest'] = ((cpuAfter.cpuSeconds - cpuBefore.cpuSeconds) / count) * 1e6;
    }
    return measured;
  },
};

const KIB = 1024;
const BULK = { valueSize: 1000, codec: 'none', connections: 2, inFlight: 6 } as const;

export function scenarios(): Scenario[] {
  const bulk = (batchSize: number, partitions: number, bytes: number): Scenario =>
    produceScenario({
      ...BULK,
      name: `produce-${batchSize / KIB}k-${partitions}p`,
      what: `1 KB records in ${batchSize / KIB} KiB batches, ${partitions === 1 ? 'one partition' : 'six partitions'}`,
      batchSize,
      partitions,
      bytes,
    });
  const compressed = (codec: 'lz4' | 'zstd'): Scenario =>
    produceScenario({
      ...BULK,
      codec,
      name: `produce-${codec}`,
      what: `1 KB records, 64 KiB of them in a ${codec} batch, six partitions; bytes are uncompressed ones`,
      batchSize: 64 * KIB,
      partitions: 6,
      bytes: 0.4 * GB,
    });
  return [
    bulk(16 * KIB, 1, 0.6 * GB),
    bulk(64 * KIB, 1, 1.2 * GB),
    bulk(256 * KIB, 1, 1.2 * GB),
    bulk(16 * KIB, 6, 0.6 * GB),
    bulk(64 * KIB, 6, 1.2 * GB),
    bulk(256 * KIB, 6, 1.2 * GB),
    produceScenario({
      ...BULK,
      valueSize: 100,
      name: 'produce-100b-64k-6p',
      what: '100-byte records in 64 KiB batches, six partitions',
      batchSize: 64 * KIB,
      partitions: 6,
      bytes: 0.8 * GB,
    }),
    compressed('lz4'),
    compressed('zstd'),
    produceScenario({
      name: 'produce-single',
      what: '100-byte records one a request, 50 connections with one on the way, six partitions',
      valueSize: 100,
      batchSize: 0,
      codec: 'none',
      partitions: 6,
      connections: 50,
      inFlight: 1,
      requests: 60_000,
    }),
    produceScenario({
      name: 'single-10000',
      what: '100-byte records one a request, 10,000 a second from 50 connections, six partitions',
      valueSize: 100,
      batchSize: 0,
      codec: 'none',
      partitions: 6,
      connections: 50,
      inFlight: 1,
      requests: 50_000,
      rate: 10_000,
    }),
    produceScenario({
      name: 'latency-20mb',
      what: '16 KiB batches at 20 MB/s, six partitions',
      valueSize: 1000,
      batchSize: 16 * KIB,
      codec: 'none',
      partitions: 6,
      connections: 2,
      inFlight: 6,
      requests: 8000,
      rate: 1250,
    }),
    produceScenario({
      name: 'latency-1000',
      what: '100-byte records one a request, 1,000 a second from 10 connections, six partitions',
      valueSize: 100,
      batchSize: 0,
      codec: 'none',
      partitions: 6,
      connections: 10,
      inFlight: 1,
      requests: 5000,
      rate: 1000,
    }),
    consumeScenario,
    idleScenario,
  ];
}
