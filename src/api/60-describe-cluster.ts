/**
 * DescribeCluster: the brokers of the cluster and its id (KIP-700).
 *
 * v1 endpoint type: brokers (1) or controllers (2) (KIP-919)      v2 fenced brokers (KIP-1073)
 */
import { ERRORS } from '../protocol/errors.ts';
import type { DescribeClusterRequest, DescribeClusterResponseInput } from '../protocol/schema/60-describe-cluster.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';
import { ALL_CLUSTER_OPERATIONS, NO_OPERATIONS } from './topics.ts';

const ENDPOINT_TYPE = { brokers: 1, controllers: 2 } as const;

function refuse(errorCode: number, errorMessage: string | null): DescribeClusterResponseInput {
  return {
    throttleTimeMs: 0,
    errorCode,
    errorMessage,
    clusterId: '',
    brokers: [],
    isFenced: false,
  } as DescribeClusterResponseInput;
}

export const describeCluster: Api<DescribeClusterRequest, DescribeClusterResponseInput, Services> = {
  handle(request, { services, peer, version }) {
    if (request.endpointType === ENDPOINT_TYPE.controllers) {
      const text = 'The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER';
      return refuse(version === 0 ? ERRORS.INVALID_REQUEST : ERRORS.MISMATCHED_ENDPOINT_TYPE, text);
    }
    if (request.endpointType !== ENDPOINT_TYPE.brokers) {
      const code = version === 0 ? ERRORS.INVALID_REQUEST : ERRORS.UNSUPPORTED_ENDPOINT_TYPE;
      return refuse(code, `Unsupported endpoint type ${request.endpointType}`);
    }
    const { cluster } = services.image;
    const shown = version >= 2 && request.includeFencedBrokers ? cluster.brokers() : cluster.aliveBrokers();
    const brokers = shown.flatMap(({ id, rack, fenced }) => {
      const endpoint = services.endpoint(id, peer.listenerName);
      return endpoint
        ? [{ brokerId: id, host: endpoint.host, port: endpoint.port, rack, isFenced: version >= 2 && fenced }]
        : [];
    });
    return {
      throttleTimeMs: 0,
      errorCode: ERRORS.NONE,
      clusterId: services.clusterId,
      controllerId: services.image.cluster.aliveBrokers()[0]?.id ?? -1,
      brokers,
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? ALL_CLUSTER_OPERATIONS : NO_OPERATIONS,
    };
  },

  failed(_request, _context, errorCode) {
    return refuse(errorCode, null);
  },
};
