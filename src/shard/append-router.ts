/**
 * Takes the validated batches of a Produce request to the owners of their partitions.
 *
 *   mine   ─▶ partition.append, from where the bytes lie (lent first where the log cannot be done inside the call)
 *   other  ─▶ lend to the arena ─▶ `append` message (arena, offset, length) ─▶ consumed: lease back ─▶ answer
 *             (`appendTransactional` where the batch is part of a transaction)
 *
 * Everything up to the message is done in the request's own turn, so that the order of arrival is the order of the ring and of the log.
 * Lives on the thread of the connection.
 */
import type { Uuid } from '../base/uuid.ts';
import type { ThreadArena } from './arena.ts';
import { type TransactionOfRequest, VERIFICATION_MODES } from '../protocol/transaction-of-request.ts';
import type { Mailbox } from './mailbox.ts';
import { ABSENT } from './owner-messages.ts';
import type { Appended, Settle } from './append-ticket.ts';
import type { Partition } from './partition.ts';
import { ownerOf } from './routing.ts';

/** A batch of this size is shown to its owner at once: writing it takes longer than waking the owner for it alone. */
const LARGE_BYTES = 4096;

/** One batch on its way. `bytes` is a view of the request, or memory of its own where `isOwn`. */
export interface AppendEntry {
  readonly topicId: Uuid;
  readonly partition: number;
  readonly bytes: Buffer;
  readonly isOwn: boolean;
  /** Of a transactional batch. */
  readonly transaction: TransactionOfRequest | null;
}

/** A piece of the arena that is held until it is released; what the request's context lends. */
export interface Loan {
  readonly bytes: Buffer;
  readonly arena: number;
  readonly offset: number;
  release(): void;
}

export interface AppendRouterParts {
  readonly self: number;
  readonly shardCount: number;
  readonly mailbox: Mailbox<'shard'>;
  /** The partition, where this thread has it. */
  partition(topicId: Uuid, partition: number): Partition | undefined;
  /** For bytes of our own on their way to others. */
  readonly arena: ThreadArena;
}

export class AppendRouter {
  readonly #parts: AppendRouterParts;

  constructor(parts: AppendRouterParts) {
    this.#parts = parts;
  }

  /**
   * Appends one batch; `settle` is called once, inside the call where everything is immediate.
   *
   * @param lend keeps a view of the request; called in this turn only
   */
  append(entry: AppendEntry, acks: number, lend: (view: Buffer) => Loan, settle: Settle): void {
    const owner = ownerOf(entry.topicId, entry.partition, this.#parts.shardCount);
    if (owner === this.#parts.self) this.#appendHere(entry, acks, lend, settle);
    else this.#send(owner, entry, acks, lend, settle);
  }

  #appendHere(entry: AppendEntry, acks: number, lend: (view: Buffer) => Loan, settle: Settle): void {
    const partition = this.#parts.partition(entry.topicId, entry.partition);
    if (!partition) {
      settle(ABSENT);
      return;
    }
    const { bytes, transaction } = entry;
    if (entry.isOwn || partition.takesInCall(bytes, transaction)) {
      partition.append(bytes, acks, settle, null, transaction);
      return;
    }
    const loan = lend(bytes);
    partition.append(loan.bytes, acks, settle, () => loan.release(), transaction);
  }

  #send(owner: number, entry: AppendEntry, acks: number, lend: (view: Buffer) => Loan, settle: Settle): void {
    const loan = entry.isOwn ? this.#lendOwn(entry.bytes) : lend(entry.bytes);
    if (loan === null) {
      // The arena has no room for bytes of our own: the client tries again, as where the partition is not here.
      settle(ABSENT);
      return;
    }
    const { mailbox } = this.#parts;
    if (entry.bytes.length >= LARGE_BYTES) mailbox.hurry();
    const { topicId, partition, transaction } = entry;
    const batch = { arena: loan.arena, offset: loan.offset, length: loan.bytes.length };
    const consumed = (): void => loan.release();
    if (transaction === null) {
      const answered = (appended: Appended): void => settle(appended);
      mailbox.callInTurn('append', owner, { topicId, partition, batch, acks }, answered, consumed);
      return;
    }
    const mode = VERIFICATION_MODES.indexOf(transaction.mode);
    const payload = Buffer.from(transaction.transactionalId);
    mailbox.callInTurn(
      'appendTransactional',
      owner,
      { topicId, partition, batch, acks, mode, payload },
      ({ errorMessage, ...appended }) => settle(appended, errorMessage),
      consumed,
    );
  }

  /** Null: no room now. */
  #lendOwn(bytes: Buffer): Loan | null {
    const chunk = this.#parts.arena.reserve(bytes.length, bytes.length);
    if (chunk === null) return null;
    bytes.copy(chunk.bytes);
    return {
      bytes: chunk.bytes.subarray(0, bytes.length),
      arena: chunk.arena,
      offset: chunk.offset,
      release: () => chunk.release(),
    };
  }
}
