/**
 * Makes answers of two brokers comparable: what differs from run to run (ids, times of now, ports, the cluster) becomes a name that stays
 * the same, and arrays whose order means nothing are sorted.
 */
import { type Uuid, ZERO_UUID } from '../../src/base/uuid.ts';
import { tellBatches } from './batches.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** What the brokers under test are called, to be masked. */
export interface Place {
  readonly port: number;
  readonly clusterId: string;
  /** Stands in front of every name that a session makes. */
  readonly prefix: string;
}

const DAY_MS = 86_400_000;
/** Arrays that Kafka fills from hash maps, and what tells their elements apart. */
const SORTED = new Set([
  'topics',
  'topicPartitions',
  'responses',
  'partitions',
  'partitionResponses',
  'partitionData',
  'results',
  'configs',
  'brokers',
  'apiKeys',
  'supportedFeatures',
  'finalizedFeatures',
  'nodeEndpoints',
  'transactionStates',
  'resultsByTransaction',
  'topicResults',
  'resultsByPartition',
  'resultsByTopicV3AndBelow',
  'activeProducers',
  'markers',
]);
const IDENTITY = [
  'groupId',
  'transactionalId',
  'name',
  'topic',
  'topicId',
  'resourceName',
  'apiKey',
  'nodeId',
  'brokerId',
  'partitionIndex',
  'partition',
  'index',
  'producerId',
  'errorCode',
  'errorMessage',
];
/** Their values are those of the run. */
const DROPPED = new Set(['throttleTimeMs', 'finalizedFeaturesEpoch', 'documentation']);

/** What fields have where there is nothing to tell: left out, so that expected/ stays readable. */
const NOBODY = '{"leaderId":-1,"leaderEpoch":-1}';
const ABSENT: ReadonlyMap<string, string> = new Map([
  ['divergingEpoch', '{"epoch":-1,"endOffset":-1}'],
  ['currentLeader', NOBODY],
  ['snapshotId', '{"endOffset":-1,"epoch":-1}'],
  ['nodeEndpoints', '[]'],
  ['recordErrors', '[]'],
  ['topicId', '"<no id>"'],
  ['topic', '""'],
  ['preferredReadReplica', '-1'],
]);

interface Setting {
  readonly name: string;
  readonly value: string | null;
  readonly configSource: number;
  readonly configType?: number;
  readonly readOnly: boolean;
  readonly isSensitive: boolean;
  readonly synonyms?: readonly { readonly name: string; readonly value: string | null; readonly source: number }[];
}

export class Normaliser {
  readonly #place: Place;
  readonly #topicIds = new Map<string, string>();
  readonly #producers = new Map<number, string>();
  readonly #sessions = new Map<number, string>();
  readonly #epochs = new Map<number, string>();
  readonly #coordinatorEpochs = new Map<number, string>();

  constructor(place: Place) {
    this.#place = place;
  }

  /** The name that a leader epoch has from now on: how many elections a restart takes is the broker's own affair. */
  nameEpoch(epoch: number, name: string): void {
    this.#epochs.set(epoch, `<${name}>`);
  }

  /** The same for the epoch of a transaction coordinator. */
  nameCoordinatorEpoch(epoch: number, name: string): void {
    this.#coordinatorEpochs.set(epoch, `<${name}>`);
  }

  /** The name that a producer's id has from now on. */
  nameProducer(id: number, name: string): void {
    this.#producers.set(id, `<${name}>`);
  }

  /** The name that a topic's id has from now on. */
  nameTopic(id: Uuid, name: string): void {
    this.#topicIds.set(id, `<id of ${name}>`);
  }

  json(value: unknown, keepOrder = false): Json {
    return this.#value(value, '', keepOrder);
  }

