/** The mailbox over simulated threads: calls and answers, credit and lines, lent bytes, lanes, one view of the metadata. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Uuid } from '../../../src/base/uuid.ts';
import {
  bool,
  call,
  descriptor,
  f64,
  i32,
  i64x,
  type MessageTable,
  note,
  nullableText,
  payload,
  type Reply,
  text,
  uuid,
} from '../../../src/shard/message-kit.ts';
import { reasonText } from '../../../src/shard/messages.ts';
import { type MailboxNetwork, mailboxNetwork } from './mailbox-network.ts';

const table = {
  early: call({ lane: 'forward', to: ['shard'], request: { n: i32 }, answer: { n: i32 } }),
  work: call({
    lane: 'partition',
    to: ['shard'],
    consumes: true,
    request: { n: i32, body: payload },
    answer: { n: i32, body: payload },
  }),
  all: call({
    lane: 'partition',
    to: ['shard'],
    request: {
      a: i32,
      b: bool,
      c: f64,
      d: i64x,
      e: uuid,
      f: text(40),
      g: nullableText(10),
      h: descriptor,
      i: payload,
      j: text(5),
    },
    answer: {
      a: i32,
      b: bool,
      c: f64,
      d: i64x,
      e: uuid,
      f: text(40),
      g: nullableText(10),
      h: descriptor,
      i: payload,
      j: text(5),
    },
  }),
  tick: note({ lane: 'leaf', to: ['shard'], fields: { n: i32 } }),
  bulk: note({ lane: 'leaf', to: ['shard'], fields: { body: payload } }),
  delta: note({ lane: 'metadata', to: ['shard'], waitsForMetadata: false, fields: { offset: f64 } }),
} as const satisfies MessageTable;
type Table = typeof table;

type Shard = ReturnType<typeof shard>;
type Work = Reply<{ readonly n: number; readonly body: Buffer }>;

/** A shard that notes what it receives and answers at once, unless `hold` keeps the answers. */
function shard(network: MailboxNetwork<Table>, self: number, hold = false) {
  const mailbox = network.mailbox('shard', self);
  const received: string[] = [];
  const held: { n: number; body: Buffer; reply: Work }[] = [];
  mailbox.handle({
    early: ({ n }, reply) => reply.answer({ n }),
    work: ({ n, body }, reply, from) => {
      received.push(`work ${n} of ${from}: ${body.length}`);
      if (hold) held.push({ n, body, reply });
      else reply.answer({ n: -n, body });
    },
    all: (message, reply) => reply.answer(message),
    tick: ({ n }, from) => received.push(`tick ${n} of ${from}`),
    bulk: ({ body }) => received.push(`bulk ${body.length} ${body.at(-1)}`),
    delta: ({ offset }) => received.push(`delta ${offset}`),
  });
  mailbox.open();
  return { mailbox, received, held };
}

function pair(
  hold = false,
  ringBytes = 16384,
  arenaBytes = 1 << 20,
): { network: MailboxNetwork<Table>; a: Shard; b: Shard } {
  const network = mailboxNetwork(table, 4, ringBytes, arenaBytes);
  return { network, a: shard(network, 2), b: shard(network, 3, hold) };
}

test('every kind of field arrives as it was sent, there and back', async () => {
  const { network, a } = pair();
  const values = [
    {
      a: -5,
      b: true,
      c: 2 ** 53,
      d: -(2n ** 63n),
      e: '\xff\x00abcdefghijklmn' as Uuid,
      f: 'häß 𝕜',
      g: null,
      h: { arena: 3, offset: 2 ** 33 + 1, length: 77 },
      i: Buffer.from('abc'),
      j: '',
    },
    {
      a: 2 ** 31 - 1,
      b: false,
      c: -Infinity,
      d: 17n,
      e: '0123456789abcdef' as Uuid,
      f: '',
      g: '',
      h: { arena: 0, offset: 0, length: 0 },
      i: Buffer.alloc(0),
      j: 'ab',
    },
    {
      a: 0,
      b: false,
      c: -1,
      d: 0n,
      e: '0123456789abcdef' as Uuid,
      f: 'x'.repeat(40),
      g: 'y',
      h: { arena: 0, offset: 1, length: 2 },
      i: Buffer.alloc(10_000, 7),
      j: 'abcde',
    },
  ];
  const answers: unknown[] = [];
  for (const value of values)
    assert.ok(a.mailbox.call('all', 3, value, (answer) => answers.push({ ...answer, i: Buffer.from(answer.i) })));
  await network.settle();
  assert.deepEqual(answers, values);
});

