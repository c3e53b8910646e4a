/** All scenarios, a file an API; each is run for each of its versions, and what comes of it is compared with what Kafka answered. */
import { restartScenarios } from './restart.ts';
import type { Scenario } from '../harness/session.ts';
import { produceScenarios } from './00-produce.ts';
import { produceErrorScenarios } from './00-produce-errors.ts';
import { idempotenceScenarios } from './00-produce-idempotence.ts';
import { fetchScenarios } from './01-fetch.ts';
import { fetchSessionScenarios } from './01-fetch-sessions.ts';
import { listOffsetsScenarios } from './02-list-offsets.ts';
import { metadataScenarios } from './03-metadata.ts';
import { offsetCommitScenarios } from './08-offset-commit.ts';
import { offsetFetchScenarios } from './09-offset-fetch.ts';
import { listGroupsScenarios } from './16-list-groups.ts';
import { apiVersionsScenarios } from './18-api-versions.ts';
import { classicScenarios } from './classic-life.ts';
import { offsetsOfMembersScenarios } from './offsets-of-members.ts';
import { classicTimeScenarios } from './classic-time.ts';
import { failedAppendsScenarios } from './failed-appends.ts';
import { hostileMembersScenarios } from './hostile-members.ts';
import { createTopicsScenarios } from './19-create-topics.ts';
import { deleteTopicsScenarios } from './20-delete-topics.ts';
import { deleteRecordsScenarios } from './21-delete-records.ts';
import { initProducerIdScenarios } from './22-init-producer-id.ts';
import { offsetForLeaderEpochScenarios } from './23-offset-for-leader-epoch.ts';
import { describeConfigsScenarios } from './32-describe-configs.ts';
import { alterConfigsScenarios } from './33-alter-configs.ts';
import { createPartitionsScenarios } from './37-create-partitions.ts';
import { deleteGroupsScenarios } from './42-delete-groups.ts';
import { incrementalAlterConfigsScenarios } from './44-incremental-alter-configs.ts';
import { offsetDeleteScenarios } from './47-offset-delete.ts';
import { describeClusterScenarios } from './60-describe-cluster.ts';
import { consumerGroupHeartbeatScenarios } from './68-consumer-group-heartbeat.ts';
import { migrationScenarios } from './68-migration.ts';
import { findCoordinatorScenarios } from './10-find-coordinator.ts';
import { fetchTransactionsScenarios, listOffsetsTransactionsScenarios } from './01-fetch-transactions.ts';
import { transactionalProduceScenarios } from './00-produce-transactional.ts';
import { initTransactionalProducerIdScenarios } from './22-init-producer-id-transactional.ts';
import { addPartitionsToTxnScenarios } from './24-add-partitions-to-txn.ts';
import { addOffsetsToTxnScenarios } from './25-add-offsets-to-txn.ts';
import { endTxnScenarios } from './26-end-txn.ts';
import { writeTxnMarkersScenarios } from './27-write-txn-markers.ts';
import { txnOffsetCommitScenarios, txnOffsetsOfMembersScenarios } from './28-txn-offset-commit.ts';
import { describeProducersScenarios } from './61-describe-producers.ts';
import { describeTransactionsScenarios } from './65-describe-transactions.ts';
import { listTransactionsScenarios } from './66-list-transactions.ts';
import { transactionsExpirationScenarios } from './transactions-expiration.ts';
import { transactionsOfLevel0, transactionsOfLevel1 } from './transactions-levels.ts';
import { transactionsLifeScenarios } from './transactions-life.ts';
import { transactionsRestartScenarios } from './transactions-restart.ts';
import { transactionsTimeScenarios } from './transactions-time.ts';
import { describeTopicPartitionsScenarios } from './75-describe-topic-partitions.ts';

