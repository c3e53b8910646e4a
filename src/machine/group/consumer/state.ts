/** What the consumer protocol keeps of all groups of one machine. On the thread that owns the machine's partition. */
import type { UndoJournal } from '../../../base/undo-map.ts';
import { TopicPatterns } from '../regex.ts';
import type { ConsumerGroup, GroupHome } from './group.ts';

export class ConsumerState implements GroupHome {
  readonly journal: UndoJournal;
  readonly touched = new Set<ConsumerGroup>();
  /** Hard, by counting what groups say: who is to look again when a topic changes. */
  readonly #groupsByTopic = new Map<string, Set<string>>();
  readonly patterns = new TopicPatterns();
  /** Soft: of topics as they are now, until they change. */
  readonly topicHashes = new Map<string, bigint>();
  /** Soft: the offset of the metadata in which topics last came, as far as this machine was told. */
  topicsVersion = -1;

  constructor(journal: UndoJournal) {
    this.journal = journal;
  }

  groupsOf(topic: string): Iterable<string> {
    return this.#groupsByTopic.get(topic) ?? [];
  }

  subscribed(groupId: string, topic: string, isSubscribed: boolean): void {
    let groups = this.#groupsByTopic.get(topic);
    if (groups === undefined) this.#groupsByTopic.set(topic, (groups = new Set()));
    if (isSubscribed) groups.add(groupId);
    else groups.delete(groupId);
    if (groups.size === 0) this.#groupsByTopic.delete(topic);
  }

  /** Records below `endOffset` are committed. */
  commit(endOffset: number): void {
    for (const group of this.touched) if (group.commit(endOffset)) this.touched.delete(group);
  }
}
