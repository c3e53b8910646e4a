/**
 * AccessControlEntryRecord (type 18 of the metadata log). An access control entry.
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { i8, string, uuid } from '../../schema-language.ts';

export const accessControlEntryRecord = message('AccessControlEntryRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    id: uuid('0+'),
    resourceType: i8('0+'),
    resourceName: string('0+'),
    patternType: i8('0+'),
    principal: string('0+'),
    host: string('0+'),
    operation: i8('0+'),
    permissionType: i8('0+'),
  },
});
export type AccessControlEntryRecord = Decoded<typeof accessControlEntryRecord>;
export type AccessControlEntryRecordInput = Input<typeof accessControlEntryRecord>;
