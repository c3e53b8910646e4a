/**
 * One partition as its leader sees it: replicas, how far each has come, who is in sync, what is committed. On the owner's shard, one
 * a partition; on a single broker the set of replicas has one member, and `localAppended` is all that happens.
 *
 *   replicas 1 2 3    log end offsets   1: 90 (leader)   2: 90   3: 71
 *   ISR      1 2      high watermark    90 = the least among ISR (and among those that are about to join it)
 *
 * A change of the ISR is proposed to the controller and counts only when the controller has answered. Until then the *maximal ISR*
 * holds both the members that are to leave and those that are to join: whatever the controller decides, nothing that was
 * acknowledged is lost (KIP-497). With eligible leader replicas the high watermark does not move while the ISR is smaller
 * than min.insync.replicas (KIP-966).
 */
import { assert } from '../../base/assert.ts';
import { ERRORS } from '../../protocol/errors.ts';
import { Follower } from './follower.ts';

/** What the image says of a partition. */
export interface PartitionAssignment {
  /** -1: none. */
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

/** A change of the ISR that the controller is to be asked for (AlterPartition). */
export interface IsrChange {
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  readonly isr: readonly number[];
}

export type PartitionRole = 'leader' | 'follower';

const NO_FOLLOWERS: readonly Follower[] = [];

/** replica.lag.time.max.ms where nothing else is set. */
const DEFAULT_LAG_MS = 30_000;

export class PartitionState {
  readonly nodeId: number;
  /** min.insync.replicas of the topic. */
  minInsyncReplicas = 1;
  /** replica.lag.time.max.ms */
  lagTimeMaxMs: number;
  leaderId = -1;
  leaderEpoch = -1;
  partitionEpoch = -1;
  role: PartitionRole = 'follower';
  replicas: readonly number[] = [];
  /** As the controller committed it. */
  isr: readonly number[] = [];
  /** Where this broker's leadership began: a follower must have come so far to be in sync. */
  leaderEpochStartOffset = -1;
  highWatermark: number;
  logEndOffset = 0;
  /** Replicas other than this broker; nothing but the leader fills them. */
  #followers: readonly Follower[] = NO_FOLLOWERS;
  /** What was proposed and not answered yet. */
  #proposed: IsrChange | null = null;

  constructor(nodeId: number, highWatermark = 0, lagTimeMaxMs: number = DEFAULT_LAG_MS) {
    this.nodeId = nodeId;
    this.highWatermark = highWatermark;
    this.lagTimeMaxMs = lagTimeMaxMs;
  }

  get isLeader(): boolean {
    return this.role === 'leader';
  }

  /** What was proposed and not answered yet. */
  get pendingChange(): IsrChange | null {
    return this.#proposed;
  }

  /** The ISR, and whoever may be in it by what was proposed. */
  get maximalIsr(): readonly number[] {
    const proposed = this.#proposed;
    return proposed === null ? this.isr : [...new Set([...this.isr, ...proposed.isr])];
  }

  // ---- roles

