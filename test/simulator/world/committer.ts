/**
 * A simulated consumer without membership: it commits ever larger offsets for groups of its own and reads them back. What was acknowledged
 * is there or something later is, and nothing is there that was never sent.
 *
 * Where an answer was lost the commit may still be on its way: the group is left as it is, and another one begun.
 */
import { ERRORS, errorName } from '../../../src/protocol/errors.ts';
import { Actor, oneOf, type World } from './actor.ts';
import type { Rpc } from './client.ts';
import { Violation } from './history.ts';

/** Commits are about the offsets' own topic: it is there for ever. */
const TOPIC = '__consumer_offsets';
const COMMIT_VERSION = 8;
const GROUPS = 6;

interface OwnGroup {
  readonly id: string;
  sent: number;
  acknowledged: number;
  /** The world's losses when that was acknowledged. */
  losses: number;
  isLeft: boolean;
}

/** Codes of coordinators that come and go, and of a topic that another shard does not see yet. */
const PASSING: ReadonlySet<number> = new Set([
  ERRORS.COORDINATOR_LOAD_IN_PROGRESS,
  ERRORS.COORDINATOR_NOT_AVAILABLE,
  ERRORS.NOT_COORDINATOR,
  ERRORS.UNKNOWN_TOPIC_OR_PARTITION,
]);

export class Committer extends Actor {
  readonly #label: string;
  #made = 0;
  #groups: OwnGroup[] = [];
  #isWaiting = false;
  /** Groups that were read since the world went quiet. */
  readonly #looked = new Set<string>();

  constructor(world: World, label: string) {
    super(world);
    this.#label = label;
  }

  get isDone(): boolean {
    return this.#groups.every(({ id }) => this.#looked.has(id));
  }

  get told(): string {
    return `${this.#label}: ${this.#groups.map(({ id, sent, acknowledged }) => `${id} ${acknowledged}/${sent}`).join(', ')}`;
  }

  protected override act(rpc: Rpc): void {
    if (this.#isWaiting) return;
    const { random } = this;
    if (random.chance(0.1)) this.#find(rpc);
    else if (!this.world.isBusy) {
      const next = this.#groups.find(({ id }) => !this.#looked.has(id));
      this.#fetch(rpc, next);
    } else if (random.chance(0.3)) {
      this.#fetch(rpc, this.#groups.length === 0 ? undefined : oneOf(random, this.#groups));
    } else this.#commit(rpc);
  }

  #find(rpc: Rpc): void {
    this.#isWaiting = true;
    const request = { key: '', keyType: 0, coordinatorKeys: [this.#label] };
    rpc.ask('FindCoordinator', 4, request, () => {
      this.#isWaiting = false;
    });
  }

  #group(): OwnGroup {
    const living = this.#groups.filter(({ isLeft }) => !isLeft);
    if (living.length > 0) return oneOf(this.random, living);
    const id = `${this.#label}-${++this.#made}`;
    const group = { id, sent: 0, acknowledged: 0, losses: this.world.losses, isLeft: false };
    this.#groups = [...this.#groups.slice(1 - GROUPS), group];
    return group;
  }

  #commit(rpc: Rpc): void {
    const group = this.#group();
    const offset = ++group.sent;
    const { losses } = this.world;
    this.#isWaiting = true;
    const partitions = [
      { partitionIndex: 0, committedOffset: BigInt(offset), committedLeaderEpoch: -1, committedMetadata: group.id },
    ];
    const topics = [{ name: TOPIC, partitions }];
    const request = { groupId: group.id, generationIdOrMemberEpoch: -1, memberId: '', topics };
    rpc.ask('OffsetCommit', COMMIT_VERSION, request, (response) => {
      this.#isWaiting = false;
      if (response === null) {
        group.isLeft = true;
        return;
      }
      const code = response.topics[0]?.partitions[0]?.errorCode ?? -1;
      if (PASSING.has(code)) return;
      if (code !== ERRORS.NONE) throw new Violation(`${group.id}: a commit is answered ${errorName(code)}`);
      group.acknowledged = offset;
      group.losses = losses;
      this.world.count('commits');
    });
  }

  #fetch(rpc: Rpc, group: OwnGroup | undefined): void {
    if (group === undefined) return;
    const least = group.acknowledged;
    this.#isWaiting = true;
    const groups = [{ groupId: group.id, topics: null }];
    rpc.ask('OffsetFetch', 8, { groupId: '', topics: [], groups, requireStable: false }, (response) => {
      this.#isWaiting = false;
      const [found] = response?.groups ?? [];
      if (found === undefined || PASSING.has(found.errorCode)) return;
      if (found.errorCode !== ERRORS.NONE) {
        throw new Violation(`${group.id}: a fetch of offsets is answered ${errorName(found.errorCode)}`);
      }
      const part = found.topics[0]?.partitions[0];
      const offset = part === undefined ? 0 : Number(part.committedOffset);
      const isLost = group.losses !== this.world.losses;
      if (offset > group.sent) throw new Violation(`${group.id}: ${offset} is committed, ${group.sent} was sent`);
      if (offset < least && !isLost)
        throw new Violation(`${group.id}: ${offset} is committed, ${least} was acknowledged`);
      if (!this.world.isBusy) this.#looked.add(group.id);
      this.world.count('offsets read');
    });
  }
}
