/**
 * ControllerRegistration (key 70). A controller makes itself known to the active one (KIP-919).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, string, u16, uuid } from '../schema-language.ts';

export const controllerRegistrationRequest = message('ControllerRegistrationRequest', {
  versions: '0',
  flexible: '0+',
  fields: {
    controllerId: i32('0+'),
    incarnationId: uuid('0+'),
    zkMigrationReady: bool('0+'),
    listeners: array('0+', {
      name: string('0+', { mapKey: true }),
      host: string('0+'),
      port: u16('0+'),
      securityProtocol: i16('0+'),
    }),
    features: array('0+', {
      name: string('0+', { mapKey: true }),
      minSupportedVersion: i16('0+'),
      maxSupportedVersion: i16('0+'),
    }),
  },
});
export type ControllerRegistrationRequest = Decoded<typeof controllerRegistrationRequest>;
export type ControllerRegistrationRequestInput = Input<typeof controllerRegistrationRequest>;

export const controllerRegistrationResponse = message('ControllerRegistrationResponse', {
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
  },
});
export type ControllerRegistrationResponse = Decoded<typeof controllerRegistrationResponse>;
export type ControllerRegistrationResponseInput = Input<typeof controllerRegistrationResponse>;
