/** Replay equals live; a snapshot replayed is the image; what is undone is as if it had not been. Seeded, every record type. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SeededRandom } from '../../../../src/base/prng.ts';
import { UndoJournal } from '../../../../src/base/undo-map.ts';
import type { Uuid } from '../../../../src/base/uuid.ts';
import { ImageChanges } from '../../../../src/machine/image/changes.ts';
import { MetadataImage } from '../../../../src/machine/image/image.ts';
import { imageRecords, writeTo } from '../../../../src/machine/image/snapshot.ts';
import { applyTransfer, encodeDelta, encodeImage } from '../../../../src/machine/image/transfer.ts';
import {
  decodeRecord,
  encodeRecord,
  type MetadataRecord,
  record,
} from '../../../../src/protocol/record/metadata-records.ts';
import { contentOf, RandomRecords } from './random-records.ts';

const SEEDS = Array.from({ length: 20 }, (_, seed) => seed + 1);
const STEPS = 400;

function copyOf(image: MetadataImage): MetadataImage {
  const copy = new MetadataImage();
  writeTo(image, (one) => copy.replay(decodeRecord(encodeRecord(one))));
  return copy;
}

test('a snapshot replayed into an empty image is the image', () => {
  for (const seed of SEEDS) {
    const image = new MetadataImage();
    const records = new RandomRecords(new SeededRandom(seed));
    for (let step = 0; step < STEPS; step++) {
      image.replay(records.next(image));
      if (step % 50 === 0) assert.deepEqual(contentOf(copyOf(image)), contentOf(image), `seed ${seed}, step ${step}`);
    }
    assert.deepEqual(contentOf(copyOf(image)), contentOf(image), `seed ${seed}`);
  }
});

test('a shard that is sent the image and then what changes has the same image, and the right notes', () => {
  for (const seed of SEEDS) {
    const random = new SeededRandom(seed);
    const records = new RandomRecords(random);
    const control = new MetadataImage();
    for (let step = 0; step < STEPS / 2; step++) control.replay(records.next(control));
    control.reached(99, 3);
    control.features.kraftVersion = 1;
    const shard = new MetadataImage();
    assert.equal(applyTransfer(shard, encodeImage(control)), 99);
    assert.equal(shard.features.kraftVersion, 1);
    for (let offset = 100; offset < 100 + STEPS / 2; ) {
      const before = copyOf(shard);
      const batch: MetadataRecord[] = [];
      for (let count = 1 + random.below(5); count > 0; count--) {
        const one = records.next(control);
        control.replay(one);
        batch.push(one);
      }
      offset += batch.length;
      const changes = new ImageChanges();
      applyTransfer(shard, encodeDelta(batch, offset - 1, 4), changes);
      assert.deepEqual(contentOf(shard), contentOf(control), `seed ${seed}, offset ${offset}`);
      assert.equal(shard.offset, offset - 1);
      assert.equal(shard.epoch, 4);
      checkNotes(before, shard, changes);
    }
  }
});

/** Every difference is noted. */
function checkNotes(before: MetadataImage, after: MetadataImage, changes: ImageChanges): void {
  for (const topic of after.topics) {
    const known = before.topics.byId(topic.id);
    assert.equal(changes.createdTopics.has(topic.id), known === undefined);
    for (let partition = 0; partition < topic.partitionEnd; partition++) {
      const same =
        known?.has(partition) === topic.has(partition) &&
        (!topic.has(partition) || JSON.stringify(known.row(partition)) === JSON.stringify(topic.row(partition)));
      if (!same && topic.has(partition)) assert.ok(changes.partitions.get(topic.id)?.has(partition));
    }
  }
  for (const topic of before.topics) {
    assert.equal(changes.deletedTopics.has(topic.id), after.topics.byId(topic.id) === undefined);
  }
  for (const [{ type, name }, values] of [...before.configs, ...after.configs]) {
    const now = [...after.configs.of(type, name)];
    const same = JSON.stringify([...before.configs.of(type, name)].toSorted()) === JSON.stringify(now.toSorted());
    if (!same) assert.ok(changes.configs.has(`${type}:${name}`), `${type}:${name} ${[...values].join()}`);
  }
}

