/**
 * What is known of a transactional id, and how it goes from one state to the next (KIP-98, KIP-890). Values are immutable; a transition
 * gives a new one.
 *
 *      ┌──────── InitProducerId ◀──────────────┬─────────────────┐
 *      ▼                                       │                 │
 *    Empty ──▶ Ongoing ──▶ PrepareCommit ──▶ CompleteCommit      │
 *      │         ▲  └────▶ PrepareAbort ───▶ CompleteAbort ──────┤
 *      │         │            ▲                                  │
 *      └─────────┼────────────┴── EndTxn of version 2 ───────────┤
 *                └──────────────── partitions are added ─────────┘
 *
 * Kafka also has PrepareEpochFence, which is never written: the producer is fenced and its transaction aborted in one step.
 */
import { assert } from '../../base/assert.ts';

/** The states that an id can be in. Their places here are their numbers in records. */
export const STATUSES = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
] as const;

export type Status = (typeof STATUSES)[number];

/** Names of states that Kafka knows besides, and that nobody is ever shown in. */
export const HIDDEN_STATUSES: readonly string[] = ['Dead', 'PrepareEpochFence'];

/** What a state may follow. As in Kafka, but for the abort of a producer that is fenced, which there takes a step more. */
export const VALID_PREVIOUS: { readonly [S in Status]: readonly Status[] } = {
  Empty: ['Empty', 'CompleteCommit', 'CompleteAbort'],
  Ongoing: ['Ongoing', 'Empty', 'CompleteCommit', 'CompleteAbort'],
  PrepareCommit: ['Ongoing'],
  PrepareAbort: ['Ongoing', 'Empty', 'CompleteCommit', 'CompleteAbort'],
  CompleteCommit: ['PrepareCommit'],
  CompleteAbort: ['PrepareAbort'],
};

export const NO_PRODUCER_ID = -1;
export const NO_PRODUCER_EPOCH = -1;
const MAX_EPOCH = 32_767;
/** The last epoch that a client may have: one more is kept for fencing it. */
export const LAST_EPOCH = MAX_EPOCH - 1;
const FIRST_WITH_EPOCH_BUMP = 2;
/** A transaction of two-phase commit: it does not time out (KIP-939). */
export const NO_TIMEOUT = 2_147_483_647;

/** Partitions by topic. */
export type Partitions = ReadonlyMap<string, ReadonlySet<number>>;

const NO_PARTITIONS: Partitions = new Map();

export interface Transaction {
  readonly transactionalId: string;
  readonly producerId: number;
  /** Before the last transition. Soft where records have version 0. */
  readonly previousProducerId: number;
  /** Of a transaction that is prepared: the id that the producer goes on with, where its epochs are used up. */
  readonly nextProducerId: number;
  readonly producerEpoch: number;
  /** Soft, as in Kafka: not in the record, so unknown after loading. */
  readonly lastProducerEpoch: number;
  readonly timeoutMs: number;
  readonly status: Status;
  readonly partitions: Partitions;
  /** Milliseconds since the epoch, as the next; -1: none was begun since the producer was initialized. */
  readonly startTimestamp: number;
  readonly lastUpdateTimestamp: number;
  /** Which version of transactions the client spoke: 0 or 2. */
  readonly clientTransactionVersion: number;
}

/** Every end of a transaction raises the epoch (KIP-890). */
export function bumpsEpoch(transactionVersion: number): boolean {
  return transactionVersion >= FIRST_WITH_EPOCH_BUMP;
}

/** Whether the records of a cluster's version have a place for the version that a client speaks. */
export function isRecordable(clientTransactionVersion: number, transactionVersion: number): boolean {
  return clientTransactionVersion === 0 || transactionVersion >= 1;
}

export function isExhausted(producerEpoch: number): boolean {
  return producerEpoch >= LAST_EPOCH;
}

export function isPrepared({ status }: Transaction): boolean {
  return status === 'PrepareCommit' || status === 'PrepareAbort';
}

