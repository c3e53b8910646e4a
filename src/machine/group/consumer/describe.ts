/** ConsumerGroupDescribe: one group with its members, as of what is committed. */
import { ERRORS } from '../../../protocol/errors.ts';
import type { ResponseOf } from '../../../protocol/schema/index.ts';
import type { MetadataImage } from '../../image/image.ts';
import type { QueryGroup } from '../machine.ts';
import { ConsumerGroup } from './group.ts';
import type { Member } from './member.ts';
import { listOwned, type TopicPartitions } from './partitions.ts';
import { defaultAssignor } from './settings.ts';
import { preferredAssignor } from './target.ts';
import { Tally } from './tally.ts';

type Described = ResponseOf<'ConsumerGroupDescribe'>['groups'][number];
type DescribedMember = Described['members'][number];

const CLASSIC = 0;
const CONSUMER = 1;

export const queryConsumerGroup: QueryGroup<'ConsumerGroupDescribe'> = (state, { request }, committed, { image }) => {
  const fallback = defaultAssignor(state.settings.config.values);
  const groups = request.groupIds.map((groupId): Described => {
    const group = state.groups.getAt(groupId, committed);
    if (group === undefined) return missing(groupId, `Group ${groupId} not found.`);
    if (!(group instanceof ConsumerGroup)) return missing(groupId, `Group ${groupId} is not a consumer group.`);
    return describe(group, committed, image, fallback);
  });
  return { throttleTimeMs: 0, groups };
};

function missing(groupId: string, errorMessage: string): Described {
  return {
    errorCode: ERRORS.GROUP_ID_NOT_FOUND,
    errorMessage,
    groupId,
    groupState: '',
    groupEpoch: 0,
    assignmentEpoch: 0,
    assignorName: '',
    members: [],
  };
}

function describe(group: ConsumerGroup, committed: number, image: MetadataImage, fallback: string): Described {
  const { state, groupEpoch, assignmentEpoch } = group.headerAt(committed);
  const members = Array.from(group.members.entriesAt(committed), ([, member]) => member);
  const assignors = new Tally<string>();
  for (const { serverAssignor } of members) if (serverAssignor !== null) assignors.add(serverAssignor, 1);
  return {
    errorCode: ERRORS.NONE,
    errorMessage: null,
    groupId: group.groupId,
    groupState: state,
    groupEpoch,
    assignmentEpoch,
    assignorName: preferredAssignor(assignors) ?? fallback,
    members: members.map((member) => {
      const target = group.targets.getAt(member.memberId, committed) ?? new Map();
      return describeMember(
        member,
        Array.from(target, ([topicId, partitions]) => ({ topicId, partitions })),
        image,
      );
    }),
  };
}

function describeMember(member: Member, target: readonly TopicPartitions[], image: MetadataImage): DescribedMember {
  const { topics } = image;
  const named = (lists: readonly TopicPartitions[]): DescribedMember['assignment'] => ({
    topicPartitions: lists.flatMap(({ topicId, partitions }) => {
      const topicName = topics.byId(topicId)?.name;
      return topicName === undefined ? [] : [{ topicId, topicName, partitions: [...partitions] }];
    }),
  });
  return {
    memberId: member.memberId,
    instanceId: member.instanceId,
    rackId: member.rackId,
    memberEpoch: member.memberEpoch,
    clientId: member.clientId,
    clientHost: member.clientHost,
    subscribedTopicNames: [...member.topicNames],
    subscribedTopicRegex: member.regex,
    assignment: named(merged(listOwned(member.assigned), listOwned(member.revoking))),
    targetAssignment: named(target),
    memberType: member.classic === null ? CONSUMER : CLASSIC,
  };
}

/** What is being given up is still owned. */
function merged(a: readonly TopicPartitions[], b: readonly TopicPartitions[]): TopicPartitions[] {
  const all = new Map(a.map(({ topicId, partitions }) => [topicId, [...partitions]]));
  for (const { topicId, partitions } of b) all.set(topicId, [...(all.get(topicId) ?? []), ...partitions]);
  return Array.from(all, ([topicId, partitions]) => ({ topicId, partitions }));
}
