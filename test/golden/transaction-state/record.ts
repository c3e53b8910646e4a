/**
 * Writes the golden files beside it, from a Kafka 4.4 with one partition of `__transaction_state` and topics `t` (3 partitions) and `u` (2):
 *
 *   node test/golden/transaction-state/record.ts PORT LOG RESTART FEATURE
 *
 * LOG is the segment of `__transaction_state-0`, RESTART a command that ends the broker and starts it again, FEATURE one that takes
 * transaction.version down to the level that it is given. The broker forgets ids after 45 seconds (transactional.id.expiration.ms) and looks every second for what is too
 * old (transaction.abort.timed.out.transaction.cleanup.interval.ms, transaction.remove.expired.transaction.cleanup.interval.ms).
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BatchBuilder } from '../../../src/protocol/batch-builder.ts';
import { ZERO_UUID } from '../../../src/base/uuid.ts';
import { memoryRecords } from '../../../src/protocol/records.ts';
import { ERRORS } from '../../../src/protocol/errors.ts';
import { transactionRecords } from '../../../src/protocol/record/coordinator-records.ts';
import type { TransactionLogValueInput } from '../../../src/protocol/record/transaction/transaction-log.ts';
import type { RequestInputOf, DecodedResponseOf } from '../../../src/protocol/schema/index.ts';
import { crc32c } from '../../harness/batches.ts';
import { RawClient } from '../../harness/client.ts';
import type { RecordedStep, RecordedApi } from './steps.ts';

const [port, log, restartCommand, featureCommand] = process.argv.slice(2);
if (port === undefined || log === undefined || restartCommand === undefined || featureCommand === undefined) {
  throw new Error('record.ts PORT LOG RESTART FEATURE');
}
/** Kafka lets this client write to internal topics. */
const ADMIN = '__admin_client';
const STATUS = { Empty: 0, Ongoing: 1, PrepareCommit: 2, PrepareAbort: 3, CompleteCommit: 4, CompleteAbort: 5 };

interface Who {
  readonly producerId: number;
  readonly producerEpoch: number;
}

class Recorder {
  #client: RawClient;
  readonly steps: RecordedStep[] = [];

  constructor(client: RawClient) {
    this.#client = client;
  }

