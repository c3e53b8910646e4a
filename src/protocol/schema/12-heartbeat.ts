/**
 * Heartbeat (key 12). Keeps a member of a classic group alive.
 *
 * v3 static members (KIP-345).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { i16, i32, string } from '../schema-language.ts';

export const heartbeatRequest = message('HeartbeatRequest', {
  versions: '0-4',
  flexible: '4+',
  fields: {
    groupId: string('0+', { entityType: 'groupId' }),
    generationId: i32('0+'),
    memberId: string('0+'),
    groupInstanceId: string('3+', { nullable: '3+', default: null }),
  },
});
export type HeartbeatRequest = Decoded<typeof heartbeatRequest>;
export type HeartbeatRequestInput = Input<typeof heartbeatRequest>;

export const heartbeatResponse = message('HeartbeatResponse', {
  versions: '0-4',
  flexible: '4+',
  fields: {
    throttleTimeMs: i32('1+', { ignorable: true }),
    errorCode: i16('0+'),
  },
});
export type HeartbeatResponse = Decoded<typeof heartbeatResponse>;
export type HeartbeatResponseInput = Input<typeof heartbeatResponse>;
