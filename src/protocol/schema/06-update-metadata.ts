/**
 * UpdateMetadata (key 6). Told brokers the metadata in clusters with ZooKeeper. Nobody serves it now.
 *
 * Versions of Kafka 3.9, the last that had it.
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, i64, i8, string, uuid } from '../schema-language.ts';

const updateMetadataPartitionState = {
  topicName: string('0-4', { ignorable: true, entityType: 'topicName' }),
  partitionIndex: i32('0+'),
  controllerEpoch: i32('0+'),
  leader: i32('0+', { entityType: 'brokerId' }),
  leaderEpoch: i32('0+'),
  isr: array('0+', 'i32', { entityType: 'brokerId' }),
  zkVersion: i32('0+'),
  replicas: array('0+', 'i32', { entityType: 'brokerId' }),
  offlineReplicas: array('4+', 'i32', { ignorable: true, entityType: 'brokerId' }),
};

export const updateMetadataRequest = message('UpdateMetadataRequest', {
  versions: '0-8',
  flexible: '6+',
  fields: {
    controllerId: i32('0+', { entityType: 'brokerId' }),
    isKRaftController: bool('8+', { default: false }),
    type: i8('8+', { default: 0, tag: 0 }),
    controllerEpoch: i32('0+'),
    brokerEpoch: i64('5+', { default: -1, ignorable: true }),
    ungroupedPartitionStates: array('0-4', updateMetadataPartitionState),
    topicStates: array('5+', {
      topicName: string('5+', { entityType: 'topicName' }),
      topicId: uuid('7+', { ignorable: true }),
      partitionStates: array('5+', updateMetadataPartitionState),
    }),
    liveBrokers: array('0+', {
      id: i32('0+', { entityType: 'brokerId' }),
      v0Host: string('0', { ignorable: true }),
      v0Port: i32('0', { ignorable: true }),
      endpoints: array(
        '1+',
        {
          port: i32('1+'),
          host: string('1+'),
          listener: string('3+', { ignorable: true }),
          securityProtocol: i16('1+'),
        },
        { ignorable: true },
      ),
      rack: string('2+', { nullable: '0+', ignorable: true }),
    }),
  },
});
export type UpdateMetadataRequest = Decoded<typeof updateMetadataRequest>;
export type UpdateMetadataRequestInput = Input<typeof updateMetadataRequest>;

export const updateMetadataResponse = message('UpdateMetadataResponse', {
  versions: '0-8',
  flexible: '6+',
  fields: {
    errorCode: i16('0+'),
  },
});
export type UpdateMetadataResponse = Decoded<typeof updateMetadataResponse>;
export type UpdateMetadataResponseInput = Input<typeof updateMetadataResponse>;
