/** The features of a new cluster, and what is known of their levels. */
import { type MetadataRecord, record } from '../../protocol/record/metadata-records.ts';
import { METADATA_VERSION } from '../image/features.ts';

/** Names of the metadata versions (KIP-584), from the oldest that a 4.x cluster may have; the first stands for level 7. */
const METADATA_VERSIONS = [
  '3.3-IV3',
  '3.4-IV0',
  '3.5-IV0',
  '3.5-IV1',
  '3.5-IV2',
  '3.6-IV0',
  '3.6-IV1',
  '3.6-IV2',
  '3.7-IV0',
  '3.7-IV1',
  '3.7-IV2',
  '3.7-IV3',
  '3.7-IV4',
  '3.8-IV0',
  '3.9-IV0',
  '4.0-IV0',
  '4.0-IV1',
  '4.0-IV2',
  '4.0-IV3',
  '4.1-IV0',
  '4.1-IV1',
  '4.2-IV0',
  '4.2-IV1',
  '4.3-IV0',
  '4.4-IV0',
  '4.4-IV1',
  '4.4-IV2',
] as const;

export const MINIMUM_METADATA_VERSION = 7;

/** A feature that a cluster may be formatted with: the highest level, and the one that a new cluster of 4.4 gets. */
export interface FormattableFeature {
  readonly name: string;
  readonly max: number;
  readonly initial: number;
}

/** By name. Share and streams groups stay off until they work. */
export const FORMATTABLE_FEATURES: readonly FormattableFeature[] = [
  { name: 'eligible.leader.replicas.version', max: 1, initial: 1 },
  { name: 'group.version', max: 1, initial: 1 },
  { name: 'share.version', max: 0, initial: 0 },
  { name: 'streams.version', max: 0, initial: 0 },
  { name: 'transaction.version', max: 2, initial: 2 },
];

export function metadataVersionName(level: number): string {
  return METADATA_VERSIONS[level - MINIMUM_METADATA_VERSION] ?? String(level);
}

/** The level of a name ('4.4-IV2'), or of the last version of a release ('4.4'); null where nothing is called so. */
export function metadataVersionLevel(name: string): number | null {
  const index = METADATA_VERSIONS.findLastIndex((one) => one === name || one.startsWith(`${name}-`));
  return index < 0 ? null : MINIMUM_METADATA_VERSION + index;
}

export const LATEST_METADATA_VERSION = MINIMUM_METADATA_VERSION + METADATA_VERSIONS.length - 1;

/** The records that a directory is formatted with: the metadata version first, the others by name, those at 0 left out. */
export function bootstrapRecords(
  metadataVersion = LATEST_METADATA_VERSION,
  levels: ReadonlyMap<string, number> = new Map(),
): MetadataRecord[] {
  const others = FORMATTABLE_FEATURES.map(({ name, initial }) => ({ name, featureLevel: levels.get(name) ?? initial }));
  return [{ name: METADATA_VERSION, featureLevel: metadataVersion }, ...others]
    .filter(({ featureLevel }) => featureLevel > 0)
    .map((feature) => record('featureLevel', feature));
}
