/** Placement over brokers and racks: distinct replicas, spread leaders, racks in turn, fenced brokers last. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Uuid } from '../../../../src/base/uuid.ts';
import { placeReplicas } from '../../../../src/machine/controller/placement.ts';
import { Bench, bootstrapRecords } from './fixture.ts';

/** A cluster with these brokers: id, rack, fenced. */
function cluster(brokers: readonly (readonly [id: number, rack: string | null, fenced?: boolean])[], seed = 1): Bench {
  const bench = new Bench(seed);
  bench.run({ kind: 'activate', bootstrap: bootstrapRecords });
  for (const [id, rack, fenced = false] of brokers) {
    bench.register(id, [`directory-of-${String(id).padStart(3, '0')}` as Uuid], rack);
    if (!fenced) bench.run({ kind: 'unfence', brokerId: id });
  }
  return bench;
}

function place(bench: Bench, partitions: number, factor: number): readonly (readonly number[])[] {
  const placed = placeReplicas(bench.image, partitions, factor, bench.entropy);
  if (typeof placed === 'string') throw new Error(placed);
  assert.equal(placed.length, partitions);
  for (const replicas of placed) {
    assert.equal(replicas.length, factor);
    assert.equal(new Set(replicas).size, factor, 'a broker holds a replica once');
  }
  return placed;
}

function countOf(lists: readonly (readonly number[])[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const id of lists.flat()) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

test('leaders and replicas are spread evenly', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const bench = cluster(
      [
        [1, null],
        [2, null],
        [3, null],
        [4, null],
        [5, null],
      ],
      seed,
    );
    const placed = place(bench, 100, 3);
    for (const count of countOf(placed.map(([leader]) => [leader as number])).values()) assert.equal(count, 20);
    for (const count of countOf(placed).values()) assert.ok(count >= 55 && count <= 65, `${count}`);
  }
});

test('replicas stand in different racks where there are enough', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const bench = cluster(
      [
        [1, 'a'],
        [2, 'a'],
        [3, 'b'],
        [4, 'b'],
        [5, 'c'],
        [6, 'c'],
      ],
      seed,
    );
    const rack = (id: number) => bench.image.cluster.broker(id)?.rack;
    for (const replicas of place(bench, 60, 3)) assert.equal(new Set(replicas.map(rack)).size, 3);
    for (const replicas of place(bench, 60, 2)) assert.equal(new Set(replicas.map(rack)).size, 2);
    for (const count of countOf(place(bench, 60, 1)).values()) assert.equal(count, 10);
  }
});

test('a fenced broker never comes first', () => {
  const bench = cluster([
    [1, 'a'],
    [2, 'a', true],
    [3, 'b', true],
  ]);
  for (const replicas of place(bench, 30, 3)) assert.equal(replicas[0], 1);
});

test('Kafka’s words where there is no place', () => {
  const bench = cluster([
    [1, null],
    [2, null, true],
  ]);
  const refused = (factor: number, on = bench) => placeReplicas(on.image, 1, factor, on.entropy);
  assert.equal(
    refused(3),
    'The target replication factor of 3 cannot be reached because only 2 broker(s) are registered or some brokers have all their log directories cordoned.',
  );
  assert.equal(refused(0), 'Invalid replication factor 0: the replication factor must be positive.');
  const none = cluster([[1, null, true]]);
  assert.equal(refused(1, none), 'All brokers are currently fenced, or have all their log directories cordoned.');
});