export function mayExpire({ status }: Transaction): boolean {
  return status === 'Empty' || status === 'CompleteCommit' || status === 'CompleteAbort';
}

/** An id that was not known. It becomes one by its first transition. */
export function newTransaction(transactionalId: string, producerId: number, now: number): Transaction {
  return {
    transactionalId,
    producerId,
    previousProducerId: NO_PRODUCER_ID,
    nextProducerId: NO_PRODUCER_ID,
    producerEpoch: NO_PRODUCER_EPOCH,
    lastProducerEpoch: NO_PRODUCER_EPOCH,
    timeoutMs: 0,
    status: 'Empty',
    partitions: NO_PARTITIONS,
    startTimestamp: -1,
    lastUpdateTimestamp: now,
    clientTransactionVersion: 0,
  };
}

function transit(
  from: Transaction,
  status: Status,
  changes: Partial<Omit<Transaction, 'status' | 'previousProducerId'>>,
): Transaction {
  assert(VALID_PREVIOUS[status].includes(from.status), `${from.transactionalId}: ${from.status} to ${status}`);
  return { ...from, ...changes, status, previousProducerId: from.producerId };
}

interface Initialized {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly lastProducerEpoch: number;
  readonly timeoutMs: number;
}

/** InitProducerId: the producer has this id and epoch now, and no transaction. */
export function initialized(from: Transaction, producer: Initialized, now: number): Transaction {
  return transit(from, 'Empty', {
    ...producer,
    partitions: NO_PARTITIONS,
    startTimestamp: -1,
    lastUpdateTimestamp: now,
  });
}

/** The transaction has these partitions, too. It begins with the first. */
export function withPartitions(
  from: Transaction,
  added: Partitions,
  clientTransactionVersion: number,
  now: number,
): Transaction {
  const partitions = new Map(from.partitions);
  for (const [topic, ids] of added) partitions.set(topic, new Set([...(partitions.get(topic) ?? []), ...ids]));
  return transit(from, 'Ongoing', {
    partitions,
    startTimestamp: from.status === 'Ongoing' ? from.startTimestamp : now,
    lastUpdateTimestamp: now,
    clientTransactionVersion,
  });
}

/** The outcome is decided: the epoch goes up with it where the client (or whoever fences it) speaks version 2. */
export function prepared(
  from: Transaction,
  commit: boolean,
  { clientTransactionVersion, nextProducerId }: { clientTransactionVersion: number; nextProducerId: number },
  now: number,
): Transaction {
  const epochs = bumpsEpoch(clientTransactionVersion)
    ? { producerEpoch: Math.min(from.producerEpoch + 1, MAX_EPOCH), lastProducerEpoch: from.producerEpoch }
    : {};
  return transit(from, commit ? 'PrepareCommit' : 'PrepareAbort', {
    ...epochs,
    nextProducerId,
    startTimestamp: from.status === 'Ongoing' ? from.startTimestamp : now,
    lastUpdateTimestamp: now,
    clientTransactionVersion,
  });
}

/** Aborted by the coordinator of the first versions: the epoch goes up, so that the producer is fenced. */
export function fenced(from: Transaction, now: number): Transaction {
  const producerEpoch = Math.min(from.producerEpoch + 1, MAX_EPOCH);
  return prepared(
    { ...from, producerEpoch, lastProducerEpoch: NO_PRODUCER_EPOCH },
    false,
    { clientTransactionVersion: 0, nextProducerId: NO_PRODUCER_ID },
    now,
  );
}

/** The markers stand everywhere. */
export function completed(from: Transaction, now: number): Transaction {
  const producer =
    bumpsEpoch(from.clientTransactionVersion) && from.nextProducerId !== NO_PRODUCER_ID
      ? { producerId: from.nextProducerId, producerEpoch: 0 }
      : {};
  return transit(from, from.status === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort', {
    ...producer,
    nextProducerId: NO_PRODUCER_ID,
    partitions: NO_PARTITIONS,
    lastUpdateTimestamp: now,
  });
}
