/**
 * Metadata (key 3). Brokers, topics, partitions and their leaders.
 *
 * v4 without creation of topics; v5 offline replicas (KIP-112); v7 leader epochs (KIP-320); v8 authorized operations
 * (KIP-430); v10 and v12 topic ids (KIP-516); v13 an error for the whole answer (KIP-1102).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, string, uuid } from '../schema-language.ts';

export const metadataRequest = message('MetadataRequest', {
  versions: '0-13',
  flexible: '9+',
  fields: {
    topics: array(
      '0+',
      {
        topicId: uuid('10+', { ignorable: true }),
        name: string('0+', { nullable: '10+', entityType: 'topicName' }),
      },
      { nullable: '1+' },
    ),
    allowAutoTopicCreation: bool('4+', { default: true }),
    includeClusterAuthorizedOperations: bool('8-10'),
    includeTopicAuthorizedOperations: bool('8+'),
  },
});
export type MetadataRequest = Decoded<typeof metadataRequest>;
export type MetadataRequestInput = Input<typeof metadataRequest>;

export const metadataResponse = message('MetadataResponse', {
  versions: '0-13',
  flexible: '9+',
  fields: {
    throttleTimeMs: i32('3+', { ignorable: true }),
    brokers: array('0+', {
      nodeId: i32('0+', { mapKey: true, entityType: 'brokerId' }),
      host: string('0+'),
      port: i32('0+'),
      rack: string('1+', { nullable: '1+', default: null, ignorable: true }),
    }),
    clusterId: string('2+', { nullable: '2+', default: null, ignorable: true }),
    controllerId: i32('1+', { default: -1, ignorable: true, entityType: 'brokerId' }),
    topics: array('0+', {
      errorCode: i16('0+'),
      name: string('0+', { nullable: '12+', mapKey: true, entityType: 'topicName' }),
      topicId: uuid('10+', { ignorable: true }),
      isInternal: bool('1+', { default: false, ignorable: true }),
      partitions: array('0+', {
        errorCode: i16('0+'),
        partitionIndex: i32('0+'),
        leaderId: i32('0+', { entityType: 'brokerId' }),
        leaderEpoch: i32('7+', { default: -1, ignorable: true }),
        replicaNodes: array('0+', 'i32', { entityType: 'brokerId' }),
        isrNodes: array('0+', 'i32', { entityType: 'brokerId' }),
        offlineReplicas: array('5+', 'i32', { ignorable: true, entityType: 'brokerId' }),
      }),
      topicAuthorizedOperations: i32('8+', { default: -2147483648 }),
    }),
    clusterAuthorizedOperations: i32('8-10', { default: -2147483648 }),
    errorCode: i16('13+', { ignorable: true }),
  },
});
export type MetadataResponse = Decoded<typeof metadataResponse>;
export type MetadataResponseInput = Input<typeof metadataResponse>;
