/** What the scenarios of AlterConfigs and IncrementalAlterConfigs ask, and how they look at what came of it. */
import type { RequestInputOf } from '../../src/protocol/schema/index.ts';
import type { Session } from '../harness/session.ts';

export const RESOURCE = { topic: 2, broker: 4, logger: 8, clientMetrics: 16, group: 32 } as const;
export const SET = 0;
export const DELETE = 1;
export const APPEND = 2;
export const SUBTRACT = 3;

export type Operation = readonly [name: string, configOperation: number, value: string | null];
export type Incremental = readonly [resourceType: number, resourceName: string, operations: readonly Operation[]];
export type Whole = readonly [
  resourceType: number,
  resourceName: string,
  configs: Readonly<Record<string, string | null>>,
];

/** Until Kafka's broker follows its controller: what is asked after that sees it. */
const LAG_MS = 400;

export async function followed({ target }: Session): Promise<void> {
  if (!target.isLazy) return;
  await new Promise((resolve) => {
    setTimeout(resolve, LAG_MS);
  });
}

export function incremental(
  resources: readonly Incremental[],
  validateOnly = false,
): RequestInputOf<'IncrementalAlterConfigs'> {
  return {
    resources: resources.map(([resourceType, resourceName, operations]) => ({
      resourceType,
      resourceName,
      configs: operations.map(([name, configOperation, value]) => ({ name, configOperation, value })),
    })),
    validateOnly,
  };
}

export function whole(resources: readonly Whole[], validateOnly = false): RequestInputOf<'AlterConfigs'> {
  return {
    resources: resources.map(([resourceType, resourceName, configs]) => ({
      resourceType,
      resourceName,
      configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
    })),
    validateOnly,
  };
}

/** Puts settings with their sources and synonyms into the transcript; of all settings only those that are no defaults. */
export async function showConfigs(
  session: Session,
  label: string,
  resourceType: number,
  resourceName: string,
  names: readonly string[] | null = null,
): Promise<void> {
  const resources = [{ resourceType, resourceName, configurationKeys: names === null ? null : [...names] }];
  const { results } = await session.quietly('DescribeConfigs', 4, { resources, includeSynonyms: true });
  session.tell(
    label,
    results.map(({ configs, ...result }) => ({
      ...result,
      configs: names === null ? configs.filter(({ configSource }) => OWN_SOURCES.has(configSource)) : configs,
    })),
  );
}

/** Dynamic ones of topics, brokers and groups. */
const OWN_SOURCES = new Set([1, 2, 3, 8]);
