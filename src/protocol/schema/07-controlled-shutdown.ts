/**
 * ControlledShutdown (key 7). Asked the controller to move leaders away in clusters with ZooKeeper. Nobody serves it
 * now.
 *
 * Versions of Kafka 3.9, the last that had it.
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, i16, i32, i64, string } from '../schema-language.ts';

export const controlledShutdownRequest = message('ControlledShutdownRequest', {
  versions: '0-3',
  flexible: '3+',
  fields: {
    brokerId: i32('0+', { entityType: 'brokerId' }),
    brokerEpoch: i64('2+', { default: -1, ignorable: true }),
  },
});
export type ControlledShutdownRequest = Decoded<typeof controlledShutdownRequest>;
export type ControlledShutdownRequestInput = Input<typeof controlledShutdownRequest>;

export const controlledShutdownResponse = message('ControlledShutdownResponse', {
  versions: '0-3',
  flexible: '3+',
  fields: {
    errorCode: i16('0+'),
    remainingPartitions: array('0+', {
      topicName: string('0+', { mapKey: true, entityType: 'topicName' }),
      partitionIndex: i32('0+', { mapKey: true }),
    }),
  },
});
export type ControlledShutdownResponse = Decoded<typeof controlledShutdownResponse>;
export type ControlledShutdownResponseInput = Input<typeof controlledShutdownResponse>;
