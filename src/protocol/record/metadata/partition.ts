/**
 * PartitionRecord (type 3 of the metadata log). A partition: replicas, ISR, leader, epochs, directories.
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, i32, i8, uuid } from '../../schema-language.ts';

export const partitionRecord = message('PartitionRecord', {
  versions: '0-2',
  flexible: '0+',
  fields: {
    partitionId: i32('0+', { default: -1 }),
    topicId: uuid('0+'),
    replicas: array('0+', 'i32', { entityType: 'brokerId' }),
    isr: array('0+', 'i32'),
    removingReplicas: array('0+', 'i32', { entityType: 'brokerId' }),
    addingReplicas: array('0+', 'i32', { entityType: 'brokerId' }),
    leader: i32('0+', { default: -1, entityType: 'brokerId' }),
    leaderRecoveryState: i8('0+', { default: 0, tag: 0 }),
    leaderEpoch: i32('0+', { default: -1 }),
    partitionEpoch: i32('0+', { default: -1 }),
    directories: array('1+', 'uuid'),
    eligibleLeaderReplicas: array('2+', 'i32', { nullable: '2+', default: null, tag: 1, entityType: 'brokerId' }),
    lastKnownElr: array('2+', 'i32', { nullable: '2+', default: null, tag: 2, entityType: 'brokerId' }),
  },
});
export type PartitionRecord = Decoded<typeof partitionRecord>;
export type PartitionRecordInput = Input<typeof partitionRecord>;
