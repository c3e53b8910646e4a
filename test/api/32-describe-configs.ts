/** DescribeConfigs: topics and brokers, all settings and some, sources and synonyms. */
import type { DecodedResponseOf, RequestInputOf } from '../../src/protocol/schema/index.ts';
import { servedVersions } from '../harness/client.ts';
import type { Scenario, Session } from '../harness/session.ts';

const all = servedVersions('DescribeConfigs');
const RESOURCE = { topic: 2, broker: 4, logger: 8, clientMetrics: 16, group: 32 } as const;
type Resource = RequestInputOf<'DescribeConfigs'>['resources'][number];

function asker(session: Session) {
  return (label: string, resources: readonly Resource[], { synonyms = false } = {}) =>
    session.ask(label, 'DescribeConfigs', { resources, includeSynonyms: synonyms });
}

function topic(resourceName: string, configurationKeys: string[] | null = null): Resource {
  return { resourceType: RESOURCE.topic, resourceName, configurationKeys };
}

function broker(resourceName: string, configurationKeys: string[] | null = null): Resource {
  return { resourceType: RESOURCE.broker, resourceName, configurationKeys };
}

/** Settings that name the machine's addresses and folders, and those whose default depends on the machine. */
const LOCAL = new Set([
  'listeners',
  'advertised.listeners',
  'log.dirs',
  'log.dir',
  'metadata.log.dir',
  'controller.quorum.bootstrap.servers',
  'controller.listener.names',
  'inter.broker.listener.name',
  'listener.security.protocol.map',
  'process.roles',
  'node.id',
  'broker.id',
]);

/** An answer without what belongs to the machine, and without our own settings. */
function comparable(answer: DecodedResponseOf<'DescribeConfigs'>): unknown {
  return answer.results.map(({ configs, ...result }) => ({
    ...result,
    configs: configs.filter(({ name }) => !LOCAL.has(name) && !name.startsWith('shard.')),
  }));
}

export const describeConfigsScenarios: readonly Scenario[] = [
  {
    name: 'a topic',
    versions: all,
    async run(session) {
      const plain = await session.create('plain');
      const set = await session.create('set', 1, {
        'cleanup.policy': 'compact',
        'retention.ms': '1000',
        'compression.type': 'gzip',
      });
      const ask = asker(session);
      for (const includeSynonyms of [false, true]) {
        const request = { resources: [topic(plain.name), topic(set.name)], includeSynonyms };
        session.tell(
          `all, ${includeSynonyms ? 'with' : 'no'} synonyms`,
          comparable(await session.quietly('DescribeConfigs', session.version, request)),
        );
      }
      await ask('some', [topic(set.name, ['retention.ms', 'cleanup.policy'])], { synonyms: true });
      await ask('an unknown setting', [topic(set.name, ['retention.ms', 'no.such'])]);
      await ask('no settings', [topic(set.name, [])]);
      await ask('an unknown topic', [topic(session.name('x'))]);
      await ask('not a name', [topic('a b')]);
      await ask('an empty name', [topic('')]);
      await ask('the same twice', [topic(set.name, ['retention.ms']), topic(set.name, ['retention.ms'])]);
      await ask('the same twice, other settings', [
        topic(set.name, ['retention.ms']),
        topic(set.name, ['cleanup.policy']),
      ]);
      await ask('nothing', []);
    },
  },
  {
    name: 'documentation',
    versions: [3, 4],
    async run(session) {
      const { name } = await session.create('a');
      for (const includeDocumentation of [false, true]) {
        const { results } = await session.quietly('DescribeConfigs', session.version, {
          resources: [topic(name, ['retention.ms']), broker('1', ['num.partitions'])],
          includeSynonyms: false,
          includeDocumentation,
        });
        const texts = results.flatMap(({ configs }) => configs.map(({ documentation }) => documentation));
        session.tell(
          `asked ${includeDocumentation}`,
          texts.map((text) => (text === null ? null : text.length > 20)),
        );
      }
    },
  },
  {
    name: 'a broker',
    versions: all,
    async run(session) {
      const ask = asker(session);
      if (session.version === 4 || session.version === 1) {
        const request = { resources: [broker('1')], includeSynonyms: true };
        session.tell('all', comparable(await session.quietly('DescribeConfigs', session.version, request)));
      }
      await ask(
        'some',
        [
          broker('1', [
            'num.partitions',
            'log.retention.ms',
            'log.retention.hours',
            'ssl.keystore.password',
            // Not node.id: ours has a default, Kafka's has none.
            'broker.id',
          ]),
        ],
        { synonyms: true },
      );
      await ask('of a topic', [broker('1', ['retention.ms'])]);
      await ask('defaults of all', [broker('')], { synonyms: true });
      await ask('another broker', [broker('2')]);
      await ask('not a number', [broker('x')]);
      await ask('a broker and a topic that is not there', [broker('1', ['num.partitions']), topic(session.name('x'))]);
    },
  },
  {
    name: 'other resources',
    versions: all,
    async run(session) {
      const ask = asker(session);
      for (const resourceType of [0, 1, 3, 5, 64, -1]) {
        await ask(`type ${resourceType}`, [{ resourceType, resourceName: 'x', configurationKeys: null }]);
      }
      await ask('an unknown type and a broker', [
        { resourceType: 3, resourceName: 'x', configurationKeys: null },
        broker('1', ['num.partitions']),
      ]);
      await ask('a logger of nobody', [{ resourceType: RESOURCE.logger, resourceName: '', configurationKeys: null }]);
      await ask('a logger of another', [{ resourceType: RESOURCE.logger, resourceName: '2', configurationKeys: null }]);
      await ask('no group', [{ resourceType: RESOURCE.group, resourceName: '', configurationKeys: null }]);
      await ask('no client metrics', [
        { resourceType: RESOURCE.clientMetrics, resourceName: '', configurationKeys: null },
      ]);
    },
  },
];
