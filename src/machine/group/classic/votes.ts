/** Which protocol a group uses: one that every member offers, and that most of them like best. */
import { assert } from '../../../base/assert.ts';
import { grownCapacity, hashOfText, inHashOrder } from '../assignor/hash-order.ts';
import type { ClassicMember } from './live.ts';

/** `offers`: how many members offer each protocol. One is offered by all: nobody else is let in. Of equals, the one that Kafka takes. */
export function selectProtocol(
  members: readonly Pick<ClassicMember, 'protocols'>[],
  offers: ReadonlyMap<string, number>,
): string {
  const votes = new Map<string, number>();
  for (const { protocols } of members) {
    const vote = protocols.find(({ name }) => offers.get(name) === members.length);
    assert(vote !== undefined, 'a protocol that all members offer');
    votes.set(vote.name, (votes.get(vote.name) ?? 0) + 1);
  }
  let selected = '';
  for (const name of inHashOrder(votes.keys(), hashOfText, grownCapacity(votes.size))) {
    if ((votes.get(name) ?? 0) > (votes.get(selected) ?? 0)) selected = name;
  }
  return selected;
}
