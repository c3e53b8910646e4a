/** Lines of batches that wait for the pool: order on each line, turns of the connections, and what is dropped. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { LogConfig } from '../../../src/config/log-config.ts';
import { LateLines, type LateResult, type LateTask } from '../../../src/shard/produce-late.ts';
import type { ProduceEntry } from '../../../src/shard/produce-validation.ts';

const OK: LateResult = {
  verdict: { ok: true, bytes: Buffer.alloc(0), isTransactional: false },
  rewritten: null,
};

class Rig {
  now = 0;
  readonly failures: unknown[] = [];
  /** What is in the pool, in the order in which it came there. */
  readonly running: { task: LateTask; resolve: (result: LateResult) => void; reject: (error: unknown) => void }[] = [];
  readonly lines = new LateLines({
    validate: (task) => new Promise((resolve, reject) => this.running.push({ task, resolve, reject })),
    now: () => this.now,
    failed: (error) => this.failures.push(error),
  });

  entry(name: string): ProduceEntry {
    return { topic: name, partition: 0, records: Buffer.from(name), config: {} as LogConfig };
  }

  get names(): string[] {
    return this.running.map(({ task }) => task.entry.topic);
  }
}

const here = (): boolean => false;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('each line keeps its order, whatever the pool finishes first', async () => {
  const step = fc.record({ connection: fc.nat(2), key: fc.nat(1), large: fc.boolean(), finish: fc.nat() });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const rig = new Rig();
      const connections = [{}, {}, {}];
      const added = new Map<string, number>();
      const gone = new Map<string, number>();
      for (const { connection, key, large, finish } of steps) {
        const line = `${connection} ${key}`;
        const number = added.get(line) ?? 0;
        const go = (): void => {
          assert.equal(gone.get(line) ?? 0, number);
          gone.set(line, number + 1);
        };
        const identity = connections[connection] as object;
        if (large) rig.lines.addLarge(identity, String(key), rig.entry(line), here, go);
        else if (rig.lines.holds(identity, String(key))) rig.lines.addReady(identity, String(key), here, go);
        else go();
        added.set(line, number + 1);
        assert.ok(rig.running.length <= 2);
        assert.equal(
          new Set(rig.names.map((name) => name[0])).size,
          rig.running.length,
          'one of a connection at a time',
        );
        if (finish % 3 === 0) {
          rig.running.splice(finish % Math.max(1, rig.running.length), 1)[0]?.resolve(OK);
          await turn();
        }
      }
      while (rig.running.length > 0) {
        rig.running.shift()?.resolve(OK);
        await turn();
      }
      assert.deepEqual(gone, added);
      assert.equal(rig.lines.waiting, 0);
    }),
    { numRuns: 200 },
  );
});

test('connections take turns', async () => {
  const rig = new Rig();
  const [greedy, modest] = [{}, {}];
  for (let i = 0; i < 10; i++) rig.lines.addLarge(greedy, String(i), rig.entry('greedy'), here, () => undefined);
  rig.lines.addLarge(modest, '0', rig.entry('modest'), here, () => undefined);
  assert.deepEqual(rig.names, ['greedy', 'modest']);
  rig.running.shift()?.resolve(OK);
  await turn();
  assert.deepEqual(rig.names, ['modest', 'greedy']);
});

test('a pool that fails is an answer; what nobody waits for any more is dropped after a while', async () => {
  const rig = new Rig();
  const answers: (string | null)[] = [];
  const told = (verdict: { ok: boolean; error?: string } | null): void => {
    answers.push(verdict === null ? null : verdict.ok ? 'ok' : String(verdict.error));
  };
  const connection = {};
  let isGone = false;
  for (let i = 0; i < 3; i++) rig.lines.addLarge(connection, '0', rig.entry('x'), () => isGone, told);
  rig.running.shift()?.reject(new Error('out of memory'));
  await turn();
  assert.deepEqual(answers, ['UNKNOWN_SERVER_ERROR']);
  assert.equal(rig.failures.length, 1);
  isGone = true;
  rig.running.shift()?.resolve(OK);
  await turn();
  assert.equal(rig.running.length, 1, 'what came just now is appended, as in Kafka');
  rig.lines.addLarge(connection, '0', rig.entry('x'), () => isGone, told);
  rig.now = 60_000;
  rig.running.shift()?.resolve(OK);
  await turn();
  await turn();
  assert.deepEqual(answers, ['UNKNOWN_SERVER_ERROR', 'ok', 'ok', null]);
  assert.equal(rig.running.length, 0);
  assert.equal(rig.lines.waiting, 0);
});
