/** The topics of the image: by name, by id, and by what their metric names would be. */
import type { UndoJournal } from '../../base/undo-map.ts';
import type { Uuid } from '../../base/uuid.ts';
import { JournaledMap } from './journaled-map.ts';
import { ListPool } from './list-pool.ts';
import { type Lists, TopicImage } from './topic.ts';

export { TopicImage } from './topic.ts';

const COLLIDING = /[._]/;

export class TopicsImage {
  readonly #journal: UndoJournal | null;
  readonly #byName: JournaledMap<string, TopicImage>;
  readonly #byId: JournaledMap<Uuid, TopicImage>;
  /** Names with '.' or '_', by the name with '_' for both: two of them would share metric names. */
  readonly #similar: JournaledMap<string, readonly string[]>;
  readonly #lists: Lists = { brokers: new ListPool<number>(), directories: new ListPool<Uuid>() };

  constructor(journal: UndoJournal | null) {
    this.#journal = journal;
    this.#byName = new JournaledMap(journal);
    this.#byId = new JournaledMap(journal);
    this.#similar = new JournaledMap(journal);
  }

  get size(): number {
    return this.#byId.size;
  }

  get partitionCount(): number {
    let count = 0;
    for (const topic of this.#byId.values()) count += topic.partitionCount;
    return count;
  }

  byName(name: string): TopicImage | undefined {
    return this.#byName.get(name);
  }

  byId(id: Uuid): TopicImage | undefined {
    return this.#byId.get(id);
  }

  /** In the order of creation. */
  [Symbol.iterator](): MapIterator<TopicImage> {
    return this.#byId.values();
  }

  /** A topic whose name differs from `name` in '.' and '_' only, or is the same. Undefined where there is none. */
  similarTo(name: string): string | undefined {
    return this.#similar.get(name.replaceAll('.', '_'))?.[0];
  }

  // ---- changed by replay only

  add(name: string, id: Uuid): TopicImage {
    const topic = new TopicImage(name, id, this.#lists, this.#journal);
    this.#byName.set(name, topic);
    this.#byId.set(id, topic);
    if (COLLIDING.test(name)) {
      const normalized = name.replaceAll('.', '_');
      this.#similar.set(normalized, [...(this.#similar.get(normalized) ?? []), name]);
    }
    return topic;
  }

  remove(id: Uuid): TopicImage | undefined {
    const topic = this.#byId.get(id);
    if (topic === undefined) return undefined;
    this.#byId.delete(id);
    // A later record may have given the name to another id.
    if (this.#byName.get(topic.name) === topic) this.#byName.delete(topic.name);
    topic.drop();
    const normalized = topic.name.replaceAll('.', '_');
    const rest = this.#similar.get(normalized)?.filter((name) => name !== topic.name);
    if (rest !== undefined && rest.length > 0) this.#similar.set(normalized, rest);
    else this.#similar.delete(normalized);
    return topic;
  }
}
