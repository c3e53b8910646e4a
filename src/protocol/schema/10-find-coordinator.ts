/**
 * FindCoordinator (key 10). Finds the coordinator of groups, transactional ids or share partitions.
 *
 * v4 several keys (KIP-699); v6 share partitions (KIP-932).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i8, string } from '../schema-language.ts';

export const findCoordinatorRequest = message('FindCoordinatorRequest', {
  versions: '0-6',
  flexible: '3+',
  fields: {
    key: string('0-3'),
    keyType: i8('1+', { default: 0 }),
    coordinatorKeys: array('4+', 'string'),
  },
});
export type FindCoordinatorRequest = Decoded<typeof findCoordinatorRequest>;
export type FindCoordinatorRequestInput = Input<typeof findCoordinatorRequest>;

export const findCoordinatorResponse = message('FindCoordinatorResponse', {
  versions: '0-6',
  flexible: '3+',
  fields: {
    throttleTimeMs: i32('1+', { ignorable: true }),
    errorCode: i16('0-3'),
    errorMessage: string('1-3', { nullable: '1-3', ignorable: true }),
    nodeId: i32('0-3', { entityType: 'brokerId' }),
    host: string('0-3'),
    port: i32('0-3'),
    coordinators: array('4+', {
      key: string('4+'),
      nodeId: i32('4+', { entityType: 'brokerId' }),
      host: string('4+'),
      port: i32('4+'),
      errorCode: i16('4+'),
      errorMessage: string('4+', { nullable: '4+', ignorable: true }),
    }),
  },
});
export type FindCoordinatorResponse = Decoded<typeof findCoordinatorResponse>;
export type FindCoordinatorResponseInput = Input<typeof findCoordinatorResponse>;
