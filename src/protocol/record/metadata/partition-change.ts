/**
 * PartitionChangeRecord (type 5 of the metadata log). What changed of a partition: ISR, leader, replicas, directories,
 * recovery.
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, i32, i8, uuid } from '../../schema-language.ts';

export const partitionChangeRecord = message('PartitionChangeRecord', {
  versions: '0-2',
  flexible: '0+',
  fields: {
    partitionId: i32('0+', { default: -1 }),
    topicId: uuid('0+'),
    isr: array('0+', 'i32', { nullable: '0+', default: null, tag: 0, entityType: 'brokerId' }),
    leader: i32('0+', { default: -2, tag: 1, entityType: 'brokerId' }),
    replicas: array('0+', 'i32', { nullable: '0+', default: null, tag: 2, entityType: 'brokerId' }),
    removingReplicas: array('0+', 'i32', { nullable: '0+', default: null, tag: 3, entityType: 'brokerId' }),
    addingReplicas: array('0+', 'i32', { nullable: '0+', default: null, tag: 4, entityType: 'brokerId' }),
    leaderRecoveryState: i8('0+', { default: -1, tag: 5 }),
    directories: array('1+', 'uuid', { nullable: '1+', default: null, tag: 8 }),
    eligibleLeaderReplicas: array('2+', 'i32', { nullable: '2+', default: null, tag: 6, entityType: 'brokerId' }),
    lastKnownElr: array('2+', 'i32', { nullable: '2+', default: null, tag: 7, entityType: 'brokerId' }),
  },
});
export type PartitionChangeRecord = Decoded<typeof partitionChangeRecord>;
export type PartitionChangeRecordInput = Input<typeof partitionChangeRecord>;
