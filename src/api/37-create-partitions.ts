/**
 * CreatePartitions: more partitions for a topic (KIP-195). Decided by control, answered when every shard sees them.
 *
 * v2 flexible      v3 THROTTLING_QUOTA_EXCEEDED (KIP-599)
 */
import type { CreatePartitionsRequest, CreatePartitionsResponse } from '../protocol/schema/37-create-partitions.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';

export const createPartitions: Api<CreatePartitionsRequest, CreatePartitionsResponse, Services> = {
  handle(request, { services, peer }) {
    return services.control('CreatePartitions', request, peer.principal);
  },
};