test('text beyond its bound is a programmer error', () => {
  const { a } = pair();
  const value = {
    a: 0,
    b: false,
    c: 0,
    d: 0n,
    e: '0123456789abcdef' as Uuid,
    f: 'ä'.repeat(21),
    g: null,
    h: { arena: 0, offset: 0, length: 0 },
    i: Buffer.alloc(0),
    j: '',
  };
  assert.throws(() => a.mailbox.call('all', 3, value, () => {}), /f has 42 bytes, more than 40/);
});

test('messages of one sender arrive in the order of sending, calls and notes together', async () => {
  const { network, a, b } = pair();
  a.mailbox.note('tick', 3, { n: 1 });
  a.mailbox.call('work', 3, { n: 2, body: Buffer.alloc(10) }, () => {});
  a.mailbox.note('tick', 3, { n: 3 });
  await network.settle();
  assert.deepEqual(b.received, ['tick 1 of 2', 'work 2 of 2: 10', 'tick 3 of 2']);
});

test('long payloads are lent and come back: by `consumed`, by the answer, when the ring was passed', async () => {
  const { network, a, b } = pair(true);
  const events: string[] = [];
  a.mailbox.call(
    'work',
    3,
    { n: 1, body: Buffer.alloc(5000, 9) },
    ({ n, body }) => events.push(`answer ${n} ${body.length}`),
    () => events.push('consumed'),
  );
  await network.settle();
  assert.equal(network.arenas[2]?.chargedBytes, 5000);
  const work = b.held[0];
  assert.equal(work?.body.at(-1), 9);
  work?.reply.consumed();
  await network.settle();
  assert.deepEqual(events, ['consumed']);
  assert.equal(network.arenas[2]?.chargedBytes, 0);
  work?.reply.answer({ n: 7, body: Buffer.alloc(70_000) });
  assert.equal(network.arenas[3]?.chargedBytes, 70_000);
  await network.settle();
  assert.deepEqual(events, ['consumed', 'answer 7 70000']);
  b.mailbox.note('bulk', 2, { body: Buffer.alloc(300, 4) });
  await network.settle();
  assert.equal(network.arenas[3]?.chargedBytes, 300, 'what was passed is given back with the next message');
  b.mailbox.note('bulk', 2, { body: Buffer.alloc(3000, 5) });
  await network.settle();
  assert.deepEqual(a.received, ['bulk 300 4', 'bulk 3000 5']);
  assert.equal(network.arenas[3]?.chargedBytes, 3000, 'what the peer has passed was given back');
});

test('credit: calls stop when the space of their answers is used up, and go on in order as answers come', async () => {
  const { network, a, b } = pair(true);
  const order: number[] = [];
  const body = Buffer.alloc(0);
  let sent = 0;
  while (a.mailbox.call('work', 3, { n: sent, body }, ({ n }) => order.push(n))) sent++;
  assert.ok(sent > 3 && sent < 100, `${sent} calls`);
  const retried: string[] = [];
  for (const name of ['x', 'y', 'z']) {
    const retry = (): void => {
      if (!a.mailbox.call('work', 3, { n: 1000, body }, () => {})) return a.mailbox.whenCredit(3, 'work', retry);
      retried.push(name);
    };
    a.mailbox.whenCredit(3, 'work', retry);
  }
  await network.settle();
  assert.equal(b.held.length, sent);
  assert.deepEqual(retried, []);
  const [first, second] = b.held.splice(0, 2);
  first?.reply.answer({ n: 0, body });
  second?.reply.answer({ n: 1, body });
  await network.settle();
  assert.deepEqual(retried, ['x', 'y']);
  assert.equal(
    a.mailbox.call('work', 3, { n: 5, body }, () => {}),
    false,
    'z is first',
  );
  for (const { n, reply } of b.held.splice(0)) reply.answer({ n, body });
  await network.settle();
  assert.deepEqual(retried, ['x', 'y', 'z']);
  assert.deepEqual(
    order,
    Array.from({ length: sent }, (_, n) => n),
  );
});

