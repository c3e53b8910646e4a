/** How far one follower has come, as its fetches tell the leader (KIP-16, KIP-841). */

export class Follower {
  readonly id: number;
  /** It has everything before this offset. -1: it has not fetched from this leader yet. */
  logEndOffset = -1;
  /** Not fenced, not shutting down, and known by the broker epoch that it fetched with. */
  eligible = false;
  /** When it last had everything that the leader had at that time. */
  lastCaughtUpMs: number;
  #lastFetchMs = -Infinity;
  #leaderEndAtLastFetch = -1;

  constructor(id: number, lastCaughtUpMs: number) {
    this.id = id;
    this.lastCaughtUpMs = lastCaughtUpMs;
  }

  /** It asked for what follows `fetchOffset` while the leader's log ended at `leaderEnd`. */
  fetched(fetchOffset: number, leaderEnd: number, eligible: boolean, now: number): void {
    if (fetchOffset >= leaderEnd) this.lastCaughtUpMs = Math.max(this.lastCaughtUpMs, now);
    else if (fetchOffset >= this.#leaderEndAtLastFetch) {
      // It has now what the leader had when it fetched before: it was caught up then.
      this.lastCaughtUpMs = Math.max(this.lastCaughtUpMs, this.#lastFetchMs);
    }
    this.logEndOffset = fetchOffset;
    this.eligible = eligible;
    this.#leaderEndAtLastFetch = leaderEnd;
    this.#lastFetchMs = now;
  }

  isCaughtUp(leaderEnd: number, now: number, lagTimeMaxMs: number): boolean {
    return this.logEndOffset === leaderEnd || now - this.lastCaughtUpMs <= lagTimeMaxMs;
  }
}
