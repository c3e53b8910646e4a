/** A controller with an image that was formatted, activated, registered and unfenced as the Kafka that the answers were taken from. */
import { SeededRandom } from '../../../../src/base/prng.ts';
import { type Uuid, uuidFromText } from '../../../../src/base/uuid.ts';
import { parseBrokerConfig } from '../../../../src/config/broker-config.ts';
import { Controller } from '../../../../src/machine/controller/controller.ts';
import type { ControllerAnswer, ControllerEvent } from '../../../../src/machine/controller/decision.ts';
import {
  encodeRecord,
  decodeRecord,
  type MetadataRecord,
  record,
} from '../../../../src/protocol/record/metadata-records.ts';
import { SUPPORTED_FEATURES } from '../../../../src/protocol/features.ts';
import { required } from '../../../../src/base/assert.ts';

export const DIRECTORY = required(uuidFromText('fxJD42lGTyeKaQMaGx4NFA'), 'a uuid');
export const SECOND_DIRECTORY = required(uuidFromText('g2ZwcBRLYRtVYQ26Uw-X8Q'), 'a uuid');
export const CLUSTER_ID = 'MkU3OEVBNTcwNTJENDM2Qg';
const NEW_FEATURES = [
  ['metadata.version', 33],
  ['eligible.leader.replicas.version', 1],
  ['group.version', 1],
  ['transaction.version', 2],
] as const;

export const PROPERTIES = `
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:9093
listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093
controller.listener.names=CONTROLLER
num.partitions=1
log.retention.hours=168
log.segment.bytes=1073741824
`;

export function brokerConfig(more: Readonly<Record<string, string>> = {}) {
  const parsed = parseBrokerConfig({ text: PROPERTIES, overrides: Object.entries(more), parallelism: 1 });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}

export const bootstrapRecords: readonly MetadataRecord[] = NEW_FEATURES.map(([name, featureLevel]) =>
  record('featureLevel', { name, featureLevel }),
);

/** Runs a controller as a runtime does, with a log that always works. */
export class Bench {
  readonly controller: Controller;
  readonly log: MetadataRecord[] = [];
  readonly entropy: SeededRandom;
  now = 1_700_000_000_000;

  constructor(seed = 1, more: Readonly<Record<string, string>> = {}) {
    this.entropy = new SeededRandom(seed);
    this.controller = new Controller({ nodeId: 1, clusterId: CLUSTER_ID, config: brokerConfig(more) });
    this.controller.image.features.kraftVersion = 1;
  }

  get image() {
    return this.controller.image;
  }

  /** Decides, replays what a log would give back, commits. */
  run(event: ControllerEvent): ControllerAnswer {
    const context = { now: this.now++, nextOffset: this.log.length, entropy: this.entropy };
    const { records, answer } = this.controller.decide(event, context);
    for (const one of records) {
      this.log.push(one);
      this.controller.replay(decodeRecord(encodeRecord(one)), this.log.length - 1, 1);
    }
    this.controller.commit(this.log.length);
    return answer;
  }

  /** Activated, registered, unfenced. */
  start(directories: readonly Uuid[] = [DIRECTORY]): this {
    this.run({ kind: 'activate', bootstrap: bootstrapRecords });
    this.register(1, directories);
    this.run({ kind: 'unfence', brokerId: 1 });
    return this;
  }

  register(brokerId: number, directories: readonly Uuid[], rack: string | null = null, clusterId = CLUSTER_ID) {
    const incarnationId = this.entropy.bytes(16).latin1Slice() as Uuid;
    return this.run({
      kind: 'BrokerRegistration',
      version: 4,
      request: {
        brokerId,
        clusterId,
        incarnationId,
        listeners: [{ name: 'PLAINTEXT', host: '127.0.0.1', port: 9092, securityProtocol: 0 }],
        features: SUPPORTED_FEATURES.map(({ name, minVersion, maxVersion }) => ({
          name,
          minSupportedVersion: minVersion,
          maxSupportedVersion: maxVersion,
        })),
        rack,
        isMigratingZkBroker: false,
        logDirs: [...directories],
        previousBrokerEpoch: -1,
      },
    });
  }
}