/** By the name of the file in expected/. */
export const SCENARIOS: Readonly<Record<string, readonly Scenario[]>> = {
  '00-produce': produceScenarios,
  '00-produce-errors': produceErrorScenarios,
  '00-produce-idempotence': idempotenceScenarios,
  '01-fetch': fetchScenarios,
  '01-fetch-sessions': fetchSessionScenarios,
  '02-list-offsets': listOffsetsScenarios,
  '03-metadata': metadataScenarios,
  '08-offset-commit': offsetCommitScenarios,
  '09-offset-fetch': offsetFetchScenarios,
  '16-list-groups': listGroupsScenarios,
  '18-api-versions': apiVersionsScenarios,
  '19-create-topics': createTopicsScenarios,
  '20-delete-topics': deleteTopicsScenarios,
  '21-delete-records': deleteRecordsScenarios,
  '22-init-producer-id': initProducerIdScenarios,
  '23-offset-for-leader-epoch': offsetForLeaderEpochScenarios,
  '32-describe-configs': describeConfigsScenarios,
  '33-alter-configs': alterConfigsScenarios,
  '37-create-partitions': createPartitionsScenarios,
  '42-delete-groups': deleteGroupsScenarios,
  '44-incremental-alter-configs': incrementalAlterConfigsScenarios,
  '47-offset-delete': offsetDeleteScenarios,
  '60-describe-cluster': describeClusterScenarios,
  '68-consumer-group-heartbeat': consumerGroupHeartbeatScenarios,
  '68-migration': migrationScenarios,
  '75-describe-topic-partitions': describeTopicPartitionsScenarios,
};

/** Those of the classic protocol of groups: they want one of their own, that waits less (settings.ts). */
export const CLASSIC: Readonly<Record<string, readonly Scenario[]>> = {
  '11-join-group': classicScenarios('JoinGroup'),
  '12-heartbeat': classicScenarios('Heartbeat'),
  '13-leave-group': classicScenarios('LeaveGroup'),
  '14-sync-group': classicScenarios('SyncGroup'),
  '15-describe-groups': classicScenarios('DescribeGroups'),
  'classic-time': classicTimeScenarios,
  'failed-appends': failedAppendsScenarios,
  'hostile-members': hostileMembersScenarios,
  'offsets-of-members': offsetsOfMembersScenarios,
  'transactional-offsets-of-members': txnOffsetsOfMembersScenarios,
};

/** Those of transactions: they want one of their own, that looks often for transactions which are open for too long (settings.ts). */
export const TRANSACTIONS: Readonly<Record<string, readonly Scenario[]>> = {
  '00-produce-transactional': transactionalProduceScenarios,
  '01-fetch-transactions': fetchTransactionsScenarios,
  '02-list-offsets-transactions': listOffsetsTransactionsScenarios,
  '10-find-coordinator': findCoordinatorScenarios,
  '22-init-producer-id-transactional': initTransactionalProducerIdScenarios,
  '24-add-partitions-to-txn': addPartitionsToTxnScenarios,
  '25-add-offsets-to-txn': addOffsetsToTxnScenarios,
  '26-end-txn': endTxnScenarios,
  '27-write-txn-markers': writeTxnMarkersScenarios,
  '28-txn-offset-commit': txnOffsetCommitScenarios,
  '61-describe-producers': describeProducersScenarios,
  '65-describe-transactions': describeTransactionsScenarios,
  '66-list-transactions': listTransactionsScenarios,
  'transactions-life': transactionsLifeScenarios,
  'transactions-time': transactionsTimeScenarios,
};

/** Those that end the broker and start it again: they want one of their own. */
export const RESTARTS: Readonly<Record<string, readonly Scenario[]>> = { restart: restartScenarios };

/** The same of transactions. */
export const TRANSACTION_RESTARTS: Readonly<Record<string, readonly Scenario[]>> = {
  'transactions-restart': transactionsRestartScenarios,
};

/** Those that wait until transactional ids are forgotten. */
export const EXPIRATION: Readonly<Record<string, readonly Scenario[]>> = {
  'transactions-expiration': transactionsExpirationScenarios,
};

/** Transactions in clusters of older transaction versions, by level. */
export const TRANSACTION_LEVELS: Readonly<Record<number, Readonly<Record<string, readonly Scenario[]>>>> = {
  0: { 'transactions-level-0': transactionsOfLevel0 },
  1: { 'transactions-level-1': transactionsOfLevel1 },
};
