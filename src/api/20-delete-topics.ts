/**
 * DeleteTopics: by name, or by id from v6 (KIP-516). Decided by control, answered when every shard has let go of the topics.
 *
 * v4 flexible      v5 error message      v6 topic ids
 */
import type { DeleteTopicsRequest, DeleteTopicsResponse } from '../protocol/schema/20-delete-topics.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';

export const deleteTopics: Api<DeleteTopicsRequest, DeleteTopicsResponse, Services> = {
  async handle(request, { services, peer, version }) {
    const known =
      version >= 6
        ? request
        : { ...request, topics: request.topicNames.map((name) => ({ name, topicId: '\0'.repeat(16) as never })) };
    return services.control('DeleteTopics', known, peer.principal);
  },
};
