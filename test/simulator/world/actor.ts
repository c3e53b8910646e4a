/** What the simulated clients share: a world to act in, a connection that comes back, versions drawn at random. */
import { required } from '../../../src/base/assert.ts';
import type { SeededRandom } from '../../../src/base/prng.ts';
import type { Clock } from '../../../src/port/clock.ts';
import { type ApiName, APIS } from '../../../src/protocol/schema/index.ts';
import { Rpc } from './client.ts';
import type { History } from './history.ts';
import type { Connection } from './net.ts';
import type { ClientEnd } from './net.ts';

export interface World {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly history: History;
  /** Null: nobody listens. */
  connect(client: ClientEnd): Connection | null;
  /** Whether clients are to begin new work. */
  readonly isBusy: boolean;
  /** Whether a log directory was made to fail in this life. */
  readonly isFaulty: boolean;
  /** Whether the one with the metadata log takes no more writes. */
  readonly metadataFails: boolean;
  /** Whether transactional ids that nobody uses are forgotten soon. */
  readonly idsExpire: boolean;
  /** Which life of the broker this is. */
  readonly life: number;
  /** How often the power has failed with settings that do not promise to keep what was acknowledged. */
  readonly losses: number;
  /** A line for who replays the seed. */
  tell(line: string): void;
  /** Counts something that happened, for the summary. */
  count(what: string): void;
}

export function versionOf(api: ApiName, random: SeededRandom): number {
  const { validVersions, advertised } = APIS[api];
  const min = Math.max(validVersions.min, advertised?.min ?? 0);
  const max = Math.min(validVersions.max, advertised?.max ?? 0);
  return min + random.below(max - min + 1);
}

export function oneOf<T>(random: SeededRandom, list: readonly T[]): T {
  return required(list[random.below(list.length)], 'something to choose from');
}

/** A client that acts again and again over one connection, and makes another when that is gone. */
export abstract class Actor {
  protected readonly world: World;
  protected readonly random: SeededRandom;
  protected rpc: Rpc | null = null;
  #isStopped = false;

  constructor(world: World) {
    this.world = world;
    this.random = world.random;
  }

  start(): void {
    this.#again();
  }

  /** Ends its connection and acts no more. */
  stop(): void {
    this.#isStopped = true;
    this.rpc?.connection.reset();
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Acts; called every now and then while there is a connection. */
  protected abstract act(rpc: Rpc): void;

  /** Milliseconds until it acts again. */
  protected pause(): number {
    return 1 + this.random.below(100);
  }

  #again(): void {
    this.world.clock.after(this.pause(), () => {
      if (this.#isStopped) return;
      const rpc = this.rpc ?? this.#connect();
      if (rpc !== null) {
        this.#misbehave(rpc);
        if (!rpc.isGone && rpc.connection.isOpen) this.act(rpc);
      }
      this.#again();
    });
  }

  #connect(): Rpc | null {
    const rpc = new Rpc(() => {
      if (this.rpc === rpc) this.rpc = null;
    });
    const connection = this.world.connect(rpc);
    if (connection === null) return null;
    rpc.attach(connection);
    this.rpc = rpc;
    this.world.count('connections');
    return rpc;
  }

  /** Cuts, half-closes or stops reading its own connection now and then. */
  #misbehave(rpc: Rpc): void {
    const { random } = this;
    if (!this.world.isBusy) {
      rpc.connection.clientReads = true;
      return;
    }
    const dice = random.below(400);
    if (dice < 3) rpc.connection.reset();
    else if (dice < 6) rpc.connection.finish();
    else if (dice < 12) rpc.connection.clientReads = false;
    else if (dice < 100) rpc.connection.clientReads = true;
  }
}
