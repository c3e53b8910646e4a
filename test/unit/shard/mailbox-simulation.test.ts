/** Mailboxes whose doorbells are late and out of order, by seed: nothing is lost, everything comes to rest, a run replays identically. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { required } from '../../../src/base/assert.ts';
import { SeededRandom } from '../../../src/base/prng.ts';
import { ThreadArena } from '../../../src/shard/arena.ts';
import { Mailbox } from '../../../src/shard/mailbox.ts';
import { createSharedBlock, type SharedBlock } from '../../../src/shard/shared-block.ts';
import { VirtualClock } from '../../simulator/virtual-clock.ts';
import { VirtualDoorbells } from '../../simulator/virtual-doorbell.ts';
import { stressTable } from './stress-table.ts';

const THREADS = [2, 3, 4] as const;
const MESSAGES = 400;

interface Run {
  /** What happened, in order. */
  readonly trace: string[];
  readonly answered: number;
  readonly inFlight: number;
  readonly charged: number;
}

async function run(seed: number): Promise<Run> {
  const random = new SeededRandom(seed);
  const shared = createSharedBlock({
    threads: 5,
    ringBytes: 16384,
    arenaBytes: 1 << 16,
    slotsPerThread: 4,
    arenaAddresses: 1 << 22,
  });
  const block: SharedBlock = { ...shared, rings: new ArrayBuffer(shared.rings.byteLength) };
  const clock = new VirtualClock();
  const doorbells = new VirtualDoorbells(5, (wake) => clock.after(random.below(20), wake));
  const trace: string[] = [];
  let answered = 0;
  const mailboxes = THREADS.map((self) => {
    const memory = required(block.arenas[self], 'an arena');
    const arena = new ThreadArena({
      id: self,
      memory,
      limitBytes: 1 << 16,
      soon: (later) => clock.soon(later),
      giveBack: () => true,
    });
    const mailbox = new Mailbox({
      kind: 'shard',
      self,
      block,
      doorbell: doorbells.of(self),
      clock,
      arena,
      table: stressTable,
      assertLanes: true,
    });
    return { self, mailbox, arena };
  });
  for (const { self, mailbox } of mailboxes) {
    mailbox.handle({
      work: ({ sequence, body }, reply, from) => {
        trace.push(`${self} work ${sequence} of ${from}`);
        const answer = (): void => reply.answer({ sequence, metadata: 0, body });
        if (random.chance(0.3)) reply.consumed();
        if (body.length > 256 || random.chance(0.5)) answer();
        else clock.after(random.below(30), answer);
      },
      tick: ({ sequence }, from) => trace.push(`${self} tick ${sequence} of ${from}`),
      delta: () => {},
    });
    mailbox.open();
    for (const to of THREADS) if (to !== self) drive(mailbox, to, 0);
  }

  function drive(mailbox: Mailbox<'shard', typeof stressTable>, to: number, from: number): void {
    for (let sequence = from; sequence < MESSAGES; sequence++) {
      const message = {
        sequence,
        metadata: 0,
        body: Buffer.alloc(random.chance(0.8) ? random.below(200) : random.below(4000)),
      };
      const sent = random.chance(0.5)
        ? mailbox.note('tick', to, message)
        : mailbox.call('work', to, message, (answer) => {
            assert.equal(answer.sequence, sequence);
            answered++;
          });
      if (!sent) return mailbox.whenCredit(to, 'work', () => drive(mailbox, to, sequence));
    }
  }

  for (let turns = 0; ; turns++) {
    assert.ok(turns < 200_000, `seed ${seed} never comes to rest`);
    await Promise.resolve();
    if (clock.runSoon() > 0) continue;
    await Promise.resolve();
    if (clock.pendingSoon > 0) continue;
    if (clock.next === Infinity) break;
    clock.advanceTo(clock.next);
  }
  for (const { arena } of mailboxes) arena.onShort();
  return {
    trace,
    answered,
    inFlight: mailboxes.reduce((sum, { mailbox }) => sum + mailbox.stats.callsInFlight + mailbox.stats.waiting, 0),
    charged: mailboxes.reduce((sum, { arena }) => sum + arena.chargedBytes, 0),
  };
}

test('late doorbells lose nothing, and the same seed gives the same run', { timeout: 60_000 }, async () => {
  for (let seed = 1; seed <= 12; seed++) {
    const first = await run(seed);
    assert.equal(first.trace.length, MESSAGES * 6, `seed ${seed}`);
    assert.equal(first.answered, first.trace.filter((line) => line.includes('work')).length);
    assert.deepEqual({ inFlight: first.inFlight, charged: first.charged }, { inFlight: 0, charged: 0 }, `seed ${seed}`);
    for (const to of THREADS) {
      for (const from of THREADS) {
        const numbers = first.trace
          .filter((line) => line.startsWith(`${to} `) && line.endsWith(` of ${from}`))
          .map((line) => Number(line.split(' ')[2]));
        assert.deepEqual(numbers, from === to ? [] : Array.from({ length: MESSAGES }, (_, n) => n));
      }
    }
    if (seed <= 2) assert.deepEqual((await run(seed)).trace, first.trace);
  }
});
