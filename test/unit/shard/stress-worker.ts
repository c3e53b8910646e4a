/**
 * One thread of the stress run: sends numbered calls and notes of random sizes to all others, in bursts and after pauses, and checks what
 * it receives: order for each sender, bytes, that no sender is ahead in metadata, that every call is answered once.
 */
import { SeededRandom } from '../../../src/base/prng.ts';
import { systemClock } from '../../../src/host/clock.ts';
import { thisThread } from '../../../src/host/threads.ts';
import { ThreadArena } from '../../../src/shard/arena.ts';
import { AtomicsDoorbell } from '../../../src/shard/doorbell.ts';
import { Mailbox } from '../../../src/shard/mailbox.ts';
import { CONTROL } from '../../../src/shard/shared-block.ts';
import { type StressData, stressTable } from './stress-table.ts';

const thread = thisThread<StressData>();
const { block, self, seed, messages } = thread.data;
const random = new SeededRandom(seed + self);
const kind = self === CONTROL ? 'control' : 'shard';
const arena = new ThreadArena({
  id: self,
  memory: block.arenas[self] as SharedArrayBuffer,
  limitBytes: 64 * 1024,
  soon: (run) => setImmediate(run),
  giveBack: () => false,
});
const doorbell = new AtomicsDoorbell(block.doorbells, self);
const mailbox = new Mailbox({
  kind,
  self,
  block,
  doorbell,
  clock: systemClock,
  arena,
  table: stressTable,
  assertLanes: true,
});
const others = Array.from({ length: block.threads }, (_, n) => n).filter((n) => n !== self && n >= CONTROL);

function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`thread ${self}: ${what}`);
}

/** Bytes that say by their value who sent them and when. */
function bodyOf(from: number, sequence: number): Buffer {
  const size = random.chance(0.7) ? random.below(200) : random.below(3000);
  return Buffer.alloc(size, (from * 31 + sequence) & 0xff);
}

function checkBody(body: Buffer, from: number, sequence: number): void {
  const mark = (from * 31 + sequence) & 0xff;
  for (let at = 0; at < body.length; at += 97)
    check(body[at] === mark, `a byte of ${sequence} from ${from} is another`);
  if (body.length > 0) check(body.at(-1) === mark, `the last byte of ${sequence} from ${from} is another`);
}

const expected = new Array<number>(block.threads).fill(0);
const sent = new Array<number>(block.threads).fill(0);
let open = 0;
let received = 0;
let reported = false;

function arrived(from: number, sequence: number, metadata: number, body: Buffer): void {
  check(sequence === expected[from], `${sequence} from ${from} arrives instead of ${expected[from]}`);
  check(metadata <= mailbox.metadataOffset, `a message of ${from} is ahead: ${metadata} > ${mailbox.metadataOffset}`);
  checkBody(body, from, sequence);
  expected[from] = sequence + 1;
  received++;
}

const handlers = {
  work(
    { sequence, metadata, body }: { sequence: number; metadata: number; body: Buffer },
    reply: { consumed(): void; answer(answer: { sequence: number; metadata: number; body: Buffer }): void },
    from: number,
  ): void {
    arrived(from, sequence, metadata, body);
    const answer = (): void =>
      reply.answer({ sequence, metadata: mailbox.metadataOffset, body: bodyOf(self, sequence) });
    const way = random.below(4);
    if (way === 0) answer();
    else if (way === 1) {
      reply.consumed();
      setImmediate(answer);
    } else {
      setTimeout(() => {
        checkBody(body, from, sequence);
        if (way === 2) reply.consumed();
        answer();
      }, random.below(3));
    }
  },
  tick({ sequence, metadata, body }: { sequence: number; metadata: number; body: Buffer }, from: number): void {
    arrived(from, sequence, metadata, body);
  },
  delta({ offset }: { offset: number }, reply: { answer(answer: { offset: number }): void }): void {
    const apply = (): void => {
      mailbox.metadataOffset = Math.max(offset, mailbox.metadataOffset);
      reply.answer({ offset });
    };
    if (random.chance(0.5)) apply();
    else setTimeout(apply, random.below(3));
  },
};
mailbox.handle(handlers);

/** One message to `to`; false where it must wait. */
function send(to: number): boolean {
  const sequence = sent[to] as number;
  const message = { sequence, metadata: mailbox.metadataOffset, body: bodyOf(self, sequence) };
  if (random.chance(0.4)) {
    if (!mailbox.note('tick', to, message)) return false;
    sent[to] = sequence + 1;
    return true;
  }
  let consumed = false;
  const done = mailbox.call(
    'work',
    to,
    message,
    (answer) => {
      check(consumed, 'an answer comes before consumed');
      check(answer.sequence === sequence, 'the answer of another call');
      check(answer.metadata <= mailbox.metadataOffset, 'an answer is ahead');
      checkBody(answer.body, to, sequence);
      open--;
    },
    () => {
      check(!consumed, 'consumed twice');
      consumed = true;
    },
  );
  if (!done) return false;
  open++;
  sent[to] = sequence + 1;
  return true;
}

/** Sends bursts with pauses between, so that peers fall asleep; parks where there is no credit. */
function drive(to: number): void {
  let burst = 1 + random.below(60);
  while ((sent[to] as number) < messages) {
    if (burst-- === 0) {
      if (random.chance(0.2)) setTimeout(() => drive(to), random.below(4));
      else setImmediate(() => drive(to));
      return;
    }
    if (!send(to)) {
      const name = 'work';
      mailbox.whenCredit(to, name, () => drive(to));
      return;
    }
  }
}

/** Control moves the metadata on while the others talk. */
function moveMetadata(): void {
  if (reported || mailbox.metadataOffset >= 300) return;
  mailbox.metadataOffset++;
  const offset = mailbox.metadataOffset;
  let left = others.length;
  for (const to of others) {
    const tell = (): void => {
      const done = mailbox.call('delta', to, { offset }, () => {
        left--;
        if (left === 0) setTimeout(moveMetadata, random.below(4));
      });
      if (!done) mailbox.whenCredit(to, 'delta', tell);
    };
    tell();
  }
}

mailbox.open();
thread.onMessage(() => {
  // Main says that all threads have finished: what was lent in rings has been passed.
  arena.onShort();
  const { refused, held, wakeUps, callsInFlight, waiting } = mailbox.stats;
  thread.send({
    self,
    chargedBytes: arena.chargedBytes,
    callsInFlight,
    waiting,
    refused,
    held,
    wakeUps,
    received,
    metadataOffset: mailbox.metadataOffset,
  });
  mailbox.close();
  thread.close();
});
for (const to of others) drive(to);
if (self === CONTROL) moveMetadata();
// A finished thread says so once; it goes on answering.
const look = setInterval(() => {
  const allReceived = others.every((from) => expected[from] === messages);
  const moved = self !== CONTROL || mailbox.metadataOffset >= 300;
  if (!allReceived || open > 0 || !moved || mailbox.stats.callsInFlight > 0) return;
  clearInterval(look);
  reported = true;
  thread.ready();
}, 5);
