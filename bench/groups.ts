/**
 * Coordinators of groups under load: `npm run bench -- groups [options]`. Commits of many groups over many connections, and how long 10,000
 * groups with 50,000 offsets take to load after kill -9 (only of a broker that is started here, from dist/).
 *
 *   --bootstrap H:P   the broker to measure, already running       --against H:P   a second one, in the same rounds
 *   --rounds N (3)    --seconds N of a round (5)    --rate N commits a second, 0 as many as go (20000; a row for each)
 *   --connections N (64)    --entry FILE (dist/odradek.js)    --port P (19093)    --shards N (2)
 */
import { parseArgs } from 'node:util';
import { createTopic, pause } from './broker/admin.ts';
import { OwnBroker } from './broker/own.ts';
import { cpuSecondsOf, memoryOf, pidListeningOn } from './broker/process.ts';
import { type Address, CLIENT_ID, Connection } from './broker/wire.ts';
import { encodeRequest } from '../src/protocol/frame.ts';

const { values } = parseArgs({
  options: {
    bootstrap: { type: 'string' },
    against: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    rate: { type: 'string', default: '20000,0' },
    connections: { type: 'string', default: '64' },
    entry: { type: 'string', default: 'dist/odradek.js' },
    port: { type: 'string', default: '19093' },
    shards: { type: 'string', default: '2' },
  },
});

const GROUPS = 10_000;
/** Offsets of a group in the load of many. */
const OFFSETS = 5;
const TOPIC = 'bench-groups';
const COMMIT_VERSION = 8;
const CONNECTIONS = Number(values.connections);
/** Commits of one connection on their way: a broker works on one at a time. */
const IN_FLIGHT = 4;

function commitFrame(group: number, partitions: number, offset: bigint): Buffer {
  return encodeRequest('OffsetCommit', COMMIT_VERSION, group, CLIENT_ID, {
    groupId: `bench-group-${group}`,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    groupInstanceId: null,
    retentionTimeMs: -1,
    topics: [
      {
        name: TOPIC,
        partitions: Array.from({ length: partitions }, (_, partitionIndex) => ({
          partitionIndex,
          committedOffset: offset + BigInt(partitionIndex),
          committedLeaderEpoch: -1,
          committedMetadata: '',
        })),
      },
    ],
  });
}

/** Where the code of the first partition stands in a response: length, correlation, tags, throttle, topics, name, partitions, index. */
const ERROR_AT = 4 + 4 + 1 + 4 + 1 + 1 + TOPIC.length + 1 + 4;

interface Load {
  readonly commits: number;
  readonly seconds: number;
  readonly latencies: Float64Array;
  readonly refused: number;
}

/** One connection: frames in order, each answered before more than IN_FLIGHT are on their way. */
class Committer {
  readonly #connection: Connection;
  readonly #latencies: number[];
  readonly #sent: number[] = [];
  #partial: Buffer = Buffer.alloc(0);
  refused = 0;
  onAnswer: () => void = () => {};

  constructor(connection: Connection, latencies: number[]) {
    this.#connection = connection;
    this.#latencies = latencies;
    connection.stream((bytes, size) => this.#received(bytes.subarray(0, size)));
  }

  get isFree(): boolean {
    return this.#sent.length < IN_FLIGHT;
  }

  get isIdle(): boolean {
    return this.#sent.length === 0;
  }

  /** `due`: when it was to be sent, which the latency counts from. */
  send(frame: Buffer, due: number): void {
    this.#sent.push(due);
    this.#connection.socket.write(frame);
  }

  #received(bytes: Buffer): void {
    let all = this.#partial.length === 0 ? bytes : Buffer.concat([this.#partial, bytes]);
    while (all.length >= 4 && all.length >= 4 + all.readInt32BE(0)) {
      if (all.readInt16BE(ERROR_AT) !== 0) this.refused++;
      this.#latencies.push(performance.now() - (this.#sent.shift() ?? 0));
      all = all.subarray(4 + all.readInt32BE(0));
      this.onAnswer();
    }
    this.#partial = Buffer.from(all);
  }
}

/** Sends `frames` round and round; `rate` a second, or as fast as they are answered. */
async function commit(address: Address, frames: readonly Buffer[], count: number, rate: number): Promise<Load> {
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => Connection.open(address)));
  const latencies: number[] = [];
  const committers = connections.map((connection) => new Committer(connection, latencies));
  const begin = performance.now();
  let next = 0;
  const pump = (): void => {
    const now = performance.now();
    const due = rate === 0 ? count : Math.min(count, Math.floor(((now - begin) / 1000) * rate));
    for (const committer of committers) {
      while (next < due && committer.isFree) {
        committer.send(frames[next % frames.length] as Buffer, rate === 0 ? now : begin + (next / rate) * 1000);
        next++;
        if (rate !== 0) break;
      }
    }
  };
  await new Promise<void>((resolve, reject) => {
    for (const connection of connections) connection.onFailure = reject;
    for (const committer of committers) {
      committer.onAnswer = () => {
        if (latencies.length === count) resolve();
        else if (rate === 0) pump();
      };
    }
    const turn = (): void => {
      pump();
      if (latencies.length < count) setTimeout(turn, 1);
    };
    turn();
  });
  const seconds = (performance.now() - begin) / 1000;
  for (const connection of connections) connection.close();
  const refused = committers.reduce((sum, one) => sum + one.refused, 0);
  return { commits: count, seconds, latencies: Float64Array.from(latencies).toSorted(), refused };
}

