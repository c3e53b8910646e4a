/**
 * StreamsGroupHeartbeat (key 88). The whole protocol of a streams group's members (KIP-1071).
 *
 * v1 the acceptable recovery lag (KIP-1331).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, i64, i8, string, struct, u16 } from '../schema-language.ts';

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

const endpointRequest = {
  host: string('0+'),
  port: u16('0+'),
};

const taskOffset = {
  subtopologyId: string('0+'),
  partition: i32('0+'),
  offset: i64('0+'),
};

const taskIdsRequest = {
  subtopologyId: string('0+'),
  partitions: array('0+', 'i32'),
};

export const streamsGroupHeartbeatRequest = message('StreamsGroupHeartbeatRequest', {
  versions: '0-1',
  flexible: '0+',
  fields: {
    groupId: string('0+', { entityType: 'groupId' }),
    memberId: string('0+'),
    memberEpoch: i32('0+'),
    endpointInformationEpoch: i32('0+'),
    instanceId: string('0+', { nullable: '0+', default: null }),
    rackId: string('0+', { nullable: '0+', default: null }),
    rebalanceTimeoutMs: i32('0+', { default: -1 }),
    topology: struct(
      '0+',
      {
        epoch: i32('0+'),
        subtopologies: array('0+', {
          subtopologyId: string('0+'),
          sourceTopics: array('0+', 'string', { entityType: 'topicName' }),
          sourceTopicRegex: array('0+', 'string'),
          stateChangelogTopics: array('0+', topicInfo),
          repartitionSinkTopics: array('0+', 'string', { entityType: 'topicName' }),
          repartitionSourceTopics: array('0+', topicInfo),
          copartitionGroups: array('0+', {
            sourceTopics: array('0+', 'i16'),
            sourceTopicRegex: array('0+', 'i16'),
            repartitionSourceTopics: array('0+', 'i16'),
          }),
        }),
      },
      { nullable: '0+', default: null },
    ),
    activeTasks: array('0+', taskIdsRequest, { nullable: '0+', default: null }),
    standbyTasks: array('0+', taskIdsRequest, { nullable: '0+', default: null }),
    warmupTasks: array('0+', taskIdsRequest, { nullable: '0+', default: null }),
    processId: string('0+', { nullable: '0+', default: null }),
    userEndpoint: struct('0+', endpointRequest, { nullable: '0+', default: null }),
    clientTags: array('0+', keyValue, { nullable: '0+', default: null }),
    taskOffsets: array('0+', taskOffset, { nullable: '0+', default: null }),
    taskEndOffsets: array('0+', taskOffset, { nullable: '0+', default: null }),
    shutdownApplication: bool('0+', { default: false }),
  },
});
export type StreamsGroupHeartbeatRequest = Decoded<typeof streamsGroupHeartbeatRequest>;
export type StreamsGroupHeartbeatRequestInput = Input<typeof streamsGroupHeartbeatRequest>;

const status = {
  statusCode: i8('0+'),
  statusDetail: string('0+'),
};

const topicPartition = {
  topic: string('0+', { entityType: 'topicName' }),
  partitions: array('0+', 'i32'),
};

const taskIdsResponse = {
  subtopologyId: string('0+'),
  partitions: array('0+', 'i32'),
};

const endpointResponse = {
  host: string('0+'),
  port: u16('0+'),
};

export const streamsGroupHeartbeatResponse = message('StreamsGroupHeartbeatResponse', {
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    errorMessage: string('0+', { nullable: '0+', default: null }),
    memberId: string('0+'),
    memberEpoch: i32('0+'),
    heartbeatIntervalMs: i32('0+'),
    acceptableRecoveryLagLegacy: i32('0'),
    taskOffsetIntervalMs: i32('0+'),
    acceptableRecoveryLag: i64('1+', { default: -1, ignorable: true }),
    status: array('0+', status, { nullable: '0+' }),
    activeTasks: array('0+', taskIdsResponse, { nullable: '0+', default: null }),
    standbyTasks: array('0+', taskIdsResponse, { nullable: '0+', default: null }),
    warmupTasks: array('0+', taskIdsResponse, { nullable: '0+', default: null }),
    topologyDescriptionRequired: bool('1+', { default: false }),
    endpointInformationEpoch: i32('0+'),
    partitionsByUserEndpoint: array(
      '0+',
      {
        userEndpoint: struct('0+', endpointResponse),
        activePartitions: array('0+', topicPartition),
        standbyPartitions: array('0+', topicPartition),
      },
      { nullable: '0+', default: null },
    ),
  },
});
export type StreamsGroupHeartbeatResponse = Decoded<typeof streamsGroupHeartbeatResponse>;
export type StreamsGroupHeartbeatResponseInput = Input<typeof streamsGroupHeartbeatResponse>;
