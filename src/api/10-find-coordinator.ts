/**
 * FindCoordinator: which broker coordinates a group, a transactional id or a share partition.
 *
 * v1 key types        v4 many keys in one request (KIP-699)        v6 share groups (KIP-932)
 *
 * The first question about a group makes `__consumer_offsets`, the first about a transactional id `__transaction_state`; until it is there, there
 * is no coordinator. Share groups are not served yet, so there is none for them at all.
 */
import { ERRORS, errorMessage } from '../protocol/errors.ts';
import type { FindCoordinatorRequest, FindCoordinatorResponseInput } from '../protocol/schema/10-find-coordinator.ts';
import type { Api } from './handler.ts';
import type { Context, Services } from './services.ts';

const KEY_TYPE = { group: 0, transaction: 1, share: 2 } as const;
const BATCHED = 4;
const SHARE = 6;
/** Group, topic id, partition. */
const SHARE_KEY = /^.+:[A-Za-z0-9_-]{22}:[0-9]+$/;
const NOBODY = { nodeId: -1, host: '', port: -1 };

type Found = FindCoordinatorResponseInput['coordinators'][number];

function refused(key: string, errorCode: number): Found {
  return { key, ...NOBODY, errorCode, errorMessage: '' };
}

function find(keyType: number, key: string, context: Context): Found {
  const { services, version, peer } = context;
  switch (keyType) {
    case KEY_TYPE.group:
    case KEY_TYPE.transaction: {
      const kind = keyType === KEY_TYPE.group ? 'group' : 'transaction';
      const nodeId = services.coordinatorOf(kind, key, context);
      const endpoint = nodeId === null ? null : services.endpoint(nodeId, peer.listenerName);
      if (nodeId === null || endpoint === null) return refused(key, ERRORS.COORDINATOR_NOT_AVAILABLE);
      return { key, nodeId, host: endpoint.host, port: endpoint.port, errorCode: ERRORS.NONE, errorMessage: '' };
    }
    case KEY_TYPE.share: {
      const isServed = version >= SHARE && SHARE_KEY.test(key);
      return refused(key, isServed ? ERRORS.COORDINATOR_NOT_AVAILABLE : ERRORS.INVALID_REQUEST);
    }
    default:
      // Only of a type that does not exist do the newer versions say why.
      return {
        ...refused(key, ERRORS.INVALID_REQUEST),
        errorMessage: errorMessage(ERRORS.INVALID_REQUEST),
      };
  }
}

function respond(
  request: FindCoordinatorRequest,
  version: number,
  answer: (key: string) => Found,
): FindCoordinatorResponseInput {
  if (version < BATCHED) {
    const { key: _key, errorCode, ...found } = answer(request.key);
    const text = errorCode === ERRORS.NONE ? 'NONE' : errorMessage(errorCode);
    return { throttleTimeMs: 0, ...found, errorCode, errorMessage: text, coordinators: [] };
  }
  const coordinators = request.coordinatorKeys.map(answer);
  return { throttleTimeMs: 0, errorCode: 0, errorMessage: '', nodeId: 0, host: '', port: 0, coordinators };
}

export const findCoordinator: Api<FindCoordinatorRequest, FindCoordinatorResponseInput, Services> = {
  handle(request, context) {
    return respond(request, context.version, (key) => find(request.keyType, key, context));
  },

  failed(request, { version }, errorCode) {
    return respond(request, version, (key) => refused(key, errorCode));
  },
};
