/**
 * Incremental fetch sessions (KIP-227): what a consumer reads is remembered here, so that its next Fetch names only what changed, and
 * the answer too.
 *
 *   epoch 0  ─▶ full request, makes a session (its id names this thread)     ─▶ answered in full
 *   epoch n  ─▶ changes only; must be the epoch expected next                ─▶ answered with what changed
 *   epoch -1 ─▶ full request, ends the session                               ─▶ answered in full
 *
 * Lives on a shard's thread, one cache a shard; a connection on another shard that names a session of this one is answered
 * FETCH_SESSION_ID_NOT_FOUND, and the client begins a new one.
 */
import type { Uuid } from '../base/uuid.ts';
import { ERRORS } from '../protocol/errors.ts';
import type { FetchRequest } from '../protocol/schema/01-fetch.ts';
import { hasRepetitions, withoutRepetitions } from './repetitions.ts';

const INITIAL_EPOCH = 0;
const FINAL_EPOCH = -1;
const NO_SESSION = 0;
const MAX_EPOCH = 0x7fffffff;

/** One partition that a Fetch reads. Names or ids as the request has them; both once the topic was found. */
export interface FetchedItem {
  topic: string;
  topicId: Uuid;
  readonly partition: number;
  currentLeaderEpoch: number;
  fetchOffset: number;
  lastFetchedEpoch: number;
  logStartOffset: number;
  maxBytes: number;
}

/** A partition of a session, with what its reader was last told. */
interface CachedItem extends FetchedItem {
  toldHighWatermark: number;
  toldLogStartOffset: number;
}

/** What of an answer decides whether a session's reader must be told. */
export interface Tellable {
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
  readonly divergingEpoch: number;
  readonly recordBytes: number;
}

function keyOf(item: { topic: string; topicId: Uuid; partition: number }, byId: boolean): string {
  return byId ? `${item.topicId}${item.partition}` : `${item.topic}/${item.partition}`;
}

/** The partitions that the request names, each once. */
function itemsOf(request: FetchRequest, byId: boolean): FetchedItem[] {
  const topics = request.topics.map((topic) => ({ ...topic, key: byId ? topic.topicId : topic.topic }));
  const indexOf = ({ partition }: { partition: number }): number => partition;
  const distinct = hasRepetitions(topics, indexOf) ? withoutRepetitions(topics, indexOf) : topics;
  return distinct.flatMap(({ topic, topicId, partitions }) =>
    partitions.map((p) => ({
      topic,
      topicId,
      partition: p.partition,
      currentLeaderEpoch: p.currentLeaderEpoch,
      fetchOffset: p.fetchOffset,
      lastFetchedEpoch: p.lastFetchedEpoch,
      logStartOffset: p.logStartOffset,
      maxBytes: p.partitionMaxBytes,
    })),
  );
}

class FetchSession {
  readonly id: number;
  readonly byId: boolean;
  epoch = INITIAL_EPOCH + 1;
  lastUsedMs: number;
  readonly createdMs: number;
  /** In the order in which they are read; what was answered goes to the end. */
  readonly items = new Map<string, CachedItem>();

  constructor(id: number, byId: boolean, now: number) {
    this.id = id;
    this.byId = byId;
    this.lastUsedMs = now;
    this.createdMs = now;
  }

  put(item: FetchedItem): void {
    const key = keyOf(item, this.byId);
    const known = this.items.get(key);
    if (!known) {
      this.items.set(key, { ...item, toldHighWatermark: -1, toldLogStartOffset: -1 });
      return;
    }
    known.currentLeaderEpoch = item.currentLeaderEpoch;
    known.fetchOffset = item.fetchOffset;
    known.lastFetchedEpoch = item.lastFetchedEpoch;
    known.logStartOffset = item.logStartOffset;
    known.maxBytes = item.maxBytes;
  }

  /** Whether the reader must be told, and remembers that it is. Kafka's rule: records, a moved watermark or start, an error. */
  mustTell(item: CachedItem, told: Tellable): boolean {
    let must = told.recordBytes > 0 || told.divergingEpoch >= 0;
    if (item.toldHighWatermark !== told.highWatermark) {
      must = true;
      item.toldHighWatermark = told.highWatermark;
    }
    if (item.toldLogStartOffset !== told.logStartOffset) {
      must = true;
      item.toldLogStartOffset = told.logStartOffset;
    }
    if (told.errorCode !== ERRORS.NONE) {
      // Told again next time, until it is over.
      item.toldHighWatermark = -1;
      must = true;
    }
    if (told.recordBytes > 0) {
      const key = keyOf(item, this.byId);
      this.items.delete(key);
      this.items.set(key, item);
    }
    return must;
  }
}

/** What a Fetch reads and how its answer is made: without a session, making one, or within one. */
export type FetchPlan =
  | { readonly kind: 'refused'; readonly errorCode: number }
  | {
      readonly kind: 'full' | 'sessionless' | 'incremental';
      readonly items: FetchedItem[];
      /**
       * Chooses what to answer, once all is read, and says which session the client is in then.
       *
       * @param order places of `items` in the order of the answer
       */
      settle(
        order: readonly number[],
        told: (place: number) => Tellable,
      ): { sessionId: number; places: readonly number[] };
    };

