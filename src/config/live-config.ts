/**
 * The configuration of a broker that runs: one object for the whole life of a thread, whose values change when dynamic settings do (KIP-226).
 * Whoever keeps it reads what is in force at that moment; what it gave (`values`, `layers`) never changes.
 */
import { type BrokerConfig, type ConfigProblem, type ConfigTexts, withDynamicConfigs } from './broker-config.ts';

export interface LiveConfig {
  readonly config: BrokerConfig;
  /** Puts other dynamic settings, of all brokers and of this one, in force. Returns those that cannot be applied: they are left out. */
  apply(clusterDynamic: ConfigTexts, brokerDynamic: ConfigTexts): readonly ConfigProblem[];
}

/** Listeners, directories and shards stay those of the start. */
export function liveConfig(start: BrokerConfig): LiveConfig {
  let current = start;
  return {
    config: {
      ...start,
      get values() {
        return current.values;
      },
      get layers() {
        return current.layers;
      },
      get texts() {
        return current.texts;
      },
      get maxConnectionsPerIpOverrides() {
        return current.maxConnectionsPerIpOverrides;
      },
    },
    apply(clusterDynamic, brokerDynamic) {
      const { config, ignored } = withDynamicConfigs(start, clusterDynamic, brokerDynamic);
      current = config;
      return ignored;
    },
  };
}
