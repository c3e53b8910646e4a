/** What classic and consumer members have in common: they own partitions, commit, pause and die. */
import assert from 'node:assert/strict';
import type { GroupApi } from '../../../src/protocol/coordinator-key.ts';
import { ERRORS } from '../../../src/protocol/errors.ts';
import type { GroupWorld, Reply } from './world.ts';

/** What a client tries again for: the coordinator is not there, or did not write. */
const RETRIABLE: ReadonlySet<number> = new Set([
  ERRORS.COORDINATOR_LOAD_IN_PROGRESS,
  ERRORS.COORDINATOR_NOT_AVAILABLE,
  ERRORS.NOT_COORDINATOR,
  ERRORS.UNKNOWN_SERVER_ERROR,
]);

export abstract class Member {
  readonly world: GroupWorld;
  readonly name: string;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly instanceId: string | null;
  memberId = '';
  /** `topic:partition`. */
  owned = new Set<string>();
  isAlive = true;
  pausedUntil = 0;
  /** Told that it is fenced for good: somebody else has its instance id. */
  isFenced = false;

  constructor(world: GroupWorld, kind: string, groupId: string, topics: readonly string[], instanceId: string | null) {
    this.world = world;
    this.groupId = groupId;
    this.topics = topics;
    this.instanceId = instanceId;
    this.name = `${kind}-${world.names++}`;
  }

  /** Generation or member epoch; below 1: not in the group. */
  abstract get epoch(): number;
  abstract start(): void;
  abstract leave(): void;

  die(): void {
    this.isAlive = false;
    this.owned.clear();
  }

  /** Runs `next` after `ms`, or when the pause is over; not at all when the member is dead. */
  after(ms: number, next: () => void): void {
    const { clock } = this.world;
    clock.after(ms, () => {
      if (!this.isAlive) return;
      const left = this.pausedUntil - clock.monotonic();
      if (left > 0) this.after(left, next);
      else next();
    });
  }

  /** Calls `done` when the member is awake. `null`: nothing came, or a code that one tries again for. */
  hear<N extends GroupApi>(
    reply: Reply<N>,
    errorOf: (reply: Reply<N> & { kind: 'answer' }) => number,
    done: (reply: (Reply<N> & { kind: 'answer' }) | null) => void,
  ): void {
    if (!this.isAlive) return;
    if (this.pausedUntil > this.world.clock.monotonic()) {
      this.after(0, () => this.hear(reply, errorOf, done));
      return;
    }
    if (reply.kind === 'answer' && !RETRIABLE.has(errorOf(reply))) done(reply);
    else done(null);
  }

  /** Commits one of the partitions that it owns, now and then. */
  commit(): void {
    const { world, groupId, instanceId } = this;
    const owned = [...this.owned];
    if (owned.length === 0 || !this.isAlive) return;
    const chosen = owned[world.random.below(owned.length)] ?? '';
    const [name = '', index = ''] = chosen.split(':');
    const partitionIndex = Number(index);
    const commits = world.commitsOf(groupId, name, partitionIndex);
    const { memberId, epoch: generationIdOrMemberEpoch } = this;
    let value = -1n;
    const make = () => {
      value = commits.next++;
      commits.submitted.add(value);
      const partition = { partitionIndex, committedOffset: value, committedLeaderEpoch: -1, committedMetadata: '' };
      const topics = [{ name, topicId: world.topics.get(name) as never, partitions: [partition] }];
      return { groupId, generationIdOrMemberEpoch, memberId, groupInstanceId: instanceId, retentionTimeMs: -1, topics };
    };
    world.send(this.name, 'OffsetCommit', 9, make, (reply) => {
      if (reply.kind !== 'answer') return;
      const code = reply.response.topics[0]?.partitions[0]?.errorCode;
      assert.notEqual(code, ERRORS.INVALID_PRODUCER_EPOCH, 'a member has no epoch of producers');
      if (code === ERRORS.NONE && value > commits.acked) commits.acked = value;
    });
  }
}
