/**
 * LeaderAndIsr (key 4). Told replicas their leaders in clusters with ZooKeeper. Nobody serves it now.
 *
 * Versions of Kafka 3.9, the last that had it.
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, i64, i8, string, uuid } from '../schema-language.ts';

const leaderAndIsrPartitionState = {
  topicName: string('0-1', { ignorable: true, entityType: 'topicName' }),
  partitionIndex: i32('0+'),
  controllerEpoch: i32('0+'),
  leader: i32('0+', { entityType: 'brokerId' }),
  leaderEpoch: i32('0+'),
  isr: array('0+', 'i32', { entityType: 'brokerId' }),
  partitionEpoch: i32('0+'),
  replicas: array('0+', 'i32', { entityType: 'brokerId' }),
  addingReplicas: array('3+', 'i32', { ignorable: true, entityType: 'brokerId' }),
  removingReplicas: array('3+', 'i32', { ignorable: true, entityType: 'brokerId' }),
  isNew: bool('1+', { default: false, ignorable: true }),
  leaderRecoveryState: i8('6+', { default: 0 }),
};

export const leaderAndIsrRequest = message('LeaderAndIsrRequest', {
  versions: '0-7',
  flexible: '4+',
  fields: {
    controllerId: i32('0+', { entityType: 'brokerId' }),
    isKRaftController: bool('7+', { default: false }),
    controllerEpoch: i32('0+'),
    brokerEpoch: i64('2+', { default: -1, ignorable: true }),
    type: i8('5+'),
    ungroupedPartitionStates: array('0-1', leaderAndIsrPartitionState),
    topicStates: array('2+', {
      topicName: string('2+', { entityType: 'topicName' }),
      topicId: uuid('5+', { ignorable: true }),
      partitionStates: array('2+', leaderAndIsrPartitionState),
    }),
    liveLeaders: array('0+', {
      brokerId: i32('0+', { entityType: 'brokerId' }),
      hostName: string('0+'),
      port: i32('0+'),
    }),
  },
});
export type LeaderAndIsrRequest = Decoded<typeof leaderAndIsrRequest>;
export type LeaderAndIsrRequestInput = Input<typeof leaderAndIsrRequest>;

const leaderAndIsrPartitionError = {
  topicName: string('0-4', { ignorable: true, entityType: 'topicName' }),
  partitionIndex: i32('0+'),
  errorCode: i16('0+'),
};

export const leaderAndIsrResponse = message('LeaderAndIsrResponse', {
  versions: '0-7',
  flexible: '4+',
  fields: {
    errorCode: i16('0+'),
    partitionErrors: array('0-4', leaderAndIsrPartitionError),
    topics: array('5+', {
      topicId: uuid('5+', { mapKey: true }),
      partitionErrors: array('5+', leaderAndIsrPartitionError),
    }),
  },
});
export type LeaderAndIsrResponse = Decoded<typeof leaderAndIsrResponse>;
export type LeaderAndIsrResponseInput = Input<typeof leaderAndIsrResponse>;
