/**
 * What must be true of transactions when all their producers are gone and their timeouts are over: none is open, in its coordinator, in a
 * partition or in a group.
 *
 * Where a power failure may have taken what was acknowledged, a transaction may be open in a partition and over, or unknown, to its coordinator:
 * nothing but an administrator ends it (KIP-664).
 */
import type { VirtualClock } from '../virtual-clock.ts';
import type { Auditor } from './auditor.ts';
import type { History } from './history.ts';
import { Violation } from './violation.ts';

/** Longer than any transaction's timeout, the pause between two looks at them, and the loading of coordinators. */
const LONGEST_MS = 40_000;

export interface SettlingParts {
  readonly auditor: Auditor;
  readonly history: History;
  readonly clock: VirtualClock;
  readonly losses: number;
  readonly until: <T>(what: string, work: Promise<T>) => Promise<T>;
  /** Lets time go by. */
  readonly pass: (what: string, ms: number) => Promise<void>;
}

export async function settleTransactions(parts: SettlingParts): Promise<void> {
  const { auditor, history, clock, until, pass } = parts;
  const { identities } = history.ledger;
  const latest = clock.monotonic() + LONGEST_MS;
  for (;;) {
    const open = await until('the look at transactions', auditor.openTransactions());
    if (open.length === 0) break;
    if (clock.monotonic() > latest) throw new Violation(`transactions stay open: ${open.join(', ')}`);
    await pass('the timeout of transactions', 200);
  }
  if (parts.losses > 0) await abortHanging(parts);
  for (const { group } of identities) {
    await until('the search for the coordinator', auditor.findCoordinator(group));
    for (;;) {
      const least = Math.max(group.seen, group.promised);
      const offset = await until('the look at offsets', auditor.stableOffset(group));
      if (offset !== null) {
        group.shown(Math.max(0, offset), least);
        break;
      }
      if (clock.monotonic() > latest) {
        const mayHang = [...group.transactions.values()].some(({ isExempt }) => isExempt);
        if (parts.losses > 0 && mayHang) break;
        throw new Violation(`offsets of ${group.id} stay unstable`);
      }
      await pass('the end of pending offsets', 200);
    }
  }
}

/** Ends what is open in partitions only: nobody but an administrator does. Whose it is may stand below the start of the log. */
async function abortHanging({ auditor, history, until }: SettlingParts): Promise<void> {
  const what = 'the search for what hangs';
  const extents = await until(what, auditor.extents());
  for (const extent of extents) {
    const { partition, end } = extent;
    const producers = history.ledger.exemptProducers(partition);
    for (;;) {
      const stable = await until(what, auditor.lastStableOffset(extent));
      if (stable >= end) break;
      const producer = producers.shift() ?? partition.fail(`LSO ${stable} stays below HW ${end}`);
      await until('the abort of what hangs', auditor.abort(extent, producer));
    }
  }
}
