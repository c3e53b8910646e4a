/**
 * Seeded: producers of both transaction versions begin, commit and abort in one log, among batches without transaction, while it rolls, loses
 * records at its beginning, stops cleanly, is killed and loses its power. A consumer of committed records, which knows what a Fetch tells and no
 * more, reads just what a model says, which has the list of what was appended and no index.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../../../src/base/prng.ts';
import { MemoryDisk } from '../../../src/host/memory-disk.ts';
import { batchesOf, isControl, isTransactional } from '../../../src/protocol/batch.ts';
import { recordsOf } from '../../../src/protocol/batch-records.ts';
import { decodeControlRecord } from '../../../src/protocol/record/control-records.ts';
import type { Log } from '../../../src/storage/log.ts';
import { UNVERIFIED } from '../../../src/storage/producer-state.ts';
import { recoverPartition } from '../../../src/storage/recovery.ts';
import {
  append,
  batchOf,
  DIRECTORY,
  locate,
  markerOf,
  native,
  newWorld,
  openTestLog,
  silent,
  T0,
  type World,
  worldOn,
} from './fixture.ts';

const CONFIG = { segmentBytes: 4000, indexIntervalBytes: 250, fileDeleteDelayMs: 1000 };
/** Of transaction version 1 and 2; the third has no transactions, and the fourth no producer id. */
const PRODUCERS = [11, 12, 23, 24, 35, -1];

interface Entry {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly kind: 'plain' | 'transactional' | 'commit' | 'abort';
}

interface ProducerModel {
  epoch: number;
  nextSequence: number;
  /** Of the open transaction; -1: none. */
  firstOffset: number;
}

function bumpsEpoch(producerId: number): boolean {
  return producerId >= 20 && producerId < 30;
}

/** All that was appended and is still there, and what follows from it. */
class Model {
  readonly entries: Entry[] = [];
  startOffset = 0;

  cut(endOffset: number): void {
    while ((this.entries.at(-1)?.lastOffset ?? -1) >= endOffset) this.entries.pop();
  }

  producer(producerId: number): ProducerModel {
    const state: ProducerModel = { epoch: 0, nextSequence: 0, firstOffset: -1 };
    for (const entry of this.entries) {
      if (entry.producerId !== producerId) continue;
      if (entry.producerEpoch !== state.epoch) state.nextSequence = 0;
      state.epoch = entry.producerEpoch;
      if (entry.kind === 'commit' || entry.kind === 'abort') state.firstOffset = -1;
      else {
        state.nextSequence = entry.baseSequence + entry.lastOffset - entry.baseOffset + 1;
        if (entry.kind === 'transactional' && state.firstOffset < 0) state.firstOffset = entry.baseOffset;
      }
    }
    return state;
  }

