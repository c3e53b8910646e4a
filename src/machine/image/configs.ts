/** Settings of the image that were set for a resource: of topics, of brokers, of the cluster (broker ''), of groups, of clients. */
import type { UndoJournal } from '../../base/undo-map.ts';
import { JournaledMap } from './journaled-map.ts';

/** Kafka's codes of configuration resources. */
export const CONFIG_RESOURCE = {
  topic: 2,
  broker: 4,
  brokerLogger: 8,
  clientMetrics: 16,
  group: 32,
} as const;

export interface ConfigResource {
  readonly type: number;
  /** '' with `broker`: the default of all brokers. */
  readonly name: string;
}

const NO_CONFIGS: ReadonlyMap<string, string> = new Map();

export class ConfigsImage {
  readonly #resources: JournaledMap<
    string,
    { readonly resource: ConfigResource; readonly values: ReadonlyMap<string, string> }
  >;

  constructor(journal: UndoJournal | null) {
    this.#resources = new JournaledMap(journal);
  }

  get size(): number {
    return this.#resources.size;
  }

  /** What was set for the resource; empty where nothing was. */
  of(type: number, name: string): ReadonlyMap<string, string> {
    return this.#resources.get(keyOf(type, name))?.values ?? NO_CONFIGS;
  }

  /** The dynamic settings of a broker, and those of all brokers under them. */
  ofBroker(nodeId: number): {
    readonly cluster: Readonly<Record<string, string>>;
    readonly own: Readonly<Record<string, string>>;
  } {
    const cluster = Object.fromEntries(this.of(CONFIG_RESOURCE.broker, ''));
    return { cluster, own: Object.fromEntries(this.of(CONFIG_RESOURCE.broker, String(nodeId))) };
  }

  *[Symbol.iterator](): Generator<[ConfigResource, ReadonlyMap<string, string>]> {
    for (const { resource, values } of this.#resources.values()) yield [resource, values];
  }

  // ---- changed by replay only

  /** Null takes the setting away. */
  set(type: number, name: string, setting: string, value: string | null): void {
    const key = keyOf(type, name);
    const values = new Map(this.of(type, name));
    if (value === null) values.delete(setting);
    else values.set(setting, value);
    if (values.size === 0) this.#resources.delete(key);
    else this.#resources.set(key, { resource: { type, name }, values });
  }

  remove(type: number, name: string): boolean {
    return this.#resources.delete(keyOf(type, name));
  }
}

function keyOf(type: number, name: string): string {
  return `${type}:${name}`;
}
