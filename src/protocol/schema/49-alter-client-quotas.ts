/**
 * AlterClientQuotas (key 49). Changes client quotas (KIP-546).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, f64, i16, i32, string } from '../schema-language.ts';

export const alterClientQuotasRequest = message('AlterClientQuotasRequest', {
  versions: '0-1',
  flexible: '1+',
  fields: {
    entries: array('0+', {
      entity: array('0+', {
        entityType: string('0+'),
        entityName: string('0+', { nullable: '0+' }),
      }),
      ops: array('0+', {
        key: string('0+'),
        value: f64('0+'),
        remove: bool('0+'),
      }),
    }),
    validateOnly: bool('0+'),
  },
});
export type AlterClientQuotasRequest = Decoded<typeof alterClientQuotasRequest>;
export type AlterClientQuotasRequestInput = Input<typeof alterClientQuotasRequest>;

export const alterClientQuotasResponse = message('AlterClientQuotasResponse', {
  versions: '0-1',
  flexible: '1+',
  fields: {
    throttleTimeMs: i32('0+'),
    entries: array('0+', {
      errorCode: i16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
      entity: array('0+', {
        entityType: string('0+'),
        entityName: string('0+', { nullable: '0+' }),
      }),
    }),
  },
});
export type AlterClientQuotasResponse = Decoded<typeof alterClientQuotasResponse>;
export type AlterClientQuotasResponseInput = Input<typeof alterClientQuotasResponse>;