  #value(value: unknown, field: string, keepOrder: boolean): Json {
    if (value === null || value === undefined || typeof value === 'boolean') return value ?? null;
    if (typeof value === 'bigint') return this.#time(value);
    if (typeof value === 'number') return this.#number(value, field);
    if (typeof value === 'string') return this.#string(value, field);
    if (Array.isArray(value)) return this.#array(value, field, keepOrder);
    if (Buffer.isBuffer(value)) return value.toString('base64');
    if (typeof value !== 'object') throw new Error(`${field} is a ${typeof value}`);
    if ('kind' in value && value.kind === 'memory' && 'bytes' in value && Buffer.isBuffer(value.bytes)) {
      return this.#records(value.bytes);
    }
    if ('configSource' in value) return this.#setting(value);
    const entries = Object.entries(value).filter(([name]) => !DROPPED.has(name));
    const all = entries.map(([name, each]): [string, Json] => [name, this.#value(each, name, keepOrder)]);
    return Object.fromEntries(all.filter(([name, each]) => ABSENT.get(name) !== JSON.stringify(each)));
  }

  /** A setting in a line: `name=value, source, type, flags`, and its synonyms behind it. */
  #setting(value: object): string {
    const { name, value: text, configSource, configType, readOnly, isSensitive, synonyms } = value as Setting;
    const type = configType === undefined ? '' : ` type ${configType}`;
    const flags = `${readOnly ? ' readOnly' : ''}${isSensitive ? ' sensitive' : ''}`;
    const others = (synonyms ?? []).map((each) => ` < ${each.name}=${each.value} source ${each.source}`).join('');
    return this.#string(`${name}=${text} source ${configSource}${type}${flags}${others}`, 'setting');
  }

  #array(values: readonly unknown[], field: string, keepOrder: boolean): Json {
    const all = values.map((each) => this.#value(each, field, keepOrder));
    if (keepOrder || !SORTED.has(field)) return all;
    return all.toSorted((a, b) => (identity(a) < identity(b) ? -1 : 1));
  }

  #records(bytes: Buffer): Json {
    return tellBatches(bytes, {
      time: (timestamp) => String(this.#time(timestamp)),
      producer: (id) => this.#named(this.#producers, id, 'producer'),
      epoch: (epoch) => this.#epochs.get(epoch) ?? String(epoch),
      coordinatorEpoch: (epoch) => this.#coordinatorEpochs.get(epoch) ?? String(epoch),
    });
  }

  #time(value: bigint): number | string {
    const sinceNow = Number(value) - Date.now();
    if (Math.abs(sinceNow) < DAY_MS) return '<now>';
    return value > -(2n ** 53n) && value < 2n ** 53n ? Number(value) : `${value}`;
  }

  #number(value: number, field: string): number | string {
    if (field === 'producerId' && value >= 0) return this.#named(this.#producers, value, 'producer');
    if (field === 'sessionId' && value > 0) return this.#named(this.#sessions, value, 'session');
    if (field === 'leaderEpoch') return this.#epochs.get(value) ?? value;
    if (field === 'coordinatorEpoch') return this.#coordinatorEpochs.get(value) ?? value;
    if (field === 'transactionStartTimeMs') return this.#time(BigInt(value));
    if (field === 'port' && value === this.#place.port) return '<port>';
    return Number.isFinite(value) ? value : String(value);
  }

  #named(names: Map<number, string>, id: number, what: string): string {
    const known = names.get(id) ?? `<${what} ${names.size + 1}>`;
    names.set(id, known);
    return known;
  }

  #string(value: string, field: string): string {
    if (/[tT]opicId$|DirectoryId$/.test(field) && value.length === 16) return this.#topicId(value);
    return value
      .replaceAll(this.#place.clusterId, '<cluster>')
      .replaceAll(this.#place.prefix, '')
      .replaceAll(/-92233702\d{11}\b|\b1[789]\d{11}\b/g, '<time>');
  }

  #topicId(id: string): string {
    if (id === ZERO_UUID) return '<no id>';
    const known = this.#topicIds.get(id) ?? `<id ${this.#topicIds.size + 1}>`;
    this.#topicIds.set(id, known);
    return known;
  }
}

function identity(value: Json): string {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return JSON.stringify(value);
  const all = Object.entries(value);
  return IDENTITY.map((name) => {
    const found = all.find(([each]) => each === name)?.[1];
    return typeof found === 'number' ? String(found + 10_000).padStart(6, '0') : String(found ?? '');
  }).join('\0');
}
