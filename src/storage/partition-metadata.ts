/**
 * `partition.metadata`: the id of the topic that a directory belongs to, so that one of the same name that was created later is told apart
 * (KIP-516).
 *
 *   version: 0 \n topic_id: <22 characters> [\n]
 */
import { ZERO_UUID, uuidFromText, uuidToText } from '../base/uuid.ts';
import type { Uuid } from '../base/uuid.ts';
import type { Disk } from '../port/disk.ts';
import type { Random } from '../port/random.ts';
import { fileOrNull } from './index-loading.ts';
import { movedDirectoryName, parentDirectory } from './names.ts';

export const PARTITION_METADATA_FILE = 'partition.metadata';

/** The topic id; null where there is no file, or it says none. Damage is told by the zero id. */
export async function readPartitionMetadata(disk: Disk, directory: string): Promise<Uuid | null> {
  const file = await fileOrNull({ disk }, `${directory}/${PARTITION_METADATA_FILE}`);
  if (file === null) return null;
  const match = /^version: ?0\r?\ntopic_id: ?(\S+)\s*$/.exec(file.toString('latin1'));
  return uuidFromText(match?.[1] ?? '') ?? ZERO_UUID;
}

export function writePartitionMetadata(disk: Disk, directory: string, topicId: Uuid): Promise<void> {
  const text = `version: 0\ntopic_id: ${uuidToText(topicId)}`;
  return disk.replaceFile(`${directory}/${PARTITION_METADATA_FILE}`, Buffer.from(text));
}

/** Renames a directory that belongs to no partition of the cluster, so that a topic of its name does not find its records. Resolves to its new path. */
export async function setAsideDirectory(
  disk: Disk,
  random: Random,
  directory: string,
  topic: string,
  partition: number,
): Promise<string> {
  const parent = parentDirectory(directory);
  const aside = `${parent}/${movedDirectoryName(topic, partition, random.bytes(16).toString('hex'), 'stray')}`;
  await disk.rename(directory, aside);
  await disk.syncDirectory(parent);
  return aside;
}

/** A directory for a new partition, on the medium when this resolves. Rejects with a DiskFault. */
export async function createPartitionDirectory(disk: Disk, directory: string, topicId: Uuid): Promise<void> {
  await disk.makeDirectory(directory);
  await writePartitionMetadata(disk, directory, topicId);
  await disk.syncDirectory(parentDirectory(directory));
}
