/**
 * A principal as a broker passes it on in an Envelope (KIP-590).
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { bool, string } from '../../schema-language.ts';

export const defaultPrincipalData = message('DefaultPrincipalData', {
  versions: '0',
  flexible: '0+',
  fields: {
    type: string('0+'),
    name: string('0+'),
    tokenAuthenticated: bool('0+'),
  },
});
export type DefaultPrincipalData = Decoded<typeof defaultPrincipalData>;
export type DefaultPrincipalDataInput = Input<typeof defaultPrincipalData>;
