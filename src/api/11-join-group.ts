/**
 * JoinGroup: joins a group of the classic protocol. Answered when the join phase ends.
 *
 * v1 rebalance timeout (KIP-62)       v4 a new member gets its id first (KIP-394)       v5 static members (KIP-345)
 * v7 the protocol type, and no protocol name in errors (KIP-559)       v8 the reason (KIP-800)       v9 skips the assignment (KIP-814)
 */
import { ERRORS } from '../protocol/errors.ts';
import type { JoinGroupRequest, JoinGroupResponseInput } from '../protocol/schema/11-join-group.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';

function refuse(version: number, errorCode: number, memberId: string): JoinGroupResponseInput {
  return shown(version, {
    throttleTimeMs: 0,
    errorCode,
    protocolName: '',
    leader: '',
    memberId,
    members: [],
  });
}

/** Where there is none, the name is empty before version 7, and null since. */
function shown(version: number, response: JoinGroupResponseInput): JoinGroupResponseInput {
  return version >= 7 && response.protocolName === '' ? { ...response, protocolName: null } : response;
}

export const joinGroup: Api<JoinGroupRequest, JoinGroupResponseInput, Services> = {
  async handle(request, context) {
    const { version, services } = context;
    const { groupId, memberId, sessionTimeoutMs } = request;
    const { values } = services.config;
    if (groupId === '') return refuse(version, ERRORS.INVALID_GROUP_ID, memberId);
    if (
      sessionTimeoutMs < values['group.min.session.timeout.ms'] ||
      sessionTimeoutMs > values['group.max.session.timeout.ms']
    ) {
      return refuse(version, ERRORS.INVALID_SESSION_TIMEOUT, memberId);
    }
    const outcome = await services.group('JoinGroup', groupId, request, context);
    return outcome.ok ? shown(version, outcome.response) : refuse(version, outcome.errorCode, '');
  },

  failed(_request, { version }, errorCode) {
    return refuse(version, errorCode, '');
  },
};
