/**
 * Topics of requests: by name up to version 9 of OffsetCommit and OffsetFetch, by id from version 10 on (KIP-848); of TxnOffsetCommit from version 6
 * on (KIP-1319). What the request does not say comes from the image.
 */
import { type Uuid, ZERO_UUID } from '../../../base/uuid.ts';
import { ERRORS } from '../../../protocol/errors.ts';
import type { MetadataImage } from '../../image/image.ts';

/** The first version of OffsetCommit and of OffsetFetch with topic ids. */
export const FIRST_WITH_TOPIC_IDS = 10;

interface RequestTopic {
  readonly name: string;
  readonly topicId: Uuid;
}

/** A topic of a request with its name; the code of one whose id nobody knows. */
export type NamedTopic<T extends RequestTopic> = T & { readonly errorCode: number };

export function named<T extends RequestTopic>(
  topics: readonly T[],
  usesIds: boolean,
  image: MetadataImage,
): NamedTopic<T>[] {
  if (!usesIds) {
    return topics.map((topic) => {
      return { ...topic, topicId: image.topics.byName(topic.name)?.id ?? ZERO_UUID, errorCode: ERRORS.NONE };
    });
  }
  return topics.map((topic) => {
    const name = image.topics.byId(topic.topicId)?.name;
    return name === undefined
      ? { ...topic, errorCode: ERRORS.UNKNOWN_TOPIC_ID }
      : { ...topic, name, errorCode: ERRORS.NONE };
  });
}
