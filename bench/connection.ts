/**
 * The way of a request through network: socket, frame, dispatch, a handler that does nothing, response. The server is this thread, whose
 * CPU is measured alone; the clients are another. `node bench/connection.ts [seconds]`
 */
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { PENDING, type RequestContext } from '../src/api/handler.ts';
import { loadNative } from '../src/host/addon.ts';
import { systemClock } from '../src/host/clock.ts';
import { hostFileReader, hostNet } from '../src/host/net.ts';
import { Acceptor } from '../src/network/acceptor.ts';
import { ShardServer } from '../src/network/server.ts';
import type { Logger } from '../src/port/log.ts';
import { encodeRequest } from '../src/protocol/frame.ts';
import type { ProduceRequest } from '../src/protocol/schema/00-produce.ts';
import { ThreadArena } from '../src/shard/arena.ts';

interface Load {
  readonly name: string;
  readonly request: Buffer;
  readonly connections: number;
  /** Requests that a connection has on the way. */
  readonly inFlight: number;
}

const FETCH_SIZE = 1024 * 1024;

function produceOf(size: number): Buffer {
  const records = { kind: 'memory' as const, bytes: Buffer.alloc(size, 1) };
  const topicData = [{ name: 'bench', partitionData: [{ index: 0, records }] }];
  return encodeRequest('Produce', 9, 1, 'bench', { transactionalId: null, acks: 1, timeoutMs: 1000, topicData });
}

function fetchOf(maxBytes: number): Buffer {
  const limits = { maxWaitMs: 500, minBytes: 1, maxBytes, isolationLevel: 0, sessionId: 0, sessionEpoch: -1 };
  return encodeRequest('Fetch', 12, 1, 'bench', { ...limits, topics: [], forgottenTopicsData: [], rackId: '' });
}

const versions = encodeRequest('ApiVersions', 3, 1, 'bench', { clientSoftwareName: 'b', clientSoftwareVersion: '1' });
const LOADS: readonly Load[] = [
  { name: 'ApiVersions, 1 connection, 1 in flight', request: versions, connections: 1, inFlight: 1 },
  { name: 'ApiVersions, 50 connections, 1 in flight', request: versions, connections: 50, inFlight: 1 },
  { name: 'Produce 200 B, 50 connections, 1 in flight', request: produceOf(200), connections: 50, inFlight: 1 },
  { name: 'Produce 200 B, 10 connections, 5 in flight', request: produceOf(200), connections: 10, inFlight: 5 },
  { name: 'Produce 16 KiB, 10 connections, 5 in flight', request: produceOf(16_384), connections: 10, inFlight: 5 },
  { name: 'Produce 64 KiB, 10 connections, 5 in flight', request: produceOf(65_536), connections: 10, inFlight: 5 },
  { name: 'Produce 1 MiB, 5 connections, 5 in flight', request: produceOf(1_048_576), connections: 5, inFlight: 5 },
  { name: 'Fetch 1 MiB, 5 connections, 1 in flight', request: fetchOf(FETCH_SIZE), connections: 5, inFlight: 1 },
  { name: 'Fetch 16 KiB, 5 connections, 1 in flight', request: fetchOf(16_384), connections: 5, inFlight: 1 },
];

if (isMainThread) await server();
else client(workerData as { port: number });

