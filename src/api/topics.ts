/** What several handlers say about topics. */

/** Topics that only the broker writes to. */
export function isInternalTopic(name: string): boolean {
  return name === '__consumer_offsets' || name === '__transaction_state' || name === '__share_group_state';
}

const LEGAL = /^[a-zA-Z0-9._-]{1,249}$/;

/** Whether a topic may be called that (Kafka's Topic.validate). */
export function isLegalTopicName(name: string): boolean {
  return name !== '.' && name !== '..' && LEGAL.test(name);
}

/** Bits of the operations that anybody may do where no authorizer is configured (ACL operation codes, KIP-430). */
export const ALL_TOPIC_OPERATIONS: number = bits(3, 4, 5, 6, 7, 8, 10, 11);
export const ALL_CLUSTER_OPERATIONS: number = bits(5, 7, 8, 9, 10, 11, 12);

/** "Not asked for." */
export const NO_OPERATIONS = -2147483648;

function bits(...operations: number[]): number {
  return operations.reduce((sum, operation) => sum | (1 << operation), 0);
}
