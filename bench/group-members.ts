/**
 * Groups of a thousand members: `npm run bench -- group-members [options]`. A classic group that forms and takes one more member, a consumer
 * group (KIP-848) over 3,000 partitions that forms, takes one more, loses one and beats, and what a member and a group cost in memory.
 * Odradek is started from dist/; with a delay of 0 who comes first is a generation to itself, and the time of a longer one (which is begun anew
 * once where somebody came meanwhile) is to be taken off.
 *
 *   --bootstrap H:P   the broker to measure, already running       --against H:P   a second one, in the same rounds
 *   --rounds N (2)    --members N (1000)    --partitions N (3000)    --groups N of one member each, for the memory (2000)
 *   --connections N that members of consumer groups share (50)    --entry FILE (dist/odradek.js)    --port P (19950)    --shards N (2)
 *   --delay MS, group.initial.rebalance.delay.ms of Odradek (0), which another broker should be given, too
 */
import { parseArgs } from 'node:util';
import { createTopic, ledWithin, pause } from './broker/admin.ts';
import { ClassicMembers } from './broker/classic-members.ts';
import { ConsumerMembers, shared } from './broker/consumer-members.ts';
import { OwnBroker } from './broker/own.ts';
import { cpuSecondsOf, memoryOf, pidListeningOn } from './broker/process.ts';
import { type Address, Connection } from './broker/wire.ts';

const { values } = parseArgs({
  options: {
    bootstrap: { type: 'string' },
    against: { type: 'string' },
    rounds: { type: 'string', default: '2' },
    members: { type: 'string', default: '1000' },
    partitions: { type: 'string', default: '3000' },
    groups: { type: 'string', default: '2000' },
    connections: { type: 'string', default: '50' },
    entry: { type: 'string', default: 'dist/odradek.js' },
    port: { type: 'string', default: '19950' },
    shards: { type: 'string', default: '2' },
    delay: { type: 'string', default: '0' },
  },
});

const MEMBERS = Number(values.members);
const PARTITIONS = Number(values.partitions);
const GROUPS = Number(values.groups);
/** Times that every member says that it lives, for the cost of a heartbeat. */
const BEATS = 20;
const BESIDE_MS = 300;
const TOPIC = 'bench-members';
const SMALL_TOPIC = 'bench-members-small';
const OFFSETS_TOPIC = '__consumer_offsets';
const OFFSETS_PARTITIONS = 50;
const LATEST = -1n;
/** No step may take longer. */
const STEP_TIMEOUT_MS = 120_000;
/** Distinguishes the groups of this run from those of earlier ones. */
const RUN = Date.now().toString(36);

interface Target {
  readonly name: string;
  readonly address: Address;
  readonly pid: number | null;
  /** To ask for offsets. */
  readonly connection: Connection;
}

/** Records in the log of all coordinators. */
async function recordsOf({ connection }: Target): Promise<number> {
  const partitions = Array.from({ length: OFFSETS_PARTITIONS }, (_, partitionIndex) => {
    return { partitionIndex, timestamp: LATEST };
  });
  const topics = [{ name: OFFSETS_TOPIC, partitions }];
  const answer = await connection.call('ListOffsets', 5, { replicaId: -1, isolationLevel: 0, topics });
  return answer.topics[0]?.partitions.reduce((sum, { offset }) => sum + offset, 0) ?? 0;
}

function cpuOf({ pid }: Target): number {
  return pid === null ? Number.NaN : cpuSecondsOf(pid);
}

function residentMib({ pid }: Target): number {
  return pid === null ? Number.NaN : memoryOf(pid).residentBytes / 2 ** 20;
}