  /** How its transaction went on, for each transactional entry: the marker. */
  #endOf(index: number): Entry | undefined {
    const { producerId } = this.entries[index] as Entry;
    return this.entries
      .slice(index + 1)
      .find((each) => each.producerId === producerId && (each.kind === 'commit' || each.kind === 'abort'));
  }

  lastStableOffset(highWatermark: number): number {
    const unstable = this.entries.findIndex(
      (entry, index) =>
        entry.kind === 'transactional' && (this.#endOf(index)?.lastOffset ?? Number.POSITIVE_INFINITY) >= highWatermark,
    );
    const first = this.entries[unstable]?.baseOffset ?? Number.POSITIVE_INFINITY;
    return first >= highWatermark ? highWatermark : Math.max(first, this.startOffset);
  }

  /** The offsets of the records that a consumer of committed ones is given. */
  committed(from: number, to: number): number[] {
    const offsets: number[] = [];
    for (const [index, { kind, baseOffset, lastOffset }] of this.entries.entries()) {
      const isGiven = kind === 'plain' || (kind === 'transactional' && this.#endOf(index)?.kind === 'commit');
      for (let offset = baseOffset; isGiven && offset <= lastOffset; offset++) {
        if (offset >= from && offset < to) offsets.push(offset);
      }
    }
    return offsets;
  }
}

class Run {
  readonly random: SeededRandom;
  readonly model = new Model();
  world: World;
  log: Log;
  timestamp = T0;

  constructor(random: SeededRandom, world: World, log: Log) {
    this.random = random;
    this.world = world;
    this.log = log;
  }

  #take(bytes: Buffer, kind: Entry['kind']): void {
    const [header] = [...batchesOf(bytes)];
    assert.ok(header);
    const { producerId, producerEpoch, baseSequence } = header;
    const isMarker = kind === 'commit' || kind === 'abort';
    const transactionVersion = isMarker ? (bumpsEpoch(producerId) ? 2 : 1) : 0;
    const appended = append(this.log, bytes, {
      origin: isMarker ? 'coordinator' : 'client',
      verification: { ...UNVERIFIED, transactionVersion },
    });
    assert.equal(appended.error, null, `${kind} of ${producerId}`);
    const { baseOffset, lastOffset } = appended;
    this.model.entries.push({ baseOffset, lastOffset, producerId, producerEpoch, baseSequence, kind });
  }

  send(producerId: number): void {
    this.timestamp += BigInt(this.random.below(20));
    const count = 1 + this.random.below(3);
    const size = this.random.below(8) === 0 ? 700 : this.random.below(60);
    const { epoch: producerEpoch, nextSequence: baseSequence } = this.model.producer(producerId);
    const isOfTransaction = producerId > 0 && producerId < 30;
    const fields = producerId < 0 ? {} : { producerId, producerEpoch, baseSequence, isTransactional: isOfTransaction };
    this.#take(batchOf(count, size, fields, this.timestamp), isOfTransaction ? 'transactional' : 'plain');
  }

  end(producerId: number): void {
    const { epoch } = this.model.producer(producerId);
    const abort = this.random.below(2) === 0;
    const bytes = markerOf(producerId, epoch + (bumpsEpoch(producerId) ? 1 : 0), abort);
    this.#take(bytes, abort ? 'abort' : 'commit');
  }

  async restart(memory: MemoryDisk, isClean: boolean): Promise<void> {
    const { highWatermark, startOffset, recoveryPoint } = this.log;
    this.world = worldOn(memory, { clock: this.world.clock });
    const producerIdExpirationMs = Infinity;
    let from = recoveryPoint;
    if (!isClean) {
      const recovered = await recoverPartition(
        { disk: memory, native, logger: silent },
        {
          directory: DIRECTORY,
          recoveryPoint,
          logStartOffset: startOffset,
          config: { ...CONFIG, compact: false },
          producerIdExpirationMs,
          now: Number(T0),
        },
      );
      from = recovered.recoveryPoint;
    }
    this.log = await openTestLog(this.world, CONFIG, {
      recoveryPoint: from,
      logStartOffset: startOffset,
      highWatermark,
      isRecovered: !isClean,
      producerIdExpirationMs,
    });
    this.model.cut(this.log.endOffset);
    // Nothing survived above the start: the log begins anew, and knows nobody.
    if (!isClean && this.log.endOffset === startOffset && this.log.producers.size === 0) this.model.cut(0);
    // As Kafka, a log does not know after a start which of the ended transactions were not committed.
    this.log.setHighWatermark(this.log.endOffset);
  }

  /** What a consumer gets from `from` on, as Java's: it skips what is of an aborted transaction until that one's marker. */
  async consume(from: number): Promise<number[]> {
    const { log, world } = this;
    const offsets: number[] = [];
    const end = log.lastStableOffset;
    for (let offset = from; offset < end; ) {
      const maxBytes = 1 + this.random.below(this.random.below(2) === 0 ? 300 : 6000);
      const located = await locate(log, { offset, maxBytes, upperBound: end, minOneMessage: true });
      assert.ok(located.error === null && located.segment !== null, `nothing at ${offset}, stable is ${end}`);
      const aborted = [...((await log.abortedTransactions(offset, located)) ?? [])];
      const { segment, position, length } = located;
      const bytes = (await world.disk.readFile(segment.path)).subarray(position, position + length);
      world.env.descriptors.release(segment);
      aborted.sort((a, b) => a.firstOffset - b.firstOffset);
      const skipped = new Set<number>();
      const before = offset;
      for (const header of batchesOf(bytes)) {
        if (header.lastOffset < offset) continue;
        while (aborted[0] !== undefined && aborted[0].firstOffset <= header.lastOffset) {
          skipped.add((aborted.shift() as { producerId: number }).producerId);
        }
        offset = header.lastOffset + 1;
        if (isControl(header.attributes)) {
          const [record] = recordsOf(bytes, header);
          const marker = decodeControlRecord(record?.key ?? Buffer.alloc(0), record?.value ?? Buffer.alloc(0));
          if (marker?.type === 'abort') skipped.delete(header.producerId);
          continue;
        }
        if (isTransactional(header.attributes) && skipped.has(header.producerId)) continue;
        for (let at = Math.max(header.baseOffset, before); at <= header.lastOffset; at++) offsets.push(at);
      }
      assert.ok(offset > before, `no whole batch at ${before}`);
    }
    return offsets;
  }

  async check(): Promise<void> {
    const { log, model, random } = this;
    const stable = log.lastStableOffset;
    assert.equal(stable, model.lastStableOffset(log.highWatermark), 'the last stable offset');
    if (stable <= log.startOffset) return;
    for (const from of [log.startOffset, log.startOffset + random.below(stable - log.startOffset)]) {
      assert.deepEqual(await this.consume(from), model.committed(from, stable), `from ${from}`);
    }
    for (const producerId of PRODUCERS) {
      const entry = log.producers.get(producerId);
      if (entry === undefined) continue;
      const { epoch, firstOffset } = model.producer(producerId);
      assert.deepEqual([entry.producerEpoch, entry.currentTxnFirstOffset], [epoch, firstOffset], `${producerId}`);
    }
  }

  async step(): Promise<void> {
    const { random, log, model, world } = this;
    const dice = random.below(100);
    const producerId = PRODUCERS[random.below(PRODUCERS.length)] as number;
    if (dice < 70) {
      if (model.producer(producerId).firstOffset >= 0 && random.below(3) === 0) this.end(producerId);
      else this.send(producerId);
      // Some way towards the end.
      const above = model.entries.filter(({ lastOffset }) => lastOffset >= log.highWatermark);
      const upTo = above[random.below(above.length)];
      if (random.below(3) === 0 && upTo !== undefined) log.setHighWatermark(upTo.lastOffset + 1);
    } else if (dice < 74) log.roll();
    else if (dice < 77) await log.flush();
    else if (dice < 80 && log.highWatermark > log.startOffset) {
      log.raiseStartOffset(log.startOffset + random.below(Math.min(8, log.highWatermark - log.startOffset) + 1));
      await log.applyRetention(Number(T0));
      model.startOffset = log.startOffset;
    } else if (dice < 83) log.expireProducers(Number(T0) + 1e12);
    else if (dice < 86) {
      log.setHighWatermark(log.endOffset);
      await log.close();
      await this.restart(world.memory.kill(), true);
    } else if (dice < 89) await this.restart(world.memory.kill(), false);
    else if (dice < 92) await this.restart(world.memory.crash(random.below(1 << 20)), false);
    else await this.check();
  }
}

