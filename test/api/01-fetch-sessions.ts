/** Fetch: sessions (KIP-227), whose answers name only what changed. */
import type { RequestInputOf } from '../../src/protocol/schema/index.ts';
import type { FetchSpec, Scenario, Session, Topic } from '../harness/session.ts';

const VERSIONS = [7, 11, 12, 13, 18];
type More = Partial<RequestInputOf<'Fetch'>>;

/** Asks within a session, remembering its id. */
export class Reader {
  readonly #session: Session;
  id = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  async ask(label: string, epoch: number, specs: readonly FetchSpec[], more: More = {}): Promise<void> {
    const request = this.#session.fetchOf(specs, { sessionId: this.id, sessionEpoch: epoch, ...more });
    const answer = await this.#session.ask(label, 'Fetch', request);
    if (epoch === 0 && answer) this.id = answer.sessionId;
  }
}

function forget(topic: Topic, ...partitions: number[]): More {
  return { forgottenTopicsData: [{ topic: topic.name, topicId: topic.id, partitions }] };
}

export const fetchSessionScenarios: readonly Scenario[] = [
  {
    name: 'only what changed',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a', 3);
      await session.append(topic, ['zero']);
      const reader = new Reader(session);
      const from = (partition: number, offset: number): FetchSpec => ({ topic, partition, offset });
      await reader.ask('full', 0, [from(0, 0), from(1, 0)]);
      await reader.ask('the same again: the records again', 1, []);
      await reader.ask('read on', 2, [from(0, 1)]);
      await reader.ask('nothing new', 3, []);
      await session.append(topic, ['one'], { partition: 1 });
      await reader.ask('the other has one', 4, []);
      await reader.ask('the other read on', 5, [from(1, 1)]);
      await reader.ask('a third partition', 6, [from(2, 0)]);
      await reader.ask('nothing new of three', 7, []);
      await session.quietly('DeleteRecords', 1, {
        topics: [{ name: topic.name, partitions: [{ partitionIndex: 1, offset: 1 }] }],
        timeoutMs: 1000,
      });
      await reader.ask('a start has moved', 8, []);
      await reader.ask('nothing new then', 9, []);
      await reader.ask('one forgotten', 10, [], forget(topic, 1));
      await session.append(topic, ['two'], { partition: 1 });
      await session.append(topic, ['three'], { partition: 2 });
      await reader.ask('the forgotten one is not told', 11, []);
      await reader.ask('out of range', 12, [from(0, 9)]);
      await reader.ask('out of range again', 13, []);
      await reader.ask('in range again', 14, [from(0, 0)]);
      await reader.ask('remembered again', 15, [from(1, 1)]);
      await reader.ask('forgotten and asked for at once', 16, [from(1, 0)], forget(topic, 1));
      await reader.ask('forgets what was never there', 17, [], forget(topic, 8));
    },
  },
  {
    name: 'ends and errors',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a', 2);
      await session.append(topic, ['zero']);
      const reader = new Reader(session);
      const one: FetchSpec = { topic, offset: 0 };
      await reader.ask('an unknown session', 1, [one], { sessionId: 12_345_678 });
      await reader.ask('no session with an epoch', 1, [one], { sessionId: 0 });
      await reader.ask('a negative session', 1, [one], { sessionId: -5 });
      await reader.ask('full', 0, [one]);
      await reader.ask('an epoch too many', 2, []);
      await reader.ask('the epoch that is due', 1, []);
      await reader.ask('the epoch before', 1, []);
      await reader.ask('a negative epoch', -2, []);
      await reader.ask('it goes on', 2, []);
      await reader.ask('ends, and reads without', -1, [one]);
      await reader.ask('it is gone', 3, []);
      reader.id = 0;
      await reader.ask('another', 0, [one]);
      const first = reader.id;
      await reader.ask('begun anew within', 0, [{ topic, partition: 1, offset: 0 }]);
      await reader.ask('the new one goes on', 1, []);
      const second = reader.id;
      reader.id = first;
      await reader.ask('the old one is gone', 1, []);
      reader.id = second;
      await reader.ask('everything forgotten', 2, [], forget(topic, 1));
      await reader.ask('then it is gone', 3, []);
      reader.id = 0;
      await reader.ask('no partitions make no session', 0, []);
      await reader.ask('without session', -1, [one]);
      await reader.ask('without session, nothing', -1, []);
    },
  },
  {
    name: 'unknown topics within',
    versions: VERSIONS,
    async run(session) {
      const topic = await session.create('a');
      const doomed = await session.create('doomed');
      await session.append(doomed, ['zero']);
      const reader = new Reader(session);
      await reader.ask('full', 0, [
        { topic, offset: 0 },
        { topic, partition: 3, offset: 0 },
        { topic: doomed, offset: 1 },
      ]);
      await reader.ask('errors are told again', 1, []);
      await session.quietly('DeleteTopics', 5, { topics: [], topicNames: [doomed.name], timeoutMs: 30_000 });
      await session.gone(doomed);
      await reader.ask('a topic has gone', 2, []);
      await reader.ask('and stays away', 3, []);
      await session.create('doomed');
      await reader.ask('another has its name', 4, []);
      await reader.ask('the rest', 5, [], forget(doomed, 0));
    },
  },
  {
    name: 'by name and by id',
    versions: [12],
    async run(session) {
      const topic = await session.create('a');
      await session.append(topic, ['zero']);
      const ask = async (label: string, version: number, sessionId: number, sessionEpoch: number) => {
        const request = session.fetchOf(sessionEpoch > 0 ? [] : [{ topic, offset: 0 }], { sessionId, sessionEpoch });
        return await session.ask(label, 'Fetch', request, { version });
      };
      const byName = await ask('by name', 12, 0, 0);
      await ask('goes on by id', 13, byName?.sessionId ?? 0, 1);
      await ask('goes on by name', 12, byName?.sessionId ?? 0, 1);
      await ask('goes on by name, next', 12, byName?.sessionId ?? 0, 2);
      const byId = await ask('by id', 13, 0, 0);
      await ask('id goes on by name', 12, byId?.sessionId ?? 0, 1);
      await ask('id goes on by id', 13, byId?.sessionId ?? 0, 1);
    },
  },
];
