/**
 * What other threads ask of the partitions of this one, by message: the other end of shard/append-router, shard/scatter and
 * shard/watchers. Lives on the owner's thread.
 */
import { ERRORS } from '../protocol/errors.ts';
import type { HandlersOf } from './message-kit.ts';
import type { Messages } from './messages.ts';
import type { Owner } from './owner.ts';
import { watchCall } from './owner-calls.ts';
import type { Appended } from './partition.ts';
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
  'append' | 'partitionCall' | 'watch' | 'unwatch' | 'wake'
>;

export function ownerHandlers({ arenas, table, owner, watchers }: OwnerMessagesParts): OwnerHandlers {
  return {
    append({ topicId, partition, batch, acks }, reply) {
      const found = table.get(topicId, partition);
      if (!found) {
        reply.answer(ABSENT);
        return;
      }
      // Where everything is done inside the call, the answer says that the bytes are free, too.
      let isInCall = true;
      let isAnswered = false;
      let isConsumed = false;
      found.append(
        arenas.view(batch.arena, batch.offset, batch.length),
        acks,
        (appended) => {
          isAnswered = true;
          reply.answer(appended);
        },
        () => {
          isConsumed = true;
          if (!isInCall) reply.consumed();
        },
      );
      isInCall = false;
      if (isConsumed && !isAnswered) reply.consumed();
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
