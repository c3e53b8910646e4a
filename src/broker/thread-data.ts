/** What main gives every thread at its start: plain values and the shared memory. */
import { type BrokerConfig, type BrokerConfigInput, parseBrokerConfig } from '../config/broker-config.ts';
import type { SharedBlock } from '../shard/shared-block.ts';

export interface ThreadData {
  /** This thread's number. */
  readonly self: number;
  readonly shardCount: number;
  readonly block: SharedBlock;
  /** The texts of the configuration: each thread reads them by itself, which is cheaper than to copy what comes out. */
  readonly config: BrokerConfigInput;
  /** Whether directories that were never formatted are formatted now. */
  readonly formatIfMissing: boolean;
  readonly version: string;
  /** The pipes by which threads wake each other, by thread; null or not there: they wait by Atomics. */
  readonly bellPipes?: readonly { readonly read: number; readonly write: number }[] | null;
}

/** The configuration, which main has found to be valid. */
export function configOf(data: ThreadData): BrokerConfig {
  const parsed = parseBrokerConfig(data.config);
  if (!parsed.ok) throw new Error('a configuration that main accepted was refused');
  return parsed.config;
}

/** What control answers when it has booted. */
export interface BootSummary {
  readonly clusterId: string;
  readonly nodeId: number;
  readonly directories: readonly string[];
  readonly topics: number;
  readonly logs: number;
  readonly recovered: number;
}

export type BootAnswer =
  | { readonly ok: true; readonly summary: BootSummary }
  | { readonly ok: false; readonly error: string };

/** What control tells a shard so that it opens its logs. Ids in Kafka's text form. */
export interface OpenLogs {
  readonly clusterId: string;
  readonly nodeId: number;
  readonly directories: readonly {
    readonly id: string;
    readonly path: string;
    readonly isClean: boolean;
    /** Whether it can be used; one that failed keeps its place. */
    readonly works: boolean;
  }[];
  /** The shard's partitions that were found on disk. */
  readonly found: readonly {
    readonly topicId: string;
    readonly partition: number;
    /** Which of `directories`. */
    readonly home: number;
    readonly path: string;
    readonly recoveryPoint: number;
    readonly highWatermark: number;
    readonly logStartOffset: number;
  }[];
}

/** Steps of the stop, in order; each ends on every thread before the next begins. */
export const STOP_STEP = {
  /** Shards start no further request, answer what is in work and close their connections. */
  connections: 0,
  /** Shards flush and close their logs; control collects what the checkpoints say. */
  logs: 1,
  /** Control writes checkpoints and clean-shutdown files, closes the metadata log and unlocks. */
  directories: 2,
} as const;
