/** Messages between threads: one thread to itself (ring and codec alone), two threads in a stream, two threads in ping-pong. */
import { systemClock } from '../src/host/clock.ts';
import { loadNative } from '../src/host/addon.ts';
import { bellOf, openBellPipes } from '../src/host/pipe-bell.ts';
import { startThread, thisThread } from '../src/host/threads.ts';
import { ThreadArena } from '../src/shard/arena.ts';
import { AtomicsDoorbell } from '../src/shard/doorbell.ts';
import { Mailbox } from '../src/shard/mailbox.ts';
import { call, descriptor, f64, i32, i64x, type MessageTable, note, uuid } from '../src/shard/message-kit.ts';
import { createSharedBlock, type SharedBlock } from '../src/shard/shared-block.ts';
import { isMainThread } from 'node:worker_threads';
import type { Uuid } from '../src/base/uuid.ts';

const table = {
  append: call({
    lane: 'partition',
    to: ['shard'],
    consumes: true,
    request: { topicId: uuid, partition: i32, batch: descriptor, acks: i32 },
    answer: { errorCode: i32, baseOffset: f64, logAppendTimeMs: i64x, logStartOffset: f64 },
  }),
  tick: note({ lane: 'leaf', to: ['shard'], fields: { n: i32 } }),
} as const satisfies MessageTable;

const TOPIC = '0123456789abcdef' as Uuid;
const SECONDS = 2;

type Pipes = ReturnType<typeof openBellPipes>;

function mailboxOf(block: SharedBlock, self: number, pipes: Pipes): Mailbox<'shard', typeof table> {
  const arena = new ThreadArena({
    id: self,
    memory: block.arenas[self] as SharedArrayBuffer,
    limitBytes: 1 << 24,
    soon: (run) => setImmediate(run),
    giveBack: () => false,
  });
  const doorbell = new AtomicsDoorbell(block.doorbells, self, bellOf(pipes, self));
  return new Mailbox({ kind: 'shard', self, block, doorbell, clock: systemClock, arena, table });
}

if (!isMainThread) {
  const thread = thisThread<{ block: SharedBlock; pipes: Pipes }>();
  const mailbox = mailboxOf(thread.data.block, 1, thread.data.pipes);
  let offset = 0;
  mailbox.handle({
    append: (_message, reply) =>
      reply.answer({ errorCode: 0, baseOffset: offset++, logAppendTimeMs: -1n, logStartOffset: 0 }),
    tick: () => {
      offset++;
    },
  });
  mailbox.open();
  thread.ready();
} else {
  for (const pipes of [openBellPipes(loadNative().native, 2), null]) {
    console.log(pipes === null ? '\nwoken by Atomics' : 'woken by pipes');
    await measure(pipes);
  }
}

async function measure(pipes: Pipes): Promise<void> {
  const block = createSharedBlock({
    threads: 2,
    ringBytes: 262144,
    arenaBytes: 1 << 24,
    slotsPerThread: 4,
    arenaAddresses: 1 << 24,
  });
  const mailbox = mailboxOf(block, 0, pipes);
  mailbox.handle({ append: () => {}, tick: () => {} });
  mailbox.open();
  const ended = (end: { kind: string }): void => {
    if (end.kind !== 'stopped') console.error(end);
  };
  const thread = startThread({ entry: 'shard', name: 'peer', data: { block, pipes }, ended }, new URL(import.meta.url));
  await thread.ready;
  await stream(mailbox, 1_000_000);
  await stream(mailbox, 64);
  await pingPong(mailbox);
  await thread.stop();
  mailbox.close();
}

/** As many calls in flight as credit and `most` allow. */
async function stream(mailbox: Mailbox<'shard', typeof table>, most: number): Promise<void> {
  const request = { topicId: TOPIC, partition: 3, batch: { arena: 0, offset: 4096, length: 16384 }, acks: -1 };
  const until = performance.now() + SECONDS * 1000;
  const cpu = process.cpuUsage();
  let answered = 0;
  let open = 0;
  await new Promise<void>((resolve) => {
    const answer = (): void => {
      answered++;
      open--;
      if (performance.now() >= until) {
        if (open === 0) resolve();
      } else more();
    };
    let parked = false;
    const more = (): void => {
      while (!parked && open < most) {
        if (mailbox.call('append', 1, request, answer)) open++;
        else {
          parked = true;
          mailbox.whenCredit(1, 'append', () => {
            parked = false;
            if (performance.now() < until) more();
          });
        }
      }
    };
    more();
  });
  const used = process.cpuUsage(cpu);
  const each = (used.user + used.system) / answered;
  console.log(
    `append and answer, up to ${most} in flight: ${Math.round(answered / SECONDS).toLocaleString('en')} a second, ${each.toFixed(2)} us of CPU each, both threads`,
  );
}

/** One call in flight: both threads sleep between. */
async function pingPong(mailbox: Mailbox<'shard', typeof table>): Promise<void> {
  const request = { topicId: TOPIC, partition: 3, batch: { arena: 0, offset: 4096, length: 16384 }, acks: -1 };
  const times: number[] = [];
  const until = performance.now() + SECONDS * 1000;
  const cpu = process.cpuUsage();
  while (performance.now() < until) {
    const before = performance.now();
    await new Promise<void>((resolve) => void mailbox.call('append', 1, request, () => resolve()));
    times.push((performance.now() - before) * 1000);
  }
  const used = process.cpuUsage(cpu);
  const each = (used.user + used.system) / times.length;
  times.sort((a, b) => a - b);
  const at = (part: number): string => (times[Math.floor(times.length * part)] ?? 0).toFixed(1);
  console.log(
    `round trip with both asleep: p50 ${at(0.5)} us, p99 ${at(0.99)} us, ${each.toFixed(1)} us of CPU each, both threads`,
  );
}
