/**
 * AssignReplicasToDirs (key 73). A broker tells in which log directory its replicas are (KIP-858).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i64, uuid } from '../schema-language.ts';

export const assignReplicasToDirsRequest = message('AssignReplicasToDirsRequest', {
  versions: '0',
  flexible: '0+',
  fields: {
    brokerId: i32('0+', { entityType: 'brokerId' }),
    brokerEpoch: i64('0+', { default: -1 }),
    directories: array('0+', {
      id: uuid('0+'),
      topics: array('0+', {
        topicId: uuid('0+'),
        partitions: array('0+', {
          partitionIndex: i32('0+'),
        }),
      }),
    }),
  },
});
export type AssignReplicasToDirsRequest = Decoded<typeof assignReplicasToDirsRequest>;
export type AssignReplicasToDirsRequestInput = Input<typeof assignReplicasToDirsRequest>;

export const assignReplicasToDirsResponse = message('AssignReplicasToDirsResponse', {
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    directories: array('0+', {
      id: uuid('0+'),
      topics: array('0+', {
        topicId: uuid('0+'),
        partitions: array('0+', {
          partitionIndex: i32('0+'),
          errorCode: i16('0+'),
        }),
      }),
    }),
  },
});
export type AssignReplicasToDirsResponse = Decoded<typeof assignReplicasToDirsResponse>;
export type AssignReplicasToDirsResponseInput = Input<typeof assignReplicasToDirsResponse>;
