/** IncrementalAlterConfigs: single settings of topics, groups, brokers and what else there is; what they do, and who may not have them. */
import { servedVersions } from '../harness/client.ts';
import { batchOf } from '../harness/batches.ts';
import type { Scenario, Session } from '../harness/session.ts';
import {
  APPEND,
  DELETE,
  followed,
  type Incremental,
  incremental,
  type Operation,
  RESOURCE,
  SET,
  showConfigs,
  SUBTRACT,
} from './altered-configs.ts';

const all = servedVersions('IncrementalAlterConfigs');

function asker(session: Session) {
  return async (label: string, resources: readonly Incremental[], validateOnly = false): Promise<void> => {
    await session.ask(label, 'IncrementalAlterConfigs', incremental(resources, validateOnly));
    await followed(session);
  };
}

/** Asks for one resource at a time. */
function alterer(session: Session, resourceType: number, resourceName: string) {
  const ask = asker(session);
  return (label: string, ...operations: Operation[]): Promise<void> =>
    ask(label, [[resourceType, resourceName, operations]]);
}

const OF_BROKERS = ['log.retention.ms', 'log.cleanup.policy', 'message.max.bytes', 'max.connections'];

export const incrementalAlterConfigsScenarios: readonly Scenario[] = [
  {
    name: 'a topic',
    versions: all,
    async run(session) {
      const { name } = await session.create('a', 1, { 'retention.ms': '5000000' });
      const alter = alterer(session, RESOURCE.topic, name);
      await alter('set', ['retention.ms', SET, '7000000'], ['segment.ms', SET, ' 60000 ']);
      await alter('an unknown one', ['nope', SET, '1'], ['retention.bytes', SET, '5']);
      await alter('an unknown one deleted', ['nope', DELETE, null]);
      await alter('a bad value', ['retention.ms', SET, 'a']);
      await alter('below the limit', ['segment.bytes', SET, '5']);
      await alter('append to a list', ['cleanup.policy', APPEND, 'compact']);
      await showConfigs(session, 'the list is longer', RESOURCE.topic, name);
      await alter('append what is there', ['cleanup.policy', APPEND, 'compact,delete']);
      await alter('subtract what is not there', ['cleanup.policy', SUBTRACT, 'nope']);
      await alter('subtract', ['cleanup.policy', SUBTRACT, 'delete']);
      await showConfigs(session, 'the list is shorter', RESOURCE.topic, name, ['cleanup.policy']);
      await alter('append something wrong', ['cleanup.policy', APPEND, 'nope']);
      await alter('append nothing', ['cleanup.policy', APPEND, '']);
      await alter('subtract all', ['cleanup.policy', SUBTRACT, 'compact,delete']);
      await showConfigs(session, 'the list is empty', RESOURCE.topic, name, ['cleanup.policy']);
      await alter('append to a number', ['retention.ms', APPEND, '1']);
      await alter('subtract from an unknown one', ['nope', SUBTRACT, '1']);
      await alter('replicas', ['leader.replication.throttled.replicas', APPEND, '0:1,0:2']);
      await alter('replicas that are none', ['follower.replication.throttled.replicas', SET, 'x']);
      await alter('both compaction lags', ['min.compaction.lag.ms', SET, '500'], ['max.compaction.lag.ms', SET, '5']);
      await alter('tiered', ['remote.storage.enable', SET, 'true']);
      await alter('one of long ago', ['message.format.version', SET, '2.0']);
      await alter('an internal one', ['internal.segment.bytes', SET, '1048576']);
      await alter('deleted with a value', ['cleanup.policy', DELETE, 'ignored']);
      await alter('deleted, set, the same again', ['retention.ms', DELETE, null], ['segment.ms', SET, '60000']);
      await showConfigs(session, 'at the end', RESOURCE.topic, name);
    },
  },
  {
    name: 'requests',
    versions: all,
    async run(session) {
      const { name } = await session.create('a');
      const ask = asker(session);
      const group = session.name('g');
      const ok: Operation = ['retention.ms', SET, '7000000'];
      const okGroup: Incremental = [RESOURCE.group, group, [['consumer.session.timeout.ms', SET, '46000']]];
      await ask('nothing', []);
      await ask('no settings', [[RESOURCE.topic, name, []]]);
      await ask('only validated', [[RESOURCE.topic, name, [ok]], okGroup], true);
      await ask('only validated, wrong', [[RESOURCE.topic, name, [['nope', SET, '1']]]], true);
      await showConfigs(session, 'nothing has changed', RESOURCE.topic, name);
      await ask('a setting twice', [[RESOURCE.topic, name, [ok, ['retention.ms', DELETE, null]]], okGroup]);
      await ask('nulls', [
        [
          RESOURCE.topic,
          name,
          [
            ['retention.ms', SET, null],
            ['cleanup.policy', APPEND, null],
          ],
        ],
      ]);
      await ask('a resource twice', [[RESOURCE.topic, name, [ok]], okGroup, [RESOURCE.topic, name, [ok]]]);
      await ask('one good, one bad', [
        [
          RESOURCE.topic,
          name,
          [
            ['retention.ms', SET, 'x'],
            ['segment.ms', SET, '7'],
          ],
        ],
        okGroup,
      ]);
      await showConfigs(session, 'of the topic', RESOURCE.topic, name);
      await showConfigs(session, 'of the group', RESOURCE.group, group);
      await ask('an unknown operation', [[RESOURCE.topic, name, [['retention.ms', 9, '1']]]]);
      await ask('an unknown operation spoils the others', [
        okGroup,
        [RESOURCE.group, session.name('h'), [['nope', -1, '1']]],
        [3, 'x', []],
      ]);
      await ask('an unknown operation of a broker', [[RESOURCE.broker, '1', [['log.retention.ms', 9, '1']]], okGroup]);
      await ask('no such topic', [
        [RESOURCE.topic, session.name('x'), [ok]],
        [RESOURCE.topic, session.name('y'), [['nope', SET, '1']]],
      ]);
      await ask('names that are none', [
        [RESOURCE.topic, '', [ok]],
        [RESOURCE.topic, 'a b', [ok]],
        [RESOURCE.topic, '__cluster_metadata', [ok]],
      ]);
      await ask('unknown types', [
        [0, 'x', []],
        [3, 'x', []],
        [-1, 'x', []],
        [64, 'x', []],
      ]);
      await ask('a message that is too long', [[RESOURCE.topic, name, [['retention.ms', SET, 'y'.repeat(32_767)]]]]);
      await ask('a message that is not', [[RESOURCE.topic, name, [['retention.ms', SET, 'y'.repeat(100)]]]]);
    },
  },
  {
    name: 'what a topic does then',
    versions: all,
    async run(session) {
      const topic = await session.create('a');
      const alter = alterer(session, RESOURCE.topic, topic.name);
      const produce = (label: string, value = 'v'): Promise<unknown> =>
        session.ask(
          label,
          'Produce',
          session.produceOf([{ topic, records: batchOf([{ value, timestamp: 1_000_000n }]) }]),
          { version: 9 },
        );
      await produce('at first');
      await alter('two replicas', ['min.insync.replicas', SET, '2']);
      await produce('too few replicas');
      await alter('one replica', ['min.insync.replicas', DELETE, null]);
      await produce('enough');
      await alter('small messages', ['max.message.bytes', SET, '100']);
      await produce('too large', 'v'.repeat(200));
      await alter(
        'the time is the producer’s, and near',
        ['max.message.bytes', DELETE, null],
        ['message.timestamp.before.max.ms', SET, '60000'],
      );
      await produce('too old');
      await alter('compressed', ['message.timestamp.before.max.ms', DELETE, null], ['compression.type', SET, 'gzip']);
      await produce('compressed by the broker');
      await session.show('all that was taken', topic);
    },
  },
  {
    name: 'a group',
    versions: all,
    async run(session) {
      const name = session.name('g');
      const alter = alterer(session, RESOURCE.group, name);
      await showConfigs(session, 'a group that is not there', RESOURCE.group, name, []);
      await alter(
        'set',
        ['consumer.session.timeout.ms', SET, '46000'],
        ['consumer.heartbeat.interval.ms', SET, '14000'],
      );
      await alter('a session that is too short', ['consumer.session.timeout.ms', SET, '1']);
      await alter('a session that is too long', ['consumer.session.timeout.ms', SET, '60001']);
      await alter('a heartbeat that is too rare', ['consumer.heartbeat.interval.ms', SET, '15001']);
      await alter('assigned too rarely', ['consumer.assignment.interval.ms', SET, '15001']);
      await alter('an unknown one', ['consumer.nope', SET, '1']);
      await alter('one of the broker', ['group.consumer.session.timeout.ms', SET, '46000']);
      await alter('a bad value', ['consumer.session.timeout.ms', SET, 'x']);
      await alter('appended', ['streams.rack.aware.assignment.tags', APPEND, 'a']);
      await alter('tags twice', ['streams.rack.aware.assignment.tags', SET, 'a, a']);
      await alter('an assignor that is none', ['streams.assignor.name', SET, 'nope']);
      await alter('too many standbys', ['streams.num.standby.replicas', SET, '7']);
      await alter('offsets too often', ['streams.task.offset.interval.ms', SET, '1']);
      await alter('dead letters into an internal topic', ['errors.deadletterqueue.topic.name', SET, '__x']);
      await alter('an offset that is none', ['share.auto.offset.reset', SET, 'nope']);
      await alter('an isolation that is none', ['share.isolation.level', SET, 'nope']);
      await alter('locks of nobody', ['share.partition.max.record.locks', SET, '1']);
      await alter(
        'shared',
        ['share.auto.offset.reset', SET, 'earliest'],
        ['share.record.lock.duration.ms', SET, '15000'],
      );
      await showConfigs(session, 'its own', RESOURCE.group, name);
      await showConfigs(session, 'one', RESOURCE.group, name, ['consumer.session.timeout.ms']);
      await alter('deleted', ['consumer.session.timeout.ms', DELETE, null], ['nope', DELETE, null]);
      await showConfigs(session, 'at the end', RESOURCE.group, name);
      await alterer(session, RESOURCE.group, '')('of nobody', ['consumer.session.timeout.ms', SET, '46000']);
    },
  },
  {
    name: 'brokers',
    versions: all,
    async run(session) {
      const topic = await session.create('t');
      const cluster = alterer(session, RESOURCE.broker, '');
      const broker = alterer(session, RESOURCE.broker, '1');
      await cluster('all brokers', ['log.retention.ms', SET, '5000000'], ['log.cleanup.policy', APPEND, 'compact']);
      await broker('one broker', ['log.retention.ms', SET, '6000000'], ['message.max.bytes', SET, '1000']);
      await showConfigs(session, 'all brokers have', RESOURCE.broker, '', OF_BROKERS);
      await showConfigs(session, 'one broker has', RESOURCE.broker, '1', OF_BROKERS);
      await showConfigs(session, 'a topic has', RESOURCE.topic, topic.name);
      const large = session.produceOf([{ topic, records: batchOf(['v'.repeat(2000)]) }]);
      await session.ask('too large for now', 'Produce', large, { version: 9 });
      await broker('one broker, back', ['log.retention.ms', DELETE, null], ['message.max.bytes', DELETE, null]);
      await showConfigs(session, 'one broker is as all', RESOURCE.broker, '1', OF_BROKERS);
      await session.ask('no longer too large', 'Produce', large, { version: 9 });
      await cluster('subtracted', ['log.cleanup.policy', SUBTRACT, 'delete']);
      await showConfigs(session, 'what is left', RESOURCE.broker, '', OF_BROKERS);
      await cluster('all brokers, back', ['log.retention.ms', DELETE, null], ['log.cleanup.policy', DELETE, null]);
      await showConfigs(session, 'nothing is left', RESOURCE.broker, '', OF_BROKERS);
    },
  },
  {
    name: 'brokers that refuse',
    versions: all,
    async run(session) {
      const cluster = alterer(session, RESOURCE.broker, '');
      const broker = alterer(session, RESOURCE.broker, '1');
      await cluster('never', ['node.id', SET, '5']);
      await broker('in hours', ['log.retention.hours', SET, '5']);
      await cluster('listeners of all', ['listeners', SET, 'PLAINTEXT://:1']);
      await cluster('a key store of all listeners', ['ssl.keystore.type', SET, 'JKS']);
      await broker('a key store of all listeners of one', ['ssl.keystore.type', SET, 'JKS']);
      await cluster('a key store of one listener of all', ['listener.name.plaintext.ssl.keystore.type', SET, 'JKS']);
      await cluster('no number', ['message.max.bytes', SET, 'x']);
      await cluster('below the limit', ['log.segment.bytes', SET, '1']);
      await cluster('a policy that is none', ['log.cleanup.policy', SET, 'nope']);
      await cluster('append to a number', ['message.max.bytes', APPEND, '1']);
      await cluster('subtract from an unknown one', ['nope', SUBTRACT, '1']);
      await cluster('many threads', ['num.io.threads', SET, '100']);
      await cluster('few threads', ['num.io.threads', SET, '1']);
      await cluster('no threads', ['num.io.threads', SET, '0']);
      await cluster('many threads of the network', ['num.network.threads', SET, '40']);
      await cluster('many cleaners', ['log.cleaner.threads', SET, '40']);
      await cluster('no time to roll', ['log.roll.ms', SET, '0']);
      await cluster('nobody may connect', ['max.connections.per.ip', SET, '0']);
      await cluster('assigned too rarely', ['group.consumer.assignment.interval.ms', SET, '20000']);
      await cluster('kept here without end', ['log.local.retention.ms', SET, '-1']);
      await cluster('kept here for longer', ['log.local.retention.ms', SET, '700000000']);
      await cluster('reporters', ['metric.reporters', SET, 'nope']);
      await cluster('a rate that is none', ['leader.replication.throttled.rate', SET, '-1']);
      await broker('replicas of one', ['min.insync.replicas', SET, '2']);
      await cluster('replicas of none', ['min.insync.replicas', DELETE, null]);
      await alterer(session, RESOURCE.broker, '2')('another broker', ['max.connections', SET, '200']);
      await alterer(session, RESOURCE.broker, 'x')('no broker', ['max.connections', SET, '200']);
      await showConfigs(session, 'all brokers have', RESOURCE.broker, '');
    },
  },
  {
    name: 'loggers and metrics',
    versions: all,
    async run(session) {
      const ask = asker(session);
      const level: Operation = ['no.such.logger', SET, 'DEBUG'];
      await ask('no such logger', [[RESOURCE.logger, '1', [level]]]);
      await ask('no such logger deleted', [[RESOURCE.logger, '1', [['no.such.logger', DELETE, null]]]]);
      await ask('appended', [[RESOURCE.logger, '1', [['no.such.logger', APPEND, 'DEBUG']]]]);
      await ask('of another', [
        [RESOURCE.logger, '2', [level]],
        [RESOURCE.logger, '', [level]],
        [RESOURCE.logger, 'x', [level]],
      ]);
      await ask('a subscription of nobody', [[RESOURCE.clientMetrics, '', [['interval.ms', SET, '1000']]]]);
    },
  },
];
