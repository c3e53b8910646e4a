/** Owners: one for each partition, neighbours for the partitions of a topic, topics spread over all shards. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../../../src/base/prng.ts';
import type { Uuid } from '../../../src/base/uuid.ts';
import { ownerOf } from '../../../src/shard/routing.ts';
import { FIRST_SHARD } from '../../../src/shard/shared-block.ts';

test('the partitions of a topic take turns over the shards, and topics begin on different ones', () => {
  const random = new SeededRandom(1);
  for (let shards = 1; shards <= 16; shards++) {
    const begins = new Array<number>(shards).fill(0);
    for (let topic = 0; topic < 400; topic++) {
      const id = String.fromCharCode(...Array.from({ length: 16 }, () => random.below(256))) as Uuid;
      const first = ownerOf(id, 0, shards) - FIRST_SHARD;
      begins[first] = (begins[first] ?? 0) + 1;
      for (const partition of [1, 2, 17, 0x7fffffff]) {
        assert.equal(ownerOf(id, partition, shards) - FIRST_SHARD, (first + partition) % shards);
      }
    }
    for (const count of begins) assert.ok(count > 100 / shards, `${shards} shards: ${begins.join(' ')}`);
  }
});
