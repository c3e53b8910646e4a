/**
 * The headers in front of every request and response. Which version an API version has: schema/index.ts. The path of a request
 * reads them by hand (frame.ts); these say what they are.
 */
import { type Decoded, type Input, message } from '../message.ts';
import { i16, i32, string } from '../schema-language.ts';

export const requestHeader = message('RequestHeader', {
  versions: '1-2',
  flexible: '2+',
  fields: {
    requestApiKey: i16('0+'),
    requestApiVersion: i16('0+'),
    correlationId: i32('0+'),
    clientId: string('1+', { nullable: '1+', flexible: 'none' }),
  },
});
export type RequestHeader = Decoded<typeof requestHeader>;
export type RequestHeaderInput = Input<typeof requestHeader>;

export const responseHeader = message('ResponseHeader', {
  versions: '0-1',
  flexible: '1+',
  fields: {
    correlationId: i32('0+'),
  },
});
export type ResponseHeader = Decoded<typeof responseHeader>;
export type ResponseHeaderInput = Input<typeof responseHeader>;
