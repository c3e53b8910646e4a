/**
 * CreateTopics: decided by control (machine/controller), answered when every shard sees the topics.
 *
 * v2 oldest served      v4 -1 for the broker's defaults (KIP-464)      v5 what was created (KIP-525)      v7 topic ids
 */
import type { CreateTopicsRequest, CreateTopicsResponse } from '../protocol/schema/19-create-topics.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';

export const createTopics: Api<CreateTopicsRequest, CreateTopicsResponse, Services> = {
  handle(request, { services, peer }) {
    return services.control('CreateTopics', request, peer.principal);
  },
};
