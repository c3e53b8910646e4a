/**
 * Brokers and controllers come and go: registration (KIP-631), and the end of the fence once a broker has opened what it holds.
 *
 * A broker registers fenced. When it is unfenced, each partition that it may lead and that is without a leader, or that it led when it
 * stopped, gets it as the leader with a new epoch: what its log lost by a crash, consumers find out by the epoch (KIP-320).
 */
import { isReservedUuid } from '../../base/uuid.ts';
import { ERRORS } from '../../protocol/errors.ts';
import type { RequestOf } from '../../protocol/schema/index.ts';
import type { BrokerRegistration } from '../image/cluster.ts';
import type { MetadataImage } from '../image/image.ts';
import {
  type MetadataRecord,
  type RecordMessage,
  type RecordOf,
  record,
} from '../../protocol/record/metadata-records.ts';
import type { TopicImage } from '../image/topic.ts';
import type { ControllerState, Decide } from './decision.ts';

type Request = RequestOf<'BrokerRegistration'>;

export const registerBroker: Decide<'BrokerRegistration'> = (state, { request }, { nextOffset }) => {
  const refusal = checkRegistration(state, request);
  if (refusal !== null) {
    return { records: [], answer: { throttleTimeMs: 0, errorCode: refusal, brokerEpoch: -1 } };
  }
  const known = state.image.cluster.broker(request.brokerId);
  const same = known?.incarnationId === request.incarnationId ? known : undefined;
  const registration = record('registerBroker', {
    brokerId: request.brokerId,
    isMigratingZkBroker: false,
    incarnationId: request.incarnationId,
    brokerEpoch: nextOffset,
    endPoints: request.listeners.map((endpoint) => ({ ...endpoint })),
    features: request.features.map((feature) => ({ ...feature })),
    rack: request.rack,
    fenced: same?.fenced ?? true,
    inControlledShutdown: same?.inControlledShutdown ?? false,
    logDirs: [...request.logDirs],
    cordonedLogDirs: null,
  });
  return {
    records: [registration],
    answer: { throttleTimeMs: 0, errorCode: ERRORS.NONE, brokerEpoch: nextOffset },
  };
};

/** Kafka's code of what is wrong with it; null: nothing. */
function checkRegistration({ image, settings }: ControllerState, request: Request): number | null {
  if (request.clusterId !== settings.clusterId) return ERRORS.INCONSISTENT_CLUSTER_ID;
  const { logDirs } = request;
  if (logDirs.length === 0 || new Set(logDirs).size < logDirs.length) return ERRORS.INVALID_REGISTRATION;
  if (logDirs.some(isReservedUuid) || request.listeners.length === 0) return ERRORS.INVALID_REGISTRATION;
  // Whatever the cluster has agreed on, each member must be able to do.
  for (const { name, level } of image.features.finalized()) {
    const feature = request.features.find((one) => one.name === name);
    const min = feature?.minSupportedVersion ?? 0;
    const max = feature?.maxSupportedVersion ?? 0;
    if (level < min || level > max) return ERRORS.UNSUPPORTED_VERSION;
  }
  return null;
}

export const registerController: Decide<'ControllerRegistration'> = (_state, { request }) => ({
  records: [
    record('registerController', {
      controllerId: request.controllerId,
      incarnationId: request.incarnationId,
      zkMigrationReady: request.zkMigrationReady,
      endPoints: request.listeners.map((endpoint) => ({ ...endpoint })),
      features: request.features.map((feature) => ({ ...feature })),
    }),
  ],
  answer: { throttleTimeMs: 0, errorCode: ERRORS.NONE, errorMessage: null },
});

export const unfence: Decide<'unfence'> = ({ image }, { brokerId }) => {
  const broker = image.cluster.broker(brokerId);
  if (broker === undefined || !broker.fenced) return { records: [], answer: null };
  const records: MetadataRecord[] = [unfenceRecord(broker)];
  for (const topic of image.topics) {
    for (let partition = 0; partition < topic.partitionEnd; partition++) {
      const election = electionOf(image, topic, partition, brokerId);
      if (election !== null) records.push(election);
    }
  }
  return { records, answer: null, divisible: true };
};

function unfenceRecord({ id, epoch }: BrokerRegistration): RecordOf<'brokerRegistrationChange'> {
  const message: RecordMessage<'brokerRegistrationChange'> = {
    brokerId: id,
    brokerEpoch: epoch,
    fenced: -1,
    inControlledShutdown: 0,
    logDirs: [],
    cordonedLogDirs: null,
  };
  return { type: 'brokerRegistrationChange', version: 0, message };
}

/**
 * The broker as leader of a partition with a new epoch, or null. Without a leader it takes over where it was the last in sync: from the
 * ISR, from the eligible leader replicas, or as the last leader known (KIP-966).
 */
function electionOf(
  image: MetadataImage,
  topic: TopicImage,
  partition: number,
  brokerId: number,
): RecordOf<'partitionChange'> | null {
  const leader = topic.leader(partition);
  const isr = topic.isr(partition);
  if (leader >= 0 && leader !== brokerId) return null;
  // What it has is all there is: it has recovered from an unclean election by being opened.
  const recovered = topic.leaderRecoveryState(partition) > 0 ? { leaderRecoveryState: 0 } : {};
  if (isr.includes(brokerId)) return change(topic, partition, { leader: brokerId, ...recovered });
  const elr = topic.elr(partition);
  const last = topic.lastKnownElr(partition);
  if (leader >= 0 || !topic.replicas(partition).includes(brokerId) || isr.length > 0) return null;
  const alone = topic.replicas(partition).every((id) => id === brokerId || image.cluster.broker(id)?.fenced !== false);
  if (!elr.includes(brokerId) && !(elr.length === 0 && last.includes(brokerId) && alone)) return null;
  return change(topic, partition, {
    leader: brokerId,
    isr: [brokerId],
    ...(elr.includes(brokerId) ? { eligibleLeaderReplicas: elr.filter((id) => id !== brokerId) } : {}),
    ...(last.length > 0 ? { lastKnownElr: [] } : {}),
    ...recovered,
  });
}

function change(
  topic: TopicImage,
  partition: number,
  fields: Partial<RecordMessage<'partitionChange'>>,
): RecordOf<'partitionChange'> {
  return record('partitionChange', {
    partitionId: partition,
    topicId: topic.id,
    isr: null,
    leader: -2,
    replicas: null,
    removingReplicas: null,
    addingReplicas: null,
    leaderRecoveryState: -1,
    directories: null,
    eligibleLeaderReplicas: null,
    lastKnownElr: null,
    ...fields,
  });
}
