/**
 * Three replicas of one partition, a controller and clients, with messages that are late, lost and out of order, and nodes that stop and come
 * back. After every step: what any leader showed below its high watermark, or acknowledged, is in the log of every member of the ISR.
 *
 *   ODRADEK_SIM_SEED=7 node --test test/simulator/machine-partition.test.ts
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../../src/base/prng.ts';
import { type IsrChange, PartitionState } from '../../src/machine/partition/partition.ts';
import { ERRORS } from '../../src/protocol/errors.ts';

const NODES = [1, 2, 3] as const;
const MIN_INSYNC = 2;
const LAG_MS = 40;

interface Entry {
  readonly epoch: number;
  readonly value: number;
}

/** What the controller has committed; nodes hold older copies. */
interface Image {
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  readonly isr: readonly number[];
  /** Broker epochs of the nodes that are not fenced. */
  readonly alive: ReadonlyMap<number, number>;
}

interface Node {
  readonly id: number;
  state: PartitionState;
  image: Image | null;
  readonly log: Entry[];
  running: boolean;
  brokerEpoch: number;
  /** Appends with acks=all that wait. */
  waiting: { readonly offset: number; readonly epoch: number; readonly entry: Entry }[];
}

class World {
  readonly random: SeededRandom;
  readonly nodes = new Map<number, Node>();
  image: Image = { leader: -1, leaderEpoch: 0, partitionEpoch: 0, isr: [...NODES], alive: new Map() };
  readonly messages: (() => void)[] = [];
  /** What was shown to anybody, by offset. */
  readonly shown = new Map<number, Entry>();
  readonly leaders = new Map<number, number>();
  now = 0;
  values = 0;
  acknowledged = 0;
  readonly trace: string[] = [];

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    for (const id of NODES) {
      const state = new PartitionState(id, 0, LAG_MS);
      const node = { id, state, image: null, log: [], running: true, brokerEpoch: 1, waiting: [] };
      this.nodes.set(id, node);
    }
    const alive = new Map(NODES.map((id) => [id, 1]));
    this.commit({ ...this.image, alive, leader: 1, leaderEpoch: 1 });
  }

  node(id: number): Node {
    return this.nodes.get(id) as Node;
  }

  // ---- controller

  commit(image: Image): void {
    this.image = { ...image, partitionEpoch: this.image.partitionEpoch + 1 };
    this.trace.push(`controller ${JSON.stringify({ ...this.image, alive: [...image.alive] })}`);
    const { leader, leaderEpoch } = this.image;
    if (leader >= 0) {
      assert.equal(this.leaders.get(leaderEpoch) ?? leader, leader, 'one leader an epoch');
      this.leaders.set(leaderEpoch, leader);
    }
    const published = this.image;
    for (const node of this.nodes.values()) this.send(() => this.publish(node, published), false);
  }

  publish(node: Node, image: Image): void {
    if (!node.running || (node.image?.partitionEpoch ?? -1) >= image.partitionEpoch) return;
    node.image = image;
    const { leader, leaderEpoch, partitionEpoch, isr } = image;
    const assignment = { leader, leaderEpoch, partitionEpoch, replicas: NODES, isr };
    const began = node.state.apply(assignment, node.log.length, this.now);
    node.state.minInsyncReplicas = MIN_INSYNC;
    if (began || !node.state.isLeader) node.waiting = [];
    this.advance(node);
  }

  /** The leader of whoever is left in the ISR; the last one stays in it (nothing it has may be lost). */
  elect(alive: ReadonlyMap<number, number>): void {
    const left = this.image.isr.filter((id) => alive.has(id));
    const isr = left.length > 0 ? left : this.image.isr;
    const keeps = alive.has(this.image.leader) && isr.includes(this.image.leader);
    const leader = keeps ? this.image.leader : (left[0] ?? -1);
    const leaderEpoch = this.image.leaderEpoch + (keeps ? 0 : 1);
    this.commit({ ...this.image, alive, isr, leader, leaderEpoch });
  }

  alterPartition(from: Node, change: IsrChange, epochs: ReadonlyMap<number, number>): void {
    const { image } = this;
    const fits =
      change.leaderEpoch === image.leaderEpoch &&
      change.partitionEpoch === image.partitionEpoch &&
      from.id === image.leader;
    const joins = change.isr.every((id) => image.alive.get(id) === epochs.get(id));
    const taken = fits && joins;
    if (taken) this.commit({ ...image, isr: change.isr });
    const { partitionEpoch, isr, leaderEpoch } = this.image;
    this.send(() => {
      if (!from.running || from.state.leaderEpoch !== leaderEpoch || from.state.pendingChange !== change) return;
      if (taken) from.state.accepted(partitionEpoch, isr, this.now);
      else if (!fits || !joins) from.state.rejected(this.now);
      this.advance(from);
    });
  }

  // ---- network

  send(deliver: () => void, mayBeLost = true): void {
    if (mayBeLost && this.random.chance(0.1)) return;
    this.messages.push(deliver);
  }

  // ---- nodes

  advance(leader: Node): void {
    if (!leader.state.isLeader) return;
    const { highWatermark } = leader.state;
    assert.ok(highWatermark <= leader.log.length);
    for (let offset = 0; offset < highWatermark; offset++) {
      const entry = leader.log[offset] as Entry;
      assert.deepEqual(this.shown.get(offset) ?? entry, entry, `offset ${offset} was shown with another content`);
      this.shown.set(offset, entry);
    }
    const done = leader.waiting.filter(({ offset }) => offset < highWatermark);
    leader.waiting = leader.waiting.filter(({ offset }) => offset >= highWatermark);
    for (const { offset, epoch, entry } of done) {
      if (leader.state.checkCommitted(MIN_INSYNC, epoch) !== ERRORS.NONE) continue;
      assert.equal(leader.log[offset], entry);
      this.acknowledged++;
    }
  }

  append(node: Node): void {
    if (node.state.checkAppend(-1, MIN_INSYNC) !== ERRORS.NONE) return;
    const entry = { epoch: node.state.leaderEpoch, value: this.values++ };
    node.waiting.push({ offset: node.log.length, epoch: entry.epoch, entry });
    node.log.push(entry);
    node.state.localAppended(node.log.length, this.now);
    this.advance(node);
  }

  fetch(follower: Node): void {
    const leader = this.nodes.get(follower.state.leaderId);
    if (leader === undefined || leader === follower || follower.state.isLeader) return;
    const { leaderEpoch } = follower.state;
    const fetchOffset = follower.log.length;
    const lastEpoch = follower.log.at(-1)?.epoch ?? -1;
    const { brokerEpoch } = follower;
    this.send(() => {
      if (!leader.running || leader.state.checkEpoch(leaderEpoch) !== ERRORS.NONE) return;
      const diverging = divergence(leader.log, fetchOffset, lastEpoch);
      const eligible = leader.image?.alive.get(follower.id) === brokerEpoch;
      if (diverging === null) leader.state.followerFetched(follower.id, fetchOffset, eligible, this.now);
      this.advance(leader);
      const records = leader.log.slice(fetchOffset, fetchOffset + 1 + this.random.below(4));
      const { highWatermark } = leader.state;
      this.send(() => {
        const same = follower.running && follower.brokerEpoch === brokerEpoch && !follower.state.isLeader;
        if (!same || follower.state.leaderEpoch !== leaderEpoch || follower.log.length !== fetchOffset) return;
        if (diverging !== null) follower.log.length = diverging;
        else follower.log.push(...records);
        follower.state.followLeader(highWatermark, follower.log.length);
      });
    });
  }

  proposeIsr(node: Node): void {
    const change = node.state.isrChange(this.now);
    if (change === null) return;
    node.state.proposed(change);
    const epochs = new Map(change.isr.map((id) => [id, node.image?.alive.get(id) ?? -1]));
    // Sent again until it is answered: here once, and never lost on the way there.
    this.send(() => this.alterPartition(node, change, epochs), false);
  }

  stop(node: Node): void {
    node.running = false;
    node.waiting = [];
    const alive = new Map(this.image.alive);
    alive.delete(node.id);
    this.elect(alive);
  }

  restart(node: Node): void {
    node.running = true;
    node.brokerEpoch++;
    node.image = null;
    const checkpointed = this.random.below(node.state.highWatermark + 1);
    node.state = new PartitionState(node.id, Math.min(checkpointed, node.log.length), LAG_MS);
    this.elect(new Map(this.image.alive).set(node.id, node.brokerEpoch));
  }

  step(): void {
    this.now += this.random.below(6);
    const node = this.node(NODES[this.random.below(NODES.length)] as number);
    const action = this.random.below(100);
    if (action < 45) {
      const [deliver] = this.messages.splice(this.random.below(this.messages.length), 1);
      deliver?.();
    } else if (!node.running) {
      if (action >= 90) this.restart(node);
    } else if (action < 60) this.append(node);
    else if (action < 85) this.fetch(node);
    else if (action < 96) this.proposeIsr(node);
    else if (action >= 98 && this.random.chance(0.5)) this.stop(node);
    this.check();
  }

  check(): void {
    for (const id of this.image.isr) {
      const { log } = this.node(id);
      for (const [offset, entry] of this.shown) {
        assert.deepEqual(log[offset], entry, `node ${id} is in the ISR and lacks offset ${offset}`);
      }
    }
  }
}