async function bounded(what: string, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not done after ${STEP_TIMEOUT_MS} ms`)), STEP_TIMEOUT_MS);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Does one step and says what it took of the broker; `note` is asked when it is done. */
async function step(target: Target, what: string, work: () => Promise<void>, note: () => string): Promise<void> {
  const records = await recordsOf(target);
  const cpu = cpuOf(target);
  const begin = performance.now();
  await bounded(what, work());
  const seconds = (performance.now() - begin) / 1000;
  const spent = cpuOf(target) - cpu;
  const written = (await recordsOf(target)) - records;
  process.stdout.write(
    `${target.name.padEnd(16)} ${what.padEnd(28)} ${seconds.toFixed(2).padStart(6)} s  CPU ${spent.toFixed(2).padStart(5)} s  ` +
      `records ${String(written).padStart(5)}  ${note()}\n`,
  );
}

async function classic(target: Target, round: number): Promise<void> {
  const group = new ClassicMembers(target.address, `bench-classic-${RUN}-${round}`, TOPIC, PARTITIONS);
  await group.connect(MEMBERS);
  const before = residentMib(target);
  const note = (): string => `joins ${group.joins}, heartbeats ${group.heartbeats}, generation ${group.generation}`;
  await step(target, `classic: ${MEMBERS} join`, () => group.settle(), note);
  const after = residentMib(target);
  process.stdout.write(`${target.name.padEnd(16)} resident ${before.toFixed(0)} → ${after.toFixed(0)} MiB\n`);
  await group.connect(1);
  await pause(1000);
  await step(target, 'classic: one more', () => group.settle(), note);
  await group.leave();
}

async function consumer(target: Target, round: number): Promise<void> {
  const connections = await shared(target.address, Number(values.connections));
  const group = new ConsumerMembers(`bench-consumer-${RUN}-${round}`, TOPIC, PARTITIONS, connections);
  const change = async (what: string, work: () => Promise<void>): Promise<void> => {
    group.heartbeats = 0;
    await step(target, `consumer: ${what}`, work, () => `heartbeats ${group.heartbeats}, epoch ${group.epoch}`);
    // The interval between two assignments, and what members have not said yet.
    await pause(2000);
    await group.beat();
    await pause(500);
  };
  const before = residentMib(target);
  group.add(MEMBERS);
  await change(`${MEMBERS} join`, () => group.settle());
  const after = residentMib(target);
  process.stdout.write(`${target.name.padEnd(16)} resident ${before.toFixed(0)} → ${after.toFixed(0)} MiB\n`);
  let firstMs = 0;
  const joinOne = async (): Promise<void> => {
    firstMs = await group.addOne();
    // Where the assignment is made beside the answer.
    await pause(BESIDE_MS);
  };
  await step(target, 'consumer: one more asks', joinOne, () => `answered after ${firstMs.toFixed(1)} ms`);
  await change('one more, all hear', () => group.settle());
  await change('one leaves', async () => {
    await group.removeOne();
    await group.settle();
  });
  await change(`${BEATS} heartbeats each`, async () => {
    for (let n = 0; n < BEATS; n++) await group.beat();
  });
  await bounded('leaving', group.leave());
  for (const connection of connections) connection.close();
}

/** Groups of one member with one partition each. */
async function memoryOfGroups(target: Target): Promise<void> {
  const connections = await shared(target.address, Number(values.connections));
  const groups = Array.from({ length: GROUPS }, (_, index) => {
    const connection = connections[index % connections.length];
    return new ConsumerMembers(
      `bench-one-${RUN}-${index}`,
      SMALL_TOPIC,
      1,
      connection === undefined ? [] : [connection],
    );
  });
  for (const group of groups) group.add(1);
  const before = residentMib(target);
  const join = async (): Promise<void> => {
    for (let n = 0; n < 3; n++) {
      await Promise.all(groups.map((group) => group.beat()));
      await pause(500);
    }
  };
  await step(target, `${GROUPS} groups of one`, join, () => '3 heartbeats each, 1.5 s of pauses');
  const after = residentMib(target);
  const perGroup = (((after - before) * 1024) / GROUPS).toFixed(1);
  process.stdout.write(
    `${target.name.padEnd(16)} resident ${before.toFixed(0)} → ${after.toFixed(0)} MiB: ${perGroup} KiB a group\n`,
  );
  await bounded(
    'leaving',
    Promise.all(groups.map((group) => group.leave())).then(() => undefined),
  );
  for (const connection of connections) connection.close();
}

async function prepare({ address, connection }: Target): Promise<void> {
  for (;;) {
    const found = await connection.call('FindCoordinator', 3, { key: 'bench', keyType: 0, coordinatorKeys: [] });
    if (found.errorCode === 0) break;
    await pause(50);
  }
  await ledWithin(connection, OFFSETS_TOPIC, OFFSETS_PARTITIONS);
  await createTopic(address, SMALL_TOPIC, 1).catch(() => undefined);
  await createTopic(address, TOPIC, PARTITIONS).catch(() => undefined);
  await ledWithin(connection, TOPIC, PARTITIONS);
}

function addressOf(text: string): Address {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

const settings = [`group.initial.rebalance.delay.ms=${values.delay}`];
const own = { entry: values.entry, port: Number(values.port), shards: Number(values.shards), settings };
const broker = values.bootstrap === undefined ? new OwnBroker(own) : null;
try {
  await broker?.start();
  const texts = [values.bootstrap ?? `127.0.0.1:${own.port}`, values.against].filter((text) => text !== undefined);
  const targets: Target[] = [];
  for (const [index, text] of texts.entries()) {
    const address = addressOf(text);
    const name = index === 0 && broker !== null ? 'odradek' : text;
    targets.push({ name, address, pid: pidListeningOn(address.port), connection: await Connection.open(address) });
  }
  for (const target of targets) await prepare(target);
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const target of targets) {
      await classic(target, round);
      await consumer(target, round);
    }
  }
  for (const target of targets) await memoryOfGroups(target);
  for (const { connection } of targets) connection.close();
} finally {
  await broker?.stop('SIGKILL');
  broker?.remove();
}
