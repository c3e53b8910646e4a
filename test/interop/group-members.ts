// Members of one consumer group in kafkajs or @platformatic/kafka: LIBRARY BOOTSTRAP TOPIC GROUP PROTOCOL. As java/GroupMembers.java.
import { createInterface } from 'node:readline';
import { Consumer } from '@platformatic/kafka';
import { Kafka, logLevel } from 'kafkajs';

const [library = '', bootstrap = '', topic = '', group = '', protocol = ''] = process.argv.slice(2);

interface Member {
  leave(): Promise<void>;
}

function say(...words: readonly unknown[]): void {
  process.stdout.write(`${words.join(' ')}\n`);
}

async function joinKafkajs(name: string): Promise<Member> {
  const kafka = new Kafka({ clientId: name, brokers: [bootstrap], logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({
    groupId: group,
    sessionTimeout: 10_000,
    heartbeatInterval: 500,
    rebalanceTimeout: 10_000,
    maxWaitTimeInMs: 50,
  });
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    if (Object.values(payload.memberAssignment).flat().length > 0) say('joined', name);
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => say('error', name, payload.error.message));
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachBatchAutoResolve: true,
    eachBatch: ({ batch }) => {
      for (const { offset } of batch.messages) say('r', name, batch.partition, offset);
      return Promise.resolve();
    },
  });
  return { leave: () => consumer.disconnect() };
}

async function joinPlatformatic(name: string): Promise<Member> {
  const common = { clientId: name, groupId: group, bootstrapBrokers: [bootstrap], maxWaitTime: 50, autocommit: false };
  const consumer = new Consumer(
    protocol === 'consumer'
      ? { ...common, groupProtocol: 'consumer' }
      : { ...common, sessionTimeout: 10_000, heartbeatInterval: 500, rebalanceTimeout: 10_000 },
  );
  consumer.on('consumer:group:join', () => say('joined', name));
  const stream = await consumer.consume({ topics: [topic], mode: 'committed', fallbackMode: 'earliest' });
  stream.on('data', (message) => {
    say('r', name, message.partition, message.offset);
    Promise.resolve(message.commit()).catch((error: unknown) => say('error', name, String(error)));
  });
  stream.on('error', (error: unknown) => say('error', name, String(error)));
  return {
    leave: async () => {
      await stream.close();
      await consumer.close(true);
    },
  };
}

const members = new Map<string, Promise<Member>>();

async function leave(name: string): Promise<void> {
  const joined = members.get(name);
  members.delete(name);
  try {
    await (await joined)?.leave();
  } catch (error) {
    say('error', name, String(error));
  }
  say('left', name);
}

for await (const line of createInterface({ input: process.stdin })) {
  const [word = '', name = ''] = line.split(' ');
  if (word === 'leave') {
    void leave(name);
    continue;
  }
  const member = library === 'kafkajs' ? joinKafkajs(name) : joinPlatformatic(name);
  member.catch((error: unknown) => say('error', name, String(error)));
  members.set(name, member);
}
await Promise.all([...members.keys()].map((name) => leave(name)));
process.exit(0);
