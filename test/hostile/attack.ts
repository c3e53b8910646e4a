/** A running broker of two shards, an innocent client that must not notice anything, and what hostile clients need. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiName, RequestInputOf } from '../../src/protocol/schema/index.ts';
import { encodeRequest } from '../../src/protocol/frame.ts';
import { batchOf, recordsIn } from '../harness/batches.ts';
import { type BrokerOptions, TestBroker } from '../harness/broker.ts';
import { RawClient } from '../harness/client.ts';
import { batchesOf } from '../../src/protocol/batch.ts';

/** Long variants, many times as heavy: ODRADEK_HOSTILE_LONG=1. */
export const IS_LONG = process.env['ODRADEK_HOSTILE_LONG'] === '1';

const INNOCENT = 'innocent';
const PARTITIONS = 4;

export interface ShardState {
  readonly connections: number;
  readonly faults: number;
  readonly arenaBytes: number;
  readonly arenaTouchedBytes: number;
  readonly arenaChunks: number;
  readonly slotUses: number;
  readonly lateBatches: number;
}

/** What SIGUSR2 prints. */
export interface State {
  readonly main: { readonly connections: number };
  readonly shards: readonly ShardState[];
}

export async function createTopic(
  client: RawClient,
  name: string,
  numPartitions: number,
  configs: Readonly<Record<string, string>> = {},
): Promise<void> {
  const settings = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
  const { topics } = await client.ask('CreateTopics', 7, {
    topics: [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: settings }],
  });
  assert.deepEqual(
    topics.map(({ errorCode, errorMessage }) => [errorCode, errorMessage]),
    [[0, null]],
  );
}

export function produceRequest(
  topic: string,
  partitions: readonly (readonly [index: number, records: Buffer | null])[],
  acks = -1,
): RequestInputOf<'Produce'> {
  return {
    transactionalId: null,
    acks,
    timeoutMs: 30_000,
    topicData: [
      {
        name: topic,
        partitionData: partitions.map(([index, bytes]) => ({
          index,
          records: bytes === null ? null : { kind: 'memory' as const, bytes },
        })),
      },
    ],
  };
}

/** The frame of a request, with its length. */
export function frameOf<N extends ApiName>(api: N, version: number, request: RequestInputOf<N>, id = 7): Buffer {
  return encodeRequest(api, version, id, 'hostile', request);
}

export function fetchRequest(
  topic: string,
  partition: number,
  fetchOffset: number,
  maxBytes = 1 << 20,
): RequestInputOf<'Fetch'> {
  return {
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [{ topic, partitions: [{ partition, fetchOffset, partitionMaxBytes: maxBytes }] }],
    forgottenTopicsData: [],
  };
}

export function metadataRequest(names: readonly string[], allowAutoTopicCreation = false): RequestInputOf<'Metadata'> {
  return {
    topics: names.map((name) => ({ name })),
    allowAutoTopicCreation,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  };
}

/** A producer and consumer that runs all the time. Every answer is checked: no error, offsets in order, values as they were sent. */
class Innocent {
  readonly #clients: RawClient[] = [];
  readonly #port: number;
  readonly #next: number[] = Array.from({ length: PARTITIONS }, () => 0);
  readonly #read: number[] = Array.from({ length: PARTITIONS }, () => 0);
  #rounds = 0;
  #stops = false;
  #running: Promise<void> = Promise.resolve();
  #failure: unknown = null;

  constructor(port: number) {
    this.#port = port;
  }

