/** A line of steps.jsonl: what was asked and answered, or what happened besides; and where the log ended then. */
import type { DecodedResponseOf, RequestOf } from '../../../src/protocol/schema/index.ts';
import type { TransactionApi } from '../../../src/protocol/coordinator-key.ts';

export type RecordedApi = TransactionApi;

type Asked = {
  [N in RecordedApi]: {
    readonly api: N;
    readonly version: number;
    /** As it was given to the encoder: fields may be missing. */
    readonly request: Partial<RequestOf<N>>;
    readonly answer: DecodedResponseOf<N>;
  };
}[RecordedApi];

export type RecordedStep = (
  | Asked
  | { readonly waited: string }
  | { readonly seeded: readonly string[] }
  | { readonly restarted: true }
  | { readonly transactionVersion: number }
) & { readonly endOffset: number };
