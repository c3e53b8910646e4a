/**
 * What other threads ask of the partitions of this one, by message: the other end of shard/append-router, shard/scatter and
 * shard/watchers. Lives on the owner's thread.
 */
import { ERRORS } from '../protocol/errors.ts';
import type { HandlersOf } from './message-kit.ts';
import type { Messages } from './messages.ts';
import type { Owner } from './owner.ts';
import { watchCall } from './owner-calls.ts';
import { type TransactionOfRequest, VERIFICATION_MODES } from '../protocol/transaction-of-request.ts';
import type { Appended, Settle } from './append-ticket.ts';
import type { Partition } from './partition.ts';
import type { PartitionTable } from './partition-table.ts';
import { QUESTION_NAMES, WIRE } from './scatter.ts';
import type { SharedArenas } from './shared-block.ts';
import type { Watchers } from './watchers.ts';

/** What an append is answered where the partition is not (not yet, not any more) here. */
export const ABSENT: Appended = {
  errorCode: ERRORS.NOT_LEADER_OR_FOLLOWER,
  baseOffset: -1,
  logAppendTimeMs: -1n,
  logStartOffset: -1,
};

export interface OwnerMessagesParts {
  readonly arenas: SharedArenas;
  readonly table: PartitionTable;
  readonly owner: Owner;
  readonly watchers: Watchers;
}

export type OwnerHandlers = Pick<
  HandlersOf<Messages, 'shard'>,
  'append' | 'appendTransactional' | 'partitionCall' | 'watch' | 'unwatch' | 'wake'
>;

interface AppendReply {
  consumed(): void;
  answer: Settle;
}

/** Where everything is done inside the call, the answer says that the bytes are free, too. */
function appendFrom(
  partition: Partition,
  bytes: Buffer,
  acks: number,
  transaction: TransactionOfRequest | null,
  reply: AppendReply,
): void {
  let isInCall = true;
  let isAnswered = false;
  let isConsumed = false;
  partition.append(
    bytes,
    acks,
    (appended, errorMessage) => {
      isAnswered = true;
      reply.answer(appended, errorMessage);
    },
    () => {
      isConsumed = true;
      if (!isInCall) reply.consumed();
    },
    transaction,
  );
  isInCall = false;
  if (isConsumed && !isAnswered) reply.consumed();
}

function decodeTransaction(mode: number, payload: Buffer): TransactionOfRequest {
  return { transactionalId: payload.toString(), mode: VERIFICATION_MODES[mode] ?? 'verify' };
}

export function ownerHandlers({ arenas, table, owner, watchers }: OwnerMessagesParts): OwnerHandlers {
  return {
    append({ topicId, partition, batch, acks }, reply) {
      const found = table.get(topicId, partition);
      if (found) appendFrom(found, arenas.view(batch.arena, batch.offset, batch.length), acks, null, reply);
      else reply.answer(ABSENT);
    },
    appendTransactional({ topicId, partition, batch, acks, mode, payload }, reply) {
      const found = table.get(topicId, partition);
      const answered: AppendReply = {
        consumed: () => reply.consumed(),
        answer: (appended, errorMessage = null) => reply.answer({ ...appended, errorMessage }),
      };
      const bytes = arenas.view(batch.arena, batch.offset, batch.length);
      if (found) appendFrom(found, bytes, acks, decodeTransaction(mode, payload), answered);
      else answered.answer(ABSENT);
    },
    partitionCall({ kind, payload }, reply) {
      const name = QUESTION_NAMES[kind];
      if (name === undefined) throw new Error(`unknown kind of question ${kind}`);
      const { call, results } = WIRE[name];
      owner.answer(name, call.decode(0, payload), (answers) => {
        reply.answer({ payload: results.encode(0, { results: answers as never[] }) });
      });
    },
    watch: ({ watch, payload }, from) => watchers.asked(from, watch, watchCall.decode(0, payload)),
    unwatch: ({ watch }, from) => watchers.unwatch(from, watch),
    wake: ({ watch }) => watchers.woken(watch),
  };
}
