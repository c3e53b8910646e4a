/**
 * DescribeCluster (key 60). Cluster id, controller and brokers (KIP-700).
 *
 * v1 brokers or controllers (KIP-919); v2 fenced brokers (KIP-1073).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, i8, string } from '../schema-language.ts';

export const describeClusterRequest = message('DescribeClusterRequest', {
  versions: '0-2',
  flexible: '0+',
  fields: {
    includeClusterAuthorizedOperations: bool('0+'),
    endpointType: i8('1+', { default: 1 }),
    includeFencedBrokers: bool('2+'),
  },
});
export type DescribeClusterRequest = Decoded<typeof describeClusterRequest>;
export type DescribeClusterRequestInput = Input<typeof describeClusterRequest>;

export const describeClusterResponse = message('DescribeClusterResponse', {
  versions: '0-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    errorMessage: string('0+', { nullable: '0+', default: null }),
    endpointType: i8('1+', { default: 1 }),
    clusterId: string('0+'),
    controllerId: i32('0+', { default: -1, entityType: 'brokerId' }),
    brokers: array('0+', {
      brokerId: i32('0+', { mapKey: true, entityType: 'brokerId' }),
      host: string('0+'),
      port: i32('0+'),
      rack: string('0+', { nullable: '0+', default: null }),
      isFenced: bool('2+'),
    }),
    clusterAuthorizedOperations: i32('0+', { default: -2147483648 }),
  },
});
export type DescribeClusterResponse = Decoded<typeof describeClusterResponse>;
export type DescribeClusterResponseInput = Input<typeof describeClusterResponse>;
