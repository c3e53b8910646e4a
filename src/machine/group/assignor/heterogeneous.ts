/**
 * The `uniform` assignor where members subscribe to different topics: loads are as even as the subscriptions allow (nearly: rounds are
 * limited), and members keep what they have as far as that goes.
 *
 * What nobody has goes to the topic's lightest subscribers, the topics with the most partitions a subscriber first. Then partitions move,
 * topic by topic, from the heaviest subscribers to the lightest, until a whole round has moved nothing.
 */
import type { Uuid } from '../../../base/uuid.ts';
import { AssignmentDraft } from './draft.ts';
import { grownCapacity, hashOfText, inHashOrder } from './hash-order.ts';
import { LoadLevels } from './load-levels.ts';
import { type AssignmentSpec, type GroupAssignment, partitionCount } from './spec.ts';

/** Rounds over all topics. Where subscriptions overlap without being equal, evenness spreads slowly. */
const MAX_ROUNDS = 16;
const NOBODY = -1;

interface Topic {
  readonly topicId: Uuid;
  /** Places of the members that subscribe, ascending. */
  readonly subscribers: number[];
  /** By partition: the place of the member that has it, or NOBODY. */
  readonly owners: Int32Array;
}

interface Work {
  readonly spec: AssignmentSpec;
  readonly draft: AssignmentDraft;
  readonly memberIds: readonly string[];
  /** Partitions of each member, by its place in `memberIds`. */
  readonly loads: Int32Array;
  readonly topics: ReadonlyMap<Uuid, Topic>;
}

export function assignHeterogeneous(spec: AssignmentSpec): GroupAssignment {
  const work = prepare(spec);
  keepSubscribed(work);
  const topics = inOrder(work.topics.values());
  for (const topic of topics) giveUnassigned(work, topic);
  balance(
    work,
    topics.filter(({ subscribers }) => subscribers.length >= 2),
  );
  return work.draft.finish();
}

function prepare(spec: AssignmentSpec): Work {
  const memberIds = inHashOrder(spec.members.keys(), hashOfText, grownCapacity(spec.members.size));
  const topics = new Map<Uuid, Topic>();
  for (const [place, memberId] of memberIds.entries()) {
    for (const topicId of spec.members.get(memberId)?.topicIds ?? []) {
      const topic = topics.get(topicId);
      const owners = topic?.owners ?? new Int32Array(partitionCount(spec, topicId)).fill(NOBODY);
      if (topic === undefined) topics.set(topicId, { topicId, subscribers: [place], owners });
      else topic.subscribers.push(place);
    }
  }
  return { spec, draft: new AssignmentDraft(spec), memberIds, loads: new Int32Array(memberIds.length), topics };
}

/** Members lose what they do not subscribe to any more; the rest is theirs for now. */
function keepSubscribed({ spec, draft, memberIds, loads, topics }: Work): void {
  for (const [place, memberId] of memberIds.entries()) {
    const member = spec.members.get(memberId);
    for (const [topicId, partitions] of member?.assigned ?? []) {
      const topic = member?.topicIds.has(topicId) === true ? topics.get(topicId) : undefined;
      if (topic === undefined) {
        draft.removeTopic(memberId, topicId);
        continue;
      }
      loads[place] = (loads[place] as number) + partitions.length;
      for (const partition of partitions) topic.owners[partition] = place;
    }
  }
}

/** The most partitions a subscriber first, then the fewest subscribers, then by id. */
function inOrder(topics: Iterable<Topic>): Topic[] {
  const density = ({ owners, subscribers }: Topic): number => owners.length / subscribers.length;
  return [...topics].sort(
    (a, b) =>
      density(b) - density(a) ||
      a.subscribers.length - b.subscribers.length ||
      (signed(a.topicId) < signed(b.topicId) ? -1 : 1),
  );
}

/** Compares as Kafka's uuids do: two signed numbers of 64 bits. */
function signed(uuid: Uuid): string {
  const flip = (at: number): string => String.fromCharCode(uuid.charCodeAt(at) ^ 0x80);
  return flip(0) + uuid.slice(1, 8) + flip(8) + uuid.slice(9);
}

function giveUnassigned(work: Work, topic: Topic): void {
  const levels = new LoadLevels(topic.subscribers, work.loads);
  for (const [partition, owner] of topic.owners.entries()) {
    if (owner === NOBODY) move(work, topic, partition, levels.takeLightest());
  }
}

/** Ends when all topics were looked at since something moved last, or when the rounds are used up. */
function balance(work: Work, topics: readonly Topic[]): void {
  let lastMoved: Topic | null = null;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    for (const topic of topics) {
      if (topic === lastMoved) return;
      if (balanceTopic(work, topic) || lastMoved === null) lastMoved = topic;
    }
  }
}

/** Whether something moved. */
function balanceTopic(work: Work, topic: Topic): boolean {
  const levels = new LoadLevels(topic.subscribers, work.loads);
  if (levels.spread <= 1) return false;
  const owned = partitionsByOwner(topic);
  let moved = false;
  while (!levels.isEven) {
    const from = levels.takeHeaviest();
    if (from === null) break;
    const partition = owned.get(from)?.pop();
    if (partition === undefined) {
      levels.dismiss();
      continue;
    }
    const to = levels.takeLightest();
    if (levels.isEven) break;
    move(work, topic, partition, to);
    moved = true;
  }
  return moved;
}

function partitionsByOwner({ owners }: Topic): Map<number, number[]> {
  const result = new Map<number, number[]>();
  for (const [partition, owner] of owners.entries()) {
    const partitions = result.get(owner);
    if (partitions === undefined) result.set(owner, [partition]);
    else partitions.push(partition);
  }
  return result;
}

function move({ draft, memberIds, loads }: Work, topic: Topic, partition: number, to: number): void {
  const from = topic.owners[partition] as number;
  if (from !== NOBODY) {
    draft.remove(memberIds[from] as string, topic.topicId, partition);
    loads[from] = (loads[from] as number) - 1;
  }
  draft.add(memberIds[to] as string, topic.topicId, partition);
  loads[to] = (loads[to] as number) + 1;
  topic.owners[partition] = to;
}