test('records that are taken back leave no trace', () => {
  for (const seed of SEEDS) {
    const random = new SeededRandom(seed);
    const records = new RandomRecords(random);
    const journal = new UndoJournal();
    const image = new MetadataImage(journal);
    let offset = 0;
    for (let round = 0; round < 40; round++) {
      for (let count = random.below(20); count > 0; count--) {
        journal.at(offset++);
        image.replay(records.next(image));
      }
      journal.commit(offset);
      const content = contentOf(image);
      const committed = offset;
      for (let count = random.below(20); count > 0; count--) {
        journal.at(offset++);
        image.replay(records.next(image));
      }
      journal.revert(committed);
      assert.deepEqual(contentOf(image), content, `seed ${seed}, round ${round}`);
      assert.equal(journal.pending, 0);
      offset = committed;
    }
  }
});

test('records of a metadata transaction count when it ends, and not where it is aborted', () => {
  const image = new MetadataImage();
  const topic = (name: string) => record('topic', { name, topicId: name.padEnd(16, '.') as Uuid });
  image.replay(record('beginTransaction', { name: 'x' }));
  image.replay(topic('kept'));
  assert.ok(image.inTransaction);
  assert.equal(image.topics.size, 0);
  image.replay(record('endTransaction', {}));
  assert.equal(image.topics.byName('kept')?.name, 'kept');
  image.replay(record('beginTransaction', { name: null }));
  image.replay(topic('dropped'));
  image.replay(record('abortTransaction', { reason: null }));
  assert.equal(image.topics.byName('dropped'), undefined);
  assert.ok(!image.inTransaction);
});

test('records of a snapshot stand in the order of Kafka', () => {
  const image = new MetadataImage();
  const records = new RandomRecords(new SeededRandom(7));
  for (let step = 0; step < 2000; step++) image.replay(records.next(image));
  image.replay(record('featureLevel', { name: 'metadata.version', featureLevel: 33 }));
  const types = [...imageRecords(image)].map(({ type }) => type);
  const order = [
    'featureLevel',
    'registerBroker',
    'registerController',
    'topic',
    'config',
    'clientQuota',
    'producerIds',
    'accessControlEntry',
    'userScramCredential',
    'delegationToken',
  ];
  assert.deepEqual([...new Set(types.filter((type) => type !== 'partition'))], order);
  const [first] = imageRecords(image);
  assert.deepEqual(first?.message, { name: 'metadata.version', featureLevel: 33 });
  assert.equal(types[types.indexOf('partition') - 1], 'topic');
});

/** Bytes of an image of one topic with so many partitions, by what the process holds more afterwards. */
function bytesOfImage(image: MetadataImage, count: number, collect: () => void): number {
  const topicId = 'big'.padEnd(16, '.') as Uuid;
  image.replay(record('topic', { name: 'big', topicId }));
  const directories = ['d'.padEnd(16, '.') as Uuid];
  collect();
  const before = process.memoryUsage();
  for (let partitionId = 0; partitionId < count; partitionId++) {
    image.replay(
      record('partition', {
        partitionId,
        topicId,
        replicas: [1],
        isr: [1],
        removingReplicas: [],
        addingReplicas: [],
        leader: 1,
        leaderRecoveryState: 0,
        leaderEpoch: partitionId,
        partitionEpoch: 3,
        directories,
        eligibleLeaderReplicas: null,
        lastKnownElr: null,
      }),
    );
  }
  collect();
  const after = process.memoryUsage();
  assert.equal(image.topics.byName('big')?.partitionCount, count);
  assert.equal(image.topics.byName('big')?.leaderEpoch(count - 1), count - 1);
  return after.arrayBuffers - before.arrayBuffers + Math.max(0, after.heapUsed - before.heapUsed);
}

test('a partition costs less than 64 bytes', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const count = 50_000;
  // What the process compiles meanwhile counts, too: the least of a few times is the image's. All stay, so that none is taken off another.
  const images = Array.from({ length: 4 }, () => new MetadataImage());
  const least = Math.min(...images.map((image) => bytesOfImage(image, count, collect)));
  assert.ok(images.every(({ topics }) => topics.partitionCount === count));
  assert.ok(least / count < 64, `${least / count} bytes a partition`);
});
