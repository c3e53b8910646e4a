/**
 * ApiVersions (key 18). Which APIs and versions a broker serves, and which features are finalized.
 *
 * v3 the client's software (KIP-511), features (KIP-584); v4 a feature may start at 0 (KIP-1022); v5 the cluster and
 * node that the client means (KIP-1242). An unknown version is answered in version 0; the response header never has
 * tagged fields (KIP-511).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, i64, string } from '../schema-language.ts';

export const apiVersionsRequest = message('ApiVersionsRequest', {
  versions: '0-5',
  flexible: '3+',
  fields: {
    clientSoftwareName: string('3+', { ignorable: true }),
    clientSoftwareVersion: string('3+', { ignorable: true }),
    clusterId: string('5+', { nullable: '5+', default: null, ignorable: true }),
    nodeId: i32('5+', { default: -1, ignorable: true }),
  },
});
export type ApiVersionsRequest = Decoded<typeof apiVersionsRequest>;
export type ApiVersionsRequestInput = Input<typeof apiVersionsRequest>;

export const apiVersionsResponse = message('ApiVersionsResponse', {
  versions: '0-5',
  flexible: '3+',
  fields: {
    errorCode: i16('0+'),
    apiKeys: array('0+', {
      apiKey: i16('0+', { mapKey: true }),
      minVersion: i16('0+'),
      maxVersion: i16('0+'),
    }),
    throttleTimeMs: i32('1+', { ignorable: true }),
    supportedFeatures: array(
      '3+',
      {
        name: string('3+', { mapKey: true }),
        minVersion: i16('3+'),
        maxVersion: i16('3+'),
      },
      { tag: 0, ignorable: true },
    ),
    finalizedFeaturesEpoch: i64('3+', { default: -1, tag: 1, ignorable: true }),
    finalizedFeatures: array(
      '3+',
      {
        name: string('3+', { mapKey: true }),
        maxVersionLevel: i16('3+'),
        minVersionLevel: i16('3+'),
      },
      { tag: 2, ignorable: true },
    ),
    zkMigrationReady: bool('3+', { default: false, tag: 3, ignorable: true }),
  },
});
export type ApiVersionsResponse = Decoded<typeof apiVersionsResponse>;
export type ApiVersionsResponseInput = Input<typeof apiVersionsResponse>;