  async start(): Promise<void> {
    // One after the other: each goes to another shard.
    for (let i = 0; i < 2; i++) this.#clients.push(await RawClient.open(this.#port));
    await createTopic(this.#clients[0] as RawClient, INNOCENT, PARTITIONS);
    this.#running = this.#run().catch((error: unknown) => {
      this.#failure = error;
    });
  }

  /** Waits until it has gone on for some rounds more. */
  async check(rounds = 3): Promise<void> {
    const goal = this.#rounds + rounds;
    while (this.#rounds < goal) {
      if (this.#failure !== null) throw this.#failure;
      await sleep(2);
    }
  }

  async stop(): Promise<number> {
    this.#stops = true;
    await this.#running;
    for (const client of this.#clients) client.close();
    if (this.#failure !== null) throw this.#failure;
    return this.#rounds;
  }

  async #run(): Promise<void> {
    while (!this.#stops) {
      for (const client of this.#clients) {
        await this.#produce(client);
        await this.#fetch(client);
      }
      this.#rounds++;
      await sleep(5);
    }
  }

  async #produce(client: RawClient): Promise<void> {
    const parts = this.#next.map((next, index) => [index, batchOf([`${index} ${next}`])] as const);
    const { responses } = await client.ask('Produce', 9, produceRequest(INNOCENT, parts));
    for (const { index, errorCode, baseOffset } of responses[0]?.partitionResponses ?? []) {
      assert.deepEqual({ errorCode, baseOffset }, { errorCode: 0, baseOffset: this.#next[index] });
      this.#next[index] = (this.#next[index] ?? 0) + 1;
    }
  }

  async #fetch(client: RawClient): Promise<void> {
    for (let index = 0; index < PARTITIONS; index++) {
      const from = this.#read[index] ?? 0;
      const { responses } = await client.ask('Fetch', 11, fetchRequest(INNOCENT, index, from));
      const [part] = responses[0]?.partitions ?? [];
      assert.equal(part?.errorCode, 0);
      const bytes = part?.records?.kind === 'memory' ? part.records.bytes : Buffer.alloc(0);
      let offset = from;
      for (const header of batchesOf(bytes)) {
        for (const record of recordsIn(bytes, header)) {
          assert.equal(record.offset, offset);
          assert.equal(record.value?.toString(), `${index} ${offset}`);
          offset++;
        }
      }
      assert.equal(offset, this.#next[index], 'what was acknowledged is read');
      this.#read[index] = offset;
    }
  }
}

/** A broker under attack. */
export class Attacked {
  readonly broker: TestBroker;
  readonly innocent: Innocent;

  private constructor(broker: TestBroker) {
    this.broker = broker;
    this.innocent = new Innocent(broker.port);
  }

  static async start(options: BrokerOptions = {}): Promise<Attacked> {
    const overrides = { 'shard.count': 2, ...options.overrides };
    const attacked = new Attacked(await TestBroker.start({ ...options, overrides }));
    await attacked.innocent.start();
    return attacked;
  }

  /** The innocent was not disturbed, no request met a bug, and the broker stops cleanly. */
  async close(): Promise<void> {
    destroyOpened();
    try {
      const rounds = await this.innocent.stop();
      assert.ok(rounds > 0);
      const { shards } = await this.state();
      for (const { faults } of shards) assert.equal(faults, 0, this.broker.output);
      assert.equal(await this.broker.stop(), 0);
    } finally {
      await this.broker.close();
    }
  }

  open(): Promise<RawClient> {
    return RawClient.open(this.broker.port);
  }

  /** A client on each shard: connections go to the shard that has the fewest. */
  async openOnBoth(): Promise<[RawClient, RawClient]> {
    return [await this.open(), await this.open()];
  }

  /** Lines of the log that match, since the start. */
  lines(pattern: RegExp): string[] {
    return this.broker.output.split('\n').filter((line) => pattern.test(line));
  }

  /** Waits until so many lines match. */
  async untilLines(pattern: RegExp, count: number): Promise<void> {
    await until(
      () => this.lines(pattern).length >= count,
      `${count} lines of ${pattern}`,
      () => this.broker.output,
    );
  }

  async state(): Promise<State> {
    const before = this.lines(/State: /).length;
    process.kill(this.broker.pid ?? 0, 'SIGUSR2');
    await this.untilLines(/State: /, before + 1);
    const text = /State: (\{.*\})/.exec(this.lines(/State: /)[before] ?? '')?.[1] ?? '{}';
    const { main, ...threads } = JSON.parse(text) as Record<string, unknown> & Pick<State, 'main'>;
    const shards = Object.entries(threads).flatMap(([name, state]) => (name.startsWith('shard-') ? [state] : []));
    return { main, shards: shards as ShardState[] };
  }

  /** Waits for a state of the shards. */
  async untilState(what: string, isThere: (state: State) => boolean): Promise<void> {
    let last: State | null = null;
    await until(
      async () => isThere((last = await this.state())),
      what,
      () => JSON.stringify(last),
    );
  }

  /** Resident memory of the broker, bytes. */
  residentBytes(): number {
    const status = readFileSync(`/proc/${this.broker.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }
}

const PATIENCE_MS = 30_000;

export async function until(
  isThere: () => boolean | Promise<boolean>,
  what: string,
  why: () => string = () => '',
): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await isThere())) {
    if (performance.now() > end) throw new Error(`${what} did not come: ${why()}`);
    await sleep(10);
  }
}

/** Half-open ones would live on when the broker has gone. */
const opened = new Set<Socket>();

/** After a test that may have failed. */
export function destroyOpened(): void {
  for (const socket of opened) socket.destroy();
}

/** A socket whose every failure is expected. */
export async function openSocket(port: number, localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress, allowHalfOpen: true });
  socket.on('error', () => undefined);
  opened.add(socket);
  socket.once('close', () => opened.delete(socket));
  await once(socket, 'connect');
  return socket;
}

/** Waits for the broker's end of the connection: FIN or reset. What comes before is dropped. */
export function ended(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readableEnded || socket.destroyed) resolve();
    socket.once('end', resolve).once('close', () => resolve());
    socket.resume();
  });
}
