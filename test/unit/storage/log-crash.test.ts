/**
 * Seeded: a log is driven through appends, rolls, flushes, reads, retention, clean stops, kills and power failures, with a disk that completes
 * now, later or shuffled. After each failure what was flushed is there, in order, byte for byte, and nothing that was never appended.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryDisk } from '../../../src/host/memory-disk.ts';
import type { Completion } from '../../../src/host/memory-disk.ts';
import { batchesOf } from '../../../src/protocol/batch.ts';
import type { Log } from '../../../src/storage/log.ts';
import { recoverPartition } from '../../../src/storage/recovery.ts';
import { VirtualClock } from '../../simulator/virtual-clock.ts';
import { DIRECTORY, T0, TestAppend, batchOf, markerOf, native, openTestLog, silent, worldOn } from './fixture.ts';
import type { World } from './fixture.ts';

const CONFIG = { segmentBytes: 6000, indexIntervalBytes: 300, segmentIndexBytes: 400, fileDeleteDelayMs: 1000 };

class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed * 2654435761 + 1;
  }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1103515245) + 12345) | 0;
    return ((this.#state >>> 8) & 0xffffff) % limit;
  }
}

/** What was appended and acknowledged, to hold the log against. */
class Model {
  /** Base offset → the sealed bytes. */
  readonly batches = new Map<number, Buffer>();
  endOffset = 0;
  /** Everything below is on the medium. */
  safeOffset = 0;
  startOffset = 0;
  /** Producer id → next sequence and the last batch, by what was acknowledged. */
  readonly producers = new Map<number, number>();
}

interface Run {
  readonly chance: Chance;
  readonly model: Model;
  world: World;
  log: Log;
  timestamp: bigint;
}

/** Lets promises and the disk make progress until nothing waits. */
async function settle(world: World): Promise<void> {
  for (let idle = 0; idle < 3; ) {
    world.clock.runSoon();
    const before = world.memory.waiting;
    world.memory.run();
    await new Promise<void>((resolve) => setImmediate(resolve));
    idle = before === 0 && world.memory.waiting === 0 ? idle + 1 : 0;
  }
}