export interface FetchSessionLimits {
  /** max.incremental.fetch.session.cache.slots, this thread's share. */
  readonly slots: number;
  /** A session unused for so long may be evicted (Kafka: 2 minutes). */
  readonly evictionMs: number;
  /** This thread's number among the shards, and how many there are: ids of sessions are this modulo that. */
  readonly shard: number;
  readonly shardCount: number;
}

export class FetchSessions {
  readonly #limits: FetchSessionLimits;
  readonly #sessions = new Map<number, FetchSession>();
  readonly #random: (limit: number) => number;

  constructor(limits: FetchSessionLimits, random: (limit: number) => number) {
    this.#limits = limits;
    this.#random = random;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** What the request reads. `version` decides whether topics are named by id (13 and later). */
  plan(request: FetchRequest, version: number, now: number): FetchPlan {
    const { sessionId, sessionEpoch } = request;
    if (sessionEpoch === FINAL_EPOCH || sessionEpoch === INITIAL_EPOCH) {
      if (sessionId !== NO_SESSION) this.#sessions.delete(sessionId);
      const items = itemsOf(request, version >= 13);
      return sessionEpoch === FINAL_EPOCH ? sessionless(items) : this.#full(items, version, now);
    }
    const session = this.#sessions.get(sessionId);
    if (!session) return { kind: 'refused', errorCode: ERRORS.FETCH_SESSION_ID_NOT_FOUND };
    if (session.epoch !== sessionEpoch) return { kind: 'refused', errorCode: ERRORS.INVALID_FETCH_SESSION_EPOCH };
    if (session.byId !== version >= 13) return { kind: 'refused', errorCode: ERRORS.FETCH_SESSION_TOPIC_ID_ERROR };
    return this.#incremental(session, request, now);
  }

  #full(items: FetchedItem[], version: number, now: number): FetchPlan {
    return {
      kind: 'full',
      items,
      settle: (order, told) => {
        const session = this.#create(version >= 13, items.length, now);
        if (session) {
          for (const place of order) {
            const item = items[place] as FetchedItem;
            session.put(item);
            const cached = session.items.get(keyOf(item, session.byId)) as CachedItem;
            const { highWatermark, logStartOffset, errorCode } = told(place);
            cached.toldHighWatermark = errorCode === ERRORS.NONE ? highWatermark : -1;
            cached.toldLogStartOffset = logStartOffset;
          }
        }
        return { sessionId: session?.id ?? NO_SESSION, places: order };
      },
    };
  }

  #incremental(session: FetchSession, request: FetchRequest, now: number): FetchPlan {
    for (const item of itemsOf(request, session.byId)) session.put(item);
    // What is asked for and forgotten in one request is forgotten.
    for (const { topic, topicId, partitions } of request.forgottenTopicsData) {
      for (const partition of partitions) session.items.delete(keyOf({ topic, topicId, partition }, session.byId));
    }
    session.lastUsedMs = now;
    if (session.items.size === 0) {
      this.#sessions.delete(session.id);
      return sessionless([]);
    }
    session.epoch = session.epoch === MAX_EPOCH ? 1 : session.epoch + 1;
    const items = [...session.items.values()];
    return {
      kind: 'incremental',
      items,
      settle: (order, told) => {
        const places = order.filter((place) => session.mustTell(items[place] as CachedItem, told(place)));
        return { sessionId: session.id, places };
      },
    };
  }

  #create(byId: boolean, size: number, now: number): FetchSession | null {
    if (this.#sessions.size >= this.#limits.slots && !this.#evict(size, now)) return null;
    const { shard, shardCount } = this.#limits;
    let id: number;
    do {
      id = 1 + shard + shardCount * this.#random(Math.floor((MAX_EPOCH - shardCount) / shardCount));
    } while (this.#sessions.has(id));
    const session = new FetchSession(id, byId, now);
    this.#sessions.set(id, session);
    return session;
  }

  /** Makes room for a session of `size` partitions: the longest unused one if it is stale, else a smaller one that is old enough. */
  #evict(size: number, now: number): boolean {
    let victim: FetchSession | null = null;
    for (const session of this.#sessions.values()) {
      if (victim === null || session.lastUsedMs < victim.lastUsedMs) victim = session;
    }
    if (victim && now - victim.lastUsedMs <= this.#limits.evictionMs) {
      victim = null;
      for (const session of this.#sessions.values()) {
        const isEvictable = now - session.createdMs > this.#limits.evictionMs && session.items.size < size;
        if (isEvictable && (victim === null || session.items.size < victim.items.size)) victim = session;
      }
    }
    return victim !== null && this.#sessions.delete(victim.id);
  }
}

function sessionless(items: FetchedItem[]): FetchPlan {
  return { kind: 'sessionless', items, settle: (order) => ({ sessionId: NO_SESSION, places: order }) };
}
