/** Disks that are full, read-only, broken or slow, below a broker process. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { TestBroker } from '../harness/broker.ts';
import { RawClient } from '../harness/client.ts';
import { FaultyDisk } from './faulty-disk.ts';
import { connected, createTopic, endOffset, fetch, produce, produced, readAll } from './traffic.ts';

const STORAGE_ERROR = 56;
const KB = 'x'.repeat(1000);

interface World {
  readonly disk: FaultyDisk;
  readonly root: string;
  /** A log directory by its letter. */
  path(letter: string): string;
  broker(letters: string, more?: Readonly<Record<string, string | number>>): Promise<TestBroker>;
}

/** A folder with log directories a, b, …, below it a disk that does what it is told. Null, with a skip, where there is none. */
function world(t: TestContext): World | null {
  const disk = FaultyDisk.create();
  if (disk === null) {
    t.skip('no C compiler, so no faults below a process');
    return null;
  }
  const root = mkdtempSync(join(tmpdir(), 'odradek-faults-'));
  t.after(() => {
    disk.close();
    rmSync(root, { recursive: true, force: true });
  });
  const path = (letter: string): string => join(root, letter);
  return {
    disk,
    root,
    path,
    async broker(letters, more = {}) {
      const logDirs = Array.from(letters, path).join(',');
      const overrides = { 'shard.count': 2, 'log.dirs': logDirs, 'metadata.log.dir': path('m'), ...more };
      const broker = await TestBroker.start({ overrides, env: disk.env });
      t.after(() => broker.close());
      return broker;
    },
  };
}

/** Runs a command. Returns its exit code. */
function asRoot(command: string): number | null {
  return spawnSync('sh', ['-c', command]).status;
}

/** Partition numbers of a topic in a log directory. */
function partitionsIn(directory: string, topic: string): number[] {
  const names = readdirSync(directory).filter((name) => new RegExp(`^${topic}-\\d+$`).test(name));
  return names.map((name) => Number(name.slice(topic.length + 1))).toSorted((a, b) => a - b);
}

const lines = (output: string, pattern: RegExp): string[] => output.split('\n').filter((line) => pattern.test(line));

/** Without traces of a program that met a bug. */
function assertNoStack(output: string): void {
  assert.doesNotMatch(output, /^\s+at .*[:(]\d+|Unhandled|uncaught/m);
}

async function ended(broker: TestBroker): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (broker.hasEnded) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`the broker goes on:\n${broker.output}`);
}

/** One directory of three fails in some way; the others serve, and after a restart all do. */
async function oneOfThreeFails(t: TestContext, fail: (w: World, path: string) => void, error: RegExp): Promise<void> {
  const w = world(t);
  if (w === null) return;
  const broker = await w.broker('abc');
  const client = await RawClient.open(broker.port);
  assert.equal(await createTopic(client, 't', 9), 0);
  const acknowledged = Array.from({ length: 9 }, () => [] as string[]);
  for (let p = 0; p < 9; p++) {
    await produced(client, 't', p, [`first ${p}`, KB]);
    acknowledged[p]?.push(`first ${p}`, KB);
  }
  const bad = partitionsIn(w.path('b'), 't');
  assert.equal(bad.length, 3, 'the directories share the partitions');
  fail(w, w.path('b'));
  // The first to be told is whoever writes; from then on every partition of the directory is refused, and no other.
  for (let round = 0; round < 6; round++) {
    for (let p = 0; p < 9; p++) {
      const values = [`round ${round} of ${p}`, KB];
      const { errorCode } = await produce(client, 't', p, values);
      assert.equal(errorCode, bad.includes(p) ? STORAGE_ERROR : 0, `t-${p} in round ${round}`);
      if (errorCode === 0) acknowledged[p]?.push(...values);
    }
  }
  for (const p of bad) assert.equal((await fetch(client, 't', p, 0)).errorCode, STORAGE_ERROR);
  // New topics go where there is room.
  assert.equal(await createTopic(client, 'later', 3), 0);
  for (let p = 0; p < 3; p++) await produced(client, 'later', p, ['a', 'b']);
  client.close();
  const told = lines(broker.output, /log directory .*offline/i);
  assert.equal(told.length, 1, broker.output);
  assert.match(told[0] ?? '', error);
  assert.ok(told[0]?.includes(w.path('b')));
  assertNoStack(broker.output);
  assert.equal(await broker.stop(), 0, broker.output);
  assertNoStack(broker.output);
  w.disk.heal();
  await broker.startAgain();
  await connected(broker.port, async (again) => {
    for (let p = 0; p < 9; p++) {
      const values = (await readAll(again, 't', p)).map(({ value }) => value);
      // What was not acknowledged may be there, whole; what was, is.
      assert.deepEqual(values.slice(0, acknowledged[p]?.length), acknowledged[p]);
      assert.equal(values.length % 2, 0, 'batches are whole');
      await produced(again, 't', p, ['again']);
    }
    for (let p = 0; p < 3; p++) assert.equal(await endOffset(again, 'later', p), 2);
  });
  assert.equal(await broker.stop(), 0);
}

