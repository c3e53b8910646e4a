/** DeleteTopics: by name, by id, what is refused. */
import { type Uuid, uuidFromText, ZERO_UUID } from '../../src/base/uuid.ts';
import { servedVersions } from '../harness/client.ts';
import type { Scenario, Session, Topic } from '../harness/session.ts';

const UNKNOWN = uuidFromText('AAAAAAAAAAAAAAAAAAABkA') as Uuid;

function byName(session: Session) {
  return async (label: string, ...names: readonly string[]) => {
    const isNew = session.version >= 6;
    await session.ask(label, 'DeleteTopics', {
      timeoutMs: 30_000,
      topics: isNew ? names.map((name) => ({ name, topicId: ZERO_UUID })) : [],
      topicNames: isNew ? [] : names,
    });
  };
}

export const deleteTopicsScenarios: readonly Scenario[] = [
  {
    name: 'by name',
    versions: servedVersions('DeleteTopics'),
    async run(session) {
      const a = await session.create('a', 2);
      const b = await session.create('b');
      const c = await session.create('c');
      const ask = byName(session);
      await ask('one', a.name);
      await session.gone(a);
      await ask('again', a.name);
      await session.ask(
        'it is gone',
        'Metadata',
        {
          topics: [{ name: a.name }],
          allowAutoTopicCreation: false,
          includeTopicAuthorizedOperations: false,
          includeClusterAuthorizedOperations: false,
        },
        { version: 9 },
      );
      await ask('one and an unknown one', b.name, session.name('x'));
      await ask('the same twice', c.name, c.name);
      await ask('not a name', 'a b');
      await ask('an empty name', '');
      await ask('the metadata topic', '__cluster_metadata');
      await ask('nothing');
      const d = await session.create('d');
      await session.ask('no time', 'DeleteTopics', {
        timeoutMs: 0,
        topics: session.version >= 6 ? [{ name: d.name, topicId: ZERO_UUID }] : [],
        topicNames: session.version >= 6 ? [] : [d.name],
      });
      const again = await session.create('a', 1);
      await session.ask('made again, it is another', 'Fetch', session.fetchOf([{ topic: again, offset: 0 }]), {
        version: 13,
      });
      await session.ask('the old id is gone', 'Fetch', session.fetchOf([{ topic: a, offset: 0 }]), { version: 13 });
    },
  },
  {
    name: 'by id',
    versions: [6],
    async run(session) {
      const a = await session.create('a', 2);
      const b = await session.create('b');
      const c = await session.create('c');
      const ask = (label: string, ...topics: readonly { name: string | null; topicId: Uuid }[]) =>
        session.ask(label, 'DeleteTopics', { timeoutMs: 30_000, topics });
      const id = (topic: Topic) => ({ name: null, topicId: topic.id });
      await ask('one', id(a));
      await session.gone(a);
      await ask('again', id(a));
      await ask('unknown', { name: null, topicId: UNKNOWN });
      await ask('name and id', { name: b.name, topicId: b.id });
      await ask('neither', { name: null, topicId: ZERO_UUID });
      await ask('the same twice', id(b), id(b));
      await ask('the same by name and by id', id(b), { name: b.name, topicId: ZERO_UUID });
      await ask('one by name, one by id', id(b), { name: c.name, topicId: ZERO_UUID });
      await session.gone(b);
      await session.gone(c);
    },
  },
];
