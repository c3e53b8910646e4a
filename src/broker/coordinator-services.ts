/**
 * The services about groups and transactions that handlers see: which node coordinates a key, and the coordinator's answers. With them the
 * internal topics come to be, each at the first question (Kafka's AutoTopicCreationManager).
 */
import type { Context, ControlApi, CoordinatorKind, Services } from '../api/services.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { GroupApi } from '../protocol/coordinator-key.ts';
import type { Client } from '../machine/group/decision.ts';
import type { MetadataImage } from '../machine/image/image.ts';
import { partitionOfKey } from '../protocol/coordinator-key.ts';
import { ERRORS, errorName } from '../protocol/errors.ts';
import type { Decoded, Input } from '../protocol/message.ts';
import type { APIS, RequestOf } from '../protocol/schema/index.ts';
import type { Logger } from '../port/log.ts';
import type { CoordinatorCalls } from '../shard/coordinator-calls.ts';
import type { Markers } from '../shard/markers.ts';
import { OFFSETS_TOPIC, TRANSACTIONS_TOPIC } from '../protocol/topic-names.ts';

export type AskControl = <N extends ControlApi>(
  api: N,
  request: Input<(typeof APIS)[N]['request']>,
  principal: string,
) => Promise<Decoded<(typeof APIS)[N]['response']>>;

export interface CoordinatorServiceParts {
  readonly image: MetadataImage;
  readonly config: BrokerConfig;
  readonly log: Logger;
  readonly coordinatorCalls: CoordinatorCalls;
  readonly markers: Markers;
}

interface InternalTopic {
  readonly name: string;
  readonly partitions: 'offsets.topic.num.partitions' | 'transaction.state.log.num.partitions';
  /** A setting whose default asks for more brokers than there are. */
  readonly replicas: 'offsets.topic.replication.factor' | 'transaction.state.log.replication.factor';
  configs(values: BrokerConfig['values']): readonly { readonly name: string; readonly value: string }[];
}

const TOPICS: { readonly [Kind in CoordinatorKind]: InternalTopic } = {
  group: {
    name: OFFSETS_TOPIC,
    partitions: 'offsets.topic.num.partitions',
    replicas: 'offsets.topic.replication.factor',
    configs: (values) => [
      { name: 'compression.type', value: 'producer' },
      { name: 'cleanup.policy', value: 'compact' },
      { name: 'segment.bytes', value: String(values['offsets.topic.segment.bytes']) },
    ],
  },
  transaction: {
    name: TRANSACTIONS_TOPIC,
    partitions: 'transaction.state.log.num.partitions',
    replicas: 'transaction.state.log.replication.factor',
    configs: (values) => [
      { name: 'compression.type', value: 'uncompressed' },
      { name: 'cleanup.policy', value: 'compact' },
      { name: 'min.insync.replicas', value: String(values['transaction.state.log.min.isr']) },
      { name: 'segment.bytes', value: String(values['transaction.state.log.segment.bytes']) },
      { name: 'unclean.leader.election.enable', value: 'false' },
    ],
  },
};

type CoordinatorServices = Pick<
  Services,
  'coordinatorOf' | 'group' | 'allGroups' | 'transaction' | 'allTransactions' | 'writeMarkers'
>;

