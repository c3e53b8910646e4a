/**
 * IncrementalAlterConfigs: sets, deletes, appends to and subtracts from single settings of a topic, a group or a broker (KIP-339). Decided by control
 * (machine/controller/alter-configs), answered when every shard follows them.
 *
 * v0 oldest served      v1 flexible
 */
import type {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from '../protocol/schema/44-incremental-alter-configs.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';

export const incrementalAlterConfigs: Api<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, Services> = {
  handle(request, { services, peer }) {
    return services.control('IncrementalAlterConfigs', request, peer.principal);
  },
};
