/**
 * The marker that ends a producer's transaction in one partition: a control batch with one record (KIP-98). From transaction version 2
 * on its epoch is the one that the producer has after it (KIP-890).
 */
import { BatchBuilder } from './batch-builder.ts';
import { encodeControlRecord } from './record/control-records.ts';

export interface TransactionMarker {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly commit: boolean;
  /** Leader epoch of the partition of `__transaction_state` that decided; a smaller one than the last is fenced. -1: an administrator's. */
  readonly coordinatorEpoch: number;
  /** 0, 1 or 2 (KIP-1228): of 2 the epoch must be greater than the producer's in the partition. */
  readonly transactionVersion: number;
}

/** The batch, as it stands in the log. `timestamp` in milliseconds since the epoch. */
export function markerBatch(
  { producerId, producerEpoch, commit, coordinatorEpoch }: TransactionMarker,
  { baseOffset, leaderEpoch, timestamp }: { baseOffset: number; leaderEpoch: number; timestamp: number },
  crc32c: (bytes: Buffer) => number,
): Buffer {
  const builder = new BatchBuilder({
    baseOffset,
    leaderEpoch,
    producerId,
    producerEpoch,
    isTransactional: true,
    isControl: true,
  });
  const record = encodeControlRecord({ type: commit ? 'commit' : 'abort', value: { coordinatorEpoch } });
  builder.append({ timestamp: BigInt(timestamp), ...record });
  return builder.build(crc32c);
}
