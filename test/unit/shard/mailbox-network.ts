/** Mailboxes of several threads in one, over ordinary memory and virtual doorbells: for tests of what messages do. */
import { ThreadArena } from '../../../src/shard/arena.ts';
import { Mailbox } from '../../../src/shard/mailbox.ts';
import type { MessageTable, ThreadKind } from '../../../src/shard/message-kit.ts';
import { createSharedBlock, type SharedBlock } from '../../../src/shard/shared-block.ts';
import { VirtualClock } from '../../simulator/virtual-clock.ts';
import { VirtualDoorbells } from '../../simulator/virtual-doorbell.ts';

export interface MailboxNetwork<Table extends MessageTable> {
  readonly block: SharedBlock;
  readonly clock: VirtualClock;
  readonly arenas: readonly ThreadArena[];
  mailbox<Kind extends ThreadKind>(kind: Kind, self: number): Mailbox<Kind, Table>;
  /** Runs what is to run until nothing is. How many turns. */
  settle(): Promise<number>;
}

export function mailboxNetwork<Table extends MessageTable>(
  table: Table,
  threads: number,
  ringBytes = 16384,
  arenaBytes = 1 << 20,
): MailboxNetwork<Table> {
  const shared = createSharedBlock({ threads, ringBytes, arenaBytes, slotsPerThread: 16, arenaAddresses: 1 << 24 });
  const block: SharedBlock = { ...shared, rings: new ArrayBuffer(shared.rings.byteLength) };
  const clock = new VirtualClock();
  const doorbells = new VirtualDoorbells(threads, (wake) => clock.soon(wake));
  const arenas = block.arenas.map(
    (memory, id) =>
      new ThreadArena({ id, memory, limitBytes: arenaBytes, soon: (run) => clock.soon(run), giveBack: () => true }),
  );
  return {
    block,
    clock,
    arenas,
    mailbox: (kind, self) => {
      const arena = arenas[self];
      if (arena === undefined) throw new Error(`there is no thread ${self}`);
      return new Mailbox({ kind, self, block, doorbell: doorbells.of(self), clock, arena, table, assertLanes: true });
    },
    async settle() {
      let turns = 0;
      for (let idle = 0; idle < 2; ) {
        // What a turn wrote is published in a microtask.
        await Promise.resolve();
        idle = clock.runSoon() === 0 ? idle + 1 : 0;
        if (++turns > 100_000) throw new Error('the mailboxes never come to rest');
      }
      return turns;
    },
  };
}