  /**
   * Takes what the image says. Older partition epochs are ignored.
   *
   * @param logEndOffset where the local log ends
   * @returns whether a new leader epoch began for this broker (its log assigns the epoch, waiting requests are answered)
   */
  apply(assignment: PartitionAssignment, logEndOffset: number, now: number): boolean {
    if (assignment.partitionEpoch < this.partitionEpoch) return false;
    const began = assignment.leaderEpoch > this.leaderEpoch;
    this.leaderId = assignment.leader;
    this.leaderEpoch = assignment.leaderEpoch;
    this.partitionEpoch = assignment.partitionEpoch;
    this.replicas = assignment.replicas;
    this.isr = assignment.isr;
    this.logEndOffset = logEndOffset;
    // An answer with a newer epoch ends what was proposed, whichever way it went.
    if (this.#proposed !== null && this.#proposed.partitionEpoch < assignment.partitionEpoch) this.#proposed = null;
    if (assignment.leader === this.nodeId) this.#lead(began, now);
    else {
      this.role = 'follower';
      this.#followers = NO_FOLLOWERS;
      this.#proposed = null;
      if (this.highWatermark > logEndOffset) this.highWatermark = logEndOffset;
    }
    return began;
  }

  #lead(began: boolean, now: number): void {
    const known = new Map(this.#followers.map((follower) => [follower.id, follower]));
    const begins = began || this.role !== 'leader';
    this.role = 'leader';
    if (begins) {
      this.leaderEpochStartOffset = this.logEndOffset;
      this.#proposed = null;
      known.clear();
    }
    const others = this.replicas.filter((id) => id !== this.nodeId);
    this.#followers =
      others.length === 0
        ? NO_FOLLOWERS
        : others.map((id) => known.get(id) ?? new Follower(id, this.isr.includes(id) ? now : -Infinity));
    this.#advance(now);
  }

  // ---- appends

  /**
   * Whether an append with these acks is taken (0, 1 or -1 for all), as Kafka's code: NONE, NOT_LEADER_OR_FOLLOWER, NOT_ENOUGH_REPLICAS.
   */
  checkAppend(acks: number, minInsyncReplicas: number): number {
    if (this.role !== 'leader') return ERRORS.NOT_LEADER_OR_FOLLOWER;
    if (acks === -1 && this.isr.length < this.#effective(minInsyncReplicas)) return ERRORS.NOT_ENOUGH_REPLICAS;
    return ERRORS.NONE;
  }

  /**
   * The answer of an append with acks=all once the high watermark has passed it: NONE, NOT_ENOUGH_REPLICAS_AFTER_APPEND where the ISR
   * shrank meanwhile, NOT_LEADER_OR_FOLLOWER where the leader epoch at append has ended.
   */
  checkCommitted(minInsyncReplicas: number, epochAtAppend: number = this.leaderEpoch): number {
    if (this.role !== 'leader' || epochAtAppend !== this.leaderEpoch) return ERRORS.NOT_LEADER_OR_FOLLOWER;
    return this.maximalIsr.length < this.#effective(minInsyncReplicas)
      ? ERRORS.NOT_ENOUGH_REPLICAS_AFTER_APPEND
      : ERRORS.NONE;
  }

  /** The local log ends at `logEndOffset` now. Returns whether the high watermark moved. */
  localAppended(logEndOffset: number, now = 0): boolean {
    this.logEndOffset = logEndOffset;
    if (this.#followers.length > 0) return this.#advance(now);
    if (this.role !== 'leader' || logEndOffset <= this.highWatermark) return false;
    this.highWatermark = logEndOffset;
    return true;
  }

  /** No topic can ask for more replicas in sync than it has. */
  #effective(minInsyncReplicas: number): number {
    return Math.min(minInsyncReplicas, this.replicas.length);
  }

  // ---- fetches

  /**
   * The epoch that a client names, as Kafka's code: FENCED_LEADER_EPOCH where it is older, UNKNOWN_LEADER_EPOCH where it is newer than
   * ours (KIP-320), NOT_LEADER_OR_FOLLOWER where only the leader may answer and this broker is not.
   *
   * @param currentLeaderEpoch -1 where the client named none
   */
  checkEpoch(currentLeaderEpoch: number, requireLeader = true): number {
    if (currentLeaderEpoch >= 0 && currentLeaderEpoch !== this.leaderEpoch) {
      return currentLeaderEpoch < this.leaderEpoch ? ERRORS.FENCED_LEADER_EPOCH : ERRORS.UNKNOWN_LEADER_EPOCH;
    }
    return requireLeader && this.role !== 'leader' ? ERRORS.NOT_LEADER_OR_FOLLOWER : ERRORS.NONE;
  }

  /**
   * A follower asks for what follows `fetchOffset`: it has everything before. Returns whether the high watermark moved; false, too,
   * for a broker that is no replica (`isReplica` tells).
   *
   * @param eligible not fenced, not shutting down, and with the broker epoch that the image has
   */
  followerFetched(replicaId: number, fetchOffset: number, eligible: boolean, now: number): boolean {
    const follower = this.#follower(replicaId);
    if (follower === undefined || this.role !== 'leader') return false;
    follower.fetched(fetchOffset, this.logEndOffset, eligible, now);
    return this.#advance(now);
  }

  isReplica(id: number): boolean {
    return this.replicas.includes(id);
  }

  /** How far a replica has come, -1 where nothing is known of it. */
  endOffsetOf(replicaId: number): number {
    return replicaId === this.nodeId ? this.logEndOffset : (this.#follower(replicaId)?.logEndOffset ?? -1);
  }

  /** As a follower: the leader's high watermark came with a fetch. Never beyond the own log. */
  followLeader(leaderHighWatermark: number, logEndOffset: number): boolean {
    assert(this.role === 'follower', 'a leader follows nobody');
    this.logEndOffset = logEndOffset;
    const next = Math.min(leaderHighWatermark, logEndOffset);
    if (next <= this.highWatermark) return false;
    this.highWatermark = next;
    return true;
  }

  #follower(id: number): Follower | undefined {
    return this.#followers.find((follower) => follower.id === id);
  }

  // ---- the high watermark and the ISR

  /** The least end offset among the maximal ISR and those who are about to join it. Never goes back. */
  #advance(now: number): boolean {
    if (this.role !== 'leader') return false;
    if (this.isr.length < this.#effective(this.minInsyncReplicas)) return false;
    const maximal = this.maximalIsr;
    let next = this.logEndOffset;
    for (const follower of this.#followers) {
      if (follower.logEndOffset >= next) continue;
      const joins = follower.eligible && follower.isCaughtUp(this.logEndOffset, now, this.lagTimeMaxMs);
      if (maximal.includes(follower.id) || joins) next = follower.logEndOffset;
    }
    if (next <= this.highWatermark) return false;
    this.highWatermark = next;
    return true;
  }

  /**
   * The change of the ISR that should be proposed now, or null: a follower that has reached the high watermark and the start of the
   * leader's epoch joins, one that has not been caught up for replica.lag.time.max.ms leaves. One proposal at a time.
   */
  isrChange(now: number): IsrChange | null {
    if (this.role !== 'leader' || this.#proposed !== null || this.#followers.length === 0) return null;
    const isr = this.replicas.filter((id) => id === this.nodeId || this.#inSync(id, now));
    if (isr.length === this.isr.length && isr.every((id) => this.isr.includes(id))) return null;
    return { leaderEpoch: this.leaderEpoch, partitionEpoch: this.partitionEpoch, isr };
  }

  #inSync(id: number, now: number): boolean {
    const follower = this.#follower(id);
    if (follower === undefined) return false;
    if (this.isr.includes(id)) return follower.isCaughtUp(this.logEndOffset, now, this.lagTimeMaxMs);
    return (
      follower.eligible &&
      follower.logEndOffset >= this.highWatermark &&
      follower.logEndOffset >= this.leaderEpochStartOffset
    );
  }

  /** The change was sent to the controller: its members count for the high watermark from now on. */
  proposed(change: IsrChange): void {
    assert(this.#proposed === null, 'one change of the ISR at a time');
    this.#proposed = change;
  }

  /** The controller took it (the image says the same later). Returns whether the high watermark moved. */
  accepted(partitionEpoch: number, isr: readonly number[], now: number): boolean {
    if (partitionEpoch < this.partitionEpoch) return false;
    this.#proposed = null;
    this.partitionEpoch = partitionEpoch;
    this.isr = isr;
    return this.#advance(now);
  }

  /** The controller refused it for good. Retriable errors keep the proposal: it is sent again. */
  rejected(now: number): boolean {
    this.#proposed = null;
    return this.#advance(now);
  }
}
