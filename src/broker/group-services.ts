/**
 * The services about groups that handlers see: which node coordinates a key, and the coordinator's answers. With them the internal
 * topic comes to be, at the first question (Kafka's AutoTopicCreationManager).
 */
import type { ControlApi, Services } from '../api/services.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { GroupApi } from '../protocol/coordinator-key.ts';
import type { MetadataImage } from '../machine/image/image.ts';
import { partitionOfKey } from '../protocol/coordinator-key.ts';
import { ERRORS, errorName } from '../protocol/errors.ts';
import type { Decoded, Input } from '../protocol/message.ts';
import type { APIS, RequestOf } from '../protocol/schema/index.ts';
import type { Logger } from '../port/log.ts';
import type { CoordinatorCalls } from '../shard/coordinator-calls.ts';
import { OFFSETS_TOPIC } from '../protocol/topic-names.ts';

export type AskControl = <N extends ControlApi>(
  api: N,
  request: Input<(typeof APIS)[N]['request']>,
  principal: string,
) => Promise<Decoded<(typeof APIS)[N]['response']>>;

export interface GroupServiceParts {
  readonly image: MetadataImage;
  readonly config: BrokerConfig;
  readonly log: Logger;
  readonly coordinatorCalls: CoordinatorCalls;
}

/** A setting whose default asks for more brokers than there are. */
const REPLICATION = 'offsets.topic.replication.factor';

export function groupServices(
  { image, config, log, coordinatorCalls }: GroupServiceParts,
  control: AskControl,
): Pick<Services, 'coordinatorOf' | 'group' | 'allGroups'> {
  const topics = new InternalTopics(image, config, log, control);
  return {
    coordinatorOf(_kind, key, { peer }) {
      const topic = image.topics.byName(OFFSETS_TOPIC);
      if (topic === undefined) topics.create(peer.principal);
      // Until every shard has opened its partitions there is nobody to ask.
      if (topic === undefined || topics.isCreating) return null;
      const leader = topic.leader(partitionOfKey(key, topic.partitionCount));
      return leader < 0 ? null : leader;
    },
    group(api, groupId, request, { peer, clientId, version }) {
      const topic = image.topics.byName(OFFSETS_TOPIC);
      if (topic === undefined) return Promise.resolve({ ok: false, errorCode: ERRORS.NOT_COORDINATOR });
      const partition = partitionOfKey(groupId, topic.partitionCount);
      const client = { clientId: clientId ?? '', clientHost: `/${peer.clientHost}` };
      const ask = { api, version, request: ownRequest(api, request), client };
      return new Promise((resolve) => coordinatorCalls.ask(topic.id, partition, ask, resolve));
    },
    allGroups(request, { peer, clientId, version }) {
      const client = { clientId: clientId ?? '', clientHost: `/${peer.clientHost}` };
      return new Promise((resolve) => {
        coordinatorCalls.askAll({ api: 'ListGroups', version, request, client }, resolve);
      });
    },
  };
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

/** Makes internal topics, each once at a time, however many ask. Lives on a shard; one a shard. */
class InternalTopics {
  readonly #image: MetadataImage;
  readonly #config: BrokerConfig;
  readonly #log: Logger;
  readonly #control: AskControl;
  isCreating = false;

  constructor(image: MetadataImage, config: BrokerConfig, log: Logger, control: AskControl) {
    this.#image = image;
    this.#config = config;
    this.#log = log;
    this.#control = control;
  }

  create(principal: string): void {
    if (this.isCreating) return;
    this.isCreating = true;
    const { values } = this.#config;
    const configs = [
      { name: 'compression.type', value: 'producer' },
      { name: 'cleanup.policy', value: 'compact' },
      { name: 'segment.bytes', value: String(values['offsets.topic.segment.bytes']) },
    ];
    const numPartitions = values['offsets.topic.num.partitions'];
    const topic = { name: OFFSETS_TOPIC, numPartitions, replicationFactor: this.#replicas(), assignments: [], configs };
    const timeoutMs = values['request.timeout.ms'];
    this.#control('CreateTopics', { topics: [topic], timeoutMs, validateOnly: false }, principal)
      .then(({ topics: [created] }) => {
        const errorCode = created?.errorCode ?? ERRORS.NONE;
        // Another shard may have been first.
        if (errorCode === ERRORS.NONE || errorCode === ERRORS.TOPIC_ALREADY_EXISTS) return;
        this.#log.error(`${OFFSETS_TOPIC} cannot be created`, {
          error: errorName(errorCode),
          reason: created?.errorMessage ?? null,
        });
      })
      .catch((error: unknown) => this.#log.error(`${OFFSETS_TOPIC} cannot be created`, { reason: String(error) }))
      .finally(() => {
        this.isCreating = false;
      });
  }

  /** As set. Where nothing is set, Kafka's default of three, which a smaller cluster cannot have, gives way to what it can. */
  #replicas(): number {
    const wanted = this.#config.values[REPLICATION];
    if (this.#config.texts[REPLICATION] !== undefined) return wanted;
    let alive = 0;
    for (const { fenced } of this.#image.cluster.aliveBrokers()) if (!fenced) alive++;
    return Math.max(1, Math.min(wanted, alive));
  }
}
