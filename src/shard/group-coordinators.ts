/**
 * The coordinators of groups of this shard: what changes in the cluster reaches them here, and offsets that are committed in a transaction
 * come past the transaction's coordinator (KIP-890). On a shard's thread; one a shard.
 */
import type { GroupParts } from '../coordinator/groups.ts';
import { GroupCoordinator } from '../coordinator/groups.ts';
import type { CoordinatorResult } from '../coordinator/answers.ts';
import type { GroupAnswer, GroupApiEvent, GroupEvent } from '../machine/group/decision.ts';
import type { ImageChanges } from '../machine/image/changes.ts';
import { CONFIG_RESOURCE } from '../machine/image/configs.ts';
import { ERRORS } from '../protocol/errors.ts';
import { OFFSETS_TOPIC } from '../protocol/topic-names.ts';
import type { TransactionMarker } from '../protocol/transaction-marker.ts';
import { verificationMode } from '../protocol/transaction-of-request.ts';
import { Coordinators } from './coordinators.ts';
import type { PartitionTable } from './partition-table.ts';
import type { Verifier } from './verification.ts';

export interface GroupCoordinatorsParts {
  readonly groups: GroupParts;
  readonly nodeId: number;
  readonly table: PartitionTable;
  readonly verifier: Verifier;
  readonly crash: (error: unknown) => void;
}

type Done = (result: CoordinatorResult<GroupAnswer>) => void;

/** Of TxnOffsetCommit: the first with TRANSACTION_ABORTABLE, and the first whose partition the broker adds by itself. */
const SINCE = { abortable: 4, adding: 5 };

/** A producer that is being asked about. A marker of its makes the answer worthless, but for the one of the transaction before. */
interface Verifying {
  readonly producerEpoch: number;
  /** Every transaction of its has an epoch of its own, which is that of the marker before (KIP-890). */
  readonly raisesEpoch: boolean;
  isVoid: boolean;
}

export class GroupCoordinators extends Coordinators<GroupEvent, GroupAnswer, GroupCoordinator> {
  readonly #parts: GroupCoordinatorsParts;
  /** By partition and producer. */
  readonly #verifying = new Map<string, Set<Verifying>>();

  constructor(parts: GroupCoordinatorsParts) {
    const { groups, nodeId, table, crash } = parts;
    const { image, log } = groups;
    super({
      topic: OFFSETS_TOPIC,
      what: 'groups',
      image,
      log,
      nodeId,
      table,
      crash,
      create: (partition) => new GroupCoordinator(groups, partition),
    });
    this.#parts = parts;
  }

  /** Tells the coordinators what changed in the image. After `refresh`. */
  changed(changes: ImageChanges): void {
    const { image } = this.#parts.groups;
    const deleted = [...changes.deletedTopics].map(([id, { name }]) => ({ id, name }));
    if (deleted.length > 0) this.tell({ kind: 'topicsDeleted', topics: deleted });
    const topics = new Set(changes.createdTopics.values());
    for (const id of changes.partitions.keys()) {
      const name = image.topics.byId(id)?.name;
      if (name !== undefined) topics.add(name);
    }
    if (topics.size > 0) this.tell({ kind: 'topicsChanged', topics: [...topics] });
    for (const { type, name } of changes.configs.values()) {
      if (type === CONFIG_RESOURCE.group) this.tell({ kind: 'groupConfigChanged', groupId: name });
    }
  }

  override ask(partition: number, event: GroupEvent, done: Done): void {
    if (event.kind === 'TxnOffsetCommit') this.#commit(partition, event, done);
    else super.ask(partition, event, done);
  }

  /** A producer that has nothing in this partition yet is asked about first. */
  #commit(partition: number, event: GroupApiEvent<'TxnOffsetCommit'>, done: Done): void {
    const { transactionalId, producerId, producerEpoch } = event.request;
    const { image } = this.#parts.groups;
    const topicId = image.topics.byName(OFFSETS_TOPIC)?.id;
    const log = topicId === undefined ? null : this.#parts.table.get(topicId, partition)?.log;
    const coordinator = this.at(partition);
    const isOpen = log?.producers.hasOngoingTransaction(producerId, producerEpoch) === true;
    if (coordinator?.state !== 'active' || (isOpen && !coordinator.isEnding(producerId))) {
      super.ask(partition, event, done);
      return;
    }
    const key = `${partition} ${producerId}`;
    const mode = verificationMode(event.version, SINCE);
    const verifying: Verifying = { producerEpoch, raisesEpoch: mode === 'add', isVoid: false };
    const all = this.#verifying.get(key) ?? new Set();
    this.#verifying.set(key, all.add(verifying));
    const transaction = { transactionalId, mode };
    this.#parts.verifier.verify({ topic: OFFSETS_TOPIC, partition }, producerId, producerEpoch, transaction, (code) => {
      all.delete(verifying);
      if (all.size === 0 && this.#verifying.get(key) === all) this.#verifying.delete(key);
      if (code !== ERRORS.NONE) done({ ok: false, errorCode: code });
      // Where another one has led meanwhile, its markers were not seen here.
      else if (this.at(partition) !== coordinator) done({ ok: false, errorCode: ERRORS.NOT_COORDINATOR });
      else if (verifying.isVoid) done({ ok: false, errorCode: ERRORS.INVALID_TXN_STATE });
      else super.ask(partition, event, done);
    });
  }

  /** Ends a producer's transaction in one partition; `done` is called once. */
  endTransaction(partition: number, marker: TransactionMarker, done: (errorCode: number) => void): void {
    for (const verifying of this.#verifying.get(`${partition} ${marker.producerId}`) ?? []) {
      const endsTheOneBefore = verifying.raisesEpoch && verifying.producerEpoch === marker.producerEpoch;
      if (!endsTheOneBefore) verifying.isVoid = true;
    }
    const coordinator = this.at(partition);
    if (coordinator === undefined) done(ERRORS.NOT_COORDINATOR);
    else coordinator.endTransaction(marker, done);
  }
}
