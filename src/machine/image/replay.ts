/** What each type of record does to the image. Forgetting one does not compile. */
import { CONFIG_RESOURCE } from './configs.ts';
import type { ImageChanges } from './changes.ts';
import type { MetadataImage } from './image.ts';
import type { MetadataRecord, RecordMessage, RecordType } from '../../protocol/record/metadata-records.ts';
import type { PartitionRow, TopicImage } from './topic.ts';

type Replay<T extends RecordType> = (
  image: MetadataImage,
  message: RecordMessage<T>,
  changes: ImageChanges | undefined,
) => void;

/** In a PartitionChangeRecord: the leader stays. */
const NO_LEADER_CHANGE = -2;
/** In registration changes: 1 sets, -1 takes back, 0 leaves. */
const SET = 1;
const TAKE_BACK = -1;

const REPLAYS = {
  registerBroker(image, message, changes) {
    image.cluster.register(message);
    changes?.brokers.add(message.brokerId);
  },
  unregisterBroker(image, message, changes) {
    image.cluster.unregister(message.brokerId);
    changes?.brokers.add(message.brokerId);
  },
  fenceBroker(image, message, changes) {
    image.cluster.change(message.id, message.epoch, { fenced: true });
    changes?.brokers.add(message.id);
  },
  unfenceBroker(image, message, changes) {
    image.cluster.change(message.id, message.epoch, { fenced: false });
    changes?.brokers.add(message.id);
  },
  brokerRegistrationChange(image, message, changes) {
    const { brokerId, brokerEpoch, logDirs, cordonedLogDirs } = message;
    image.cluster.change(brokerId, brokerEpoch, {
      ...switched('fenced', message.fenced),
      ...switched('inControlledShutdown', message.inControlledShutdown),
      ...(logDirs.length > 0 ? { logDirs: [...logDirs].toSorted() } : {}),
      ...(cordonedLogDirs === null ? {} : { cordonedLogDirs }),
    });
    changes?.brokers.add(brokerId);
  },
  registerController(image, message, changes) {
    image.cluster.registerController(message);
    changes?.controllers.add(message.controllerId);
  },
  unregisterController(image, message, changes) {
    image.cluster.unregisterController(message.controllerId);
    changes?.controllers.add(message.controllerId);
  },

  topic(image, message, changes) {
    if (image.topics.byId(message.topicId) !== undefined) return;
    const topic = image.topics.add(message.name, message.topicId);
    changes?.topicCreated(topic);
  },
  removeTopic(image, message, changes) {
    const partitionCount = image.topics.byId(message.topicId)?.partitionCount ?? 0;
    const topic = image.topics.remove(message.topicId);
    if (topic === undefined) return;
    changes?.topicDeleted(topic, partitionCount);
    if (image.configs.remove(CONFIG_RESOURCE.topic, topic.name)) changes?.config(CONFIG_RESOURCE.topic, topic.name);
  },
  partition(image, message, changes) {
    const topic = image.topics.byId(message.topicId);
    if (topic === undefined || message.partitionId < 0) return;
    topic.put(message.partitionId, {
      leader: message.leader,
      leaderEpoch: message.leaderEpoch,
      partitionEpoch: message.partitionEpoch,
      leaderRecoveryState: message.leaderRecoveryState,
      replicas: message.replicas,
      isr: message.isr,
      elr: message.eligibleLeaderReplicas ?? [],
      lastKnownElr: message.lastKnownElr ?? [],
      addingReplicas: message.addingReplicas,
      removingReplicas: message.removingReplicas,
      directories: message.directories,
    });
    changes?.partition(message.topicId, message.partitionId);
  },
  partitionChange(image, message, changes) {
    const topic = image.topics.byId(message.topicId);
    if (topic === undefined || !topic.has(message.partitionId)) return;
    topic.put(message.partitionId, merged(topic, message));
    changes?.partition(message.topicId, message.partitionId);
  },
  clearElr(image, message, changes) {
    const one = image.topics.byName(message.topicName);
    const topics = message.topicName === '' ? [...image.topics] : one === undefined ? [] : [one];
    for (const topic of topics) clearElr(topic, changes);
  },

  config(image, message, changes) {
    image.configs.set(message.resourceType, message.resourceName, message.name, message.value);
    changes?.config(message.resourceType, message.resourceName);
  },
  featureLevel(image, message, changes) {
    image.features.set(message.name, message.featureLevel);
    if (changes !== undefined) changes.features = true;
  },
  producerIds(image, message, changes) {
    const before = image.nextProducerId;
    image.journal?.note(() => {
      image.nextProducerId = before;
    });
    image.nextProducerId = message.nextProducerId;
    if (changes !== undefined) changes.producerIds = true;
  },

  clientQuota(image, message, changes) {
    image.stored.setQuota(message);
    stored(changes);
  },
  accessControlEntry(image, message, changes) {
    image.stored.acls.set(message.id, message);
    stored(changes);
  },
  removeAccessControlEntry(image, message, changes) {
    image.stored.acls.delete(message.id);
    stored(changes);
  },
  userScramCredential(image, message, changes) {
    image.stored.setScram(message);
    stored(changes);
  },
  removeUserScramCredential(image, message, changes) {
    image.stored.removeScram(message);
    stored(changes);
  },
  delegationToken(image, message, changes) {
    image.stored.tokens.set(message.tokenId, message);
    stored(changes);
  },
  removeDelegationToken(image, message, changes) {
    image.stored.tokens.delete(message.tokenId);
    stored(changes);
  },

  // Of the quorum's life, not of the cluster's state. Transactions are resolved before records come here.
  noOp() {},
  zkMigrationState() {},
  beginTransaction() {},
  endTransaction() {},
  abortTransaction() {},
} as const satisfies { readonly [T in RecordType]: Replay<T> };