async function server(): Promise<void> {
  const seconds = Number(process.argv[2] ?? 2);
  const { native, kind } = loadNative();
  const path = join(tmpdir(), `bench-connection-${process.pid}`);
  writeFileSync(path, Buffer.alloc(FETCH_SIZE, 3));
  const file = openSync(path, 'r');
  const nothing = (): void => undefined;
  const log: Logger = { debug: nothing, info: nothing, warn: console.warn, error: console.error, child: () => log };
  let handled = 0;
  let bytes = 0;
  const produceAnswer = {
    responses: [
      {
        name: 'bench',
        partitionResponses: [
          {
            index: 0,
            errorCode: 0,
            baseOffset: 1,
            logAppendTimeMs: -1n,
            logStartOffset: 0,
            recordErrors: [],
            errorMessage: null,
          },
        ],
      },
    ],
    throttleTimeMs: 0,
  };
  const apiKeys = Array.from({ length: 60 }, (_, apiKey) => ({ apiKey, minVersion: 0, maxVersion: 9 }));
  const partition = {
    partitionIndex: 0,
    errorCode: 0,
    highWatermark: 1,
    lastStableOffset: 1,
    logStartOffset: 0,
    abortedTransactions: null,
    preferredReadReplica: -1,
  };
  const net = hostNet(native);
  const shard: ShardServer<null> = new ShardServer<null>({
    clock: systemClock,
    log,
    arena: new ThreadArena({
      id: 2,
      memory: new SharedArrayBuffer(4 * 1024 ** 3),
      limitBytes: 256 * 1024 ** 2,
      soon: (run) => systemClock.soon(run),
      giveBack: (memory, from, to) => native.releasePages(memory, from, to) >= 0,
    }),
    slots: { descriptor: () => file, done: nothing },
    files: hostFileReader,
    net,
    apis: {
      ApiVersions: {
        handle() {
          handled++;
          return { errorCode: 0, apiKeys, throttleTimeMs: 0 };
        },
      },
      Produce: {
        handle(request: ProduceRequest, context: RequestContext<null>) {
          handled++;
          const records = request.topicData[0]?.partitionData[0]?.records;
          if (records?.kind === 'memory') bytes += records.bytes.length;
          // Every other one goes the way of a partition elsewhere.
          if (handled % 2 === 0) return produceAnswer;
          queueMicrotask(() => context.answer(produceAnswer));
          return PENDING;
        },
      },
      Fetch: {
        handle(request: { maxBytes: number }) {
          handled++;
          bytes += request.maxBytes;
          const records = { kind: 'file' as const, slot: 0, position: 0, sizeInBytes: request.maxBytes };
          return {
            throttleTimeMs: 0,
            errorCode: 0,
            sessionId: 0,
            responses: [{ topic: 'bench', partitions: [{ ...partition, records }] }],
          };
        },
      },
    },
    services: null,
    settings: { requestMaxBytes: 100 * 1024 * 1024, buffers: { send: -1, receive: -1 }, idleMs: 600_000 },
    onFault: nothing,
    onClosed: (id) => acceptor.closed(id),
  });
  const many = 0x7fffffff;
  const acceptor = new Acceptor({
    clock: systemClock,
    log,
    net,
    listeners: [{ name: 'PLAINTEXT', protocol: 'PLAINTEXT', host: '127.0.0.1', port: 0 }],
    limits: { total: many, perAddress: many, perAddressOverrides: new Map(), creationRate: many },
    backlog: 128,
    shards: 1,
    handOver: (_shard, handed, arrival) => shard.adopt(handed, arrival),
  });
  await acceptor.open();
  const worker = new Worker(new URL(import.meta.url), { workerData: { port: acceptor.ports.get('PLAINTEXT') } });
  console.log(`${kind}, ${seconds} s each; CPU of the server's thread alone`);
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  for (const [index, { name }] of LOADS.entries()) {
    worker.postMessage(index);
    await wait(700);
    const before = { handled, bytes, cpu: process.threadCpuUsage(), time: performance.now() };
    await wait(seconds * 1000);
    const cpu = process.threadCpuUsage(before.cpu);
    const count = handled - before.handled;
    const elapsed = (performance.now() - before.time) / 1000;
    const cpuUs = cpu.user + cpu.system;
    const volume = (bytes - before.bytes) / 1e9;
    const perByte =
      volume > 0 ? `  ${(volume / elapsed).toFixed(2)} GB/s  ${(cpuUs / 1e6 / volume).toFixed(2)} CPU-s/GB` : '';
    console.log(
      `${name.padEnd(46)} ${Math.round(count / elapsed)}/s  ${(cpuUs / count).toFixed(1)} us CPU each (${(cpu.system / count).toFixed(1)} of it the kernel's)${perByte}`,
    );
    worker.postMessage(-1);
    await wait(200);
  }
  await worker.terminate();
  acceptor.stop();
  shard.close('done');
  closeSync(file);
  rmSync(path);
}

function client({ port }: { port: number }): void {
  let stop = (): void => undefined;
  parentPort?.on('message', (index: number) => {
    stop();
    const load = LOADS[index];
    stop = load === undefined ? () => undefined : run(load, port);
  });
}

function run({ connections, inFlight, request }: Load, port: number): () => void {
  const landing = Buffer.alloc(1024 * 1024);
  const sockets = Array.from({ length: connections }, () => {
    let missing = 4;
    let size = 0;
    let prefix = true;
    const take = (count: number, bytes: Uint8Array): boolean => {
      for (let at = 0; at < count; ) {
        const used = Math.min(missing, count - at);
        if (prefix) for (let i = 0; i < used; i++) size = (size << 8) | (bytes[at + i] as number);
        at += used;
        missing -= used;
        if (missing > 0) continue;
        if (!prefix) socket.write(request);
        missing = prefix ? size : 4;
        prefix = !prefix;
        size = 0;
      }
      return true;
    };
    const socket = connect(
      { port, host: '127.0.0.1', noDelay: true, onread: { buffer: landing, callback: take } },
      () => {
        for (let i = 0; i < inFlight; i++) socket.write(request);
      },
    );
    socket.on('error', () => undefined);
    return socket;
  });
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}
