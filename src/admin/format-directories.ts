/**
 * Formatting: what makes a directory one of a cluster's (`kafka-storage format --standalone`). Every log directory gets its
 * meta.properties with an id of its own; the one that will hold the metadata log gets the first snapshot, with the features of the
 * new cluster and this node as the only voter (KIP-853).
 */
import { type Uuid, uuidFromRandom, uuidToText } from '../base/uuid.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import {
  bootstrapRecords,
  FORMATTABLE_FEATURES,
  LATEST_METADATA_VERSION,
  metadataVersionLevel,
  metadataVersionName,
} from '../machine/controller/bootstrap.ts';
import type { Clock } from '../port/clock.ts';
import type { Disk } from '../port/disk.ts';
import type { BatchFunctions } from '../port/native.ts';
import type { Random } from '../port/random.ts';
import { encodeRecord, type MetadataRecord } from '../protocol/record/metadata-records.ts';
import { type MetaProperties, readMetaProperties, writeMetaProperties } from '../storage/meta-properties.ts';
import { LOG_SUFFIX, parsePartitionDirectory } from '../storage/names.ts';
import { METADATA_DIRECTORY } from '../storage/metadata/metadata-log.ts';
import { encodeSnapshot, snapshotName } from '../storage/metadata/snapshot.ts';

/** Of the quorum's protocol: voters are in the log (KIP-853). */
const KRAFT_VERSION = 1;

/** Where the only voter would be found. Nobody asks it while it is alone; it says so when it has a controller listener. */
const DEFAULT_ENDPOINT = { name: 'CONTROLLER', host: 'localhost', port: 9093 };

export interface FormatPorts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  readonly native: BatchFunctions;
}

export interface FormatRequest {
  /** As text; null: that of directories that are formatted already, else a new one. */
  readonly clusterId: string | null;
  /** Leave directories alone that are formatted already, instead of refusing. */
  readonly ignoreFormatted: boolean;
  /** Directories that cannot be used now, and are left alone. */
  readonly unusable?: ReadonlySet<string>;
  /** '4.4' or '4.4-IV2'; null: the newest. */
  readonly releaseVersion?: string | null;
  /** `name=level` for other levels than a new cluster gets. */
  readonly features?: readonly string[];
}

export interface Formatted {
  readonly clusterId: string;
  /** What was done, a line each, in Kafka's words. */
  readonly lines: readonly string[];
}

export type FormatResult =
  | { readonly ok: true; readonly formatted: Formatted }
  | { readonly ok: false; readonly reason: string };

interface Features {
  readonly metadataVersion: number;
  readonly levels: ReadonlyMap<string, number>;
}

/** Formats the log directories of the configuration. Rejects with a DiskFault. */
export async function formatDirectories(
  ports: FormatPorts,
  config: BrokerConfig,
  request: FormatRequest,
): Promise<FormatResult> {
  const features = parseFeatures(request);
  if (typeof features === 'string') return { ok: false, reason: features };
  const known = new Map<string, MetaProperties | null>();
  // The metadata log's directory first: one that was cut short leaves others without a cluster id, and begins again.
  for (const path of new Set([config.metadataLogDir, ...config.logDirs])) {
    if (request.unusable?.has(path)) continue;
    const found = await readMetaProperties(ports.disk, path);
    if (found.kind === 'invalid')
      return { ok: false, reason: `${path}/meta.properties cannot be used: ${found.reason}` };
    known.set(path, found.kind === 'formatted' ? found.properties : null);
    if (found.kind === 'absent' && (await holdsData(ports.disk, path))) {
      return { ok: false, reason: missingProperties(path, config.nodeId) };
    }
  }
  const refusal = refusalOf(known, config, request);
  if (refusal !== null) return { ok: false, reason: refusal };
  const existing = [...known.values()].find((properties) => properties !== null);
  const clusterId = existing?.clusterId ?? request.clusterId ?? uuidToText(drawUuid(ports.random));
  const missing = [...known.keys()].filter((path) => known.get(path) === null);
  if (missing.length === 0) {
    return { ok: true, formatted: { clusterId, lines: ['All of the log directories are already formatted.'] } };
  }
  const lines: string[] = [];
  const version = `metadata.version ${metadataVersionName(features.metadataVersion)}`;
  for (const path of missing) {
    const isMetadata = path === config.metadataLogDir;
    const what = isMetadata ? 'dynamic metadata voter directory' : 'data directory';
    lines.push(`Formatting ${what} ${path} with ${version}.`);
    await formatDirectory(ports, config, path, clusterId, isMetadata ? features : null);
  }
  return { ok: true, formatted: { clusterId, lines } };
}

/** Whether a directory holds partitions, or a metadata log beyond what formatting leaves: a lost meta.properties is no reason to begin anew. */
async function holdsData(disk: Disk, path: string): Promise<boolean> {
  if ((await disk.status(path)) === null) return false;
  for (const { name, directory } of await disk.list(path)) {
    if (!directory) continue;
    if (name !== METADATA_DIRECTORY) {
      if (parsePartitionDirectory(name) !== null) return true;
      continue;
    }
    const files = await disk.list(`${path}/${name}`);
    if (files.some((file) => file.name.endsWith(LOG_SUFFIX))) return true;
  }
  return false;
}

