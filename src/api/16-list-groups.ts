/**
 * ListGroups: the groups that this broker coordinates.
 *
 * v4 filter by state (KIP-518)      v5 filter by type (KIP-848)
 */
import { ERRORS } from '../protocol/errors.ts';
import type { ListGroupsRequest, ListGroupsResponseInput } from '../protocol/schema/16-list-groups.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';

export const listGroups: Api<ListGroupsRequest, ListGroupsResponseInput, Services> = {
  async handle(request, context) {
    const answers = await context.services.allGroups(request, context);
    const errorCode = answers.find((answer) => answer.errorCode !== ERRORS.NONE)?.errorCode ?? ERRORS.NONE;
    const groups = errorCode === ERRORS.NONE ? answers.flatMap((answer) => answer.groups) : [];
    return { throttleTimeMs: 0, errorCode, groups };
  },

  failed(_request, _context, errorCode) {
    return { throttleTimeMs: 0, errorCode, groups: [] };
  },
};
