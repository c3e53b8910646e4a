/**
 * StopReplica (key 5). Told brokers to stop or delete replicas in clusters with ZooKeeper. Nobody serves it now.
 *
 * Versions of Kafka 3.9, the last that had it.
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, i64, string } from '../schema-language.ts';

export const stopReplicaRequest = message('StopReplicaRequest', {
  versions: '0-4',
  flexible: '2+',
  fields: {
    controllerId: i32('0+', { entityType: 'brokerId' }),
    isKRaftController: bool('4+', { default: false }),
    controllerEpoch: i32('0+'),
    brokerEpoch: i64('1+', { default: -1, ignorable: true }),
    deletePartitions: bool('0-2'),
    ungroupedPartitions: array('0', {
      topicName: string('0', { entityType: 'topicName' }),
      partitionIndex: i32('0'),
    }),
    topics: array('1-2', {
      name: string('1-2', { entityType: 'topicName' }),
      partitionIndexes: array('1-2', 'i32'),
    }),
    topicStates: array('3+', {
      topicName: string('3+', { entityType: 'topicName' }),
      partitionStates: array('3+', {
        partitionIndex: i32('3+'),
        leaderEpoch: i32('3+', { default: -1 }),
        deletePartition: bool('3+'),
      }),
    }),
  },
});
export type StopReplicaRequest = Decoded<typeof stopReplicaRequest>;
export type StopReplicaRequestInput = Input<typeof stopReplicaRequest>;

export const stopReplicaResponse = message('StopReplicaResponse', {
  versions: '0-4',
  flexible: '2+',
  fields: {
    errorCode: i16('0+'),
    partitionErrors: array('0+', {
      topicName: string('0+', { entityType: 'topicName' }),
      partitionIndex: i32('0+'),
      errorCode: i16('0+'),
    }),
  },
});
export type StopReplicaResponse = Decoded<typeof stopReplicaResponse>;
export type StopReplicaResponseInput = Input<typeof stopReplicaResponse>;