test('a directory of three is full', (t) =>
  oneOfThreeFails(t, ({ disk }, path) => disk.inject(path, { error: 'ENOSPC' }), /ENOSPC/));

test('a directory of three becomes read-only', (t) =>
  oneOfThreeFails(t, ({ disk }, path) => disk.inject(path, { error: 'EROFS' }), /EROFS/));

test('a directory that is really full', { skip: process.getuid?.() !== 0 && 'mounting takes root' }, async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'odradek-full-'));
  const small = join(root, 'small');
  mkdirSync(small);
  if (asRoot(`mount -t tmpfs -o size=2m tmpfs ${small}`) !== 0) {
    t.skip('no file system can be mounted here');
    return;
  }
  t.after(() => {
    asRoot(`umount -l ${small}`);
    rmSync(root, { recursive: true, force: true });
  });
  const overrides = { 'shard.count': 2, 'log.dirs': `${join(root, 'a')},${small}` };
  const broker = await TestBroker.start({ overrides });
  t.after(() => broker.close());
  const client = await RawClient.open(broker.port);
  assert.equal(await createTopic(client, 't', 4), 0);
  const bad = partitionsIn(small, 't');
  assert.equal(bad.length, 2);
  const ends = [0, 0, 0, 0];
  const errors = new Set<number>();
  for (let round = 0; round < 40; round++) {
    for (let p = 0; p < 4; p++) {
      const { errorCode, baseOffset } = await produce(client, 't', p, [KB.repeat(50), 'end']);
      if (errorCode === 0) ends[p] = baseOffset + 2;
      else errors.add(errorCode);
      if (errorCode !== 0) assert.ok(bad.includes(p));
    }
  }
  assert.deepEqual([...errors], [STORAGE_ERROR]);
  client.close();
  assert.equal(await broker.stop(), 0, broker.output);
  assert.equal(lines(broker.output, /log directory .*offline/i).length, 1, broker.output);
  asRoot(`mount -o remount,size=64m ${small}`);
  await broker.startAgain();
  await connected(broker.port, async (again) => {
    for (let p = 0; p < 4; p++) {
      assert.ok((await endOffset(again, 't', p)) >= (ends[p] ?? 0));
      assert.equal((await readAll(again, 't', p)).length, await endOffset(again, 't', p));
      await produced(again, 't', p, ['more']);
    }
  });
  assert.equal(await broker.stop(), 0, broker.output);
});

test('all directories fail: the process ends with its reason', async (t) => {
  const w = world(t);
  if (w === null) return;
  const broker = await w.broker('ab');
  const client = await RawClient.open(broker.port);
  assert.equal(await createTopic(client, 't', 4), 0);
  for (let p = 0; p < 4; p++) await produced(client, 't', p, ['kept']);
  w.disk.inject(w.path('a'), { error: 'EIO' });
  w.disk.inject(w.path('b'), { error: 'EIO' });
  for (let p = 0; p < 4; p++) {
    const result = await produce(client, 't', p, ['lost']).catch(() => null);
    if (result !== null) assert.equal(result.errorCode, STORAGE_ERROR);
    else break;
  }
  await ended(broker);
  client.close();
  assert.match(broker.output, /The broker ends: all log directories have failed/);
  assertNoStack(broker.output);
  w.disk.heal();
  await broker.startAgain();
  await connected(broker.port, async (again) => {
    for (let p = 0; p < 4; p++) assert.equal((await readAll(again, 't', p))[0]?.value, 'kept');
  });
});

test('the directory of the metadata log fails: the process ends with its reason', async (t) => {
  const w = world(t);
  if (w === null) return;
  const broker = await w.broker('a');
  const client = await RawClient.open(broker.port);
  assert.equal(await createTopic(client, 'kept', 2), 0);
  w.disk.inject(w.path('m'), { error: 'ENOSPC', operations: ['write', 'sync'] });
  await assert.rejects(createTopic(client, 'lost', 1));
  await ended(broker);
  client.close();
  assert.match(broker.output, /The broker ends: the metadata log .*ENOSPC/);
  assertNoStack(broker.output);
  w.disk.heal();
  await broker.startAgain();
  await connected(broker.port, async (again) => {
    assert.equal(await createTopic(again, 'kept', 2), 36);
    await produced(again, 'kept', 0, ['a']);
    assert.equal(await createTopic(again, 'after', 1), 0);
  });
});

