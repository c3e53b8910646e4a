/**
 * The image as records, in the order of Kafka's snapshots: features, brokers, controllers, topics with their partitions, settings, quotas, the next
 * producer id, ACLs, SCRAM credentials, tokens. Replaying them into an empty image gives the same image.
 */
import type { MetadataImage } from './image.ts';
import { type MetadataRecord, record } from '../../protocol/record/metadata-records.ts';
import type { BrokerRegistration, ControllerRegistration, SupportedFeature } from './cluster.ts';
import type { TopicImage } from './topic.ts';

/** Of one moment: the image must not change while it is being read. */
export function* imageRecords(image: MetadataImage): Generator<MetadataRecord> {
  for (const { name, level } of image.features.recorded()) yield record('featureLevel', { name, featureLevel: level });
  for (const broker of image.cluster.brokers()) yield brokerRecord(broker);
  for (const controller of image.cluster.controllers()) yield controllerRecord(controller);
  for (const topic of image.topics) yield* topicRecords(topic);
  for (const [{ type, name }, values] of image.configs) {
    for (const [setting, value] of values) {
      yield record('config', { resourceType: type, resourceName: name, name: setting, value });
    }
  }
  for (const quota of image.stored.quotas.values()) yield record('clientQuota', quota);
  if (image.nextProducerId >= 0) {
    yield record('producerIds', { brokerId: -1, brokerEpoch: -1, nextProducerId: image.nextProducerId });
  }
  for (const entry of image.stored.acls.values()) yield record('accessControlEntry', entry);
  for (const credential of image.stored.scram.values()) yield record('userScramCredential', credential);
  for (const token of image.stored.tokens.values()) yield record('delegationToken', token);
}

/** Writes the image to a sink, record by record. */
export function writeTo(image: MetadataImage, sink: (record: MetadataRecord) => void): void {
  for (const one of imageRecords(image)) sink(one);
}

function* topicRecords(topic: TopicImage): Generator<MetadataRecord> {
  yield record('topic', { name: topic.name, topicId: topic.id });
  for (let partition = 0; partition < topic.partitionEnd; partition++) {
    if (topic.has(partition)) yield partitionRecord(topic, partition);
  }
}

function partitionRecord(topic: TopicImage, partition: number): MetadataRecord {
  const row = topic.row(partition);
  return record('partition', {
    partitionId: partition,
    topicId: topic.id,
    replicas: [...row.replicas],
    isr: [...row.isr],
    removingReplicas: [...row.removingReplicas],
    addingReplicas: [...row.addingReplicas],
    leader: row.leader,
    leaderRecoveryState: row.leaderRecoveryState,
    leaderEpoch: row.leaderEpoch,
    partitionEpoch: row.partitionEpoch,
    directories: [...row.directories],
    eligibleLeaderReplicas: row.elr.length === 0 ? null : [...row.elr],
    lastKnownElr: row.lastKnownElr.length === 0 ? null : [...row.lastKnownElr],
  });
}

export function brokerRecord(broker: BrokerRegistration): MetadataRecord {
  return record('registerBroker', {
    brokerId: broker.id,
    isMigratingZkBroker: false,
    incarnationId: broker.incarnationId,
    brokerEpoch: broker.epoch,
    endPoints: broker.endpoints.map((endpoint) => ({ ...endpoint })),
    features: broker.features.map(featureOf),
    rack: broker.rack,
    fenced: broker.fenced,
    inControlledShutdown: broker.inControlledShutdown,
    logDirs: [...broker.logDirs],
    cordonedLogDirs: broker.cordonedLogDirs === null ? null : [...broker.cordonedLogDirs],
  });
}

export function controllerRecord(controller: ControllerRegistration): MetadataRecord {
  return record('registerController', {
    controllerId: controller.id,
    incarnationId: controller.incarnationId,
    zkMigrationReady: false,
    endPoints: controller.endpoints.map((endpoint) => ({ ...endpoint })),
    features: controller.features.map(featureOf),
  });
}

function featureOf({ name, min, max }: SupportedFeature): {
  name: string;
  minSupportedVersion: number;
  maxSupportedVersion: number;
} {
  return { name, minSupportedVersion: min, maxSupportedVersion: max };
}
