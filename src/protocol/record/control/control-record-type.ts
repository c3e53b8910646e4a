/**
 * The key of a control record: which kind it is (KIP-98).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { i16 } from '../../schema-language.ts';

export const controlRecordTypeSchema = message('ControlRecordTypeSchema', {
  versions: '0',
  flexible: 'none',
  fields: {
    type: i16('0+'),
  },
});
export type ControlRecordTypeSchema = Decoded<typeof controlRecordTypeSchema>;
export type ControlRecordTypeSchemaInput = Input<typeof controlRecordTypeSchema>;
