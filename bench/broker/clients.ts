/**
 * Rows whose load is a real client: librdkafka (confluent-kafka, in the environment that test/interop/run.sh makes) and Kafka's own Java
 * tools (from the jars that it fetches). What is measured is the broker alone, as in all rows. Left out where a client is not there.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type BatchKind, batchesOf } from './batches.ts';
import { produce } from './produce.ts';
import { GB, type Measured, metered, perUnit, type Scenario, type Target, withTopic } from './scenarios.ts';

const INTEROP = join(import.meta.dirname, '../../.build/interop');
const PYTHON = join(INTEROP, 'venv/bin/python');
const SCRIPT = join(import.meta.dirname, 'client.py');
const JARS = join(INTEROP, 'libs');
const STORED: BatchKind = { valueSize: 1000, batchSize: 65_536, codec: 'none' };
const STORED_BYTES = 0.6 * GB;

/** Runs a program to its end: its output, or what it complained of as the error. */
function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let complaint = '';
    child.stdout.on('data', (text: Buffer) => (output += text.toString()));
    child.stderr.on('data', (text: Buffer) => (complaint += text.toString()));
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${command} ended with ${code}: ${complaint.slice(-1000)}`));
    });
  });
}

const bootstrapOf = ({ address }: Target): string => `${address.host}:${address.port}`;

function javaTool(name: string, args: readonly string[]): Promise<string> {
  return run('java', ['-Xmx512M', '-cp', join(JARS, '*'), `org.apache.kafka.tools.${name}`, ...args]);
}

/** The columns of a client's run: what its broker used for it; bytes are those of values, uncompressed. */
async function clientRun(target: Target, bytes: number, work: () => Promise<unknown>): Promise<Measured> {
  const start = performance.now();
  const { used } = await metered(target.pid, work);
  const measured = perUnit(used, bytes, 1, (performance.now() - start) / 1000);
  // Requests are the client's affair, and so is its own processor time.
  return Object.fromEntries(['cpuPerGb', 'gbPerSecond', 'rss'].map((key) => [key, measured[key] ?? Number.NaN]));
}

interface ProducerRow {
  readonly name: string;
  readonly what: string;
  readonly partitions: number;
  readonly size: number;
  readonly bytes: number;
}

function rdkafkaProducer(row: ProducerRow, codec = 'none'): Scenario {
  return {
    name: row.name,
    what: row.what,
    round: (target, { share }) =>
      withTopic(target.address, row.partitions, (topic) => {
        const records = Math.ceil((row.bytes * share) / row.size);
        const args = [SCRIPT, 'produce', bootstrapOf(target), topic, String(records), String(row.size), codec];
        return clientRun(target, records * row.size, () => run(PYTHON, args));
      }),
  };
}

function javaProducer(row: ProducerRow): Scenario {
  return {
    name: row.name,
    what: row.what,
    round: (target, { share }) =>
      withTopic(target.address, row.partitions, (topic) => {
        const records = Math.ceil((row.bytes * share) / row.size);
        const how = ['--topic', topic, '--num-records', String(records), '--record-size', String(row.size)];
        const properties = [`bootstrap.servers=${bootstrapOf(target)}`, 'acks=all'];
        const args = [...how, '--throughput', '-1', '--producer-props', ...properties];
        return clientRun(target, records * row.size, () => javaTool('ProducerPerformance', args));
      }),
  };
}

/** A consumer of six partitions with 0.6 GB of 1 KB records in 64 KiB batches, from their beginning to their end. */
function consumer(
  name: string,
  what: string,
  /** Whether all of them came. */
  read: (target: Target, topic: string, records: number) => Promise<boolean>,
): Scenario {
  const partitions = 6;
  return {
    name,
    what,
    round: (target, { share }) =>
      withTopic(target.address, partitions, async (topic) => {
        const batches = batchesOf(STORED);
        const size = batches.reduce((sum, { bytes }) => sum + bytes.length, 0) / batches.length;
        const requests = Math.ceil((STORED_BYTES * share) / size);
        const load = { topic, partitions, batches, connections: 2, inFlight: 6, rate: 0, requests };
        const { bytes } = await produce(target.address, load);
        const records = requests * (batches[0]?.records ?? 0);
        let isRead = false;
        const measured = await clientRun(target, bytes, async () => {
          isRead = await read(target, topic, records);
        });
        if (!isRead) process.stderr.write(`${name}: ${target.name} did not serve it all: not counted\n`);
        return isRead ? measured : {};
      }),
  };
}

/** Those whose client is there. `missing` is told why others are left out. */
export function clientScenarios(missing: (why: string) => void): Scenario[] {
  const rows: Scenario[] = [];
  if (existsSync(PYTHON)) {
    const row = (name: string, what: string, partitions: number, size = 1000, bytes = 0.5 * GB): ProducerRow => ({
      name: `rdkafka-${name}`,
      what: `librdkafka, ${what}`,
      partitions,
      size,
      bytes,
    });
    rows.push(
      rdkafkaProducer(row('produce-1p', '1 KB records, one partition', 1)),
      rdkafkaProducer(row('produce-6p', '1 KB records, six partitions', 6)),
      rdkafkaProducer(row('lz4', '1 KB records, lz4, six partitions', 6), 'lz4'),
      rdkafkaProducer(row('zstd', '1 KB records, zstd, six partitions', 6), 'zstd'),
      rdkafkaProducer(row('100b', '100-byte records, six partitions', 6, 100, 0.1 * GB)),
      consumer('rdkafka-consume', 'librdkafka consumer, six partitions', async (target, topic, records) => {
        // It fails where it does not get all.
        await run(PYTHON, [SCRIPT, 'consume', bootstrapOf(target), topic, '6', String(records)]);
        return true;
      }),
    );
  } else missing('no librdkafka: test/interop/run.sh makes its environment');
  if (existsSync(JARS)) {
    const what = 'Java producer, 1 KB records, its own batches of 16 KiB';
    rows.push(
      javaProducer({ name: 'java-produce-6p', what: `${what}, six partitions`, partitions: 6, size: 1000, bytes: GB }),
      consumer('java-consume', 'Java consumer in a group, six partitions', async (target, topic, records) => {
        const what = ['--bootstrap-server', bootstrapOf(target), '--topic', topic, '--messages', String(records)];
        const output = await javaTool('ConsumerPerformance', [
          ...what,
          '--timeout',
          '10000',
          '--group',
          `bench-${topic}`,
        ]);
        // Start, end, MB, MB/s, records: it ends in silence where the broker has no groups.
        const found = Number(output.trim().split('\n').at(-1)?.split(', ')[4]);
        return found >= records;
      }),
    );
  } else missing('no Java clients: test/interop/run.sh fetches their jars');
  return rows;
}
