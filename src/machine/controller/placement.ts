/**
 * Where replicas go: Kafka's striped placement. Racks take turns, brokers of a rack take turns, and both begin somewhere else each time, so
 * that leaders and followers spread evenly. Fenced brokers come last and never first.
 *
 *   racks  a: 1 2   b: 3 4        partition 0: 1 3 2    partition 1: 4 2 3    partition 2: 2 4 1 …
 */
import type { Uuid } from '../../base/uuid.ts';
import type { BrokerRegistration } from '../image/cluster.ts';
import type { MetadataImage } from '../image/image.ts';
import { type ControllerState, type Entropy, UNASSIGNED_DIRECTORY } from './decision.ts';

/** Whether a broker may lead and be in sync. */
export function isActive(image: MetadataImage, brokerId: number): boolean {
  const broker = image.cluster.broker(brokerId);
  return broker !== undefined && !broker.fenced && !broker.inControlledShutdown;
}

/** Its directories that take new partitions (KIP-1066). */
export function openDirectories(broker: BrokerRegistration): readonly Uuid[] {
  return broker.logDirs.filter((directory) => broker.cordonedLogDirs?.includes(directory) !== true);
}

function isUsable(broker: BrokerRegistration): boolean {
  return broker.logDirs.length === 0 || openDirectories(broker).length > 0;
}

/** Replicas of so many partitions, or why there can be none, in Kafka's words. */
export function placeReplicas(
  image: MetadataImage,
  partitions: number,
  replicationFactor: number,
  entropy: Entropy,
): readonly (readonly number[])[] | string {
  const brokers = image.cluster.brokers().filter((broker) => !broker.inControlledShutdown && isUsable(broker));
  if (replicationFactor <= 0) {
    return `Invalid replication factor ${replicationFactor}: the replication factor must be positive.`;
  }
  if (brokers.every(({ fenced }) => fenced)) {
    return 'All brokers are currently fenced, or have all their log directories cordoned.';
  }
  if (replicationFactor > brokers.length) {
    return `The target replication factor of ${replicationFactor} cannot be reached because only ${brokers.length} broker(s) are registered or some brokers have all their log directories cordoned.`;
  }
  if (brokers.length === 1) return Array.from({ length: partitions }, () => brokers.map(({ id }) => id));
  const stripes = new Stripes(brokers, entropy);
  return Array.from({ length: partitions }, () => stripes.next(replicationFactor));
}

interface Rack {
  readonly unfenced: number[];
  readonly fenced: number[];
}

class Stripes {
  readonly #racks: Rack[];
  readonly #entropy: Entropy;
  readonly #unfencedCount: number;
  #turn = 0;

  constructor(brokers: readonly BrokerRegistration[], entropy: Entropy) {
    const racks = new Map<string | null, Rack>();
    for (const { id, rack, fenced } of brokers) {
      const known = racks.get(rack) ?? { unfenced: [], fenced: [] };
      racks.set(rack, known);
      (fenced ? known.fenced : known.unfenced).push(id);
    }
    this.#entropy = entropy;
    this.#racks = [...racks.values()];
    this.#unfencedCount = brokers.filter(({ fenced }) => !fenced).length;
    this.#shuffle();
  }

  next(replicationFactor: number): number[] {
    // Every broker has led once: begin another order, so that the same sets of replicas do not come back.
    if (this.#turn === this.#unfencedCount && this.#unfencedCount > 1) {
      this.#shuffle();
      this.#turn = 0;
    }
    const racks = rotated(this.#racks, this.#turn);
    const queues = racks.map(({ unfenced, fenced }) => [
      ...rotated(unfenced, this.#round()),
      ...rotated(fenced, this.#round()),
    ]);
    const first = racks.findIndex(({ unfenced }) => unfenced.length > 0);
    const order = rotated(queues, first);
    const replicas: number[] = [];
    while (replicas.length < replicationFactor) {
      for (const queue of order) {
        const broker = queue.shift();
        if (broker !== undefined && replicas.length < replicationFactor) replicas.push(broker);
      }
    }
    this.#turn++;
    return replicas;
  }

  /** How often all racks have had their turn. */
  #round(): number {
    return Math.floor(this.#turn / this.#racks.length);
  }

  #shuffle(): void {
    shuffle(this.#racks, this.#entropy);
    for (const { unfenced, fenced } of this.#racks) {
      shuffle(unfenced, this.#entropy);
      shuffle(fenced, this.#entropy);
    }
  }
}

function rotated<T>(list: readonly T[], by: number): T[] {
  const start = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}

function shuffle<T>(list: T[], entropy: Entropy): void {
  for (let end = list.length - 1; end > 0; end--) {
    const other = entropy.below(end + 1);
    [list[end], list[other]] = [list[other] as T, list[end] as T];
  }
}

/**
 * Chooses the directory of each replica. A broker with one directory has no choice; among several of this broker's the one with the
 * fewest partitions is taken; other brokers choose themselves and tell later (AssignReplicasToDirs).
 */
export class Directories {
  readonly #state: ControllerState;
  #loads: Map<Uuid, number> | null = null;

  constructor(state: ControllerState) {
    this.#state = state;
  }

  choose(brokerId: number): Uuid {
    const broker = this.#state.image.cluster.broker(brokerId);
    const open = broker === undefined ? [] : openDirectories(broker);
    const [only] = open;
    if (only === undefined) return UNASSIGNED_DIRECTORY;
    if (open.length === 1) return only;
    if (brokerId !== this.#state.settings.nodeId) return UNASSIGNED_DIRECTORY;
    this.#loads ??= this.#count(brokerId);
    let best = only;
    for (const directory of open) {
      if ((this.#loads.get(directory) ?? 0) < (this.#loads.get(best) ?? 0)) best = directory;
    }
    this.#loads.set(best, (this.#loads.get(best) ?? 0) + 1);
    return best;
  }

  #count(brokerId: number): Map<Uuid, number> {
    const loads = new Map<Uuid, number>();
    for (const topic of this.#state.image.topics) {
      for (let partition = 0; partition < topic.partitionEnd; partition++) {
        const directory = topic.directoryOf(partition, brokerId);
        if (directory !== null) loads.set(directory, (loads.get(directory) ?? 0) + 1);
      }
    }
    return loads;
  }
}
