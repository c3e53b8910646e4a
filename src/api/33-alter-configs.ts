/**
 * AlterConfigs: replaces all settings of a topic, a group or a broker (KIP-133). Decided by control (machine/controller/alter-configs), answered when
 * every shard follows them. Clients use IncrementalAlterConfigs since KIP-339.
 *
 * v0 oldest served      v2 flexible
 */
import type { AlterConfigsRequest, AlterConfigsResponse } from '../protocol/schema/33-alter-configs.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';

export const alterConfigs: Api<AlterConfigsRequest, AlterConfigsResponse, Services> = {
  handle(request, { services, peer }) {
    return services.control('AlterConfigs', request, peer.principal);
  },
};
