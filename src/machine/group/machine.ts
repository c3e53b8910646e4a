/**
 * The coordinator of groups: decides about everything whose records stand in one partition of `__consumer_offsets`. One a partition, on
 * the thread that owns it; the runtime around it (coordinator/runtime) appends, commits and answers.
 *
 *   offsets/    what groups have committed        classic/   JoinGroup … LeaveGroup (generations)
 *   assignor/   who gets which partition          consumer/  ConsumerGroupHeartbeat (epochs, KIP-848) and the way between both
 *
 * To add an event: a row in GroupEvents, a row in DECISIONS. To add a record: a row in REPLAYS.
 */
import { UndoJournal, UndoMap } from '../../base/undo-map.ts';
import {
  beginConsumerGroups,
  besideClassic,
  CONSUMER_DECISIONS,
  CONSUMER_QUERIES,
  CONSUMER_REPLAYS,
  ConsumerState,
  forgetTopics,
} from './consumer/index.ts';
import type {
  GroupAnswer,
  GroupContext,
  GroupDecision,
  GroupEvent,
  GroupEventKind,
  GroupEvents,
  GroupMachineSettings,
  GroupQuery,
  QueryContext,
} from './decision.ts';
import { beginClassic, CLASSIC_DECISIONS, CLASSIC_QUERIES, CLASSIC_REPLAYS, type LiveGroup } from './classic/index.ts';
import { deleteGroups } from './deletion.ts';
import type { Group } from './group.ts';
import { listGroups } from './listing.ts';
import { GroupOffsets, nextExpiry, OFFSET_DECISIONS, OFFSET_QUERIES, OFFSET_REPLAYS } from './offsets/index.ts';
import type { GroupRecord, GroupRecordOf, GroupRecordType } from './records.ts';

/** Of a record of a transaction that has not ended. */
export interface Producer {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** What all parts of the machine work on. */
export interface GroupState {
  readonly settings: GroupMachineSettings;
  readonly journal: UndoJournal;
  /** By id; of both protocols. Changed by replay only. */
  readonly groups: UndoMap<string, Group>;
  /** Changed by replay only. */
  readonly offsets: GroupOffsets;
  readonly consumer: ConsumerState;
  /** Soft: what classic groups are doing, by id. */
  readonly live: Map<string, LiveGroup>;
}

/** Decides one kind of event. */
export type DecideGroup<K extends GroupEventKind> = (
  state: GroupState,
  event: GroupEvents[K]['event'],
  context: GroupContext,
) => GroupDecision<GroupEvents[K]['answer']>;

/** Replays one type of record. */
export type ReplayGroup<N extends GroupRecordType> = (
  state: GroupState,
  record: GroupRecordOf<N>,
  offset: number,
  producer: Producer | null,
) => void;

/** Answers one kind of question from what is committed below `committed`. Null: this one is an event to decide about. */
export type QueryGroup<K extends GroupQuery> = (
  state: GroupState,
  event: GroupEvents[K]['event'],
  committed: number,
  context: QueryContext,
) => GroupEvents[K]['answer'] | null;

// Filled in by the parts: each exports its rows.
const DECISIONS: { readonly [K in GroupEventKind]?: DecideGroup<K> } = {
  ...OFFSET_DECISIONS,
  ...CLASSIC_DECISIONS,
  ...besideClassic(CLASSIC_DECISIONS),
  ...CONSUMER_DECISIONS,
  DeleteGroups: deleteGroups,
  topicsDeleted(state, event, context) {
    forgetTopics(
      state,
      event.topics.map(({ name }) => name),
    );
    return OFFSET_DECISIONS.topicsDeleted(state, event, context);
  },
  // Each part that has timers says here which of them begin.
  began(state, _event, context) {
    const { timers, ...classic } = beginClassic(state, context);
    return { ...classic, timers: [nextExpiry(state), ...beginConsumerGroups(state, context), ...(timers ?? [])] };
  },
};
const QUERIES: { readonly [K in GroupQuery]?: QueryGroup<K> } = {
  ...OFFSET_QUERIES,
  ...CLASSIC_QUERIES,
  ...CONSUMER_QUERIES,
  ListGroups: listGroups,
};
const REPLAYS: { readonly [N in GroupRecordType]?: ReplayGroup<N> } = {
  ...OFFSET_REPLAYS,
  ...CLASSIC_REPLAYS,
  ...CONSUMER_REPLAYS,
};

export class GroupMachine implements GroupState {
  readonly settings: GroupMachineSettings;
  readonly journal = new UndoJournal();
  readonly groups = new UndoMap<string, Group>(this.journal);
  readonly offsets = new GroupOffsets(this.journal);
  readonly live = new Map<string, LiveGroup>();
  readonly consumer = new ConsumerState(this.journal);

  constructor(settings: GroupMachineSettings) {
    this.settings = settings;
  }

  decide(event: GroupEvent, context: GroupContext): GroupDecision {
    const decide = DECISIONS[event.kind] as DecideGroup<GroupEventKind> | undefined;
    if (decide === undefined) return { records: [], answer: null as GroupAnswer };
    return decide(this, event, context);
  }

  /** Null: it is no question but an event to decide about. */
  query(event: GroupEvent, committed: number, context: QueryContext): GroupAnswer | null {
    const query = QUERIES[event.kind as GroupQuery] as QueryGroup<GroupQuery> | undefined;
    return query === undefined ? null : query(this, event as GroupEvents[GroupQuery]['event'], committed, context);
  }

  replay(record: GroupRecord, offset: number, _epoch: number, producer: Producer | null = null): void {
    this.journal.at(offset);
    const replay = REPLAYS[record.type] as ReplayGroup<GroupRecordType> | undefined;
    replay?.(this, record, offset, producer);
  }

  /** The marker of a transaction stands at `offset`: what the producer wrote in it counts, or never was. */
  endTransaction(producerId: number, _producerEpoch: number, commit: boolean, offset: number): void {
    this.journal.at(offset);
    this.offsets.endTransaction(producerId, commit);
  }

  /** Records below `endOffset` are committed. */
  commit(endOffset: number): void {
    this.journal.commit(endOffset);
    this.groups.commit(endOffset);
    this.offsets.commit(endOffset);
    this.consumer.commit(endOffset);
  }

  /** Records at `endOffset` and later were not written: the state goes back. */
  revert(endOffset: number): void {
    this.journal.revert(endOffset);
  }
}