test('what hurries is shown at the end of its callback, other requests at that of the turn', async () => {
  const body = Buffer.alloc(0);
  const arrived = async (hurries: boolean): Promise<number[]> => {
    const { network, a, b } = pair(true);
    await network.settle();
    const seen: number[] = [];
    a.mailbox.call('work', 3, { n: 1, body }, () => {});
    if (hurries) a.mailbox.hurry();
    a.mailbox.call('work', 3, { n: 2, body }, () => {});
    for (let turn = 0; turn < 3; turn++) {
      await Promise.resolve();
      network.clock.runSoon();
      seen.push(b.held.length);
    }
    return seen;
  };
  // A turn to be shown, one for the other to wake.
  assert.deepEqual(await arrived(false), [0, 2, 2]);
  assert.deepEqual(await arrived(true), [2, 2, 2]);
});

test('what is published is shown at once', async () => {
  const { network, a, b } = pair(true);
  await network.settle();
  a.mailbox.call('work', 3, { n: 1, body: Buffer.alloc(0) }, () => {});
  a.mailbox.publish();
  network.clock.runSoon();
  assert.equal(b.held.length, 1);
});

test('an earlier lane leaves credit for later ones', async () => {
  const { network, a, b } = pair(true);
  let early = 0;
  while (a.mailbox.call('early', 3, { n: early }, () => {})) early++;
  let later = 0;
  while (a.mailbox.call('work', 3, { n: later, body: Buffer.alloc(0) }, () => {})) later++;
  assert.ok(early > 0 && later > 0);
  await network.settle();
  assert.equal(b.held.length, later);
});

test('a full ring refuses notes, and tells when there is space', async () => {
  const { network, a, b } = pair();
  let sent = 0;
  while (a.mailbox.note('tick', 3, { n: sent })) sent++;
  assert.ok(sent > 100);
  const total = sent + 500;
  const more = (): void => {
    for (; sent < total; sent++)
      if (!a.mailbox.note('tick', 3, { n: sent })) return a.mailbox.whenCredit(3, 'tick', more);
  };
  a.mailbox.whenCredit(3, 'tick', more);
  await network.settle();
  assert.deepEqual(
    b.received,
    Array.from({ length: total }, (_, n) => `tick ${n} of 2`),
  );
});

test('an arena without memory refuses what must be lent, and the sender goes on when there is some', async () => {
  const { network, a, b } = pair(true, 65536, 1 << 16);
  const body = Buffer.alloc(30_000, 1);
  const send = (n: number): void => {
    if (!a.mailbox.call('work', 3, { n, body }, () => {})) a.mailbox.whenCredit(3, 'work', () => send(n));
  };
  for (let n = 0; n < 6; n++) send(n);
  await network.settle();
  assert.equal(b.held.length, 2);
  for (let n = 0; n < 6; n++) {
    b.held[n]?.reply.answer({ n, body });
    await network.settle();
  }
  assert.deepEqual(
    b.held.map(({ n }) => n),
    [0, 1, 2, 3, 4, 5],
  );
  assert.equal(network.arenas[2]?.chargedBytes, 0);
});

test('what a sender that is ahead sends waits for the metadata, in order; the delta itself does not', async () => {
  const { network, a, b } = pair();
  const control = network.mailbox('control', 1);
  control.handle({});
  control.open();
  a.mailbox.metadataOffset = 10;
  a.mailbox.note('tick', 3, { n: 1 });
  a.mailbox.metadataOffset = 11;
  a.mailbox.note('tick', 3, { n: 2 });
  a.mailbox.call('work', 3, { n: 3, body: Buffer.alloc(0) }, () => {});
  control.metadataOffset = 10;
  control.note('delta', 3, { offset: 10 });
  await network.settle();
  assert.deepEqual(b.received, ['delta 10']);
  b.mailbox.metadataOffset = 10;
  await network.settle();
  assert.deepEqual(b.received, ['delta 10', 'tick 1 of 2']);
  b.mailbox.metadataOffset = 12;
  await network.settle();
  assert.deepEqual(b.received, ['delta 10', 'tick 1 of 2', 'tick 2 of 2', 'work 3 of 2: 0']);
  assert.ok(b.mailbox.stats.held >= 2);
});