/** Applies one record outside of metadata transactions. */
export function replayOne(image: MetadataImage, record: MetadataRecord, changes: ImageChanges | undefined): void {
  (REPLAYS[record.type] as Replay<RecordType>)(image, record.message, changes);
}

function switched<K extends 'fenced' | 'inControlledShutdown'>(
  field: K,
  value: number,
): { readonly [F in K]?: boolean } {
  if (value !== SET && value !== TAKE_BACK) return {};
  return { [field]: value === SET } as { readonly [F in K]?: boolean };
}

function merged(topic: TopicImage, change: RecordMessage<'partitionChange'>): PartitionRow {
  const row = topic.row(change.partitionId);
  const elects = change.leader !== NO_LEADER_CHANGE;
  return {
    leader: elects ? change.leader : row.leader,
    leaderEpoch: elects ? row.leaderEpoch + 1 : row.leaderEpoch,
    partitionEpoch: row.partitionEpoch + 1,
    leaderRecoveryState: change.leaderRecoveryState < 0 ? row.leaderRecoveryState : change.leaderRecoveryState,
    replicas: change.replicas ?? row.replicas,
    isr: change.isr ?? row.isr,
    elr: change.eligibleLeaderReplicas ?? row.elr,
    lastKnownElr: change.lastKnownElr ?? row.lastKnownElr,
    addingReplicas: change.addingReplicas ?? row.addingReplicas,
    removingReplicas: change.removingReplicas ?? row.removingReplicas,
    directories: change.directories ?? row.directories,
  };
}

function clearElr(topic: TopicImage, changes: ImageChanges | undefined): void {
  for (let partition = 0; partition < topic.partitionEnd; partition++) {
    if (topic.elr(partition).length === 0 && topic.lastKnownElr(partition).length === 0) continue;
    topic.put(partition, { ...topic.row(partition), elr: [], lastKnownElr: [] });
    changes?.partition(topic.id, partition);
  }
}

function stored(changes: ImageChanges | undefined): void {
  if (changes !== undefined) changes.stored = true;
}
