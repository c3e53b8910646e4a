/**
 * RemoveAccessControlEntryRecord (type 19 of the metadata log). Removes an access control entry.
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { uuid } from '../../schema-language.ts';

export const removeAccessControlEntryRecord = message('RemoveAccessControlEntryRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    id: uuid('0+'),
  },
});
export type RemoveAccessControlEntryRecord = Decoded<typeof removeAccessControlEntryRecord>;
export type RemoveAccessControlEntryRecordInput = Input<typeof removeAccessControlEntryRecord>;
