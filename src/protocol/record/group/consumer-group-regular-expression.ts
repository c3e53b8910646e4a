/**
 * ConsumerGroupRegularExpression (type 16 of __consumer_offsets). A regular expression of a consumer group and the
 * topics that it matched (KIP-848).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, i64, string } from '../../schema-language.ts';

export const consumerGroupRegularExpressionKey = message('ConsumerGroupRegularExpressionKey', {
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: string('0'),
    regularExpression: string('0'),
  },
});
export type ConsumerGroupRegularExpressionKey = Decoded<typeof consumerGroupRegularExpressionKey>;
export type ConsumerGroupRegularExpressionKeyInput = Input<typeof consumerGroupRegularExpressionKey>;

export const consumerGroupRegularExpressionValue = message('ConsumerGroupRegularExpressionValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    topics: array('0+', 'string'),
    version: i64('0+'),
    timestamp: i64('0+'),
  },
});
export type ConsumerGroupRegularExpressionValue = Decoded<typeof consumerGroupRegularExpressionValue>;
export type ConsumerGroupRegularExpressionValueInput = Input<typeof consumerGroupRegularExpressionValue>;
