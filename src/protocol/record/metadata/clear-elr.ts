/**
 * ClearElrRecord (type 28 of the metadata log). Forgets the eligible leader replicas of a topic, or of all (KIP-966).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { string } from '../../schema-language.ts';

export const clearElrRecord = message('ClearElrRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    topicName: string('0+', { entityType: 'topicName' }),
  },
});
export type ClearElrRecord = Decoded<typeof clearElrRecord>;
export type ClearElrRecordInput = Input<typeof clearElrRecord>;