test('a directory cannot be used at the start: the others serve, what is in it is not made anew elsewhere', async (t) => {
  const w = world(t);
  if (w === null) return;
  const broker = await w.broker('ab');
  await connected(broker.port, async (client) => {
    assert.equal(await createTopic(client, 't', 4), 0);
    for (let p = 0; p < 4; p++) await produced(client, 't', p, ['kept', KB]);
  });
  await broker.stop();
  const bad = partitionsIn(w.path('b'), 't');
  w.disk.inject(w.path('b'), { error: 'EROFS' });
  await broker.startAgain();
  await connected(broker.port, async (client) => {
    for (let p = 0; p < 4; p++) {
      const { errorCode } = await produce(client, 't', p, ['more']);
      assert.equal(errorCode, bad.includes(p) ? STORAGE_ERROR : 0, `t-${p}`);
    }
  });
  assert.equal(lines(broker.output, /log directory .*offline/i).length, 1, broker.output);
  assertNoStack(broker.output);
  assert.deepEqual(
    partitionsIn(w.path('a'), 't').filter((p) => bad.includes(p)),
    [],
  );
  assert.equal(await broker.stop(), 0, broker.output);
  w.disk.heal();
  await broker.startAgain();
  await connected(broker.port, async (client) => {
    for (let p = 0; p < 4; p++) assert.equal((await readAll(client, 't', p))[0]?.value, 'kept');
  });
});

test('no directory can be used at the start: it stops with the reason', async (t) => {
  const w = world(t);
  if (w === null) return;
  const broker = await w.broker('ab');
  await broker.stop();
  w.disk.inject(w.path('a'), { error: 'EROFS' });
  w.disk.inject(w.path('b'), { error: 'EIO' });
  await assert.rejects(broker.startAgain(), (error: Error) => {
    assert.match(error.message, /none of the log directories .* can be used:\n.*\/a: .*EROFS.*\n.*\/b: .*EIO/);
    assertNoStack(error.message);
    return true;
  });
  w.disk.heal();
  w.disk.inject(w.path('m'), { error: 'EROFS' });
  await assert.rejects(broker.startAgain(), /EROFS/);
});

test('a path that is a file stands in the way of a directory', async (t) => {
  const w = world(t);
  if (w === null) return;
  writeFileSync(w.path('b'), 'not a directory');
  const broker = await w.broker('ab');
  await connected(broker.port, async (client) => {
    assert.equal(await createTopic(client, 't', 2), 0);
    for (let p = 0; p < 2; p++) await produced(client, 't', p, ['a']);
  });
  assert.equal(lines(broker.output, /log directory .*offline/i).length, 1, broker.output);
  assert.ok(statSync(w.path('b')).isFile());
});

test('a slow directory holds up nobody else', async (t) => {
  const w = world(t);
  if (w === null) return;
  const broker = await w.broker('ab', { 'shard.count': 1 });
  const client = await RawClient.open(broker.port);
  assert.equal(await createTopic(client, 't', 8), 0);
  const slow = partitionsIn(w.path('b'), 't');
  const fast = partitionsIn(w.path('a'), 't');
  for (let p = 0; p < 8; p++) await produced(client, 't', p, ['first']);
  w.disk.inject(w.path('b'), { operations: ['write'], delayMs: 200 });
  // Every slow partition always has a batch under way; the connection of the fast ones is another.
  let isOver = false;
  let slowDone = 0;
  const slowly = slow.map((p) =>
    connected(broker.port, async (own) => {
      for (let n = 0; !isOver; n++) {
        await produced(own, 't', p, [`slow ${n}`]);
        slowDone++;
      }
      return own;
    }),
  );
  // Until the directory is known to be slow it may hold up one write of the shard.
  await new Promise((resolve) => setTimeout(resolve, 600));
  const from = slowDone;
  let fastDone = 0;
  const until = Date.now() + 1500;
  while (Date.now() < until) {
    for (const p of fast) await produced(client, 't', p, [`fast ${fastDone}`]);
    fastDone += fast.length;
  }
  isOver = true;
  await Promise.all(slowly);
  client.close();
  t.diagnostic(`${fastDone} batches beside ${slowDone - from} slow ones`);
  // An order, not a time: a slow partition can do five a second, and the fast ones go one after the other.
  assert.ok(fastDone > 2 * (slowDone - from), `${fastDone} fast, ${slowDone - from} slow`);
  w.disk.heal();
});
