/**
 * DescribeClientQuotas (key 48). Client quotas that match a filter (KIP-546).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, f64, i16, i32, i8, string } from '../schema-language.ts';

export const describeClientQuotasRequest = message('DescribeClientQuotasRequest', {
  versions: '0-1',
  flexible: '1+',
  fields: {
    components: array('0+', {
      entityType: string('0+'),
      matchType: i8('0+'),
      match: string('0+', { nullable: '0+' }),
    }),
    strict: bool('0+'),
  },
});
export type DescribeClientQuotasRequest = Decoded<typeof describeClientQuotasRequest>;
export type DescribeClientQuotasRequestInput = Input<typeof describeClientQuotasRequest>;

export const describeClientQuotasResponse = message('DescribeClientQuotasResponse', {
  versions: '0-1',
  flexible: '1+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    entries: array(
      '0+',
      {
        entity: array('0+', {
          entityType: string('0+'),
          entityName: string('0+', { nullable: '0+' }),
        }),
        values: array('0+', {
          key: string('0+'),
          value: f64('0+'),
        }),
      },
      { nullable: '0+' },
    ),
  },
});
export type DescribeClientQuotasResponse = Decoded<typeof describeClientQuotasResponse>;
export type DescribeClientQuotasResponseInput = Input<typeof describeClientQuotasResponse>;