async function prepare(address: Address): Promise<void> {
  const connection = await Connection.open(address);
  await createTopic(address, TOPIC, OFFSETS).catch(() => undefined);
  for (;;) {
    const found = await connection.call('FindCoordinator', 3, { key: 'bench', keyType: 0, coordinatorKeys: [] });
    if (found.errorCode === 0) break;
    await pause(50);
  }
  connection.close();
  // Until every partition has its coordinator.
  const frames = Array.from({ length: 500 }, (_, group) => commitFrame(group, 1, 0n));
  while ((await commit(address, frames, frames.length, 0)).refused > 0) await pause(100);
}

function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

interface Target {
  readonly name: string;
  readonly address: Address;
  readonly pid: number | null;
}

async function round(target: Target, rate: number, isWarming: boolean): Promise<void> {
  const frames = Array.from({ length: 1000 }, (_, group) => commitFrame(group, 1, BigInt(Date.now())));
  const seconds = isWarming ? 2 : Number(values.seconds);
  const before = target.pid === null ? 0 : cpuSecondsOf(target.pid);
  const load = await commit(target.address, frames, (rate === 0 ? 20_000 : rate) * seconds, rate);
  if (isWarming) return;
  const cpu = target.pid === null ? Number.NaN : cpuSecondsOf(target.pid) - before;
  const perSecond = Math.round(load.commits / load.seconds);
  const [p50, p99, max] = [0.5, 0.99, 1].map((share) => percentile(load.latencies, share).toFixed(2));
  const micros = ((cpu / load.commits) * 1e6).toFixed(1);
  process.stdout.write(
    `${target.name.padEnd(16)} rate ${String(rate || 'max').padEnd(6)} ${perSecond} commits/s  p50 ${p50}  p99 ${p99}  max ${max} ms  ` +
      `CPU ${micros} us/commit  refused ${load.refused}\n`,
  );
}

/** 10,000 groups with 5 offsets each; kill -9; from ready to the answer about every group. */
async function measureLoading(broker: OwnBroker): Promise<void> {
  const frames = Array.from({ length: GROUPS }, (_, group) => commitFrame(group, OFFSETS, 7n));
  const { refused } = await commit(broker.address, frames, frames.length, 0);
  if (refused > 0) throw new Error(`${refused} commits were refused`);
  const before = memoryOf(broker.pid).residentBytes;
  await broker.stop('SIGKILL');
  const start = await broker.start();
  const begin = performance.now();
  const connection = await Connection.open(broker.address);
  for (let group = 0; group < GROUPS; group++) {
    const groups = [{ groupId: `bench-group-${group}`, memberId: null, memberEpoch: -1, topics: null }];
    const request = { groupId: '', topics: [], groups, requireStable: false };
    for (;;) {
      const { groups: answered } = await connection.call('OffsetFetch', 8, request);
      const [found] = answered;
      const count = found?.topics[0]?.partitions.length ?? 0;
      if (found?.errorCode === 0 && count === OFFSETS) break;
      if (found?.errorCode === 0) throw new Error(`group ${group} has ${count} offsets after kill -9`);
      await pause(5);
    }
    if (group === 0) process.stdout.write(`first group ${(performance.now() - begin).toFixed(0)} ms after ready, `);
  }
  connection.close();
  const after = memoryOf(broker.pid).residentBytes;
  const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  process.stdout.write(
    `all of ${GROUPS} read one by one ${(performance.now() - begin).toFixed(0)} ms after; start ${(start * 1000).toFixed(0)} ms; ` +
      `resident ${mib(before)} MiB before, ${mib(after)} MiB after\n`,
  );
}

function addressOf(text: string): Address {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

const own = { entry: values.entry, port: Number(values.port), shards: Number(values.shards) };
const broker = values.bootstrap === undefined ? new OwnBroker(own) : null;
try {
  await broker?.start();
  const texts = [values.bootstrap ?? `127.0.0.1:${own.port}`, values.against].filter((text) => text !== undefined);
  const targets = texts.map((text, index): Target => {
    const address = addressOf(text);
    return { name: index === 0 && broker !== null ? 'odradek' : text, address, pid: pidListeningOn(address.port) };
  });
  for (const { address } of targets) await prepare(address);
  for (const rate of values.rate.split(',').map(Number)) {
    for (let n = 0; n <= Number(values.rounds); n++) for (const target of targets) await round(target, rate, n === 0);
  }
  if (broker !== null) await measureLoading(broker);
} finally {
  await broker?.stop('SIGKILL');
  broker?.remove();
}
