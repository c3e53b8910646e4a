/** Metadata: by name, by id, all, none; what it makes by itself. */
import { type Uuid, uuidFromText, ZERO_UUID } from '../../src/base/uuid.ts';
import type { DecodedResponseOf } from '../../src/protocol/schema/index.ts';
import { servedVersions } from '../harness/client.ts';
import type { Scenario, Session } from '../harness/session.ts';

const UNKNOWN = uuidFromText('AAAAAAAAAAAAAAAAAAABkA') as Uuid;
const all = servedVersions('Metadata');
const plain = {
  allowAutoTopicCreation: true,
  includeTopicAuthorizedOperations: false,
  includeClusterAuthorizedOperations: false,
} as const;
const refusing = (version: number) => (version >= 4 ? { ...plain, allowAutoTopicCreation: false } : plain);

function mine(session: Session, answer: DecodedResponseOf<'Metadata'>): unknown {
  return { ...answer, topics: answer.topics.filter(({ name }) => name?.startsWith(session.prefix)) };
}

export const metadataScenarios: readonly Scenario[] = [
  {
    name: 'all topics and none',
    versions: all,
    async run(session) {
      await session.create('two', 2);
      await session.create('one', 1);
      // Version 0 asks for all by an empty array; null came with version 1.
      const topics = session.version === 0 ? [] : null;
      session.tell('all', mine(session, await session.quietly('Metadata', session.version, { ...plain, topics })));
      if (session.version > 0) await session.ask('none', 'Metadata', { ...plain, topics: [] });
    },
  },
  {
    name: 'by name',
    versions: all,
    async run(session) {
      const two = await session.create('two', 3);
      const one = await session.create('one', 1, { 'cleanup.policy': 'compact' });
      const ask = (label: string, names: readonly string[]) =>
        session.ask(label, 'Metadata', { ...refusing(session.version), topics: names.map((name) => ({ name })) });
      await ask('one', [one.name]);
      await ask('both', [two.name, one.name]);
      await ask('twice the same', [one.name, one.name]);
      // Before version 4 a missing topic is made.
      if (session.version >= 4) await ask('an unknown one', [session.name('missing'), one.name]);
      if (session.version >= 4) await ask('an internal one that is not there', ['__share_group_state']);
      await ask('not a name', [`${session.prefix}a b`]);
      await ask('dots', ['.']);
      await ask('two dots', ['..']);
      await ask('an empty name', ['']);
      await ask('too long', [session.prefix + 'x'.repeat(250)]);
      await ask('not a name and a good one', ['a/b', one.name]);
    },
  },
  {
    name: 'authorized operations',
    versions: [7, 8, 9, 10, 11, 12, 13],
    async run(session) {
      const one = await session.create('one');
      const topics = [{ name: one.name }];
      if (session.version >= 8) {
        await session.ask('of topics', 'Metadata', { ...plain, topics, includeTopicAuthorizedOperations: true });
        const missing = [{ name: session.name('missing') }];
        const request = {
          ...plain,
          allowAutoTopicCreation: false,
          topics: missing,
          includeTopicAuthorizedOperations: true,
        };
        await session.ask('of a missing topic', 'Metadata', request);
        await session.ask('of what is not a name', 'Metadata', { ...request, topics: [{ name: 'a b' }] });
        if (session.version >= 12) {
          await session.ask('of an unknown id', 'Metadata', { ...request, topics: [{ topicId: UNKNOWN, name: null }] });
        }
      }
      if (session.version >= 8 && session.version <= 10) {
        await session.ask('of the cluster', 'Metadata', {
          ...plain,
          topics: [],
          includeClusterAuthorizedOperations: true,
        });
      }
      await session.ask('of nothing', 'Metadata', { ...plain, topics });
    },
  },
  {
    name: 'by id',
    versions: [9, 10, 11, 12, 13],
    async run(session) {
      const one = await session.create('one', 2);
      const two = await session.create('two');
      const ask = (label: string, topics: readonly { topicId: Uuid; name: string | null }[]) =>
        session.ask(label, 'Metadata', { ...plain, allowAutoTopicCreation: false, topics });
      if (session.version < 10) {
        await session.ask('by name', 'Metadata', { ...plain, topics: [{ name: one.name }] });
        return;
      }
      await ask('one', [{ topicId: one.id, name: null }]);
      await ask('both', [
        { topicId: one.id, name: null },
        { topicId: two.id, name: null },
      ]);
      await ask('twice the same', [
        { topicId: one.id, name: null },
        { topicId: one.id, name: null },
      ]);
      await ask('an unknown one', [{ topicId: UNKNOWN, name: null }]);
      await ask('an unknown one and a good one', [
        { topicId: UNKNOWN, name: null },
        { topicId: one.id, name: null },
      ]);
      await ask('neither name nor id', [{ topicId: ZERO_UUID, name: null }]);
      await ask('name and id', [{ topicId: one.id, name: one.name }]);
      await ask('the name of one, the id of another', [{ topicId: one.id, name: two.name }]);
      await ask('one by name, one by id', [
        { topicId: one.id, name: null },
        { topicId: ZERO_UUID, name: two.name },
      ]);
      await ask('an unknown id and a name', [{ topicId: UNKNOWN, name: one.name }]);
    },
  },
  {
    name: 'made when asked for',
    versions: all,
    async run(session) {
      const name = session.name('auto');
      const topics = [{ name }];
      // Kafka's first answer says that the topic is not there (yet); ours may already tell it.
      for (;;) {
        const answer = await session.quietly('Metadata', session.version, { ...plain, topics });
        const code = answer.topics[0]?.errorCode ?? -1;
        if (code === 0) break;
        if (code !== 3 && code !== 5) throw new Error(`an automatic topic: error ${code}`);
      }
      await session.ask('made', 'Metadata', { ...plain, topics });
      if (session.version >= 4) {
        await session.ask('refused', 'Metadata', {
          ...plain,
          allowAutoTopicCreation: false,
          topics: [{ name: session.name('no') }],
        });
      }
      const config = await session.quietly('DescribeConfigs', 4, {
        resources: [{ resourceType: 2, resourceName: name, configurationKeys: ['cleanup.policy', 'retention.ms'] }],
      });
      session.tell('its settings', config);
    },
  },
  {
    name: 'names that cannot be made',
    versions: [4, 13],
    async run(session) {
      const dotted = session.name('a.b');
      const collides = session.name('a_b');
      await session.create('a.b');
      await session.ask('one that collides', 'Metadata', { ...plain, topics: [{ name: collides }] });
      await session.ask('both', 'Metadata', { ...plain, topics: [{ name: dotted }, { name: collides }] });
      await session.ask('not a name', 'Metadata', { ...plain, topics: [{ name: `${session.prefix}?` }] });
      await session.ask('the metadata topic', 'Metadata', { ...plain, topics: [{ name: '__cluster_metadata' }] });
    },
  },
];
