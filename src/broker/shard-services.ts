/** The services that handlers see, of the parts of a shard. One object a shard. */
import { FetchSessions } from '../api/fetch-session.ts';
import type { ControlApi, Services } from '../api/services.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { MetadataImage } from '../machine/image/image.ts';
import type { Clock } from '../port/clock.ts';
import type { Logger } from '../port/log.ts';
import type { Random } from '../port/random.ts';
import { ERRORS } from '../protocol/errors.ts';
import type { Decoded, Input, Message } from '../protocol/message.ts';
import { APIS } from '../protocol/schema/index.ts';
import type { CoordinatorCalls } from '../shard/coordinator-calls.ts';
import type { FetchRouter } from '../shard/fetch-router.ts';
import type { Logs } from '../shard/logs.ts';
import type { Mailbox } from '../shard/mailbox.ts';
import type { Producing } from '../shard/produce.ts';
import type { Scatter } from '../shard/scatter.ts';
import { CONTROL } from '../shard/shared-block.ts';
import type { Markers } from '../shard/markers.ts';
import { type AskControl, coordinatorServices } from './coordinator-services.ts';
import type { ProducerIds } from './producer-ids.ts';

export interface ServiceParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: Random;
  readonly config: BrokerConfig;
  readonly image: MetadataImage;
  readonly mailbox: Mailbox<'shard'>;
  /** Known when the logs are opened, before the first connection. */
  readonly identity: { readonly clusterId: string; readonly nodeId: number };
  readonly logs: Logs;
  readonly producing: Producing;
  readonly fetching: FetchRouter;
  readonly scatter: Scatter;
  readonly coordinatorCalls: CoordinatorCalls;
  readonly markers: Markers;
  readonly producerIds: ProducerIds;
  /** This shard among the shards, from 0. */
  readonly shard: number;
  readonly shardCount: number;
}

/** How long Kafka keeps a session that nobody uses before it may be evicted. */
const SESSION_EVICTION_MS = 120_000;
/** How long a request to control may take; control answers sooner or the process ends. */
const CONTROL_TIMEOUT_MS = 60_000;

export function shardServices(parts: ServiceParts): Services {
  const { clock, random, config, image, identity, scatter, shard, shardCount, producerIds } = parts;
  const control: AskControl = (api, request, principal) => askControl(parts.mailbox, api, request, principal);
  const slots = config.values['max.incremental.fetch.session.cache.slots'];
  return {
    image,
    config,
    fetchSessions: new FetchSessions(
      { slots: Math.ceil(slots / shardCount), evictionMs: SESSION_EVICTION_MS, shard, shardCount },
      (limit) => random.below(limit),
    ),
    get clusterId() {
      return identity.clusterId;
    },
    get nodeId() {
      return identity.nodeId;
    },
    now: () => clock.now(),
    endpoint(nodeId, listenerName) {
      const broker = image.cluster.broker(nodeId);
      return broker?.endpoints.find(({ name }) => name === listenerName) ?? null;
    },
    logConfig: (topic) => parts.logs.configOf(topic),
    produce(context, produced, acks, _timeoutMs, transaction, done) {
      const asker = {
        connection: context.peer,
        isGone: () => context.orphan,
        lend: (view: Buffer) => context.lend(view),
        transaction,
      };
      parts.producing.produce(produced, acks, asker, done);
    },
    fetch(ask, done) {
      const { replicaId, isolationLevel, items } = ask;
      return parts.fetching.fetch({ replicaId, isolationLevel, items }, ask, done);
    },
    listOffsets: (call) => new Promise((resolve) => scatter.ask('listOffsets', call, resolve)),
    epochEnds: (items) => new Promise((resolve) => scatter.ask('epochEnd', { items }, resolve)),
    describeProducers: (items) => new Promise((resolve) => scatter.ask('describeProducers', { items }, resolve)),
    deleteRecords: (items) => new Promise((resolve) => scatter.ask('deleteRecords', { items }, resolve)),
    control,
    ...coordinatorServices(parts, control),
    nextProducerId: () => producerIds.next(),
  };
}

/** Sends a request to control in its newest version; the response in the same. */
export function askControl<N extends ControlApi>(
  mailbox: Mailbox<'shard'>,
  api: N,
  request: Input<(typeof APIS)[N]['request']>,
  principal: string,
): Promise<Decoded<(typeof APIS)[N]['response']>> {
  const row = APIS[api];
  const version = row.validVersions.max;
  // oxlint-disable-next-line no-unsafe-type-assertion -- the row and the name are of one API
  const requests = row.request as unknown as Message<unknown, Input<(typeof APIS)[N]['request']>>;
  // oxlint-disable-next-line no-unsafe-type-assertion -- the row and the name are of one API
  const responses = row.response as unknown as Message<Decoded<(typeof APIS)[N]['response']>>;
  const message = {
    apiKey: row.key,
    apiVersion: version,
    timeoutMs: CONTROL_TIMEOUT_MS,
    principal,
    body: requests.encode(version, request),
  };
  return new Promise((resolve, reject) => {
    mailbox.callInTurn('control', CONTROL, message, ({ errorCode, body }) => {
      if (errorCode === ERRORS.NONE) resolve(responses.decode(version, body));
      // Control has stopped. Connections were closed before that: nobody waits for an answer any more.
      else if (errorCode !== ERRORS.NOT_CONTROLLER)
        reject(new Error(`control answered ${api} with error ${errorCode}`));
    });
  });
}
