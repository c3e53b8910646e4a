/**
 * GetTelemetrySubscriptions (key 71). Which metrics a client should send (KIP-714).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, uuid } from '../schema-language.ts';

export const getTelemetrySubscriptionsRequest = message('GetTelemetrySubscriptionsRequest', {
  versions: '0',
  flexible: '0+',
  fields: {
    clientInstanceId: uuid('0+'),
  },
});
export type GetTelemetrySubscriptionsRequest = Decoded<typeof getTelemetrySubscriptionsRequest>;
export type GetTelemetrySubscriptionsRequestInput = Input<typeof getTelemetrySubscriptionsRequest>;

export const getTelemetrySubscriptionsResponse = message('GetTelemetrySubscriptionsResponse', {
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    clientInstanceId: uuid('0+'),
    subscriptionId: i32('0+'),
    acceptedCompressionTypes: array('0+', 'i8'),
    pushIntervalMs: i32('0+'),
    telemetryMaxBytes: i32('0+'),
    deltaTemporality: bool('0+'),
    requestedMetrics: array('0+', 'string'),
  },
});
export type GetTelemetrySubscriptionsResponse = Decoded<typeof getTelemetrySubscriptionsResponse>;
export type GetTelemetrySubscriptionsResponseInput = Input<typeof getTelemetrySubscriptionsResponse>;
