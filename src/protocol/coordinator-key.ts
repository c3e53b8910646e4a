/** Who coordinates what: the APIs of the coordinators of groups and of transactions, and which partition of an internal topic a key's state stands in. */

/** APIs that the coordinator of a group answers. */
export type GroupApi =
  | 'OffsetCommit'
  | 'OffsetFetch'
  | 'JoinGroup'
  | 'Heartbeat'
  | 'LeaveGroup'
  | 'SyncGroup'
  | 'DescribeGroups'
  | 'ListGroups'
  | 'DeleteGroups'
  | 'OffsetDelete'
  | 'ConsumerGroupHeartbeat'
  | 'ConsumerGroupDescribe'
  | 'TxnOffsetCommit';

const TRANSACTION_APIS = [
  'InitProducerId',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'EndTxn',
  'DescribeTransactions',
  'ListTransactions',
] as const;

/** APIs that the coordinator of a transactional id answers. */
export type TransactionApi = (typeof TRANSACTION_APIS)[number];

export function isTransactionApi(api: GroupApi | TransactionApi): api is TransactionApi {
  return (TRANSACTION_APIS as readonly string[]).includes(api);
}

/** Java's String.hashCode: over UTF-16 units, in 32 bits. */
export function javaHash(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}

/** Of `partitionCount` partitions. As Kafka: the least number has no absolute value and counts as 0. */
export function partitionOfKey(key: string, partitionCount: number): number {
  const hash = javaHash(key);
  return (hash === -0x80000000 ? 0 : Math.abs(hash)) % partitionCount;
}
