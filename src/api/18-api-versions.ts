/**
 * ApiVersions: what this broker serves, and the features of the cluster (KIP-35, KIP-511, KIP-584).
 *
 * v3 flexible; client software; features. The response header stays v0 for ever, and so does the answer to an unknown version (dispatch)
 * v4 features whose lowest level is 0 are told (KIP-1022)
 * v5 cluster id and node id of the broker that the client meant: another is answered REBOOTSTRAP_REQUIRED, one
 *    without the other INVALID_REQUEST (KIP-1242)
 */
import { ERRORS } from '../protocol/errors.ts';
import { SUPPORTED_FEATURES } from '../protocol/features.ts';
import type { ApiVersionsRequest, ApiVersionsResponseInput } from '../protocol/schema/18-api-versions.ts';
import { APIS, type ApiName } from '../protocol/schema/index.ts';
import type { Api } from './handler.ts';
import type { Context, Services } from './services.ts';

const SOFTWARE_NAME = /^[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?$/;

const ANY_NODE = -1;

function check(request: ApiVersionsRequest, { services, version }: Context): number {
  if (version >= 3) {
    const isValid = SOFTWARE_NAME.test(request.clientSoftwareName) && SOFTWARE_NAME.test(request.clientSoftwareVersion);
    if (!isValid) return ERRORS.INVALID_REQUEST;
  }
  if (version < 5) return ERRORS.NONE;
  const { clusterId, nodeId } = request;
  if ((clusterId === null) !== (nodeId === ANY_NODE)) return ERRORS.INVALID_REQUEST;
  const isMeantForUs = clusterId === null || (clusterId === services.clusterId && nodeId === services.nodeId);
  return isMeantForUs ? ERRORS.NONE : ERRORS.REBOOTSTRAP_REQUIRED;
}

/** `names` are the rows of the table of handlers: nothing else is told. */
export function apiVersions(
  names: () => readonly ApiName[],
): Api<ApiVersionsRequest, ApiVersionsResponseInput, Services> {
  let served: ApiVersionsResponseInput['apiKeys'] | null = null;
  const servedKeys = (): ApiVersionsResponseInput['apiKeys'] => {
    served ??= names()
      .map((name) => APIS[name])
      .filter((api) => api.advertised !== null)
      .map(({ key, advertised }) => ({
        apiKey: key,
        minVersion: advertised?.min ?? 0,
        maxVersion: advertised?.max ?? 0,
      }))
      .toSorted((a, b) => a.apiKey - b.apiKey);
    return served;
  };
  return {
    handle(request, context) {
      const { services, version, peer } = context;
      const errorCode = check(request, context);
      if (errorCode !== ERRORS.NONE) return { errorCode, apiKeys: [], throttleTimeMs: 0 };
      if (version >= 3) {
        peer.softwareName = request.clientSoftwareName;
        peer.softwareVersion = request.clientSoftwareVersion;
      }
      const { features, offset } = services.image;
      return {
        errorCode,
        apiKeys: servedKeys(),
        throttleTimeMs: 0,
        supportedFeatures: SUPPORTED_FEATURES.filter(({ minVersion }) => version >= 4 || minVersion > 0),
        finalizedFeaturesEpoch: offset,
        finalizedFeatures: features.finalized().map(({ name, level }) => ({
          name,
          maxVersionLevel: level,
          minVersionLevel: level,
        })),
      };
    },

    failed(_request, _context, errorCode) {
      return { errorCode, apiKeys: [], throttleTimeMs: 0 };
    },
  };
}