  async #endOffset(): Promise<number> {
    const topics = [{ name: '__transaction_state', partitions: [{ partitionIndex: 0, timestamp: -1n }] }];
    const { topics: answered } = await this.#client.ask('ListOffsets', 5, { replicaId: -1, isolationLevel: 0, topics });
    return Number(answered[0]?.partitions[0]?.offset ?? 0n);
  }

  async ask<N extends RecordedApi>(api: N, version: number, request: RequestInputOf<N>): Promise<DecodedResponseOf<N>> {
    let answer = await this.#client.ask(api, version, request);
    // Kafka's way of saying that it has no producer id at hand.
    while ('errorCode' in answer && answer.errorCode === ERRORS.COORDINATOR_LOAD_IN_PROGRESS) {
      await sleep(100);
      answer = await this.#client.ask(api, version, request);
    }
    this.steps.push({ api, version, request, answer, endOffset: await this.#endOffset() } as unknown as RecordedStep);
    return answer;
  }

  async status(transactionalId: string): Promise<string> {
    const { transactionStates } = await this.#client.ask('DescribeTransactions', 0, {
      transactionalIds: [transactionalId],
    });
    return transactionStates[0]?.transactionState ?? '';
  }

  async until(transactionalId: string, isThere: (status: string) => boolean): Promise<void> {
    for (let tries = 0; tries < 900 && !isThere(await this.status(transactionalId)); tries++) await sleep(100);
    this.steps.push({ waited: transactionalId, endOffset: await this.#endOffset() });
    await this.ask('DescribeTransactions', 0, { transactionalIds: [transactionalId] });
  }

  settled(transactionalId: string): Promise<void> {
    return this.until(transactionalId, (status) => status !== 'Ongoing' && !status.startsWith('Prepare'));
  }

  /** The coordinator has come up. */
  async ready(): Promise<void> {
    for (let tries = 0; tries < 300; tries++) {
      await this.#client.ask('FindCoordinator', 4, { key: '', keyType: 1, coordinatorKeys: ['x'] });
      const request = { transactionalIds: ['nobody at all'] };
      const { transactionStates } = await this.#client.ask('DescribeTransactions', 0, request);
      if (transactionStates[0]?.errorCode === ERRORS.TRANSACTIONAL_ID_NOT_FOUND) return;
      await sleep(100);
    }
    throw new Error('no coordinator');
  }

  async seed(states: Readonly<Record<string, Partial<TransactionLogValueInput>>>): Promise<void> {
    const now = Date.now();
    const records = Object.entries(states).map(([transactionalId, state]) => {
      const value = {
        producerId: 0,
        producerEpoch: 0,
        transactionTimeoutMs: 60_000,
        transactionStatus: STATUS.Empty,
        transactionPartitions: null,
        transactionLastUpdateTimestampMs: now,
        transactionStartTimestampMs: -1,
        ...state,
      };
      return {
        timestamp: BigInt(now),
        key: transactionRecords.encodeKey('transactionLog', { transactionalId }),
        value: transactionRecords.encodeValue('transactionLog', 1, value),
      };
    });
    const builder = new BatchBuilder({ baseOffset: 0 });
    for (const each of records) builder.append(each);
    this.#client.clientId = ADMIN;
    const partitions = [{ index: 0, records: memoryRecords(builder.build(crc32c)) }];
    const topicData = [{ name: '__transaction_state', topicId: ZERO_UUID, partitionData: partitions }];
    const request = { transactionalId: null, acks: -1, timeoutMs: 5000, topicData };
    const { responses } = await this.#client.ask('Produce', 9, request);
    const code = responses[0]?.partitionResponses[0]?.errorCode;
    if (code !== 0) throw new Error(`seeding: ${code}`);
    this.steps.push({ seeded: Object.keys(states), endOffset: await this.#endOffset() });
    await this.restart();
  }

  async restart(): Promise<void> {
    this.#client.close();
    execFileSync('bash', ['-c', restartCommand as string], { stdio: 'ignore' });
    this.#client = await RawClient.open(Number(port));
    await this.ready();
    this.steps.push({ restarted: true, endOffset: await this.#endOffset() });
  }

  async transactionVersion(level: number): Promise<void> {
    execFileSync('bash', ['-c', `${featureCommand} ${level}`], { stdio: 'ignore' });
    this.steps.push({ transactionVersion: level, endOffset: await this.#endOffset() });
  }

  // ---- requests

  async init(
    transactionalId: string,
    version = 5,
    expected: Who | null = null,
    transactionTimeoutMs = 60_000,
  ): Promise<Who> {
    const { producerId, producerEpoch } = expected ?? { producerId: -1, producerEpoch: -1 };
    const said = version >= 3 ? { producerId, producerEpoch } : {};
    return this.ask('InitProducerId', version, { transactionalId, transactionTimeoutMs, ...said });
  }

  /** By a client, or by a broker from version 4 on. */
  add(transactionalId: string, who: Who, topics: Readonly<Record<string, number[]>>, version = 5, verifyOnly = false) {
    const all = Object.entries(topics).map(([name, partitions]) => ({ name, partitions }));
    const { producerId, producerEpoch } = who;
    const isOld = version < 4;
    const request = {
      transactions: isOld ? [] : [{ transactionalId, producerId, producerEpoch, verifyOnly, topics: all }],
      v3AndBelowTransactionalId: isOld ? transactionalId : '',
      v3AndBelowProducerId: isOld ? producerId : 0,
      v3AndBelowProducerEpoch: isOld ? producerEpoch : 0,
      v3AndBelowTopics: isOld ? all : [],
    };
    return this.ask('AddPartitionsToTxn', version, request);
  }

  addOffsets(transactionalId: string, { producerId, producerEpoch }: Who, groupId: string, version = 3) {
    return this.ask('AddOffsetsToTxn', version, { transactionalId, producerId, producerEpoch, groupId });
  }

  async end(
    transactionalId: string,
    { producerId, producerEpoch }: Who,
    committed: boolean,
    version = 5,
  ): Promise<Who> {
    const answer = await this.ask('EndTxn', version, { transactionalId, producerId, producerEpoch, committed });
    if (answer.errorCode === 0) await this.settled(transactionalId);
    return version >= 5 && answer.errorCode === 0 ? answer : { producerId, producerEpoch };
  }
}

const other = ({ producerId, producerEpoch }: Who, epochs: number, ids = 0): Who => {
  return { producerId: producerId + ids, producerEpoch: producerEpoch + epochs };
};

/** A producer whose epoch goes up with every end. */
async function newProducer(k: Recorder): Promise<void> {
  const first = await k.init('new');
  await k.add('new', first, { t: [0] }, 5, true);
  await k.end('new', first, true);
  await k.add('new', first, { t: [0] });
  await k.add('new', first, { t: [0] });
  await k.add('new', first, { t: [2], u: [1] });
  await k.add('new', first, { t: [0, 1], u: [1] }, 5, true);
  await k.add('new', other(first, 1), { t: [0] });
  await k.add('new', other(first, 0, 1), { t: [0] });
  await k.add('new', other(first, 1), { t: [0] }, 4, true);
  await k.add('new', other(first, 0, 1), { t: [0] }, 4, true);
  await k.add('nobody', first, { t: [0] }, 4, true);
  await k.add('nobody', first, { t: [0] });
  await k.end('new', other(first, 1), true);
  await k.end('new', other(first, -1), true);
  await k.end('new', other(first, 0, 1), true);
  const second = await k.end('new', first, true);
  await k.end('new', first, true);
  await k.end('new', first, false);
  await k.end('new', other(first, -1), true);
  await k.end('new', second, true);
  const third = await k.end('new', second, false);
  await k.end('new', second, false);
  await k.end('new', second, true);
  await k.end('new', third, true);
  await k.add('new', third, { t: [1] });
  await k.end('new', third, false);
  const fourth = await k.init('new', 5, other(third, 1));
  await k.init('new', 5, other(third, 1));
  await k.init('new', 5, third);
  await k.init('new', 5, other(fourth, 0, 1));
  const fifth = await k.end('new', fourth, false);
  // An open transaction is fenced off, and its producer may come back by the epoch that it had.
  await k.add('new', fifth, { t: [0], u: [0, 1] });
  await k.init('new');
  await k.settled('new');
  await k.end('new', fifth, false);
  await k.end('new', fifth, true);
  await k.add('new', fifth, { t: [0] });
  await k.init('new', 5, fifth);
  const sixth = await k.init('new', 4);
  await k.add('new', sixth, { t: [0] });
  await k.init('new', 3, other(sixth, -1));
  await k.init('new', 3, sixth);
  await k.settled('new');
  await k.init('new', 3, sixth);
  await k.init('new', 3, fifth);
  // A client of before in between.
  const seventh = await k.init('new', 1);
  await k.add('new', seventh, { t: [0] }, 3);
  await k.end('new', seventh, true, 4);
  await k.end('new', seventh, true, 4);
  const eighth = await k.end('new', seventh, false, 5);
  await k.end('new', eighth, false, 4);
  await k.end('new', eighth, true, 4);
  await k.add('new', eighth, { t: [0] }, 3);
  await k.end('new', eighth, true, 5);
}

/** A producer that keeps its epoch. */
async function oldProducer(k: Recorder): Promise<void> {
  const first = await k.init('old', 3);
  await k.end('old', first, true, 4);
  await k.end('old', first, false, 4);
  await k.add('old', first, { t: [0, 1] }, 3);
  await k.add('old', first, { t: [1] }, 3);
  await k.addOffsets('old', first, 'group');
  await k.addOffsets('old', first, 'group');
  await k.addOffsets('old', other(first, 1), 'group');
  await k.addOffsets('nobody', first, 'group');
  await k.end('old', other(first, 1), true, 4);
  await k.end('old', other(first, 0, 1), true, 4);
  await k.end('nobody', first, true, 4);
  await k.end('', first, true, 4);
  await k.end('old', first, true, 4);
  await k.end('old', first, true, 4);
  await k.end('old', first, false, 4);
  await k.addOffsets('old', first, 'another group');
  await k.end('old', first, false, 0);
  await k.end('old', first, false, 1);
  await k.end('old', first, true, 1);
  const second = await k.init('old', 0);
  await k.add('old', second, { u: [0] }, 0);
  await k.init('old', 0);
  await k.settled('old');
  await k.end('old', second, true, 0);
  await k.add('old', second, { u: [0] }, 0);
  await k.init('old', 4, second);
  const third = await k.init('old', 0);
  await k.init('old', 4, third);
  await k.init('old', 4, third);
}

async function refusals(k: Recorder): Promise<void> {
  for (const timeoutMs of [0, -1, 900_001, 900_000]) await k.init('timeouts', 5, null, timeoutMs);
  await k.init('', 5);
  await k.init('guessed', 5, { producerId: 123_456, producerEpoch: 7 });
  await k.init('guessed', 5, { producerId: 123_456, producerEpoch: 7 });
  await k.ask('DescribeTransactions', 0, { transactionalIds: [''] });
  await k.ask('DescribeTransactions', 0, { transactionalIds: ['nobody'] });
}

/** Names of ids differ in what the broker's table does with them, so the answers are compared in the order of the ids. */
async function lists(k: Recorder): Promise<void> {
  const all = { stateFilters: [], producerIdFilters: [], durationFilter: -1, transactionalIdPattern: null };
  await k.ask('ListTransactions', 0, { stateFilters: [], producerIdFilters: [] });
  const filters = [
    { stateFilters: ['Ongoing', 'CompleteCommit'] },
    { stateFilters: ['ongoing', 'Nonsense', 'Dead', 'PrepareEpochFence'] },
    { stateFilters: ['Unknown', 'Empty'] },
    { producerIdFilters: [1, 123_456_789] },
    { durationFilter: 1_000_000 },
    { transactionalIdPattern: 'n.*' },
    { transactionalIdPattern: 'n' },
    { transactionalIdPattern: '' },
    { transactionalIdPattern: '[' },
    { transactionalIdPattern: ')' },
    { transactionalIdPattern: '[', stateFilters: ['Nonsense'] },
  ];
  for (const filter of filters) await k.ask('ListTransactions', 2, { ...all, ...filter });
}

async function timeouts(k: Recorder, version: number): Promise<void> {
  const id = `late-${version}`;
  const first = await k.init(id, version === 5 ? 5 : 3, null, 500);
  await k.add(id, first, { t: [0] }, version === 5 ? 5 : 3);
  await k.settled(id);
  await k.add(id, first, { t: [0] }, version === 5 ? 5 : 3);
  await k.end(id, first, true, version);
  await k.end(id, first, false, version);
  await k.init(id, 5, first, 60_000);
  await k.init(id, 5, null, 60_000);
}

const T0 = [{ topic: 't', partitionIds: [0] }];

function open(producerId: number, producerEpoch: number, clientTransactionVersion: number, timeoutMs = 60_000) {
  const now = Date.now();
  return {
    producerId,
    previousProducerId: producerId,
    producerEpoch,
    clientTransactionVersion,
    transactionStatus: STATUS.Ongoing,
    transactionPartitions: T0,
    transactionTimeoutMs: timeoutMs,
    transactionStartTimestampMs: now,
    transactionLastUpdateTimestampMs: now,
  };
}

/** Epochs that end. Of ids that were written into the log by hand, as it takes long to come there. */
async function exhaustion(k: Recorder, level: number): Promise<void> {
  const base = 1_000_000 + 1000 * level;
  const name = (text: string) => `${text}-${level}`;
  const empty = (producerId: number, producerEpoch: number) => {
    return { producerId, previousProducerId: producerId, producerEpoch };
  };
  const clientVersion = level >= 1 ? 2 : 0;
  await k.seed({
    [name('last')]: empty(base, 32_765),
    [name('expected')]: empty(base + 1, 32_766),
    [name('old-end')]: open(base + 2, 32_766, 0),
    [name('new-end')]: open(base + 3, 32_766, clientVersion),
    [name('fenced')]: open(base + 4, 32_766, clientVersion),
    [name('beyond')]: open(base + 5, 32_767, clientVersion),
    [name('late')]: open(base + 6, 32_766, clientVersion, 1),
    [name('nearly')]: open(base + 7, 32_765, clientVersion),
    [name('prepared')]: { ...open(base + 8, 5, clientVersion), transactionStatus: STATUS.PrepareCommit },
    [name('rotating')]: {
      ...open(base + 9, 32_767, clientVersion),
      transactionStatus: STATUS.PrepareAbort,
      nextProducerId: base + 10,
    },
    [name('nothing')]: empty(base + 11, 32_766),
  });
  const settle = ['late', 'prepared', 'rotating'];
  for (const text of settle) await k.settled(name(text));
  await k.init(name('last'));
  await k.init(name('last'));
  await k.init(name('last'), 5, { producerId: base, producerEpoch: 32_766 });
  const expected = { producerId: base + 1, producerEpoch: 32_766 };
  await k.init(name('expected'), 5, other(expected, -5));
  await k.init(name('expected'), 5, expected);
  await k.init(name('expected'), 5, expected);
  await k.init(name('expected'), 5, other(expected, -1));
  const old = { producerId: base + 2, producerEpoch: 32_766 };
  await k.end(name('old-end'), old, true, 4);
  await k.end(name('old-end'), old, true, 4);
  await k.init(name('old-end'));
  for (const text of ['fenced', 'beyond']) {
    await k.init(name(text));
    await k.settled(name(text));
    await k.init(name(text));
  }
  if (clientVersion === 0) return;
  const fresh = { producerId: base + 3, producerEpoch: 32_766 };
  await k.end(name('new-end'), fresh, true);
  await k.end(name('new-end'), fresh, true);
  await k.end(name('new-end'), fresh, false);
  await k.end(name('new-end'), other(fresh, -1), true);
  await k.init(name('new-end'), 5, fresh);
  const nearly = { producerId: base + 7, producerEpoch: 32_765 };
  const then = await k.end(name('nearly'), nearly, false);
  await k.end(name('nearly'), then, false);
  await k.end(name('nothing'), { producerId: base + 11, producerEpoch: 32_766 }, false);
}

async function record(): Promise<void> {
  const k = new Recorder(await RawClient.open(Number(port)));
  await k.ready();
  await refusals(k);
  await newProducer(k);
  await oldProducer(k);
  await timeouts(k, 5);
  await timeouts(k, 4);
  await k.add('new', await k.init('new'), { t: [0] });
  await lists(k);
  await k.restart();
  const again = await k.init('new', 3);
  await k.settled('new');
  await k.init('new', 3, again);
  const { producerId, producerEpoch } = await k.init('new', 3);
  await k.init('new', 3, { producerId, producerEpoch: producerEpoch - 1 });
  await exhaustion(k, 2);
  await k.transactionVersion(1);
  await newProducer(k);
  await timeouts(k, 5);
  await exhaustion(k, 1);
  await k.transactionVersion(0);
  await oldProducer(k);
  await timeouts(k, 4);
  await exhaustion(k, 0);
  // Records of version 0 have no place for what these ask for. Kafka keeps such an id from everybody afterwards, which is not shown here.
  await k.add('stuck', await k.init('stuck'), { t: [0] }, 5);
  const open = await k.init('stuck too', 3);
  await k.add('stuck too', open, { t: [0] }, 3);
  await k.end('stuck too', open, true, 5);
  for (const id of ['old', 'last-0', 'nearly-0']) await k.until(id, (status) => status === '');
  const lines = k.steps.map((step) =>
    JSON.stringify(step, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)),
  );
  writeFileSync(join(import.meta.dirname, 'steps.jsonl'), `${lines.join('\n')}\n`);
  copyFileSync(log as string, join(import.meta.dirname, '00000000000000000000.log'));
  process.exit(0);
}

await record();
