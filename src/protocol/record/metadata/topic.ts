/**
 * TopicRecord (type 2 of the metadata log). A topic: its name and id.
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { string, uuid } from '../../schema-language.ts';

export const topicRecord = message('TopicRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    name: string('0+', { entityType: 'topicName' }),
    topicId: uuid('0+'),
  },
});
export type TopicRecord = Decoded<typeof topicRecord>;
export type TopicRecordInput = Input<typeof topicRecord>;
