/**
 * `meta.properties` of a log directory: whose it is. Version 1 is KRaft's (KIP-858 added the directory's own id); version 0, of
 * ZooKeeper's days, is told apart and refused.
 *
 *   # \n #<date> \n cluster.id=… \n directory.id=… \n node.id=… \n version=1
 */
import { uuidFromText, uuidToText } from '../base/uuid.ts';
import type { Uuid } from '../base/uuid.ts';
import type { Disk } from '../port/disk.ts';
import { fileOrNull } from './index-loading.ts';

export const META_PROPERTIES_FILE = 'meta.properties';

export interface MetaProperties {
  readonly clusterId: string;
  readonly nodeId: number;
  /** Null in a directory that was formatted before KIP-858. */
  readonly directoryId: Uuid | null;
}

export type MetaPropertiesResult =
  | { readonly kind: 'formatted'; readonly properties: MetaProperties }
  | { readonly kind: 'absent' }
  /** `reason` is for the operator. */
  | { readonly kind: 'invalid'; readonly reason: string };

export async function readMetaProperties(disk: Disk, logDirectory: string): Promise<MetaPropertiesResult> {
  const file = await fileOrNull({ disk }, `${logDirectory}/${META_PROPERTIES_FILE}`);
  return file === null ? { kind: 'absent' } : parseMetaProperties(file.toString('latin1'));
}

export function parseMetaProperties(text: string): MetaPropertiesResult {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*([^#!=:\s][^=:\s]*)\s*[=:]\s*(.*?)\s*$/.exec(line);
    if (match) values.set(match[1] ?? '', (match[2] ?? '').replace(/\\(.)/g, '$1'));
  }
  const version = values.get('version');
  if (version !== '1') return invalid(version === undefined ? 'it has no version' : `version ${version} is not 1`);
  const clusterId = values.get('cluster.id') ?? '';
  if (clusterId === '') return invalid('it has no cluster.id');
  const node = values.get('node.id') ?? '';
  if (!/^\d{1,10}$/.test(node) || Number(node) > 0x7fffffff) return invalid('it has no valid node.id');
  const directory = values.get('directory.id');
  const directoryId = directory === undefined ? null : uuidFromText(directory);
  if (directory !== undefined && directoryId === null) return invalid(`directory.id ${directory} is not a uuid`);
  return { kind: 'formatted', properties: { clusterId, nodeId: Number(node), directoryId } };
}

function invalid(reason: string): MetaPropertiesResult {
  return { kind: 'invalid', reason };
}

/** `now` in milliseconds since the epoch stands in a comment, as Java writes it. */
export function writeMetaProperties(
  disk: Disk,
  logDirectory: string,
  properties: MetaProperties,
  now: number,
): Promise<void> {
  const lines = ['#', `#${javaDate(now)}`, `cluster.id=${properties.clusterId}`];
  if (properties.directoryId !== null) lines.push(`directory.id=${uuidToText(properties.directoryId)}`);
  lines.push(`node.id=${properties.nodeId}`, 'version=1', '');
  return disk.replaceFile(`${logDirectory}/${META_PROPERTIES_FILE}`, Buffer.from(lines.join('\n'), 'latin1'));
}

/** `Mon Nov 23 06:51:02 UTC 2026` */
function javaDate(now: number): string {
  const [day, date, month, year, time] = new Date(now).toUTCString().replace(',', '').split(' ');
  return `${day} ${month} ${date} ${time} UTC ${year}`;
}
