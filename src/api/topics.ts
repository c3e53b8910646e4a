/** What several handlers say about topics, groups and the cluster where no authorizer is configured: everybody may do everything. */

/** Bits of the operations of ACLs, by their codes (KIP-430). */
export const ALL_TOPIC_OPERATIONS: number = bits(3, 4, 5, 6, 7, 8, 10, 11);
export const ALL_GROUP_OPERATIONS: number = bits(3, 6, 8, 10, 11);
export const ALL_CLUSTER_OPERATIONS: number = bits(5, 7, 8, 9, 10, 11, 12);

/** "Not asked for." */
export const NO_OPERATIONS = -2147483648;

function bits(...operations: number[]): number {
  return operations.reduce((sum, operation) => sum | (1 << operation), 0);
}
