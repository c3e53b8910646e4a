/**
 * Envelope (key 58). A broker passes a client's request on to the controller (KIP-590).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { bytes, i16 } from '../schema-language.ts';

export const envelopeRequest = message('EnvelopeRequest', {
  versions: '0',
  flexible: '0+',
  fields: {
    requestData: bytes('0+'),
    requestPrincipal: bytes('0+', { nullable: '0+' }),
    clientHostAddress: bytes('0+'),
  },
});
export type EnvelopeRequest = Decoded<typeof envelopeRequest>;
export type EnvelopeRequestInput = Input<typeof envelopeRequest>;

export const envelopeResponse = message('EnvelopeResponse', {
  versions: '0',
  flexible: '0+',
  fields: {
    responseData: bytes('0+', { nullable: '0+', default: null }),
    errorCode: i16('0+'),
  },
});
export type EnvelopeResponse = Decoded<typeof envelopeResponse>;
export type EnvelopeResponseInput = Input<typeof envelopeResponse>;
