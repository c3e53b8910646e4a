/**
 * IncrementalAlterConfigs (key 44, KIP-339) and AlterConfigs (key 33, KIP-133): the settings of topics, groups and brokers. A resource changes as a
 * whole or not at all; what is right changes in one batch, whatever else the request asked for.
 *
 *   every resource: once, each setting once, no nulls ─▶ changes ─▶ what it has then is checked together ─▶ records
 *
 * Loggers and client metrics have nothing behind them here: they are refused.
 */
import type { ConfigTexts } from '../../config/broker-config.ts';
import { dynamicProblem } from '../../config/dynamic-config.ts';
import { groupConfigProblem } from '../../config/group-config.ts';
import { MAX_STRING_LENGTH } from '../../protocol/codec/runtime.ts';
import { ERRORS } from '../../protocol/errors.ts';
import type { MetadataRecord } from '../../protocol/record/metadata-records.ts';
import { topicNameProblem } from '../../protocol/topic-names.ts';
import { CONFIG_RESOURCE } from '../image/configs.ts';
import { ELR_VERSION } from '../image/features.ts';
import { type Change, type Changed, changesOfAll, incrementalChanges, OPERATION } from './config-changes.ts';
import {
  type ControllerState,
  type Decide,
  type Decision,
  MAX_RECORDS_PER_REQUEST,
  type Refusal,
  TOO_MANY_RECORDS,
  refuse,
} from './decision.ts';
import { checkTopicConfigs, clearedElr, configInForce, configRecords, MIN_INSYNC_REPLICAS } from './topic-configs.ts';

/** A resource as both APIs name it. */
interface Resource {
  readonly resourceType: number;
  readonly resourceName: string;
}

/** A resource of one of them, with its changes. */
interface Asked extends Resource {
  readonly configs: readonly { readonly name: string; readonly value: string | null }[];
}

interface Answer {
  readonly throttleTimeMs: number;
  readonly responses: (Refusal & Resource)[];
}

type ChangesOf<R extends Asked> = (resource: R, current: ReadonlyMap<string, string>) => Changed;

/** Kafka keeps no longer text. */
const MAX_VALUE_BYTES = MAX_STRING_LENGTH;

const FINE = refuse(ERRORS.NONE, null);

export const incrementalAlterConfigs: Decide<'IncrementalAlterConfigs'> = (state, { request }) =>
  alter(state, request.resources, request.validateOnly, {
    changesOf: ({ resourceType, configs }, current) => incrementalChanges(resourceType, configs, current),
    isNull: ({ configOperation, value }) => value === null && configOperation !== OPERATION.delete,
    // What Kafka's controller does not know spoils everything that came with it. The broker knows better.
    isBroken: ({ resourceType, configs }) =>
      resourceType !== CONFIG_RESOURCE.broker && configs.some(({ configOperation }) => !isOperation(configOperation)),
    loggers: (resource) => loggerProblem(state, resource),
  });

export const alterConfigs: Decide<'AlterConfigs'> = (state, { request }) =>
  alter(state, request.resources, request.validateOnly, {
    changesOf: ({ configs }, current) => changesOfAll(configs, current),
    isNull: ({ value }) => value === null,
    isBroken: () => false,
    loggers: ({ resourceType }) => unknownType(resourceType),
  });

interface Way<R extends Asked> {
  readonly changesOf: ChangesOf<R>;
  /** Whether an entry lacks its value. */
  isNull(config: R['configs'][number]): boolean;
  isBroken(resource: R): boolean;
  loggers(resource: R): Refusal;
}

