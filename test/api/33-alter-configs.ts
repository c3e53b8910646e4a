/** AlterConfigs: all settings of a resource at once; what is not given goes. */
import { servedVersions } from '../harness/client.ts';
import type { Scenario, Session } from '../harness/session.ts';
import { followed, RESOURCE, showConfigs, type Whole, whole } from './altered-configs.ts';

const all = servedVersions('AlterConfigs');

function asker(session: Session) {
  return async (label: string, resources: readonly Whole[], validateOnly = false): Promise<void> => {
    await session.ask(label, 'AlterConfigs', whole(resources, validateOnly));
    await followed(session);
  };
}

export const alterConfigsScenarios: readonly Scenario[] = [
  {
    name: 'topics and groups',
    versions: all,
    async run(session) {
      const { name } = await session.create('a', 1, { 'retention.ms': '5000000', 'segment.ms': '60000' });
      const ask = asker(session);
      const group = session.name('g');
      await ask('one for another', [[RESOURCE.topic, name, { 'retention.ms': '5000000', 'retention.bytes': '99' }]]);
      await showConfigs(session, 'the topic has', RESOURCE.topic, name);
      await ask('an unknown one', [[RESOURCE.topic, name, { nope: '1' }]]);
      await ask('a bad value', [[RESOURCE.topic, name, { 'retention.ms': 'x' }]]);
      await ask('null', [[RESOURCE.topic, name, { 'retention.ms': null }]]);
      await ask('no such topic', [[RESOURCE.topic, session.name('x'), { 'retention.ms': '1' }]]);
      await ask('only validated', [[RESOURCE.topic, name, {}]], true);
      await ask('a group', [[RESOURCE.group, group, { 'consumer.session.timeout.ms': '46000' }]]);
      await ask('a group that may not', [[RESOURCE.group, group, { 'consumer.session.timeout.ms': '1' }]]);
      await showConfigs(session, 'the group has', RESOURCE.group, group);
      await ask('other types', [
        [RESOURCE.logger, '1', { root: 'INFO' }],
        [3, 'x', {}],
        [RESOURCE.topic, '', {}],
        [RESOURCE.group, '', {}],
        [RESOURCE.clientMetrics, '', { 'interval.ms': '1000' }],
      ]);
      await session.ask('a setting twice', 'AlterConfigs', {
        resources: [
          {
            resourceType: RESOURCE.topic,
            resourceName: name,
            configs: [
              { name: 'retention.ms', value: '1' },
              { name: 'retention.ms', value: '2' },
            ],
          },
        ],
        validateOnly: false,
      });
      await ask('nothing of nothing', []);
      await ask('none any more', [
        [RESOURCE.topic, name, {}],
        [RESOURCE.group, group, {}],
      ]);
      await showConfigs(session, 'the topic has none', RESOURCE.topic, name);
      await showConfigs(session, 'the group has none', RESOURCE.group, group);
    },
  },
  {
    name: 'brokers',
    versions: all,
    async run(session) {
      const ask = asker(session);
      await ask('all', [[RESOURCE.broker, '', { 'min.insync.replicas': '1', 'log.retention.ms': '5000000' }]]);
      await ask('one', [[RESOURCE.broker, '1', { 'log.retention.ms': '6000000', 'max.connections': '500' }]]);
      await showConfigs(session, 'one has', RESOURCE.broker, '1', ['log.retention.ms', 'max.connections']);
      await ask('what must stay', [[RESOURCE.broker, '', { 'log.retention.ms': '5000000' }]]);
      await ask('what may not change', [[RESOURCE.broker, '1', { 'node.id': '7' }]]);
      await ask('another', [[RESOURCE.broker, '2', {}]]);
      await ask('back', [
        [RESOURCE.broker, '', { 'min.insync.replicas': '1' }],
        [RESOURCE.broker, '1', {}],
      ]);
      await showConfigs(session, 'one has none', RESOURCE.broker, '1', ['log.retention.ms', 'max.connections']);
      await showConfigs(session, 'all have', RESOURCE.broker, '');
    },
  },
];
