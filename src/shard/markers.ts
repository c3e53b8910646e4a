/**
 * Takes the markers that end transactions to the owners of their partitions: both ends of `transactionMarker`. On a shard's thread; one a
 * shard.
 *
 *   coordinator ─▶ write ─▶ owner's thread ─┬─ `__consumer_offsets`: its coordinator, in the order of its records
 *                                           └─ else: the partition
 */
import type { Uuid } from '../base/uuid.ts';
import type { MetadataImage } from '../machine/image/image.ts';
import { ERRORS } from '../protocol/errors.ts';
import { OFFSETS_TOPIC } from '../protocol/topic-names.ts';
import type { TransactionMarker } from '../protocol/transaction-marker.ts';
import type { GroupCoordinators } from './group-coordinators.ts';
import type { Mailbox } from './mailbox.ts';
import type { HandlersOf } from './message-kit.ts';
import type { Messages } from './messages.ts';
import type { PartitionTable } from './partition-table.ts';
import { ownerOf } from './routing.ts';

export interface MarkersParts {
  readonly self: number;
  readonly shardCount: number;
  readonly mailbox: Mailbox<'shard'>;
  readonly image: MetadataImage;
  readonly table: PartitionTable;
  readonly groups: GroupCoordinators;
}

export class Markers {
  readonly #parts: MarkersParts;

  constructor(parts: MarkersParts) {
    this.#parts = parts;
  }

  /** Writes a marker into a partition of this broker; `done` is called once with a code of Kafka's, when it is committed or refused. */
  write(topic: string, partition: number, marker: TransactionMarker, done: (errorCode: number) => void): void {
    const { self, shardCount, mailbox, image } = this.#parts;
    const known = image.topics.byName(topic);
    if (known === undefined || !known.has(partition)) {
      done(ERRORS.UNKNOWN_TOPIC_OR_PARTITION);
      return;
    }
    const owner = ownerOf(known.id, partition, shardCount);
    if (owner === self) this.#writeHere(known.id, partition, marker, done);
    else {
      const message = { topicId: known.id, partition, ...marker };
      mailbox.callInTurn('transactionMarker', owner, message, ({ errorCode }) => done(errorCode));
    }
  }

  handlers(): Pick<HandlersOf<Messages, 'shard'>, 'transactionMarker'> {
    return {
      transactionMarker: ({ topicId, partition, ...marker }, reply) => {
        this.#writeHere(topicId, partition, marker, (errorCode) => reply.answer({ errorCode }));
      },
    };
  }

  #writeHere(topicId: Uuid, index: number, marker: TransactionMarker, done: (errorCode: number) => void): void {
    const { image, table, groups } = this.#parts;
    const partition = table.get(topicId, index);
    if (partition === undefined) done(ERRORS.NOT_LEADER_OR_FOLLOWER);
    else if (topicId === image.topics.byName(OFFSETS_TOPIC)?.id) groups.endTransaction(index, marker, done);
    else partition.appendMarker(marker, done);
  }
}