function alter<R extends Asked>(
  state: ControllerState,
  resources: readonly R[],
  validateOnly: boolean,
  way: Way<R>,
): Decision<Answer> {
  const refusals = resources.map((resource) => refuseFirst(state, resource, resources, way));
  const isBroken = resources.some((resource, index) => refusals[index] === null && way.isBroken(resource));
  const records: MetadataRecord[] = [];
  const outcomes = resources.map((resource, index) => {
    const refusal = refusals[index] ?? (isBroken ? refuse(ERRORS.UNKNOWN_SERVER_ERROR, null) : null);
    if (refusal !== null) return refusal;
    const outcome = changed(state, resource, way.changesOf);
    if ('errorCode' in outcome) return outcome;
    // One record more than allowed is enough to know.
    if (records.length <= MAX_RECORDS_PER_REQUEST) records.push(...outcome);
    return FINE;
  });
  const isTooMuch = records.length > MAX_RECORDS_PER_REQUEST;
  const spoilt = isTooMuch ? refuse(ERRORS.POLICY_VIOLATION, TOO_MANY_RECORDS) : null;
  const responses = resources.map(({ resourceType, resourceName }, index) => {
    const outcome = outcomes[index] ?? FINE;
    return { ...(refusals[index] === null ? (spoilt ?? outcome) : outcome), resourceType, resourceName };
  });
  const written = isTooMuch || validateOnly ? [] : [...records, ...clearedElr(state, records)];
  return { records: written, answer: { throttleTimeMs: 0, responses } };
}

function invalid(message: string): Refusal {
  return refuse(ERRORS.INVALID_REQUEST, message);
}

function isOperation(operation: number): boolean {
  return operation >= OPERATION.set && operation <= OPERATION.subtract;
}

/** What a Kafka broker refuses before it asks the controller. */
function refuseFirst<R extends Asked>(
  state: ControllerState,
  resource: R,
  all: readonly R[],
  way: Way<R>,
): Refusal | null {
  const { resourceType, resourceName, configs } = resource;
  const isThis = (other: R): boolean => other.resourceType === resourceType && other.resourceName === resourceName;
  if (all.filter(isThis).length > 1) return invalid('Each resource must appear at most once.');
  if (new Set(configs.map(({ name }) => name)).size < configs.length) {
    return invalid('Error due to duplicate config keys');
  }
  const nulls = configs.filter((config) => way.isNull(config)).map(({ name }) => name);
  if (nulls.length > 0) return invalid(`Null value not supported for : ${nulls.join(', ')}`);
  switch (resourceType) {
    case CONFIG_RESOURCE.broker:
      return brokerProblem(state, resource, way.changesOf);
    case CONFIG_RESOURCE.brokerLogger:
      return way.loggers(resource);
    case CONFIG_RESOURCE.clientMetrics:
      return resourceName === ''
        ? invalid("Subscription name can't be empty")
        : invalid('Odradek does not collect metrics of clients: their subscriptions cannot be altered');
    case CONFIG_RESOURCE.topic:
    case CONFIG_RESOURCE.group:
      return null;
    default:
      return unknownType(resourceType);
  }
}

function unknownType(resourceType: number): Refusal {
  return invalid(`Unknown resource type ${resourceType}`);
}

function brokerProblem<R extends Asked>(state: ControllerState, resource: R, changesOf: ChangesOf<R>): Refusal | null {
  const { resourceName } = resource;
  const refusal = resourceName === '' ? null : nodeProblem(state, resourceName, 'broker id, expected');
  if (refusal !== null) return refusal;
  const current = state.image.configs.of(CONFIG_RESOURCE.broker, resourceName);
  const changes = changesOf(resource, current);
  if ('errorCode' in changes) return changes;
  const problem = dynamicProblem(configInForce(state), textsAfter(current, changes), resourceName !== '');
  return problem === null ? null : invalid(problem);
}

function nodeProblem({ settings }: ControllerState, name: string, expected: string): Refusal | null {
  if (!/^[+-]?\d+$/.test(name)) return invalid(`Node id must be an integer, but it is: ${name}`);
  if (Number(name) === settings.nodeId) return null;
  return invalid(`Unexpected ${expected} ${settings.nodeId}, but received ${name}`);
}

