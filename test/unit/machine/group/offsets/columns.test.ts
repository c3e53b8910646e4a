/** The columns hold what a Map would. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ZERO_UUID } from '../../../../../src/base/uuid.ts';
import { OffsetColumns } from '../../../../../src/machine/group/offsets/columns.ts';
import type { CommittedOffset } from '../../../../../src/machine/group/offsets/table.ts';
import { idOf } from './log.ts';

function valueOf(n: number): CommittedOffset {
  return {
    offset: n % 5 === 0 ? -(2n ** 63n) : BigInt(n) * 2n ** 40n,
    leaderEpoch: n % 3 === 0 ? -1 : n,
    metadata: n % 2 === 0 ? '' : `metadata ${n}`,
    commitTimestamp: 1_795_432_171_396 + n,
    expireTimestamp: n % 7 === 0 ? n : -1,
    topicId: n % 4 === 0 ? ZERO_UUID : idOf(`topic ${n % 6}`),
    recordOffset: n * 1e12,
  };
}

const steps = fc.array(
  fc.tuple(fc.constantFrom('put', 'put', 'drop'), fc.nat(12), fc.nat(4), fc.nat(9), fc.nat(1000)),
  { maxLength: 600, size: 'max' },
);

test('columns and a Map say the same', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const columns = new OffsetColumns();
      const model = new Map<string, [group: string, topic: string, partition: number, value: CommittedOffset]>();
      for (const [step, g, t, partition, n] of all) {
        const group = `g${g}`;
        const topic = `t${t}`;
        const key = `${group} ${topic} ${partition}`;
        if (step === 'put') {
          columns.put(group, topic, partition, valueOf(n));
          model.set(key, [group, topic, partition, valueOf(n)]);
        } else {
          columns.drop(group, topic, partition);
          model.delete(key);
        }
      }
      assert.equal(columns.size, model.size);
      const groups = new Set([...model.values()].map(([group]) => group));
      assert.deepEqual(new Set(columns.groups()), groups);
      let seen = 0;
      for (const group of groups) {
        for (const [topic, partitions] of columns.topicsOf(group)) {
          assert.ok(columns.hasTopic(topic));
          for (const [partition, value] of partitions) {
            seen++;
            assert.deepEqual(value, model.get(`${group} ${topic} ${partition}`)?.[3]);
            assert.deepEqual(columns.get(group, topic, partition), value);
          }
        }
      }
      assert.equal(seen, model.size);
      assert.equal(columns.get('g0', 't0', 77), undefined);
      for (let t = 0; t <= 4; t++) {
        assert.equal(
          columns.hasTopic(`t${t}`),
          [...model.values()].some(([, topic]) => topic === `t${t}`),
        );
      }
    }),
    { numRuns: 60 },
  );
});
