/** Files that are damaged or missing at a start: rebuilt with a line, or a start that stops with the file's name and what to do. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { THEN } from '../harness/batches.ts';
import { TestBroker } from '../harness/broker.ts';
import { RawClient } from '../harness/client.ts';
import { connected, createTopic, endOffset, fetch, listOffset, produce, produced, readAll } from './traffic.ts';

const BATCHES = 60;
const TEXT = 'y'.repeat(700);
/** Segments of a dozen batches, an index entry for each. */
const CONFIGS = { 'internal.segment.bytes': '10000', 'index.interval.bytes': '1' };

const data = (broker: TestBroker): string => join(broker.directory, 'data');

async function filled(
  client: RawClient,
  topic: string,
  configs: Readonly<Record<string, string>> = CONFIGS,
): Promise<void> {
  assert.equal(await createTopic(client, topic, 1, configs), 0);
  for (let n = 0; n < BATCHES; n++) await produced(client, topic, 0, [`${topic} ${n} ${TEXT}`]);
}

const values = (topic: string, from = 0, to = BATCHES): string[] =>
  Array.from({ length: to - from }, (_, n) => `${topic} ${n + from} ${TEXT}`);

/** The files of a partition with an ending, the oldest first. */
function filesOf(broker: TestBroker, topic: string, ending: string): string[] {
  const folder = join(data(broker), `${topic}-0`);
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .toSorted()
    .map((name) => join(folder, name));
}

function nth(files: readonly string[], index: number): string {
  const file = files.at(index);
  assert.ok(file, 'there is such a file');
  return file;
}

function change(path: string, by: (bytes: Buffer) => Buffer): void {
  writeFileSync(path, by(readFileSync(path)));
}

/** One bit, counted from the end where negative. */
function flip(path: string, at: number): void {
  change(path, (bytes) => {
    const position = at < 0 ? bytes.length + at : at;
    bytes[position] = (bytes[position] ?? 0) ^ 0x10;
    return bytes;
  });
}

function cleared(path: string): void {
  change(path, (bytes) => Buffer.alloc(bytes.length, 0xff));
}

function assertLine(broker: TestBroker, ...patterns: RegExp[]): void {
  const found = broker.output.split('\n').some((line) => patterns.every((pattern) => pattern.test(line)));
  assert.ok(found, `no line with ${patterns.join(' and ')}:\n${broker.output}`);
}

