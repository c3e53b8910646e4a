/**
 * A number that changes when something of the subscribed topics changes that assignments depend on: id, partitions, racks. The group
 * writes it beside its epoch (KIP-1101), in Kafka's way of computing it: a coordinator of Kafka's that takes over sees nothing new.
 */
import { xxh3 } from '../../../base/xxh3.ts';
import type { MetadataImage } from '../../image/image.ts';
import type { TopicImage } from '../../image/topic.ts';

/** The first byte of what is hashed of a topic. */
const FORMAT = 0;

/** Of all topics that there are of these names; 0 where there are none. */
export function metadataHash(names: Iterable<string>, image: MetadataImage, known: Map<string, bigint>): bigint {
  const present = [...names].filter((name) => image.topics.byName(name) !== undefined).sort();
  if (present.length === 0) return 0n;
  const bytes = Buffer.alloc(8 * present.length);
  present.forEach((name, at) => bytes.writeBigInt64LE(hashOf(name, image, known), 8 * at));
  return xxh3(bytes);
}

function hashOf(name: string, image: MetadataImage, known: Map<string, bigint>): bigint {
  const before = known.get(name);
  if (before !== undefined) return before;
  const topic = image.topics.byName(name);
  const hash = topic === undefined ? 0n : topicHash(topic, image);
  known.set(name, hash);
  return hash;
}

export function topicHash(topic: TopicImage, image: MetadataImage): bigint {
  // Words of the id, as Java has them, go in with their lowest byte first.
  const id = Buffer.from(topic.id, 'latin1').swap64();
  const parts = [Buffer.of(FORMAT), id, textOf(topic.name), int(topic.partitionCount)];
  for (let partition = 0; partition < topic.partitionCount; partition++) {
    parts.push(int(partition));
    for (const rack of partitionRacks(topic, partition, image)) parts.push(int(rack.length), textOf(rack));
  }
  return xxh3(Buffer.concat(parts));
}

/** Racks of the partition's replicas, sorted; one that is there twice counts twice. */
export function partitionRacks(topic: TopicImage, partition: number, image: MetadataImage): string[] {
  const racks = topic.replicas(partition).map((broker) => image.cluster.broker(broker)?.rack ?? null);
  return racks.filter((rack) => rack !== null).sort();
}

/** UTF-16 units, then how many. */
function textOf(text: string): Buffer {
  return Buffer.concat([Buffer.from(text, 'utf16le'), int(text.length)]);
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
