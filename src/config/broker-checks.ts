/**
 * What Kafka checks over several settings at start, and what follows from them: listeners, directories, shards. After these
 * come the settings that are right in Kafka and that this broker cannot serve yet; starting without them would not be
 * what the file asks for, so they stop the start too.
 */

import type { ConfigProblem, ConfigTexts, DerivedConfig } from './broker-config.ts';
import type { BrokerValues } from './broker-settings.ts';
import { type Listener, listenerName, parseListeners, protocolMap } from './listeners.ts';
import { invalidValue } from './check-value.ts';
import type { ParseResult } from './parse-value.ts';

const MIB = 1024 * 1024;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** More shards than this are not chosen by themselves. */
const MOST_SHARDS_BY_DEFAULT = 16;
/** Threads beside the shards that have rings: main and control. */
const OTHER_THREADS = 2;
/** The rings of all pairs of threads are one block of memory. */
const MOST_RING_BYTES = 2 ** 31;
const RING_HEADERS_BYTES = 512;

/** Assignors of consumer groups by the names of Kafka's classes. */
export const ASSIGNOR_CLASSES: Readonly<Record<string, string>> = {
  'org.apache.kafka.coordinator.group.assignor.UniformAssignor': 'uniform',
  'org.apache.kafka.coordinator.group.assignor.RangeAssignor': 'range',
};
const ASSIGNORS = ['uniform', 'range'];

export type CheckResult =
  | { readonly ok: true; readonly derived: DerivedConfig }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** The problems found so far, with the texts as they were given. */
class Problems {
  readonly list: ConfigProblem[] = [];
  readonly #given: ConfigTexts;

  constructor(given: ConfigTexts) {
    this.#given = given;
  }

