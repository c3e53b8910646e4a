/**
 * UpdateFeatures (key 57). Finalizes feature levels (KIP-584).
 *
 * v1 upgrade types and validation only (KIP-778); v2 all or nothing.
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, i8, string } from '../schema-language.ts';

export const updateFeaturesRequest = message('UpdateFeaturesRequest', {
  versions: '0-2',
  flexible: '0+',
  fields: {
    timeoutMs: i32('0+', { default: 60000 }),
    featureUpdates: array('0+', {
      feature: string('0+', { mapKey: true }),
      maxVersionLevel: i16('0+'),
      allowDowngrade: bool('0'),
      upgradeType: i8('1+', { default: 1 }),
    }),
    validateOnly: bool('1+', { default: false }),
  },
});
export type UpdateFeaturesRequest = Decoded<typeof updateFeaturesRequest>;
export type UpdateFeaturesRequestInput = Input<typeof updateFeaturesRequest>;

export const updateFeaturesResponse = message('UpdateFeaturesResponse', {
  versions: '0-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    results: array(
      '0-1',
      {
        feature: string('0+', { mapKey: true }),
        errorCode: i16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
      },
      { ignorable: true },
    ),
  },
});
export type UpdateFeaturesResponse = Decoded<typeof updateFeaturesResponse>;
export type UpdateFeaturesResponseInput = Input<typeof updateFeaturesResponse>;