function assertNoStack(output: string): void {
  assert.doesNotMatch(output, /^\s+at .*[:(]\d+|Unhandled|uncaught/m);
}

async function fullyRead(client: RawClient, topic: string): Promise<string[]> {
  return (await readAll(client, topic, 0)).map(({ value }) => value);
}

test('files of partitions, after a clean stop', async (t) => {
  const topics = ['index', 'timeindex', 'both', 'wrong', 'snapshot', 'epochs', 'identity', 'old', 'header'];
  let broker: TestBroker;
  before(async () => {
    broker = await TestBroker.start({ overrides: { 'shard.count': 2 } });
    await connected(broker.port, async (client) => {
      for (const topic of topics) await filled(client, topic);
      const idempotent = { producerId: 7000, producerEpoch: 0, baseSequence: 0 };
      assert.equal((await produce(client, 'snapshot', 0, ['once'], idempotent)).errorCode, 0);
    });
    assert.equal(await broker.stop(), 0);
    cleared(nth(filesOf(broker, 'index', '.index'), 1));
    cleared(nth(filesOf(broker, 'timeindex', '.timeindex'), 1));
    for (const path of [...filesOf(broker, 'both', '.index'), ...filesOf(broker, 'both', '.timeindex')]) rmSync(path);
    // Entries that still rise and point to nowhere.
    for (const path of filesOf(broker, 'wrong', '.index')) {
      change(path, (bytes) => {
        for (let at = 4; at < bytes.length; at += 8) bytes.writeInt32BE(bytes.readInt32BE(at) - 13, at);
        return bytes;
      });
    }
    for (const path of filesOf(broker, 'snapshot', '.snapshot')) flip(path, -3);
    writeFileSync(join(data(broker), 'epochs-0', 'leader-epoch-checkpoint'), '0\n7\nnonsense');
    rmSync(join(data(broker), 'identity-0', 'partition.metadata'));
    flip(nth(filesOf(broker, 'old', '.log'), 1), 200);
    // The length of the third batch of the second segment.
    change(nth(filesOf(broker, 'header', '.log'), 1), (bytes) => {
      const second = 12 + bytes.readInt32BE(8);
      const third = second + 12 + bytes.readInt32BE(second + 8);
      bytes.writeInt32BE(5, third + 8);
      return bytes;
    });
    await broker.startAgain();
  });
  after(() => broker.close());

  for (const topic of ['index', 'timeindex', 'both', 'wrong']) {
    await t.test(`${topic}: built anew`, async () => {
      await connected(broker.port, async (client) => {
        for (const from of [0, 17, 33, 59]) {
          const read = (await readAll(client, topic, 0, from)).map(({ value }) => value);
          assert.deepEqual(read, values(topic, from));
        }
        assert.equal((await listOffset(client, topic, 0, THEN)).offset, 0);
        assert.equal((await listOffset(client, topic, 0, THEN + 1n)).offset, -1);
      });
      assertLine(broker, /built anew/, new RegExp(`/${topic}-0/`));
    });
  }

  await t.test('producer snapshots: producers follow from the log', async () => {
    await connected(broker.port, async (client) => {
      const again = { producerId: 7000, producerEpoch: 0, baseSequence: 0 };
      const { errorCode, baseOffset } = await produce(client, 'snapshot', 0, ['once'], again);
      assert.deepEqual([errorCode, baseOffset], [0, BATCHES], 'the batch was there before');
      assert.equal(await endOffset(client, 'snapshot', 0), BATCHES + 1);
    });
  });

  await t.test('leader epochs: left out with a line, and written again', async () => {
    assertLine(broker, /leader epoch checkpoint is damaged/, /epochs-0/);
    await connected(broker.port, async (client) => {
      assert.deepEqual(await fullyRead(client, 'epochs'), values('epochs'));
    });
    assert.match(readFileSync(join(data(broker), 'epochs-0', 'leader-epoch-checkpoint'), 'utf8'), /^0\n0\n$/);
  });

  await t.test('partition.metadata: written again', async () => {
    await connected(broker.port, async (client) => {
      assert.deepEqual(await fullyRead(client, 'identity'), values('identity'));
    });
    assert.ok(existsSync(join(data(broker), 'identity-0', 'partition.metadata')));
  });

  await t.test('a bit in an old segment: its client sees it by the checksum, as with Kafka', async () => {
    await connected(broker.port, async (client) => {
      await assert.rejects(readAll(client, 'old', 0), /checksum at \d+/);
      // What is before and behind is whole.
      const { bytes } = await fetch(client, 'old', 0, 0, { maxBytes: 5000 });
      assert.ok(bytes.length > 0);
      assert.equal((await readAll(client, 'old', 0, 30)).length, BATCHES - 30);
    });
  });

  await t.test('a length in an old segment: CORRUPT_MESSAGE behind it, and no silent gap', async () => {
    await connected(broker.port, async (client) => {
      const codes: number[] = [];
      for (let offset = 0; offset < BATCHES; offset++) codes.push((await fetch(client, 'header', 0, offset)).errorCode);
      assert.deepEqual([...new Set(codes)], [0, 2]);
      // Batches that the index points to can be read.
      assert.deepEqual(
        codes.flatMap((code, offset) => (code === 2 ? [offset] : [])),
        [14],
      );
      await produced(client, 'header', 0, ['goes on']);
    });
    assertLine(broker, /A segment is damaged/, /header-0/);
    assertNoStack(broker.output);
  });
});

test('files of partitions, after kill -9', async (t) => {
  const broker = await TestBroker.start({ overrides: { 'shard.count': 2 } });
  t.after(() => broker.close());
  const rest = { ...CONFIGS, 'internal.segment.bytes': '1000000' };
  await connected(broker.port, async (client) => {
    await filled(client, 'torn', rest);
    await filled(client, 'active', rest);
    await filled(client, 'gone');
    await filled(client, 'whole');
    await filled(client, 'lost');
  });
  // The checkpoints of a clean stop are true: below them a loss must be told.
  await broker.stop();
  await broker.startAgain();
  await broker.kill();
  change(nth(filesOf(broker, 'torn', '.log'), -1), (bytes) => bytes.subarray(0, bytes.length - 100));
  flip(nth(filesOf(broker, 'active', '.log'), -1), -1000);
  rmSync(nth(filesOf(broker, 'gone', '.log'), 1));
  for (const path of filesOf(broker, 'whole', 'index')) rmSync(path);
  rmSync(join(data(broker), 'lost-0'), { recursive: true });
  await broker.startAgain();
  await connected(broker.port, async (client) => {
    assert.deepEqual(await fullyRead(client, 'torn'), values('torn', 0, BATCHES - 1));
    assert.deepEqual(await fullyRead(client, 'active'), values('active', 0, BATCHES - 2));
    assert.deepEqual(await fullyRead(client, 'whole'), values('whole'));
    const left = await fullyRead(client, 'gone');
    assert.ok(left.length < BATCHES && left.length > BATCHES / 2);
    assert.equal(await endOffset(client, 'lost', 0), 0);
    for (const topic of ['torn', 'active', 'gone', 'whole', 'lost']) await produced(client, topic, 0, ['more']);
  });
  assertLine(broker, /recovery cut off the end of a segment/, /torn-0/);
  assertLine(broker, /recovery cut off the end of a segment: records that had been flushed are lost/, /active-0/);
  assertLine(broker, /index files were there without their segment/, /gone-0/);
  assertLine(broker, /records are lost/, /lost-0/);
  assertNoStack(broker.output);
  await broker.close();
});

test('checkpoint files: left out with a line', async (t) => {
  const broker = await TestBroker.start({ overrides: { 'shard.count': 1 } });
  t.after(() => broker.close());
  await connected(broker.port, async (client) => {
    await filled(client, 't');
    await client.ask('DeleteRecords', 2, {
      topics: [{ name: 't', partitions: [{ partitionIndex: 0, offset: 3 }] }],
      timeoutMs: 5000,
    });
  });
  const names = ['recovery-point-offset-checkpoint', 'replication-offset-checkpoint', 'log-start-offset-checkpoint'];
  for (const stop of ['stop', 'kill'] as const) {
    await broker[stop]();
    for (const name of names) writeFileSync(join(data(broker), name), '0\n2\nt 0 1');
    await broker.startAgain();
    for (const name of names) assertLine(broker, /checkpoint file is damaged/, new RegExp(name));
    assertNoStack(broker.output);
    await connected(broker.port, async (client) => assert.deepEqual(await fullyRead(client, 't'), values('t')));
  }
  await broker.stop();
  for (const name of names) rmSync(join(data(broker), name));
  await broker.startAgain();
  await connected(broker.port, async (client) => assert.deepEqual(await fullyRead(client, 't'), values('t')));
  await broker.close();
});

test('a start stops with the file and what to do', async (t) => {
  let broker: TestBroker;
  const metadata = (name: string): string => join(data(broker), '__cluster_metadata-0', name);
  const LOG = `${'0'.repeat(20)}.log`;
  before(async () => {
    broker = await TestBroker.start({ overrides: { 'shard.count': 1 } });
    await connected(broker.port, (client) => filled(client, 't'));
    await broker.stop();
    await broker.startAgain();
    await connected(broker.port, (client) => createTopic(client, 'second', 1));
    await broker.stop();
  });
  after(() => broker.close());

  /** Damages a file, sees the start refused, and puts it back. */
  async function refused(path: string, damage: (path: string) => void, message: RegExp): Promise<void> {
    const saved = readFileSync(path);
    damage(path);
    const refusal = await broker.startAgain().then(
      () => 'it started',
      (error: Error) => error.message,
    );
    writeFileSync(path, saved);
    if (refusal === 'it started') await broker.stop();
    assert.match(refusal, message);
    assertNoStack(refusal);
    assert.match(refusal, /^odradek: /m);
  }

  await t.test('meta.properties is damaged, of another version, or gone', async () => {
    const path = join(data(broker), 'meta.properties');
    await refused(path, cleared, /meta\.properties cannot be used: it has no version/);
    await refused(
      path,
      () => change(path, (bytes) => Buffer.from(bytes.toString().replace('version=1', 'version=0'))),
      /meta\.properties cannot be used: version 0 is not 1/,
    );
    await refused(path, (gone) => rmSync(gone), /meta\.properties is missing, and the directory holds data\. Write it/);
  });

  await t.test('partition.metadata is damaged', async () => {
    const path = join(data(broker), 't-0', 'partition.metadata');
    await refused(path, cleared, /t-0\/partition\.metadata is damaged: delete it if/);
  });

  await t.test('quorum-state is damaged', async () => {
    await refused(metadata('quorum-state'), cleared, /quorum-state is damaged\. Delete it/);
  });

  await t.test('the metadata log is damaged after a clean stop', async () => {
    await refused(metadata(LOG), (path) => flip(path, 300), /\.log is damaged at byte \d+ .*Restore the file/);
    await refused(metadata(LOG), (path) => flip(path, -5), /\.log is damaged at byte \d+ .*Restore the file/);
  });

  await t.test('the metadata log is gone', async () => {
    await refused(metadata(LOG), (path) => rmSync(path), /holds no metadata, and there are directories of partitions/);
  });

  await t.test('without quorum-state it starts', async () => {
    rmSync(metadata('quorum-state'));
    await broker.startAgain();
    await connected(broker.port, async (client) => assert.deepEqual(await fullyRead(client, 't'), values('t')));
  });

  await t.test('after kill -9 the torn end of the metadata log is cut, its middle is not', async () => {
    await connected(broker.port, (client) => createTopic(client, 'third', 1));
    await broker.kill();
    await refused(metadata(LOG), (path) => flip(path, 300), /\.log is damaged at byte \d+ .*Restore the file/);
    change(metadata(LOG), (bytes) => Buffer.concat([bytes, bytes.subarray(100, 170)]));
    await broker.startAgain();
    assertLine(broker, /recovery cut off the end of a segment/, /__cluster_metadata-0/);
    await connected(broker.port, async (client) => {
      assert.deepEqual(await fullyRead(client, 't'), values('t'));
      assert.equal(await createTopic(client, 'third', 1), 36);
    });
  });

  await t.test(
    'what holds records and belongs to no topic is set aside, and not found by a new topic of its name',
    async () => {
      await broker.kill();
      const old = join(data(broker), 'stranger-0');
      const { cpSync } = await import('node:fs');
      cpSync(join(data(broker), 't-0'), old, { recursive: true });
      await broker.startAgain();
      assertLine(broker, /belongs to no partition of this cluster and is set aside/, /stranger-0/);
      assert.ok(!existsSync(old));
      await connected(broker.port, async (client) => {
        assert.equal(await createTopic(client, 'stranger', 1), 0);
        assert.equal(await endOffset(client, 'stranger', 0), 0);
      });
      assert.equal(readdirSync(data(broker)).filter((name) => /^stranger-0\..*-stray$/.test(name)).length, 1);
    },
  );
});

test('snapshots of the metadata', async (t) => {
  const broker = await TestBroker.start({
    overrides: {
      'shard.count': 1,
      'metadata.log.max.record.bytes.between.snapshots': 1500,
      'internal.metadata.log.segment.bytes': 4000,
      'metadata.max.retention.bytes': 30000,
    },
  });
  t.after(() => broker.close());
  await connected(broker.port, async (client) => {
    for (let n = 0; n < 90; n++) assert.equal(await createTopic(client, `topic-${n}`, 1), 0);
  });
  await broker.stop();
  const folder = join(data(broker), '__cluster_metadata-0');
  const snapshots = readdirSync(folder)
    .filter((name) => name.endsWith('.checkpoint'))
    .toSorted();
  assert.ok(snapshots.length >= 2 && !snapshots[0]?.startsWith('0'.repeat(20)), snapshots.join(' '));
  // The newest is damaged: the one before it, and the log.
  const newest = join(folder, snapshots.at(-1) ?? '');
  const saved = readFileSync(newest);
  flip(newest, -200);
  await broker.startAgain();
  assertLine(broker, /metadata snapshot is damaged/, new RegExp(snapshots.at(-1) ?? ''));
  await connected(broker.port, async (client) => assert.equal(await createTopic(client, 'topic-3', 1), 36));
  await broker.stop();
  // All are: nothing knows how the log began.
  writeFileSync(newest, saved);
  for (const name of readdirSync(folder)) if (name.endsWith('.checkpoint')) cleared(join(folder, name));
  await assert.rejects(broker.startAgain(), /has no snapshot that is whole for the beginning of its log/);
  await broker.close();
});
