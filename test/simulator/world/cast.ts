/** Who acts in a simulation. */
import type { Actor, World } from './actor.ts';
import { oneOf } from './actor.ts';
import { Admin, Vandal } from './admin.ts';
import { Committer } from './committer.ts';
import { Consumer } from './consumer.ts';
import { Identity } from './ledger.ts';
import type { Plan } from './plan.ts';
import { Producer } from './producer.ts';
import { Transactor } from './transactor.ts';
import { Watcher } from './watcher.ts';

/** Somebody who has something to bring to an end when the world goes quiet. */
interface Ending {
  readonly isDone: boolean;
  readonly told: string;
}

export interface Cast {
  readonly actors: readonly Actor[];
  /** What is waited for in the end, one after the other. */
  readonly ends: readonly (readonly [what: string, those: readonly Ending[]])[];
}

export function castOf(world: World, plan: Plan): Cast {
  const { random } = world;
  const producers = producersOf(world);
  const actors: Actor[] = [new Admin(world, 'x', 6), new Admin(world, 'y', 6), ...producers];
  for (let n = 1 + random.below(3); n > 0; n--) actors.push(new Consumer(world));
  if (random.chance(0.5)) actors.push(new Vandal(world));
  const groups = random.chance(0.5) ? 1 + random.below(3) : 0;
  const committers = Array.from({ length: groups }, (_, n) => new Committer(world, `group-${n}`));
  const transactors = transactorsOf(world, plan);
  actors.push(...committers, ...transactors);
  if (transactors.length > 0) actors.push(new Watcher(world));
  return {
    actors,
    ends: [
      ['sending what is left', producers],
      ['reading what is committed', committers],
      ['ending transactions', transactors],
    ],
  };
}

function producersOf(world: World): Producer[] {
  const { random } = world;
  const labels = ['a', 'b', 'c'].slice(0, 1 + random.below(3));
  const producers = labels.map(
    (label) => new Producer(world, { label, isIdempotent: random.chance(0.75), acks: random.chance(0.7) ? -1 : 1 }),
  );
  if (random.chance(0.4)) producers.push(new Producer(world, { label: 'o', isIdempotent: false, acks: 0 }));
  return producers;
}

function transactorsOf(world: World, { transactionVersion }: Plan): Transactor[] {
  const { random, history } = world;
  const protocols = transactionVersion < 2 ? (['first'] as const) : (['first', 'second', 'second'] as const);
  const transactors: Transactor[] = [];
  for (let n = oneOf(random, [0, 1, 2, 4]); n > 0; n--) {
    const identity = new Identity(`id-${n}`);
    history.ledger.identities.push(identity);
    // Two with one id: each takes it from the other.
    for (let twins = random.chance(0.4) ? 2 : 1; twins > 0; twins--) {
      transactors.push(new Transactor(world, { identity, protocols }));
    }
  }
  return transactors;
}