function missingProperties(path: string, nodeId: number): string {
  return `${path}/meta.properties is missing, and the directory holds data. Write it again with the lines version=1, node.id=${nodeId}, cluster.id=… and directory.id=… of this directory (other log directories and ${METADATA_DIRECTORY} know them), or move the data away`;
}

function refusalOf(
  known: ReadonlyMap<string, MetaProperties | null>,
  config: BrokerConfig,
  { clusterId, ignoreFormatted }: FormatRequest,
): string | null {
  let first: string | null = null;
  for (const [path, properties] of known) {
    if (properties === null) continue;
    if (!ignoreFormatted) {
      return `Log directory ${path} is already formatted. Use --ignore-formatted to ignore this directory and format the others.`;
    }
    const expected: string = clusterId ?? first ?? properties.clusterId;
    if (properties.clusterId !== expected) {
      return `Invalid cluster.id in: ${path}/meta.properties. Expected ${expected}, but read ${properties.clusterId}`;
    }
    if (properties.nodeId !== config.nodeId) {
      return `Stored node id ${properties.nodeId} doesn't match previous node id ${config.nodeId} in ${path}/meta.properties. If you moved your data, make sure your configured node id matches. If you intend to create a new node, you should remove all data in your data directories.`;
    }
    first = properties.clusterId;
  }
  // A new metadata log beside old data would know none of it.
  if (first !== null && known.has(config.metadataLogDir) && known.get(config.metadataLogDir) === null) {
    return `${config.metadataLogDir} holds no metadata log, and other log directories are formatted: they belong to a cluster whose metadata is elsewhere`;
  }
  return null;
}

async function formatDirectory(
  { disk, clock, random, native }: FormatPorts,
  config: BrokerConfig,
  path: string,
  clusterId: string,
  features: Features | null,
): Promise<void> {
  const directoryId = drawUuid(random);
  const now = clock.now();
  await disk.makeDirectory(path);
  if (features !== null) {
    const directory = `${path}/${METADATA_DIRECTORY}`;
    await disk.makeDirectory(directory);
    const records = bootstrapRecords(features.metadataVersion, features.levels);
    const bytes = firstSnapshot(records, config, directoryId, now, native);
    await disk.replaceFile(`${directory}/${snapshotName({ offset: 0, epoch: 0 })}`, bytes);
    await disk.syncDirectory(path);
  }
  // The last thing: a directory that has it is formatted.
  await writeMetaProperties(disk, path, { clusterId, nodeId: config.nodeId, directoryId }, now);
}

function firstSnapshot(
  records: readonly MetadataRecord[],
  config: BrokerConfig,
  voterDirectoryId: Uuid,
  now: number,
  native: BatchFunctions,
): Buffer {
  const endpoints = config.controllerListeners.slice(0, 1).map(({ name, host, port }) => ({ name, host, port }));
  const voter = {
    voterId: config.nodeId,
    voterDirectoryId,
    endpoints: endpoints.length > 0 ? endpoints : [DEFAULT_ENDPOINT],
    kRaftVersionFeature: { minSupportedVersion: 0, maxSupportedVersion: KRAFT_VERSION },
  };
  const content = {
    kraftVersion: KRAFT_VERSION,
    voters: { version: 0, voters: [voter] },
    lastContainedLogTimestamp: BigInt(now),
    values: records.map(encodeRecord),
  };
  return encodeSnapshot(content, 0, now, native);
}

function parseFeatures({ releaseVersion = null, features = [] }: FormatRequest): Features | string {
  const metadataVersion = releaseVersion === null ? LATEST_METADATA_VERSION : metadataVersionLevel(releaseVersion);
  if (metadataVersion === null) return `Unknown metadata.version '${releaseVersion}'`;
  const levels = new Map<string, number>();
  for (const text of features) {
    const equals = text.indexOf('=');
    if (equals < 0) return `Can't parse feature=level string ${text}: equals sign not found.`;
    const name = text.slice(0, equals).trim();
    const digits = text.slice(equals + 1).trim();
    const level = /^\d{1,5}$/.test(digits) ? Number(digits) : null;
    if (level === null) return `Can't parse feature=level string ${text}: unable to parse ${digits} as a short.`;
    if (name === 'metadata.version')
      return 'Use --release-version instead of --feature metadata.version=X to avoid ambiguity.';
    const feature = FORMATTABLE_FEATURES.find((one) => one.name === name);
    if (feature === undefined && name !== 'kraft.version') {
      const names = [...FORMATTABLE_FEATURES.map((one) => one.name), 'kraft.version'].toSorted();
      return `Unsupported feature: ${name}. Supported features are: ${names.join(', ')}`;
    }
    if (level > (feature?.max ?? KRAFT_VERSION)) return `No feature:${name} with feature level ${level}`;
    if (feature === undefined && level < KRAFT_VERSION) {
      return 'Cannot set kraft.version to 0 if controller.quorum.voters is empty and one of the flags --standalone, --initial-controllers, or --no-initial-controllers is used. For dynamic controllers support, try removing the --feature flag for kraft.version.';
    }
    if (feature !== undefined) levels.set(name, level);
  }
  return { metadataVersion, levels };
}

function drawUuid(random: Random): Uuid {
  for (;;) {
    const uuid = uuidFromRandom(random.bytes(16));
    if (uuid !== null) return uuid;
  }
}
