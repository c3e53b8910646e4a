/**
 * FeatureLevelRecord (type 12 of the metadata log). A finalized feature level (KIP-778).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { i16, string } from '../../schema-language.ts';

export const featureLevelRecord = message('FeatureLevelRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    name: string('0+'),
    featureLevel: i16('0+'),
  },
});
export type FeatureLevelRecord = Decoded<typeof featureLevelRecord>;
export type FeatureLevelRecordInput = Input<typeof featureLevelRecord>;