/** Where a follower's log leaves the leader's, or null. */
function divergence(log: readonly Entry[], fetchOffset: number, lastEpoch: number): number | null {
  if (lastEpoch < 0) return null;
  const end = log.findLastIndex(({ epoch }) => epoch <= lastEpoch) + 1;
  const epoch = log[end - 1]?.epoch ?? -1;
  return epoch < lastEpoch || end < fetchOffset ? Math.min(end, fetchOffset) : null;
}

function run(seed: number, steps: number): World {
  const world = new World(seed);
  try {
    for (let step = 0; step < steps; step++) world.step();
  } catch (error) {
    throw new Error(`seed ${seed}\n${world.trace.slice(-10).join('\n')}`, { cause: error });
  }
  return world;
}

const given = process.env['ODRADEK_SIM_SEED'];
const seeds = given === undefined ? Array.from({ length: 150 }, (_, seed) => seed + 1) : [Number(given)];

test('nothing that was shown or acknowledged is missing in the ISR', () => {
  let acknowledged = 0;
  let elections = 0;
  for (const seed of seeds) {
    const world = run(seed, 1500);
    acknowledged += world.acknowledged;
    elections += world.image.leaderEpoch;
  }
  assert.ok(acknowledged > seeds.length, `${acknowledged} acknowledged`);
  assert.ok(elections > seeds.length, `${elections} elections`);
});

test('a run is the same each time', () => {
  assert.deepEqual(run(42, 500).trace, run(42, 500).trace);
});
