/**
 * StreamsGroupTopology (type 23 of __consumer_offsets). The topology of a streams group (KIP-1071).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, i16, i32, string } from '../../schema-language.ts';

export const streamsGroupTopologyKey = message('StreamsGroupTopologyKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: string('0'),
  },
});
export type StreamsGroupTopologyKey = Decoded<typeof streamsGroupTopologyKey>;
export type StreamsGroupTopologyKeyInput = Input<typeof streamsGroupTopologyKey>;

const topicConfig = {
  key: string('0+'),
  value: string('0+'),
};

const topicInfo = {
  name: string('0+'),
  partitions: i32('0+'),
  replicationFactor: i16('0+'),
  topicConfigs: array('0+', topicConfig),
};

export const streamsGroupTopologyValue = message('StreamsGroupTopologyValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    epoch: i32('0+'),
    subtopologies: array('0+', {
      subtopologyId: string('0+'),
      sourceTopics: array('0+', 'string'),
      sourceTopicRegex: array('0+', 'string'),
      stateChangelogTopics: array('0+', topicInfo),
      repartitionSinkTopics: array('0+', 'string'),
      repartitionSourceTopics: array('0+', topicInfo),
      copartitionGroups: array('0+', {
        sourceTopics: array('0+', 'i16'),
        sourceTopicRegex: array('0+', 'i16'),
        repartitionSourceTopics: array('0+', 'i16'),
      }),
    }),
  },
});
export type StreamsGroupTopologyValue = Decoded<typeof streamsGroupTopologyValue>;
export type StreamsGroupTopologyValueInput = Input<typeof streamsGroupTopologyValue>;
