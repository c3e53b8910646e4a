/**
 * ListPartitionReassignments (key 46). Reassignments under way (KIP-455).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, string } from '../schema-language.ts';

export const listPartitionReassignmentsRequest = message('ListPartitionReassignmentsRequest', {
  versions: '0',
  flexible: '0+',
  fields: {
    timeoutMs: i32('0+', { default: 60000 }),
    topics: array(
      '0+',
      {
        name: string('0+', { entityType: 'topicName' }),
        partitionIndexes: array('0+', 'i32'),
      },
      { nullable: '0+', default: null },
    ),
  },
});
export type ListPartitionReassignmentsRequest = Decoded<typeof listPartitionReassignmentsRequest>;
export type ListPartitionReassignmentsRequestInput = Input<typeof listPartitionReassignmentsRequest>;

export const listPartitionReassignmentsResponse = message('ListPartitionReassignmentsResponse', {
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    topics: array('0+', {
      name: string('0+', { entityType: 'topicName' }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
        replicas: array('0+', 'i32', { entityType: 'brokerId' }),
        addingReplicas: array('0+', 'i32', { entityType: 'brokerId' }),
        removingReplicas: array('0+', 'i32', { entityType: 'brokerId' }),
      }),
    }),
  },
});
export type ListPartitionReassignmentsResponse = Decoded<typeof listPartitionReassignmentsResponse>;
export type ListPartitionReassignmentsResponseInput = Input<typeof listPartitionReassignmentsResponse>;