test('an answer of a thread that is ahead waits too', async () => {
  const { network, a, b } = pair(true);
  const answers: number[] = [];
  a.mailbox.call('work', 3, { n: 1, body: Buffer.alloc(0) }, ({ n }) => answers.push(n));
  await network.settle();
  b.mailbox.metadataOffset = 5;
  b.held[0]?.reply.answer({ n: 1, body: Buffer.alloc(0) });
  await network.settle();
  assert.deepEqual(answers, []);
  a.mailbox.metadataOffset = 5;
  await network.settle();
  assert.deepEqual(answers, [1]);
});

test('a handler that calls on its own or an earlier lane is caught', async () => {
  const network = mailboxNetwork(table, 4);
  const mailbox = network.mailbox('shard', 3);
  mailbox.handle({
    early: (_message, reply) => {
      mailbox.call('work', 2, { n: 1, body: Buffer.alloc(0) }, () => {});
      reply.answer({ n: 0 });
    },
    work: () => mailbox.call('early', 2, { n: 1 }, () => {}),
    all: () => {},
    tick: () => {},
    bulk: () => {},
    delta: () => {},
  });
  mailbox.open();
  const a = shard(network, 2);
  a.mailbox.call('early', 3, { n: 1 }, () => {});
  await network.settle();
  a.mailbox.call('work', 3, { n: 1, body: Buffer.alloc(0) }, () => {});
  await assert.rejects(() => network.settle(), /early is called from a lane that is not earlier/);
});

test('a call is answered once; a thread does its own work', async () => {
  const { network, a, b } = pair(true);
  a.mailbox.call('work', 3, { n: 1, body: Buffer.alloc(0) }, () => {});
  await network.settle();
  const reply = b.held[0]?.reply;
  reply?.answer({ n: 1, body: Buffer.alloc(0) });
  assert.throws(() => reply?.answer({ n: 1, body: Buffer.alloc(0) }), /answered once/);
  assert.throws(() => reply?.consumed(), /consumed once/);
  assert.throws(() => a.mailbox.note('tick', 2, { n: 1 }), /its own work/);
  await network.settle();
});

test('a drain ends after 256 messages and goes on when others had their turn', async () => {
  const { network, a, b } = pair(false, 65536);
  let between = 0;
  let before = 0;
  for (let n = 0; n < 700; n++) a.mailbox.note('tick', 3, { n });
  await Promise.resolve();
  while (b.received.length < 700) {
    assert.ok(network.clock.runSoon() > 0);
    assert.ok(b.received.length - before <= 256);
    before = b.received.length;
    between++;
  }
  assert.ok(between >= 3);
});

test('a handler that is missing does not compile', () => {
  const network = mailboxNetwork(table, 4);
  const mailbox = network.mailbox('shard', 2);
  assert.throws(
    // @ts-expect-error: only one of the handlers
    () => mailbox.handle({ tick: () => {} }),
    /no handler for early/,
  );
});

test('a reason fits into a message, wherever it is cut', () => {
  for (const text of [
    '',
    'short',
    'x'.repeat(256),
    'x'.repeat(1000),
    'é'.repeat(300),
    '目'.repeat(300),
    '🧵'.repeat(300),
  ]) {
    for (const before of ['', 'a', 'aa', 'aaa']) {
      const reason = reasonText(before + text);
      assert.ok(Buffer.byteLength(reason) <= 256);
      assert.ok((before + text).startsWith(reason.replace(/\ufffd$/, '')));
      assert.ok(reason.length >= Math.min(text.length, 60));
    }
  }
});
