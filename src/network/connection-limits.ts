/**
 * How many connections the broker takes, and how fast: Kafka's max.connections.per.ip (with overrides), max.connections and
 * max.connection.creation.rate (KIP-612). On the acceptor's thread; pure but for the time that it is given.
 */
import type { ConnectionLimits } from './settings.ts';

/** What becomes of a connection that has arrived. */
export type Admission =
  | 'now'
  /** Too many, or too fast: the client waits, connected and unserved, as in the kernel's backlog. */
  | 'later'
  /** Its address has as many as it may: closed. */
  | 'refused';

export class ConnectionCounts {
  #limits: ConnectionLimits;
  readonly #byAddress = new Map<string, number>();
  #total = 0;
  /** Connections that may be taken at once at `#refilledAt`: a second's worth at most. */
  #tokens: number;
  #refilledAt: number;

  constructor(limits: ConnectionLimits, now: number) {
    this.#limits = limits;
    this.#tokens = limits.creationRate;
    this.#refilledAt = now;
  }

  /** Other limits, from now on: connections that there are stay. */
  set limits(limits: ConnectionLimits) {
    this.#limits = limits;
    this.#tokens = Math.min(this.#tokens, Math.max(1, limits.creationRate));
  }

  get total(): number {
    return this.#total;
  }

  /** Decides, and counts where the answer is 'now'. `now`: monotonic milliseconds. */
  admit(address: string, now: number): Admission {
    const { total, perAddress, perAddressOverrides } = this.#limits;
    if (this.#total >= total || !this.#takeToken(now)) return 'later';
    const count = this.#byAddress.get(address) ?? 0;
    if (count >= (perAddressOverrides.get(address) ?? perAddress)) return 'refused';
    this.#byAddress.set(address, count + 1);
    this.#total++;
    return 'now';
  }

  /** The most that this address may have. */
  limitOf(address: string): number {
    return this.#limits.perAddressOverrides.get(address) ?? this.#limits.perAddress;
  }

  /** A connection that was admitted is gone. */
  remove(address: string): void {
    const count = this.#byAddress.get(address) ?? 0;
    if (count > 1) this.#byAddress.set(address, count - 1);
    else this.#byAddress.delete(address);
    this.#total--;
  }

  /** Milliseconds until the rate admits another one; 0 where it does now. */
  waitMs(now: number): number {
    this.#refill(now);
    return this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) / this.#limits.creationRate) * 1000);
  }

  #takeToken(now: number): boolean {
    this.#refill(now);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  #refill(now: number): void {
    const { creationRate } = this.#limits;
    const gained = ((now - this.#refilledAt) / 1000) * creationRate;
    this.#tokens = Math.min(Math.max(1, creationRate), this.#tokens + gained);
    this.#refilledAt = now;
  }
}
