/** Replicas that somebody asked for by hand, and the records of new partitions. */
import type { Uuid } from '../../base/uuid.ts';
import { ERRORS } from '../../protocol/errors.ts';
import type { MetadataImage } from '../image/image.ts';
import { type MetadataRecord, record } from '../../protocol/record/metadata-records.ts';
import { type Refusal, refuse } from './decision.ts';
import { type Directories, isActive, openDirectories } from './placement.ts';

function invalid(message: string): Refusal {
  return refuse(ERRORS.INVALID_REPLICA_ASSIGNMENT, message);
}

/**
 * Checks the replicas of one partition that were given by hand.
 *
 * @param replicationFactor that of the other partitions; null: this is the first
 */
export function checkAssignment(
  image: MetadataImage,
  replicas: readonly number[],
  replicationFactor: number | null,
): Refusal | null {
  if (replicas.length === 0) return invalid('The manual partition assignment includes an empty replica list.');
  const sorted = replicas.toSorted((a, b) => a - b);
  for (const [index, id] of sorted.entries()) {
    const broker = image.cluster.broker(id);
    if (broker === undefined) {
      return invalid(`The manual partition assignment includes broker ${id}, but no such broker is registered.`);
    }
    if (index > 0 && sorted[index - 1] === id) {
      return invalid(`The manual partition assignment includes the broker ${id} more than once.`);
    }
    if (broker.logDirs.length > 0 && openDirectories(broker).length === 0) {
      return invalid(
        `The manual partition assignment includes broker ${id}, but all its log directories are cordoned.`,
      );
    }
  }
  if (replicationFactor !== null && replicas.length !== replicationFactor) {
    return invalid(
      `The manual partition assignment includes a partition with ${replicas.length} replica(s), but this is not consistent with previous partitions, which have ${replicationFactor} replica(s).`,
    );
  }
  return null;
}

/** Checks that somebody can lead a partition whose replicas were given by hand. */
export function checkLeadable(image: MetadataImage, replicas: readonly number[], partition: number): Refusal | null {
  if (replicas.some((id) => isActive(image, id))) return null;
  return invalid(
    `All brokers specified in the manual partition assignment for partition ${partition} are fenced or in controlled shutdown.`,
  );
}

/** The record of a new partition: the active replicas are in sync, the first of them leads. */
export function newPartition(
  image: MetadataImage,
  directories: Directories,
  topicId: Uuid,
  partition: number,
  replicas: readonly number[],
): MetadataRecord {
  const isr = replicas.filter((id) => isActive(image, id));
  return record('partition', {
    partitionId: partition,
    topicId,
    replicas: [...replicas],
    isr,
    removingReplicas: [],
    addingReplicas: [],
    leader: isr[0] ?? -1,
    leaderRecoveryState: 0,
    leaderEpoch: 0,
    partitionEpoch: 0,
    directories: replicas.map((id) => directories.choose(id)),
    eligibleLeaderReplicas: null,
    lastKnownElr: null,
  });
}
