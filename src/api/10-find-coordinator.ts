/**
 * FindCoordinator: which broker coordinates a group, a transactional id or a share partition.
 *
 * v1 key types        v4 many keys in one request (KIP-699)        v6 share groups (KIP-932)
 *
 * Groups and transactions are not served yet, so there is no coordinator for anything, and that is what the answer says.
 */
import { ERRORS, errorMessage } from '../protocol/errors.ts';
import type { FindCoordinatorRequest, FindCoordinatorResponseInput } from '../protocol/schema/10-find-coordinator.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';

const KEY_TYPE = { group: 0, transaction: 1, share: 2 } as const;
const NOBODY = { nodeId: -1, host: '', port: -1 };

function codeFor(keyType: number, version: number): number {
  if (keyType === KEY_TYPE.group || keyType === KEY_TYPE.transaction) return ERRORS.COORDINATOR_NOT_AVAILABLE;
  return keyType === KEY_TYPE.share && version >= 6 ? ERRORS.COORDINATOR_NOT_AVAILABLE : ERRORS.INVALID_REQUEST;
}

function respond(request: FindCoordinatorRequest, version: number, errorCode: number): FindCoordinatorResponseInput {
  const text = errorMessage(errorCode);
  if (version < 4) return { throttleTimeMs: 0, errorCode, errorMessage: text, ...NOBODY, coordinators: [] };
  return {
    throttleTimeMs: 0,
    errorCode: ERRORS.NONE,
    errorMessage: null,
    nodeId: 0,
    host: '',
    port: 0,
    coordinators: request.coordinatorKeys.map((key) => ({ key, ...NOBODY, errorCode, errorMessage: text })),
  };
}

export const findCoordinator: Api<FindCoordinatorRequest, FindCoordinatorResponseInput, Services> = {
  handle(request, { version }) {
    return respond(request, version, codeFor(request.keyType, version));
  },

  failed(request, { version }, errorCode) {
    return respond(request, version, errorCode);
  },
};
