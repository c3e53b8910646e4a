/**
 * RemoveTopicRecord (type 9 of the metadata log). Removes a topic with all its partitions.
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { uuid } from '../../schema-language.ts';

export const removeTopicRecord = message('RemoveTopicRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    topicId: uuid('0+'),
  },
});
export type RemoveTopicRecord = Decoded<typeof removeTopicRecord>;
export type RemoveTopicRecordInput = Input<typeof removeTopicRecord>;
