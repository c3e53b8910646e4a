/**
 * ElectLeaders (key 43). Elects preferred or unclean leaders (KIP-460).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i8, string } from '../schema-language.ts';

export const electLeadersRequest = message('ElectLeadersRequest', {
  versions: '0-2',
  flexible: '2+',
  fields: {
    electionType: i8('1+'),
    topicPartitions: array(
      '0+',
      {
        topic: string('0+', { mapKey: true, entityType: 'topicName' }),
        partitions: array('0+', 'i32'),
      },
      { nullable: '0+' },
    ),
    timeoutMs: i32('0+', { default: 60000 }),
  },
});
export type ElectLeadersRequest = Decoded<typeof electLeadersRequest>;
export type ElectLeadersRequestInput = Input<typeof electLeadersRequest>;

export const electLeadersResponse = message('ElectLeadersResponse', {
  versions: '0-2',
  flexible: '2+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('1+'),
    replicaElectionResults: array('0+', {
      topic: string('0+', { entityType: 'topicName' }),
      partitionResult: array('0+', {
        partitionId: i32('0+'),
        errorCode: i16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
      }),
    }),
  },
});
export type ElectLeadersResponse = Decoded<typeof electLeadersResponse>;
export type ElectLeadersResponseInput = Input<typeof electLeadersResponse>;
