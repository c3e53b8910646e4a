/**
 * What the members of a group of consumers subscribe to, as far as the broker can read it. What members write is theirs: bytes that are no
 * subscription make the group one whose topics nobody knows, and do no other harm.
 */
import { DecodeError } from '../../../protocol/codec/errors.ts';
import { consumerProtocolSubscription } from '../../../protocol/record/group/consumer-protocol.ts';
import type { ClassicMember } from './live.ts';

/** `version i16 │ message`; every version begins as version 0 does. */
const HEADER = 2;

/** The topics that one subscription names; null: it cannot be read. */
export function subscribedTopics(metadata: Buffer): readonly string[] | null {
  if (metadata.length < HEADER) return null;
  try {
    return consumerProtocolSubscription.decode(0, metadata, HEADER, metadata.length, { allowTrailing: true }).topics;
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}

/** Of all members together; null where one of them cannot be read, or none of them is asked under `protocolName`. */
export function topicsOf(
  members: readonly Pick<ClassicMember, 'protocols'>[],
  protocolName: string | null,
): ReadonlySet<string> | null {
  const all = new Set<string>();
  if (members.length === 0) return all;
  if (protocolName === null) return null;
  for (const { protocols } of members) {
    const metadata = protocols.find(({ name }) => name === protocolName)?.metadata;
    const topics = metadata === undefined ? null : subscribedTopics(metadata);
    if (topics === null) return null;
    for (const topic of topics) all.add(topic);
  }
  return all;
}
