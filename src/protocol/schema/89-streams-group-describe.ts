/**
 * StreamsGroupDescribe (key 89). State, topology and members of streams groups (KIP-1071).
 *
 * v1 the described topology (KIP-1331).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, i64, i8, string, struct, u16 } from '../schema-language.ts';

export const streamsGroupDescribeRequest = message('StreamsGroupDescribeRequest', {
  versions: '0-1',
  flexible: '0+',
  fields: {
    groupIds: array('0+', 'string', { entityType: 'groupId' }),
    includeAuthorizedOperations: bool('0+'),
    includeTopologyDescription: bool('1+', { default: false }),
  },
});
export type StreamsGroupDescribeRequest = Decoded<typeof streamsGroupDescribeRequest>;
export type StreamsGroupDescribeRequestInput = Input<typeof streamsGroupDescribeRequest>;

const endpoint = {
  host: string('0+'),
  port: u16('0+'),
};

const taskOffset = {
  subtopologyId: string('0+'),
  partition: i32('0+'),
  offset: i64('0+'),
};

const taskIds = {
  subtopologyId: string('0+'),
  partitions: array('0+', 'i32'),
};

const assignment = {
  activeTasks: array('0+', taskIds),
  standbyTasks: array('0+', taskIds),
  warmupTasks: array('0+', taskIds),
};

const keyValue = {
  key: string('0+'),
  value: string('0+'),
};

const topicInfo = {
  name: string('0+', { entityType: 'topicName' }),
  partitions: i32('0+'),
  replicationFactor: i16('0+'),
  topicConfigs: array('0+', keyValue),
};

const topologyDescriptionNode = {
  name: string('1+'),
  nodeType: i8('1+'),
  sourceTopics: array('1+', 'string', { entityType: 'topicName' }),
  sinkTopic: string('1+', { nullable: '1+', default: null, entityType: 'topicName' }),
  stores: array('1+', 'string'),
  successors: array('1+', 'string'),
};

const topologyDescriptionSubtopology = {
  subtopologyId: string('1+'),
  nodes: array('1+', topologyDescriptionNode),
};

const topologyDescriptionGlobalStore = {
  source: struct('1+', topologyDescriptionNode),
  processor: struct('1+', topologyDescriptionNode),
};

const topologyDescription = {
  subtopologies: array('1+', topologyDescriptionSubtopology),
  globalStores: array('1+', topologyDescriptionGlobalStore),
};

export const streamsGroupDescribeResponse = message('StreamsGroupDescribeResponse', {
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    groups: array('0+', {
      errorCode: i16('0+'),
      errorMessage: string('0+', { nullable: '0+', default: null }),
      groupId: string('0+', { entityType: 'groupId' }),
      groupState: string('0+'),
      groupEpoch: i32('0+'),
      assignmentEpoch: i32('0+'),
      topology: struct(
        '0+',
        {
          epoch: i32('0+'),
          subtopologies: array(
            '0+',
            {
              subtopologyId: string('0+'),
              sourceTopics: array('0+', 'string', { entityType: 'topicName' }),
              repartitionSinkTopics: array('0+', 'string', { entityType: 'topicName' }),
              stateChangelogTopics: array('0+', topicInfo),
              repartitionSourceTopics: array('0+', topicInfo),
            },
            { nullable: '0+', default: null },
          ),
        },
        { nullable: '0+', default: null },
      ),
      members: array('0+', {
        memberId: string('0+'),
        memberEpoch: i32('0+'),
        instanceId: string('0+', { nullable: '0+', default: null }),
        rackId: string('0+', { nullable: '0+', default: null }),
        clientId: string('0+'),
        clientHost: string('0+'),
        topologyEpoch: i32('0+'),
        processId: string('0+'),
        userEndpoint: struct('0+', endpoint, { nullable: '0+', default: null }),
        clientTags: array('0+', keyValue),
        taskOffsets: array('0+', taskOffset),
        taskEndOffsets: array('0+', taskOffset),
        assignment: struct('0+', assignment),
        targetAssignment: struct('0+', assignment),
        isClassic: bool('0+'),
      }),
      authorizedOperations: i32('0+', { default: -2147483648 }),
      topologyDescription: struct('1+', topologyDescription, { nullable: '1+', default: null }),
      topologyDescriptionStatus: i8('1+', { default: 0 }),
      assignorName: string('1+', { nullable: '1+', default: null, ignorable: true }),
    }),
  },
});
export type StreamsGroupDescribeResponse = Decoded<typeof streamsGroupDescribeResponse>;
export type StreamsGroupDescribeResponseInput = Input<typeof streamsGroupDescribeResponse>;
