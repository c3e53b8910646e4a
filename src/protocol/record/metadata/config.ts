/**
 * ConfigRecord (type 4 of the metadata log). A setting of a topic, broker, group or client metrics; null deletes it.
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { i8, string } from '../../schema-language.ts';

export const configRecord = message('ConfigRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    resourceType: i8('0+'),
    resourceName: string('0+'),
    name: string('0+'),
    value: string('0+', { nullable: '0+' }),
  },
});
export type ConfigRecord = Decoded<typeof configRecord>;
export type ConfigRecordInput = Input<typeof configRecord>;
