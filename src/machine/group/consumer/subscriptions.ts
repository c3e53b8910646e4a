/** What a group will be subscribed to when one member has changed: counts over all members, the member's old part replaced. */
import type { MetadataImage } from '../../image/image.ts';
import type { Uuid } from '../../../base/uuid.ts';
import type { GroupState } from '../machine.ts';
import type { ConsumerGroup } from './group.ts';
import { metadataHash } from './metadata-hash.ts';
import { type Member, regexOf } from './member.ts';
import { Tally } from './tally.ts';

/** Members that subscribe to each topic by name, and the patterns that matched it. */
export interface Subscribed {
  readonly names: Tally<string>;
  /** Names and patterns together. */
  readonly topics: Tally<string>;
  readonly regexes: Tally<string>;
}

/** Members that go or change (`before`) and what comes in their place; patterns that nobody has any more do not count. */
export function subscribedAfter(group: ConsumerGroup, before: readonly Member[], after: readonly Member[]): Subscribed {
  const names = group.index.byName.copy();
  const topics = group.index.topics.copy();
  const regexes = group.index.regexes.copy();
  for (const [members, by] of [
    [before, -1],
    [after, 1],
  ] as const) {
    for (const member of members) {
      for (const topic of member.topicNames) {
        names.add(topic, by);
        topics.add(topic, by);
      }
      const regex = regexOf(member);
      if (regex !== null) regexes.add(regex, by);
    }
  }
  for (const regex of new Set(before.map(regexOf))) {
    if (regex === null || regexes.has(regex)) continue;
    for (const topic of group.regexes.get(regex)?.topics ?? []) topics.add(topic, -1);
  }
  return { names, topics, regexes };
}

export function hashOfTopics(state: GroupState, image: MetadataImage, topics: Iterable<string>): bigint {
  return metadataHash(topics, image, state.consumer.topicHashes);
}

/** Whether every member is subscribed to the same, as Kafka sees it: all names by everybody, or one pattern by everybody and no names. */
export function isHomogeneous({ names, topics, regexes }: Subscribed, members: number): boolean {
  if (regexes.size === 0) {
    for (const topic of topics.keys()) if (names.get(topic) !== members) return false;
    return true;
  }
  for (const [, count] of regexes) {
    if (count !== members) return false;
    break;
  }
  for (const [topic, count] of topics) if (names.has(topic) || count !== 1) return false;
  return true;
}

/** Topics that the member subscribes to, by name and by what its pattern matched. */
export function* topicsOf(group: ConsumerGroup, member: Member): Generator<string> {
  yield* member.topicNames;
  const regex = regexOf(member);
  if (regex !== null) yield* group.regexes.get(regex)?.topics ?? [];
}

export function isSubscribedTo(group: ConsumerGroup, member: Member, topic: string): boolean {
  if (member.topicNames.includes(topic)) return true;
  const regex = regexOf(member);
  return regex !== null && group.regexes.get(regex)?.topics.includes(topic) === true;
}

export function topicIdsOf(group: ConsumerGroup, member: Member, image: MetadataImage): Set<Uuid> {
  const ids = new Set<Uuid>();
  for (const name of topicsOf(group, member)) {
    const id = image.topics.byName(name)?.id;
    if (id !== undefined) ids.add(id);
  }
  return ids;
}