/** There is no logger of Java's here whose level could be set. */
function loggerProblem(
  state: ControllerState,
  { resourceName, configs }: { readonly resourceName: string; readonly configs: Operations },
): Refusal {
  const refusal = nodeProblem(state, resourceName, 'node id. Expected');
  if (refusal !== null) return refusal;
  for (const { name, configOperation } of configs) {
    if (configOperation === OPERATION.set || configOperation === OPERATION.delete) {
      return refuse(ERRORS.INVALID_CONFIG, `Logger ${name} does not exist!`);
    }
    if (!isOperation(configOperation)) return invalid(`Unknown operation type ${configOperation}`);
    const operation = configOperation === OPERATION.append ? 'APPEND' : 'SUBTRACT';
    return invalid(`${operation} operation is not allowed for the BROKER_LOGGER resource`);
  }
  return FINE;
}

type Operations = readonly { readonly name: string; readonly configOperation: number }[];

function textsAfter(current: ReadonlyMap<string, string>, changes: readonly Change[]): ConfigTexts {
  const after = new Map(current);
  for (const { name, value } of changes) {
    if (value === null) after.delete(name);
    else after.set(name, value);
  }
  return Object.fromEntries(after);
}

/** The records that change one resource, or why it cannot be changed so. */
function changed<R extends Asked>(
  state: ControllerState,
  resource: R,
  changesOf: ChangesOf<R>,
): readonly MetadataRecord[] | Refusal {
  const { resourceType, resourceName } = resource;
  const current = state.image.configs.of(resourceType, resourceName);
  const all = changesOf(resource, current);
  if ('errorCode' in all) return all;
  // Of a broker also what stays as it was is written, as in Kafka: it makes brokers look again.
  const isBroker = resourceType === CONFIG_RESOURCE.broker;
  const changes = all.filter(({ name, value }) => isBroker || value !== (current.get(name) ?? null));
  return (
    changeProblem(state, resource, changes) ??
    checkAfter(state, resource, textsAfter(current, changes)) ??
    configRecords(resourceType, resourceName, changes)
  );
}

/** What Kafka's controller looks at in each change. */
function changeProblem(state: ControllerState, resource: Resource, changes: readonly Change[]): Refusal | null {
  const hasElr = state.image.features.level(ELR_VERSION) > 0;
  for (const { name, value } of changes) {
    if (resource.resourceType === CONFIG_RESOURCE.broker && name === MIN_INSYNC_REPLICAS && hasElr) {
      if (resource.resourceName !== '') {
        const message = 'Broker-level min.insync.replicas cannot be altered while ELR is enabled.';
        return refuse(ERRORS.INVALID_CONFIG, message);
      }
      if (value === null) {
        const message = 'Cluster-level min.insync.replicas cannot be removed while ELR is enabled.';
        return refuse(ERRORS.INVALID_CONFIG, message);
      }
    }
    if (value !== null && Buffer.byteLength(value) > MAX_VALUE_BYTES) {
      const message = `The configuration value cannot be added because it exceeds the maximum value size of ${MAX_VALUE_BYTES} bytes.`;
      return refuse(ERRORS.INVALID_CONFIG, message);
    }
  }
  return null;
}

/** What is wrong with all settings of the resource together, as they will be. */
function checkAfter(
  state: ControllerState,
  { resourceType, resourceName }: Resource,
  after: ConfigTexts,
): Refusal | null {
  if (resourceType === CONFIG_RESOURCE.topic) return topicProblem(state, resourceName, after);
  if (resourceType !== CONFIG_RESOURCE.group) return null;
  if (resourceName === '') return invalid('Default group resources are not allowed.');
  const problem = groupConfigProblem(configInForce(state), after);
  return problem === null ? null : refuse(ERRORS.INVALID_CONFIG, problem);
}

function topicProblem(state: ControllerState, name: string, after: ConfigTexts): Refusal | null {
  if (name === '') return invalid('Default topic resources are not allowed.');
  const problem = topicNameProblem(name);
  if (problem !== null) return refuse(ERRORS.INVALID_TOPIC_EXCEPTION, problem);
  const refusal = checkTopicConfigs(configInForce(state), after);
  if (refusal !== null) return refusal;
  if (state.image.topics.byName(name) !== undefined) return null;
  return refuse(ERRORS.UNKNOWN_TOPIC_OR_PARTITION, `The topic '${name}' does not exist.`);
}
