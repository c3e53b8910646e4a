/** What members of the classic protocol say of themselves and are told, inside JoinGroup and SyncGroup (Kafka's consumer protocol, `version i16 │ message`). */
import { readI16, writeI16 } from '../../../base/bytes.ts';
import type { Uuid } from '../../../base/uuid.ts';
import { DecodeError } from '../../../protocol/codec/errors.ts';
import {
  type ConsumerProtocolSubscription,
  consumerProtocolAssignment,
  consumerProtocolSubscription,
} from '../../../protocol/record/group/consumer-protocol.ts';
import type { MetadataImage } from '../../image/image.ts';
import type { TopicPartitions } from './partitions.ts';

const HEADER = 2;
const NEWEST = 3;

/** A version that is newer than ours is read as ours. Null: it cannot be read. */
function versionOf(bytes: Buffer): number | null {
  if (bytes.length < HEADER) return null;
  const version = readI16(bytes, 0);
  return version < 0 ? null : Math.min(version, NEWEST);
}

function readable<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}

/** Null: it cannot be read. */
export function subscriptionOf(bytes: Buffer): ConsumerProtocolSubscription | null {
  const version = versionOf(bytes);
  if (version === null) return null;
  return readable(() =>
    consumerProtocolSubscription.decode(version, bytes, HEADER, bytes.length, { allowTrailing: true }),
  );
}

/** Partitions by the ids of the topics that there are; whether something beside them would be lost. Null: it cannot be read. */
export function assignmentOf(
  bytes: Buffer,
  image: MetadataImage,
): { readonly topics: readonly TopicPartitions[]; readonly hasUserData: boolean } | null {
  if (bytes.length === 0) return { topics: [], hasUserData: false };
  const version = versionOf(bytes);
  if (version === null) return null;
  return readable(() => {
    const read = consumerProtocolAssignment.decode(version, bytes, HEADER, bytes.length, { allowTrailing: true });
    return { topics: byId(read.assignedPartitions, image), hasUserData: (read.userData?.length ?? 0) > 0 };
  });
}

/** Topics that there are, by id. */
export function byId(
  topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
  image: MetadataImage,
): TopicPartitions[] {
  return topics.flatMap(({ topic, partitions }) => {
    const topicId = image.topics.byName(topic)?.id;
    return topicId === undefined ? [] : [{ topicId, partitions }];
  });
}

/** An assignment in the version in which the member wrote `subscription`. */
export function assignmentBytes(
  assigned: Iterable<readonly [topicId: Uuid, partitions: readonly number[]]>,
  subscription: Buffer,
  image: MetadataImage,
): Buffer {
  const version = versionOf(subscription) ?? 0;
  const assignedPartitions = Array.from(assigned).flatMap(([topicId, partitions]) => {
    const topic = image.topics.byId(topicId)?.name;
    return topic === undefined ? [] : [{ topic, partitions: [...partitions] }];
  });
  const bytes = consumerProtocolAssignment.encode(version, { assignedPartitions, userData: null }, HEADER);
  writeI16(bytes, 0, version);
  return bytes;
}
