/**
 * UnregisterControllerRecord (type 29 of the metadata log). A controller was forgotten (KIP-1312).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { i32 } from '../../schema-language.ts';

export const unregisterControllerRecord = message('UnregisterControllerRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    controllerId: i32('0+'),
  },
});
export type UnregisterControllerRecord = Decoded<typeof unregisterControllerRecord>;
export type UnregisterControllerRecordInput = Input<typeof unregisterControllerRecord>;
