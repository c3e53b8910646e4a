/**
 * AlterReplicaLogDirs (key 34). Moves replicas between log directories (KIP-113).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, string } from '../schema-language.ts';

export const alterReplicaLogDirsRequest = message('AlterReplicaLogDirsRequest', {
  versions: '1-2',
  flexible: '2+',
  fields: {
    dirs: array('0+', {
      path: string('0+', { mapKey: true }),
      topics: array('0+', {
        name: string('0+', { mapKey: true, entityType: 'topicName' }),
        partitions: array('0+', 'i32'),
      }),
    }),
  },
});
export type AlterReplicaLogDirsRequest = Decoded<typeof alterReplicaLogDirsRequest>;
export type AlterReplicaLogDirsRequestInput = Input<typeof alterReplicaLogDirsRequest>;

export const alterReplicaLogDirsResponse = message('AlterReplicaLogDirsResponse', {
  versions: '1-2',
  flexible: '2+',
  fields: {
    throttleTimeMs: i32('0+'),
    results: array('0+', {
      topicName: string('0+', { entityType: 'topicName' }),
      partitions: array('0+', {
        partitionIndex: i32('0+'),
        errorCode: i16('0+'),
      }),
    }),
  },
});
export type AlterReplicaLogDirsResponse = Decoded<typeof alterReplicaLogDirsResponse>;
export type AlterReplicaLogDirsResponseInput = Input<typeof alterReplicaLogDirsResponse>;
