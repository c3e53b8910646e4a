/** Where the leaders are that an answer names because the client asked somebody else (KIP-951). */
import type { Services } from './services.ts';

interface NodeEndpoint {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

/** The field, or nothing where there is nobody to name. */
export function nodeEndpoints(
  leaders: ReadonlySet<number>,
  services: Services,
  listenerName: string,
): { nodeEndpoints?: NodeEndpoint[] } {
  if (leaders.size === 0) return {};
  const found = [...leaders].flatMap((nodeId) => {
    const endpoint = services.endpoint(nodeId, listenerName);
    const rack = services.image.cluster.broker(nodeId)?.rack ?? null;
    return endpoint ? [{ nodeId, host: endpoint.host, port: endpoint.port, rack }] : [];
  });
  return found.length === 0 ? {} : { nodeEndpoints: found };
}