  add(name: string, message: string, allowed: string | null = null): void {
    this.list.push({ name, value: this.#given[name] ?? null, message, allowed });
  }

  check(right: boolean, name: string, message: string): void {
    if (!right) this.add(name, message);
  }

  /** The value, or a problem and null. */
  take<V>(name: string, result: ParseResult<V>): V | null {
    if (result.ok) return result.value;
    this.add(name, result.message);
    return null;
  }
}

interface Endpoints {
  readonly listeners: readonly Listener[];
  readonly controllerListeners: readonly Listener[];
  readonly advertisedListeners: readonly Listener[];
  readonly interBrokerListenerName: string;
}

/** Checks values that are each valid by themselves. `given` tells which of them were written down. */
export function checkBroker(values: BrokerValues, given: ConfigTexts, parallelism: number): CheckResult {
  const problems = new Problems(given);
  checkNode(values, given, problems);
  checkLogs(values, problems);
  checkConnections(values, problems);
  checkReplication(values, problems);
  const endpoints = checkEndpoints(values, given, problems);
  const perIp = problems.take(PER_IP, connectionsPerIp(values[PER_IP])) ?? {};
  const affinity = checkShards(values, given, parallelism, problems);
  checkSupported(values, endpoints, problems);
  if (problems.list.length > 0 || endpoints === null) return { ok: false, problems: problems.list };

  const logDirs = values['log.dirs'] ?? values['log.dir'];
  return {
    ok: true,
    derived: {
      ...endpoints,
      nodeId: values['node.id'],
      logDirs,
      metadataLogDir: values['metadata.log.dir'] ?? logDirs[0]!,
      maxConnectionsPerIpOverrides: perIp,
      shardCount: shardCountOf(values, parallelism),
      shardArenaBytes: arenaBytes(values, given),
      shardCpuAffinity: affinity,
    },
  };
}

function checkNode(values: BrokerValues, given: ConfigTexts, problems: Problems): void {
  if ('broker.id' in given && values['broker.id'] !== values['node.id']) {
    problems.add(
      'node.id',
      '`node.id` and `broker.id` must be set to the same value. `broker.id` is deprecated, please use `node.id` instead.',
    );
  }
  for (const role of ['log.dirs', 'log.dir'] as const) {
    problems.check(values[role]?.includes('') !== true, role, `Configuration '${role}' values must not be empty.`);
  }
  const cordoned = values['cordoned.log.dirs'];
  const dirs = values['log.dirs'] ?? values['log.dir'];
  if (cordoned.includes('*')) {
    const message = 'When cordoned.log.dirs is set to *, it must not contain other values';
    problems.check(cordoned.length === 1, 'cordoned.log.dirs', message);
    return;
  }
  const missing = cordoned.filter((dir) => !dirs.includes(dir));
  problems.check(
    missing.length === 0,
    'cordoned.log.dirs',
    `All entries in cordoned.log.dirs must be present in log.dirs or log.dir. Missing entries : ${missing.join(', ')}`,
  );
}

function checkLogs(values: BrokerValues, problems: Problems): void {
  const roll = values['log.roll.ms'] ?? values['log.roll.hours'] * HOUR_MS;
  problems.check(roll >= 1, 'log.roll.ms', 'log.roll.ms must be greater than or equal to 1');
  const jitter = values['log.roll.jitter.ms'] ?? values['log.roll.jitter.hours'] * HOUR_MS;
  problems.check(jitter >= 0, 'log.roll.jitter.ms', 'log.roll.jitter.ms must be greater than or equal to 0');
  const minutes = values['log.retention.minutes'];
  const hours = values['log.retention.hours'] * HOUR_MS;
  const retention = values['log.retention.ms'] ?? (minutes === null ? hours : minutes * MINUTE_MS);
  const retentionRule = 'log.retention.ms must be unlimited (-1) or, greater than or equal to 1';
  problems.check(retention !== 0, 'log.retention.ms', retentionRule);
  const perCleaner = values['log.cleaner.dedupe.buffer.size'] / values['log.cleaner.threads'];
  const cleanerRule = 'log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.';
  problems.check(!(perCleaner <= MIB), 'log.cleaner.dedupe.buffer.size', cleanerRule);
}

function checkConnections(values: BrokerValues, problems: Problems): void {
  const queued = values['queued.max.request.bytes'];
  problems.check(
    queued <= 0 || queued >= values['socket.request.max.bytes'],
    'queued.max.request.bytes',
    'queued.max.request.bytes must be larger or equal to socket.request.max.bytes',
  );
  problems.check(
    values['max.connections.per.ip'] !== 0 || values['max.connections.per.ip.overrides'] !== '',
    'max.connections.per.ip',
    'max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is set.',
  );
  const idle = values['connections.max.idle.ms'];
  const delay = values['connection.failed.authentication.delay.ms'];
  problems.check(
    idle < 0 || delay < idle,
    'connections.max.idle.ms',
    `connection.failed.authentication.delay.ms=${delay} should always be less than connections.max.idle.ms=${idle} to prevent failed authentication responses from timing out`,
  );
}

function checkReplication(values: BrokerValues, problems: Problems): void {
  const wait = values['replica.fetch.wait.max.ms'];
  problems.check(
    wait <= values['replica.socket.timeout.ms'],
    'replica.socket.timeout.ms',
    'replica.socket.timeout.ms should always be at least replica.fetch.wait.max.ms to prevent unnecessary socket timeouts',
  );
  problems.check(
    wait <= values['replica.lag.time.max.ms'],
    'replica.fetch.wait.max.ms',
    'replica.fetch.wait.max.ms should always be less than or equal to replica.lag.time.max.ms to prevent frequent changes in ISR',
  );
}

/** Null: the listeners could not even be read. */
function checkEndpoints(values: BrokerValues, given: ConfigTexts, problems: Problems): Endpoints | null {
  const controllerNames = values['controller.listener.names'];
  const mapGiven = 'listener.security.protocol.map' in given;
  const entries = values.listeners;
  const map = protocolMap(values['listener.security.protocol.map'], mapGiven, controllerNames, entries);
  const protocols = problems.take('listener.security.protocol.map', map);
  const nameless = [...entries, ...(values['advertised.listeners'] ?? [])].find(
    (entry) => listenerName(entry) === null,
  );
  if (nameless !== undefined) {
    problems.add('listeners', `Unable to parse a listener name from ${nameless}`, 'a list of name://host:port');
    return null;
  }
  if (protocols === null) return null;

  const all = problems.take('listeners', parseListeners(entries, protocols, true));
  const advertisedEntries = values['advertised.listeners'];
  const advertisedAll =
    advertisedEntries === null
      ? all
      : problems.take('advertised.listeners', parseListeners(advertisedEntries, protocols, false));
  const interBroker = interBrokerName(values, given, protocols, problems);
  if (all === null || advertisedAll === null) return null;

  const isController = (listener: Listener): boolean => controllerNames.includes(listener.name);
  const endpoints: Endpoints = {
    listeners: all.filter((listener) => !isController(listener)),
    controllerListeners: all.filter(isController),
    advertisedListeners: advertisedAll.filter((listener) => !isController(listener)),
    interBrokerListenerName: interBroker,
  };
  checkAdvertised(endpoints, all, problems);
  return endpoints;
}

function interBrokerName(
  values: BrokerValues,
  given: ConfigTexts,
  protocols: Readonly<Record<string, string>>,
  problems: Problems,
): string {
  const name = values['inter.broker.listener.name'];
  if (name === null) return values['security.inter.broker.protocol'];
  if ('security.inter.broker.protocol' in given) {
    const message = 'Only one of inter.broker.listener.name and security.inter.broker.protocol should be set.';
    problems.add('inter.broker.listener.name', message);
  }
  const upper = name.toUpperCase();
  problems.check(
    upper in protocols,
    'inter.broker.listener.name',
    `Listener with name ${upper} defined in inter.broker.listener.name not found in listener.security.protocol.map.`,
  );
  return upper;
}

function checkAdvertised(endpoints: Endpoints, all: readonly Listener[], problems: Problems): void {
  const advertised = endpoints.advertisedListeners;
  const names = advertised.map((listener) => listener.name);
  if (names.length === 0) {
    const message =
      'There must be at least one broker advertised listener. Perhaps all listeners appear in controller.listener.names?';
    problems.add('listeners', message);
    return;
  }
  problems.check(
    names.includes(endpoints.interBrokerListenerName),
    'inter.broker.listener.name',
    `inter.broker.listener.name must be a listener name defined in advertised.listeners. The valid options based on currently configured listeners are ${names.join(',')}`,
  );
  const known = all.map((listener) => listener.name);
  problems.check(
    names.every((name) => known.includes(name)),
    'advertised.listeners',
    `advertised.listeners listener names must be equal to or a subset of the ones defined in listeners. Found ${names.join(',')}. The valid options based on the current configuration are ${known.join(',')}`,
  );
  problems.check(
    advertised.every((listener) => listener.host !== '0.0.0.0'),
    'advertised.listeners',
    'advertised.listeners cannot use the nonroutable meta-address 0.0.0.0. Use a routable IP address.',
  );
}

const PER_IP = 'max.connections.per.ip.overrides';

/** The limits of single hosts, of the text of max.connections.per.ip.overrides. */
export function connectionsPerIp(text: string): ParseResult<Readonly<Record<string, number>>> {
  const limits: Record<string, number> = {};
  for (const entry of text.split(',').map((part) => part.trim())) {
    if (entry === '') continue;
    const match = /^(.+):\s*(\d{1,10})$/.exec(entry);
    if (match === null)
      return { ok: false, message: invalidValue(PER_IP, text, `\`${entry}\` is not a pair host:number`) };
    limits[match[1]!.trim()] = Number(match[2]);
  }
  return { ok: true, value: limits };
}

/** Returns the processors of shard.cpu.affinity. */
function shardCountOf(values: BrokerValues, parallelism: number): number {
  return values['shard.count'] || Math.max(1, Math.min(parallelism, MOST_SHARDS_BY_DEFAULT));
}

function checkShards(
  values: BrokerValues,
  given: ConfigTexts,
  parallelism: number,
  problems: Problems,
): readonly number[] {
  const ring = values['shard.ring.bytes'];
  if (!Number.isInteger(Math.log2(ring))) {
    problems.add('shard.ring.bytes', invalidValue('shard.ring.bytes', String(ring), 'Value must be a power of two'));
  }
  const threads = shardCountOf(values, parallelism) + OTHER_THREADS;
  const limit = MOST_RING_BYTES / (threads * threads) - RING_HEADERS_BYTES;
  if (ring >= limit) {
    const most = 2 ** Math.floor(Math.log2(limit - 1));
    const why = `Value must be at most ${most} with ${threads - OTHER_THREADS} shards: the rings of all pairs of threads share 2 GiB`;
    problems.add('shard.ring.bytes', invalidValue('shard.ring.bytes', String(ring), why));
  }
  const request = values['socket.request.max.bytes'];
  if ('shard.arena.bytes' in given && values['shard.arena.bytes'] < request) {
    const why = `Value must be at least socket.request.max.bytes, which is ${request}`;
    problems.add('shard.arena.bytes', invalidValue('shard.arena.bytes', given['shard.arena.bytes'], why));
  }
  const processors = values['shard.cpu.affinity'];
  if (!processors.every((processor) => /^\d{1,4}$/.test(processor))) {
    const why = 'Entries must be numbers of processors';
    problems.add('shard.cpu.affinity', invalidValue('shard.cpu.affinity', processors.join(','), why));
  }
  return processors.map(Number);
}

function arenaBytes(values: BrokerValues, given: ConfigTexts): number {
  const arena = values['shard.arena.bytes'];
  return 'shard.arena.bytes' in given ? arena : Math.max(arena, values['socket.request.max.bytes']);
}

/** Right in Kafka, and not served here yet. */
function checkSupported(values: BrokerValues, endpoints: Endpoints | null, problems: Problems): void {
  const unsupported = (name: string, value: string, why: string, allowed: string): void => {
    problems.add(name, invalidValue(name, value, `Odradek does not support ${why} yet`), allowed);
  };
  const roles = values['process.roles'];
  if (roles.length === 1) {
    unsupported('process.roles', roles.join(','), 'nodes with a single role', 'broker,controller');
  }
  for (const name of ['controller.quorum.voters', 'controller.quorum.bootstrap.servers'] as const) {
    const nodes = values[name];
    if (nodes.length > 1)
      unsupported(name, nodes.join(','), 'clusters of several nodes', 'the address of this node, or nothing');
  }
  const voter = values['controller.quorum.voters'][0];
  if (voter !== undefined && Number.parseInt(voter, 10) !== values['node.id']) {
    problems.add(
      'controller.quorum.voters',
      `If process.roles contains the 'controller' role, the node id ${values['node.id']} must be included in the set of voters controller.quorum.voters=Set(${Number.parseInt(voter, 10)})`,
    );
  }
  for (const listener of endpoints?.listeners ?? []) {
    if (listener.protocol === 'PLAINTEXT') continue;
    const entry = `${listener.name}://${listener.host}:${listener.port}`;
    unsupported(
      'listeners',
      entry,
      `the security protocol ${listener.protocol}`,
      'listeners of the protocol PLAINTEXT',
    );
  }
  for (const name of values['group.consumer.assignors']) {
    if (ASSIGNORS.includes(ASSIGNOR_CLASSES[name] ?? name)) continue;
    unsupported('group.consumer.assignors', name, 'assignors of your own', ASSIGNORS.join(','));
  }
  const authorizer = values['authorizer.class.name'];
  if (authorizer !== '') {
    unsupported('authorizer.class.name', authorizer, 'authorization', 'nothing: everything is allowed to everybody');
  }
}