async function simulate(seed: number): Promise<void> {
  const world = await newWorld(seed);
  await world.memory.syncDirectory('/');
  const run = new Run(
    new SeededRandom(seed),
    world,
    await openTestLog(world, CONFIG, { producerIdExpirationMs: Infinity }),
  );
  for (let index = 0; index < 200; index++) await run.step();
  run.log.setHighWatermark(run.log.endOffset);
  await run.check();
  assert.deepEqual(run.world.faults, []);
}

const seeds = Number(process.env['SEEDS'] ?? 12);
const firstSeed = Number(process.env['SEED'] ?? 1);

test(`consumers of committed records get what was committed (${seeds} seeds from ${firstSeed})`, async () => {
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    try {
      await simulate(seed);
    } catch (error) {
      throw new Error(`SEED=${seed} SEEDS=1`, { cause: error });
    }
  }
});

test('a segment that has ended and whose indexes are not saved when all is over is looked at again', async () => {
  const world = await newWorld();
  const log = await openTestLog(world, CONFIG);
  append(log, batchOf(1, 10, { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true }));
  append(log, markerOf(7, 0, true), { origin: 'coordinator' });
  await log.flush();
  log.roll();
  append(log, batchOf(1));
  const { recoveryPoint } = log;
  const memory = world.memory.kill();
  assert.equal(recoveryPoint, 2);
  await recoverPartition(
    { disk: memory, native, logger: silent },
    {
      directory: DIRECTORY,
      recoveryPoint,
      logStartOffset: 0,
      config: CONFIG,
      producerIdExpirationMs: Infinity,
      now: Number(T0),
    },
  );
  const again = await openTestLog(worldOn(memory), CONFIG, { recoveryPoint, highWatermark: 2, isRecovered: true });
  const located = await locate(again, { offset: 0, maxBytes: 1000, upperBound: 2, minOneMessage: true });
  assert.deepEqual(await again.abortedTransactions(0, located), [
    { producerId: 7, firstOffset: 0, lastOffset: 1, lastStableOffset: 2 },
  ]);
});