/** Waits for work that needs the disk to be driven. */
async function driven<T>(world: World, work: Promise<T>): Promise<T> {
  const progress = { done: false };
  const watched = work.finally(() => {
    progress.done = true;
  });
  watched.catch(() => undefined);
  while (!progress.done) {
    world.memory.run();
    world.clock.runSoon();
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return watched;
}

function appendOne(run: Run): void {
  const { chance, model, log } = run;
  const producerId = chance.below(3) === 0 ? chance.below(4) + 1 : -1;
  const count = chance.below(4) + 1;
  const size = chance.below(10) === 0 ? 2500 : chance.below(200);
  run.timestamp += BigInt(chance.below(50)) - 10n;
  const sequence = model.producers.get(producerId) ?? 0;
  const fields =
    producerId < 0 ? {} : { producerId, producerEpoch: 0, baseSequence: sequence, isTransactional: producerId === 4 };
  const isMarker = producerId === 4 && chance.below(2) === 0;
  const bytes = isMarker ? markerOf(4, 0, chance.below(2) === 0) : batchOf(count, size, fields, run.timestamp);
  if (producerId >= 0 && !isMarker) model.producers.set(producerId, sequence + count);
  log.append(
    new TestAppend(bytes, {
      leaderEpoch: Number(run.timestamp % 3n === 0n) + log.latestEpoch,
      origin: isMarker ? 'coordinator' : 'client',
      onComplete: (done) => {
        if (done.error !== null || done.duplicate) return;
        model.batches.set(done.baseOffset, Buffer.from(bytes));
        model.endOffset = done.lastOffset + 1;
      },
    }),
  );
}

/**
 * What can be read between start and end offset is what the model has, in order, byte for byte. Below `safe` nothing is missing; above it a power
 * failure may leave a hole where a segment lost its end and the next one survived, as with Kafka: the model forgets what fell into it.
 */
async function verify(run: Run, safe: number): Promise<void> {
  const { log, model, world, chance } = run;
  const seen = new Set<number>();
  let offset = log.startOffset;
  while (offset < log.endOffset) {
    const read = await driven(world, log.read(offset, 500 + chance.below(4000), log.endOffset));
    assert.equal(read.error, null);
    const bytes = read.error === null ? read.bytes : Buffer.alloc(0);
    const headers = [...batchesOf(bytes)];
    if (headers.length === 0) break;
    for (const header of headers) {
      assert.ok(header.lastOffset >= offset, 'a slice begins with the batch that holds the offset');
      const expected = model.batches.get(header.baseOffset);
      assert.ok(expected, `a batch at ${header.baseOffset} that was not acknowledged`);
      const got = bytes.subarray(header.position, header.position + header.sizeInBytes);
      assert.ok(got.equals(expected), `the batch at ${header.baseOffset} is another`);
      seen.add(header.baseOffset);
      offset = header.lastOffset + 1;
    }
  }
  for (const base of model.batches.keys()) {
    if (seen.has(base) || base < log.startOffset) continue;
    assert.ok(base >= safe, `the batch at ${base} is lost`);
    model.batches.delete(base);
  }
}

/** How the process ended. A kill loses nothing that was acknowledged: it was written. */
type Ending = 'clean' | 'kill' | 'power';

async function restart(run: Run, memory: MemoryDisk, ending: Ending): Promise<void> {
  const { model, world, chance } = run;
  const recoveryPoint = run.log.recoveryPoint;
  const { highWatermark, startOffset } = run.log;
  const next = worldOn(memory, { clock: world.clock, limit: 1 + chance.below(4) });
  const completion: Completion[] = ['in-call', 'in-order', 'shuffled'];
  memory.completion = completion[chance.below(3)] ?? 'in-call';
  memory.coldReads = chance.below(3) * 30;
  let from = recoveryPoint;
  if (ending === 'clean') model.safeOffset = model.endOffset;
  const required = ending === 'power' ? model.safeOffset : model.endOffset;
  if (ending !== 'clean') {
    const recovered = await driven(
      next,
      recoverPartition(
        { disk: memory, native, logger: silent },
        {
          directory: DIRECTORY,
          recoveryPoint,
          logStartOffset: startOffset,
          config: CONFIG,
          producerIdExpirationMs: 86_400_000,
          now: Number(T0),
        },
      ),
    );
    assert.ok(recovered.endOffset >= required, `lost: ${recovered.endOffset} of ${required}`);
    assert.ok(recovered.endOffset <= Math.max(model.endOffset, startOffset), 'more than was acknowledged');
    from = recovered.recoveryPoint;
  }
  run.world = next;
  run.log = await driven(
    next,
    openTestLog(next, CONFIG, {
      recoveryPoint: from,
      logStartOffset: startOffset,
      highWatermark,
      isRecovered: ending !== 'clean',
    }),
  );
  assert.ok(run.log.endOffset >= required);
  for (const base of model.batches.keys()) if (base >= run.log.endOffset) model.batches.delete(base);
  model.endOffset = run.log.endOffset;
  model.safeOffset = Math.min(model.safeOffset, model.endOffset);
  await verify(run, required);
  checkProducers(run);
}

/** The producers after a start are those that the surviving batches make. */
function checkProducers(run: Run): void {
  const { model, log } = run;
  model.producers.clear();
  const last = new Map<number, { lastOffset: number; next: number }>();
  for (const [base, bytes] of [...model.batches].toSorted(([a], [b]) => a - b)) {
    for (const header of batchesOf(bytes)) {
      if (header.producerId < 0 || (header.attributes & 32) !== 0 || base < log.startOffset) continue;
      last.set(header.producerId, {
        lastOffset: header.lastOffset,
        next: header.baseSequence + header.recordsCount,
      });
    }
  }
  for (const [producerId, { lastOffset, next }] of last) {
    model.producers.set(producerId, next);
    const entry = log.producers.get(producerId);
    assert.ok(entry, `producer ${producerId} is forgotten`);
    assert.equal(entry.lastOffset, lastOffset);
    assert.equal(entry.lastSequence, next - 1);
  }
  for (const entry of log.producers.entries()) {
    if (!model.producers.has(entry.producerId)) model.producers.set(entry.producerId, entry.lastSequence + 1);
  }
}

async function step(run: Run): Promise<void> {
  const { chance, model, world, log } = run;
  const dice = chance.below(100);
  if (dice < 70) {
    appendOne(run);
    if (chance.below(3) === 0) world.clock.runSoon();
    if (chance.below(3) === 0) world.memory.runOne();
  } else if (dice < 76) {
    const upTo = log.endOffset;
    await driven(world, log.flush());
    model.safeOffset = Math.max(model.safeOffset, upTo);
  } else if (dice < 79) {
    model.safeOffset = Math.max(model.safeOffset, await driven(world, log.sync()));
  } else if (dice < 82) {
    await settle(world);
    await verify(run, Infinity);
  } else if (dice < 84) {
    await settle(world);
    log.setHighWatermark(log.endOffset);
    log.raiseStartOffset(log.startOffset + chance.below(log.endOffset - log.startOffset + 1));
    await driven(world, log.applyRetention(Number(T0)));
    model.startOffset = log.startOffset;
    // The start offset counts as safe once it is in a checkpoint; here the test is the checkpoint.
  } else if (dice < 86) {
    log.roll();
  } else if (dice < 90) {
    await driven(world, log.close());
    await restart(run, world.memory.kill(), 'clean');
  } else if (dice < 94) {
    await restart(run, world.memory.kill(), 'kill');
  } else if (dice < 98) {
    await restart(run, world.memory.crash(chance.below(1 << 20)), 'power');
  } else {
    world.clock.advance(2000);
  }
}

async function simulate(seed: number, steps: number): Promise<string> {
  const chance = new Chance(seed);
  const memory = new MemoryDisk({ seed: seed + 1 });
  await memory.makeDirectory(DIRECTORY);
  await memory.syncDirectory('/');
  await memory.syncDirectory('/data');
  const world = worldOn(memory, { clock: new VirtualClock(Number(T0)), limit: 3 });
  const run: Run = { chance, model: new Model(), world, log: await openTestLog(world, CONFIG), timestamp: T0 };
  const trace: number[] = [];
  for (let index = 0; index < steps; index++) {
    await step(run);
    trace.push(run.log.endOffset, run.log.startOffset, run.log.recoveryPoint);
  }
  await settle(run.world);
  assert.deepEqual(run.world.faults, []);
  await verify(run, Infinity);
  return trace.join();
}

const seeds = Number(process.env['SEEDS'] ?? 40);
const firstSeed = Number(process.env['SEED'] ?? 1);

test(`what was flushed survives (${seeds} seeds from ${firstSeed})`, async () => {
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    try {
      await simulate(seed, 150);
    } catch (error) {
      throw new Error(`SEED=${seed}`, { cause: error });
    }
  }
});

test('a run replays identically', async () => {
  assert.equal(await simulate(firstSeed, 60), await simulate(firstSeed, 60));
});
