/**
 * What time does: a transaction that is open for too long is aborted and its producer fenced; an id that nobody has used for
 * transactional.id.expiration.ms is forgotten. Both are looked for at intervals.
 */
import { NEEDS_PRODUCER_ID, type TransactionTimer } from './decision.ts';
import { abortFenced } from './end.ts';
import type { DecideTransaction, TransactionState } from './machine.ts';
import { type TransactionRecord, tombstone } from './records.ts';
import { mayExpire, NO_TIMEOUT, type Transaction } from './state.ts';

/** Time for whoever runs the machine to get producer ids. */
const WITHOUT_IDS_MS = 100;

function nextAbort({ settings }: TransactionState): TransactionTimer {
  const delayMs = settings.config.values['transaction.abort.timed.out.transaction.cleanup.interval.ms'];
  return { key: 'abortTimedOut', delayMs, event: { kind: 'abortTimedOut' } };
}

function nextExpiry({ settings }: TransactionState): TransactionTimer {
  const delayMs = settings.config.values['transaction.remove.expired.transaction.cleanup.interval.ms'];
  return { key: 'expireIds', delayMs, event: { kind: 'expireIds' } };
}

function isTimedOut({ status, timeoutMs, startTimestamp }: Transaction, now: number): boolean {
  return status === 'Ongoing' && timeoutMs !== NO_TIMEOUT && startTimestamp + timeoutMs < now;
}

export const beginTimers: DecideTransaction<'began'> = (state) => {
  return { records: [], answer: null, timers: [nextAbort(state), nextExpiry(state)] };
};

export const abortTimedOut: DecideTransaction<'abortTimedOut'> = (state, _event, context) => {
  const records: TransactionRecord[] = [];
  let isShort = false;
  for (const transaction of state.transactions.values()) {
    if (!isTimedOut(transaction, context.now)) continue;
    const aborted = abortFenced(transaction, context);
    if (aborted === null) isShort = true;
    else records.push(state.record(aborted, context));
  }
  if (!isShort) return { records, answer: null, timers: [nextAbort(state)], divisible: true };
  // Those that need a producer id follow when there are some again.
  const timers = [{ ...nextAbort(state), delayMs: WITHOUT_IDS_MS }];
  return { records, answer: NEEDS_PRODUCER_ID, timers, divisible: true };
};

export const expireIds: DecideTransaction<'expireIds'> = (state, _event, { now }) => {
  const oldest = now - state.settings.config.values['transactional.id.expiration.ms'];
  const records: TransactionRecord[] = [];
  for (const transaction of state.transactions.values()) {
    if (mayExpire(transaction) && transaction.lastUpdateTimestamp <= oldest) {
      records.push(tombstone(transaction.transactionalId));
    }
  }
  return { records, answer: null, timers: [nextExpiry(state)], divisible: true };
};
