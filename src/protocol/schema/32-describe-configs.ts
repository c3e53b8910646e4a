/**
 * DescribeConfigs (key 32). Settings of topics, brokers, loggers, groups and client metrics (KIP-133).
 *
 * v1 sources and synonyms (KIP-226); v3 types and documentation (KIP-569).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, i8, string } from '../schema-language.ts';

export const describeConfigsRequest = message('DescribeConfigsRequest', {
  versions: '1-4',
  flexible: '4+',
  fields: {
    resources: array('0+', {
      resourceType: i8('0+'),
      resourceName: string('0+'),
      configurationKeys: array('0+', 'string', { nullable: '0+' }),
    }),
    includeSynonyms: bool('1+', { default: false }),
    includeDocumentation: bool('3+', { default: false }),
  },
});
export type DescribeConfigsRequest = Decoded<typeof describeConfigsRequest>;
export type DescribeConfigsRequestInput = Input<typeof describeConfigsRequest>;

export const describeConfigsResponse = message('DescribeConfigsResponse', {
  versions: '1-4',
  flexible: '4+',
  fields: {
    throttleTimeMs: i32('0+'),
    results: array('0+', {
      errorCode: i16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
      resourceType: i8('0+'),
      resourceName: string('0+'),
      configs: array('0+', {
        name: string('0+'),
        value: string('0+', { nullable: '0+' }),
        readOnly: bool('0+'),
        configSource: i8('1+', { default: -1, ignorable: true }),
        isSensitive: bool('0+'),
        synonyms: array(
          '1+',
          {
            name: string('1+'),
            value: string('1+', { nullable: '0+' }),
            source: i8('1+'),
          },
          { ignorable: true },
        ),
        configType: i8('3+', { default: 0, ignorable: true }),
        documentation: string('3+', { nullable: '0+', ignorable: true }),
      }),
    }),
  },
});
export type DescribeConfigsResponse = Decoded<typeof describeConfigsResponse>;
export type DescribeConfigsResponseInput = Input<typeof describeConfigsResponse>;
