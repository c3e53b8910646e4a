/**
 * PushTelemetry (key 72). A client sends its metrics (KIP-714).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { bool, bytes, i16, i32, i8, uuid } from '../schema-language.ts';

export const pushTelemetryRequest = message('PushTelemetryRequest', {
  versions: '0',
  flexible: '0+',
  fields: {
    clientInstanceId: uuid('0+'),
    subscriptionId: i32('0+'),
    terminating: bool('0+'),
    compressionType: i8('0+'),
    metrics: bytes('0+'),
  },
});
export type PushTelemetryRequest = Decoded<typeof pushTelemetryRequest>;
export type PushTelemetryRequestInput = Input<typeof pushTelemetryRequest>;

export const pushTelemetryResponse = message('PushTelemetryResponse', {
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
  },
});
export type PushTelemetryResponse = Decoded<typeof pushTelemetryResponse>;
export type PushTelemetryResponseInput = Input<typeof pushTelemetryResponse>;