export function coordinatorServices(
  { image, config, log, coordinatorCalls, markers }: CoordinatorServiceParts,
  control: AskControl,
): CoordinatorServices {
  const creators = {
    group: new InternalTopicCreator(TOPICS.group, image, config, log, control),
    transaction: new InternalTopicCreator(TOPICS.transaction, image, config, log, control),
  } as const satisfies { [Kind in CoordinatorKind]: InternalTopicCreator };
  return {
    coordinatorOf(kind, key, { peer }) {
      const creator = creators[kind];
      const topic = image.topics.byName(TOPICS[kind].name);
      if (topic === undefined) creator.create(peer.principal);
      // Until every shard has opened its partitions there is nobody to ask.
      if (topic === undefined || creator.isCreating) return null;
      const leader = topic.leader(partitionOfKey(key, topic.partitionCount));
      return leader < 0 ? null : leader;
    },
    group(api, groupId, request, context) {
      const topic = image.topics.byName(OFFSETS_TOPIC);
      if (topic === undefined) return Promise.resolve(NOBODY);
      const partition = partitionOfKey(groupId, topic.partitionCount);
      const ask = { api, version: context.version, request: ownRequest(api, request), client: clientOf(context) };
      return new Promise((resolve) => coordinatorCalls.ask(topic.id, partition, ask, resolve));
    },
    allGroups(request, context) {
      const ask = { api: 'ListGroups', version: context.version, request, client: clientOf(context) } as const;
      return new Promise((resolve) => coordinatorCalls.askAll(ask, resolve));
    },
    transaction(api, transactionalId, request, context) {
      const topic = image.topics.byName(TRANSACTIONS_TOPIC);
      if (topic === undefined) return Promise.resolve(NOBODY);
      const partition = partitionOfKey(transactionalId, topic.partitionCount);
      const ask = { api, version: context.version, request, client: clientOf(context) };
      return new Promise((resolve) => coordinatorCalls.ask(topic.id, partition, ask, resolve));
    },
    allTransactions(request, context) {
      const ask = { api: 'ListTransactions', version: context.version, request, client: clientOf(context) } as const;
      return new Promise((resolve) => coordinatorCalls.askAll(ask, resolve));
    },
    writeMarkers(marker, targets) {
      const write = (topic: string, partition: number): Promise<number> =>
        new Promise((resolve) => markers.write(topic, partition, marker, resolve));
      return Promise.all(targets.map(({ topic, partition }) => write(topic, partition)));
    },
  };
}

const NOBODY = { ok: false, errorCode: ERRORS.NOT_COORDINATOR } as const;

function clientOf({ clientId, peer }: Context): Client {
  return { clientId: clientId ?? '', clientHost: `/${peer.clientHost}` };
}

/** A request whose bytes the state may keep: those of the wire are another request's soon. */
function ownRequest<N extends GroupApi>(api: N, request: RequestOf<N>): RequestOf<N> {
  if (api === 'JoinGroup') {
    const join = request as RequestOf<'JoinGroup'>;
    const protocols = join.protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) }));
    return { ...join, protocols } as unknown as RequestOf<N>;
  }
  if (api === 'SyncGroup') {
    const sync = request as RequestOf<'SyncGroup'>;
    const assignments = sync.assignments.map((one) => ({ ...one, assignment: Buffer.from(one.assignment) }));
    return { ...sync, assignments } as unknown as RequestOf<N>;
  }
  return request;
}

/** Makes an internal topic, once at a time, however many ask. Lives on a shard; one a shard and topic. */
class InternalTopicCreator {
  readonly #topic: InternalTopic;
  readonly #image: MetadataImage;
  readonly #config: BrokerConfig;
  readonly #log: Logger;
  readonly #control: AskControl;
  isCreating = false;

  constructor(topic: InternalTopic, image: MetadataImage, config: BrokerConfig, log: Logger, control: AskControl) {
    this.#topic = topic;
    this.#image = image;
    this.#config = config;
    this.#log = log;
    this.#control = control;
  }

  create(principal: string): void {
    if (this.isCreating) return;
    this.isCreating = true;
    const { values } = this.#config;
    const { name } = this.#topic;
    const numPartitions = values[this.#topic.partitions];
    const configs = [...this.#topic.configs(values)];
    const topic = { name, numPartitions, replicationFactor: this.#replicas(), assignments: [], configs };
    const timeoutMs = values['request.timeout.ms'];
    this.#control('CreateTopics', { topics: [topic], timeoutMs, validateOnly: false }, principal)
      .then(({ topics: [created] }) => {
        const errorCode = created?.errorCode ?? ERRORS.NONE;
        // Another shard may have been first.
        if (errorCode === ERRORS.NONE || errorCode === ERRORS.TOPIC_ALREADY_EXISTS) return;
        this.#log.error(`${name} cannot be created`, {
          error: errorName(errorCode),
          reason: created?.errorMessage ?? null,
        });
      })
      .catch((error: unknown) => this.#log.error(`${name} cannot be created`, { reason: String(error) }))
      .finally(() => {
        this.isCreating = false;
      });
  }

  /** As set. Where nothing is set, Kafka's default of three, which a smaller cluster cannot have, gives way to what it can. */
  #replicas(): number {
    const { replicas } = this.#topic;
    const wanted = this.#config.values[replicas];
    if (this.#config.texts[replicas] !== undefined) return wanted;
    let alive = 0;
    for (const { fenced } of this.#image.cluster.aliveBrokers()) if (!fenced) alive++;
    return Math.max(1, Math.min(wanted, alive));
  }
}
