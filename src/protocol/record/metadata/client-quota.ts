/**
 * ClientQuotaRecord (type 14 of the metadata log). A client quota (KIP-546).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, bool, f64, string } from '../../schema-language.ts';

export const clientQuotaRecord = message('ClientQuotaRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    entity: array('0+', {
      entityType: string('0+'),
      entityName: string('0+', { nullable: '0+' }),
    }),
    key: string('0+'),
    value: f64('0+'),
    remove: bool('0+'),
  },
});
export type ClientQuotaRecord = Decoded<typeof clientQuotaRecord>;
export type ClientQuotaRecordInput = Input<typeof clientQuotaRecord>;
