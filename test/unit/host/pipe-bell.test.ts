/** Doorbells with pipes for ropes: wake-ups come once, late pulls say nothing, and nothing is lost between two threads. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { loadNative } from '../../../src/host/addon.ts';
import { bellOf, openBellPipes } from '../../../src/host/pipe-bell.ts';
import { UNSUPPORTED } from '../../../src/port/native.ts';
import { AtomicsDoorbell, doorbellBytes } from '../../../src/shard/doorbell.ts';

const { native, kind } = loadNative();
const skip = kind !== 'addon';
const ROUNDS = 2000;

interface Peer {
  readonly memory: SharedArrayBuffer;
  readonly pipes: NonNullable<ReturnType<typeof openBellPipes>>;
}

/** Answers every ring of thread 0 until it has been rung often enough. */
function answer({ memory, pipes }: Peer): void {
  const bell = new AtomicsDoorbell(memory, 1, bellOf(pipes, 1));
  const drain = (): void => {
    for (;;) {
      if (bell.take() !== 0) bell.ring(0);
      if (bell.sleep(drain)) return;
    }
  };
  parentPort?.on('message', () => {
    bell.close();
    parentPort?.close();
  });
  drain();
  parentPort?.postMessage('ready');
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

async function until(isSo: () => boolean): Promise<void> {
  for (let turns = 0; turns < 1000 && !isSo(); turns++) await turn();
}

if (!isMainThread) {
  answer(workerData as Peer);
} else {
  test('where there are no pipes there are none', () => {
    assert.equal(openBellPipes({ ...native, pipe: () => UNSUPPORTED }, 3), null);
    assert.equal(bellOf(null, 0), null);
  });

  test('a ring wakes the sleeper once; a pull that came too late does not', { skip }, async () => {
    const memory = new SharedArrayBuffer(doorbellBytes(2));
    const pipes = openBellPipes(native, 2);
    assert.ok(pipes);
    const rope = bellOf(pipes, 0);
    const one = new AtomicsDoorbell(memory, 0);
    const other = new AtomicsDoorbell(memory, 1, bellOf(pipes, 1));
    const ringer = new AtomicsDoorbell(memory, 0, rope);
    let woken = 0;
    const wake = (): void => void woken++;
    assert.equal(other.sleep(wake), true);
    ringer.ring(1);
    await until(() => woken > 0);
    assert.equal(woken, 1);
    assert.equal(other.take(), 1);
    assert.equal(other.sleep(wake), true);
    rope?.pull(1);
    await turn();
    assert.equal(woken, 1, 'nobody has rung');
    one.close();
    other.close();
    ringer.close();
    for (const { write } of pipes) native.closeFd(write);
  });

  test('two threads ring each other and sleep between', { skip }, async () => {
    const memory = new SharedArrayBuffer(doorbellBytes(2));
    const pipes = openBellPipes(native, 2);
    assert.ok(pipes);
    const worker = new Worker(new URL(import.meta.url), { workerData: { memory, pipes } satisfies Peer });
    await new Promise((resolve) => worker.once('message', resolve));
    const bell = new AtomicsDoorbell(memory, 0, bellOf(pipes, 0));
    let rounds = 0;
    await new Promise<void>((resolve) => {
      const drain = (): void => {
        for (;;) {
          if (bell.take() !== 0) {
            if (++rounds === ROUNDS) {
              resolve();
              return;
            }
            bell.ring(1);
          }
          if (bell.sleep(drain)) return;
        }
      };
      bell.ring(1);
      drain();
    });
    assert.equal(rounds, ROUNDS);
    bell.close();
    worker.postMessage('stop');
    await new Promise((resolve) => worker.once('exit', resolve));
    for (const { write } of pipes) native.closeFd(write);
  });
}
