/** Broker settings of transactions and idempotent producers. */

import { atLeast, boolean, int, short } from '../setting.ts';

export const TRANSACTION_SETTINGS = {
  'transaction.state.log.min.isr': int(
    '2',
    { valid: atLeast(1), importance: 'HIGH', effect: 'used' },
    'In-sync replicas that __transaction_state needs.',
  ),
  'transaction.state.log.load.buffer.size': int(
    '5242880',
    { valid: atLeast(1), importance: 'HIGH', effect: 'used' },
    'Bytes read at a time while transactions are loaded.',
  ),
  'transaction.state.log.replication.factor': short(
    '3',
    { valid: atLeast(1), importance: 'HIGH', effect: 'used' },
    'Replicas of __transaction_state.',
  ),
  'transaction.state.log.num.partitions': int(
    '50',
    { valid: atLeast(1), importance: 'HIGH', effect: 'used' },
    'Partitions of __transaction_state; must not change later.',
  ),
  'transaction.state.log.segment.bytes': int(
    '104857600',
    { valid: atLeast(1), importance: 'HIGH', effect: 'used' },
    'Segment size of __transaction_state.',
  ),
  'transaction.partition.verification.enable': boolean(
    'true',
    { importance: 'LOW', update: 'cluster-wide', effect: 'used' },
    'Whether a transactional append is checked with the transaction coordinator.',
  ),
  'producer.id.expiration.ms': int(
    '86400000',
    { valid: atLeast(1), importance: 'LOW', update: 'cluster-wide', effect: 'used' },
    'Time after which the state of an idle producer is forgotten by a partition.',
  ),
  'producer.id.expiration.check.interval.ms': int(
    '600000',
    { valid: atLeast(1), importance: 'LOW', effect: 'used', internal: true },
    'Time between two searches for expired producers.',
  ),
  'transactional.id.expiration.ms': int(
    '604800000',
    { valid: atLeast(1), importance: 'HIGH', effect: 'used' },
    'Time after which an unused transactional id is forgotten.',
  ),
  'transaction.max.timeout.ms': int(
    '900000',
    { valid: atLeast(1), importance: 'HIGH', effect: 'used' },
    'Longest transaction timeout that a producer may ask for.',
  ),
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': int(
    '10000',
    { valid: atLeast(1), importance: 'LOW', effect: 'used' },
    'Time between two searches for transactions that have timed out.',
  ),
  'transaction.remove.expired.transaction.cleanup.interval.ms': int(
    '3600000',
    { valid: atLeast(1), importance: 'LOW', effect: 'used' },
    'Time between two searches for expired transactional ids.',
  ),
  'transaction.two.phase.commit.enable': boolean(
    'false',
    { importance: 'LOW' },
    'Whether producers may leave the outcome of a transaction to an outside coordinator.',
  ),
  'add.partitions.to.txn.retry.backoff.max.ms': int(
    '100',
    { valid: atLeast(0), importance: 'HIGH', effect: 'used' },
    'Longest time for which adding a partition to a transaction is repeated in the broker.',
  ),
  'add.partitions.to.txn.retry.backoff.ms': int(
    '20',
    { valid: atLeast(1), importance: 'HIGH', effect: 'used' },
    'Pause before adding a partition to a transaction is repeated in the broker.',
  ),
};
