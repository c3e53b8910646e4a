/**
 * AlterPartitionReassignments (key 45). Moves partitions to other replicas (KIP-455).
 *
 * v1 whether the replication factor may change (KIP-860).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, string } from '../schema-language.ts';

export const alterPartitionReassignmentsRequest = message('AlterPartitionReassignmentsRequest', {
  versions: '0-1',
  flexible: '0+',
  fields: {
    timeoutMs: i32('0+', { default: 60000 }),
    allowReplicationFactorChange: bool('1+', { default: true }),
    topics: array('0+', {
      name: string('0+', { entityType: 'topicName' }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
        replicas: array('0+', 'i32', { nullable: '0+', default: null, entityType: 'brokerId' }),
      }),
    }),
  },
});
export type AlterPartitionReassignmentsRequest = Decoded<typeof alterPartitionReassignmentsRequest>;
export type AlterPartitionReassignmentsRequestInput = Input<typeof alterPartitionReassignmentsRequest>;

export const alterPartitionReassignmentsResponse = message('AlterPartitionReassignmentsResponse', {
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    allowReplicationFactorChange: bool('1+', { default: true, ignorable: true }),
    errorCode: i16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    responses: array('0+', {
      name: string('0+', { entityType: 'topicName' }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
        errorCode: i16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
      }),
    }),
  },
});
export type AlterPartitionReassignmentsResponse = Decoded<typeof alterPartitionReassignmentsResponse>;
export type AlterPartitionReassignmentsResponseInput = Input<typeof alterPartitionReassignmentsResponse>;
