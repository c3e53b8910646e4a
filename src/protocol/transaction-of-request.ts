/** What a transactional request says besides its batches, and what its version can do about verification (KIP-890). */

/**
 * 'add': the broker adds the partition to the transaction by itself (transaction version 2). 'verify-abortable': it must have been added, and the
 * producer knows TRANSACTION_ABORTABLE. 'verify': older. Their places are what travels in `appendTransactional`.
 */
export const VERIFICATION_MODES = ['add', 'verify-abortable', 'verify'] as const;

export type VerificationMode = (typeof VERIFICATION_MODES)[number];

export interface TransactionOfRequest {
  readonly transactionalId: string;
  readonly mode: VerificationMode;
}

/** Of a request of this version, where its API knows TRANSACTION_ABORTABLE from one version on, and has the broker add partitions from another. */
export function verificationMode(
  version: number,
  since: { readonly abortable: number; readonly adding: number },
): VerificationMode {
  if (version >= since.adding) return 'add';
  return version >= since.abortable ? 'verify-abortable' : 'verify';
}
