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
import { apiVersionsScenarios } from './18-api-versions.ts';
import { createTopicsScenarios } from './19-create-topics.ts';
import { deleteTopicsScenarios } from './20-delete-topics.ts';
import { deleteRecordsScenarios } from './21-delete-records.ts';
import { initProducerIdScenarios } from './22-init-producer-id.ts';
import { offsetForLeaderEpochScenarios } from './23-offset-for-leader-epoch.ts';
import { describeConfigsScenarios } from './32-describe-configs.ts';
import { createPartitionsScenarios } from './37-create-partitions.ts';
import { describeClusterScenarios } from './60-describe-cluster.ts';
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
  '18-api-versions': apiVersionsScenarios,
  '19-create-topics': createTopicsScenarios,
  '20-delete-topics': deleteTopicsScenarios,
  '21-delete-records': deleteRecordsScenarios,
  '22-init-producer-id': initProducerIdScenarios,
  '23-offset-for-leader-epoch': offsetForLeaderEpochScenarios,
  '32-describe-configs': describeConfigsScenarios,
  '37-create-partitions': createPartitionsScenarios,
  '60-describe-cluster': describeClusterScenarios,
  '75-describe-topic-partitions': describeTopicPartitionsScenarios,
};

/** Those that end the broker and start it again: they want one of their own. */
export const RESTARTS: Readonly<Record<string, readonly Scenario[]>> = { restart: restartScenarios };
