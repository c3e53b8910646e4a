/**
 * StreamsGroupTopologyDescriptionUpdate (key 93). A member gives the description of its topology (KIP-1331).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i8, string, struct } from '../schema-language.ts';

const topologyDescriptionNode = {
  name: string('0+'),
  nodeType: i8('0+'),
  sourceTopics: array('0+', 'string', { entityType: 'topicName' }),
  sinkTopic: string('0+', { nullable: '0+', default: null, entityType: 'topicName' }),
  stores: array('0+', 'string'),
  successors: array('0+', 'string'),
};

const topologyDescriptionSubtopology = {
  subtopologyId: string('0+'),
  nodes: array('0+', topologyDescriptionNode),
};

const topologyDescriptionGlobalStore = {
  source: struct('0+', topologyDescriptionNode),
  processor: struct('0+', topologyDescriptionNode),
};

const topologyDescription = {
  subtopologies: array('0+', topologyDescriptionSubtopology),
  globalStores: array('0+', topologyDescriptionGlobalStore),
};

export const streamsGroupTopologyDescriptionUpdateRequest = message('StreamsGroupTopologyDescriptionUpdateRequest', {
  versions: '0',
  flexible: '0+',
  fields: {
    groupId: string('0+', { entityType: 'groupId' }),
    memberId: string('0+'),
    topologyEpoch: i32('0+'),
    topologyDescription: struct('0+', topologyDescription),
  },
});
export type StreamsGroupTopologyDescriptionUpdateRequest = Decoded<typeof streamsGroupTopologyDescriptionUpdateRequest>;
export type StreamsGroupTopologyDescriptionUpdateRequestInput = Input<
  typeof streamsGroupTopologyDescriptionUpdateRequest
>;

export const streamsGroupTopologyDescriptionUpdateResponse = message('StreamsGroupTopologyDescriptionUpdateResponse', {
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    errorMessage: string('0+', { nullable: '0+', default: null }),
  },
});
export type StreamsGroupTopologyDescriptionUpdateResponse = Decoded<
  typeof streamsGroupTopologyDescriptionUpdateResponse
>;
export type StreamsGroupTopologyDescriptionUpdateResponseInput = Input<
  typeof streamsGroupTopologyDescriptionUpdateResponse
>;
