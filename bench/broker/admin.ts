/** The few requests that prepare and clean up a run. */
import { type Address, Connection } from './wire.ts';

const READY_TIMEOUT_MS = 120_000;
const LATEST = -1n;

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Creates a topic and waits until all of its partitions are led. */
export async function createTopic(address: Address, topic: string, partitions: number): Promise<void> {
  const connection = await Connection.open(address);
  try {
    const answer = await connection.call('CreateTopics', 5, {
      topics: [
        {
          name: topic,
          numPartitions: partitions,
          replicationFactor: 1,
          assignments: [],
          // What a round wrote is gone before the next one ends.
          configs: [{ name: 'file.delete.delay.ms', value: '1000' }],
        },
      ],
      timeoutMs: 60_000,
    });
    const error = answer.topics[0];
    if (error?.errorCode !== 0) throw new Error(`${topic}: ${error?.errorMessage ?? error?.errorCode}`);
    await ledWithin(connection, topic, partitions);
  } finally {
    connection.close();
  }
}

/** Waits until every partition of a topic answers as its leader: Kafka's metadata names leaders a moment before they are. */
export async function ledWithin(connection: Connection, topic: string, partitions: number): Promise<void> {
  const indexes = Array.from({ length: partitions }, (_, index) => index);
  const asked = indexes.map((partitionIndex) => ({ partitionIndex, timestamp: LATEST }));
  for (const until = performance.now() + READY_TIMEOUT_MS; ; await pause(20)) {
    const request = { replicaId: -1, isolationLevel: 0, topics: [{ name: topic, partitions: asked }] };
    const answer = await connection.call('ListOffsets', 5, request);
    const found = answer.topics[0]?.partitions ?? [];
    if (found.length === partitions && found.every(({ errorCode }) => errorCode === 0)) return;
    if (performance.now() > until) throw new Error(`${topic} is not led`);
  }
}

export async function deleteTopic(address: Address, topic: string): Promise<void> {
  const connection = await Connection.open(address);
  const answer = await connection.call('DeleteTopics', 5, { topics: [], topicNames: [topic], timeoutMs: 60_000 });
  connection.close();
  const error = answer.responses[0]?.errorCode;
  if (error !== 0) throw new Error(`${topic} cannot be deleted: ${error}`);
}

/** Resolves when the broker answers ApiVersions. */
export async function answers(address: Address, timeoutMs = READY_TIMEOUT_MS): Promise<void> {
  for (const until = performance.now() + timeoutMs; ; await pause(5)) {
    try {
      const connection = await Connection.open(address, 65_536);
      await connection.call('ApiVersions', 0, {});
      connection.close();
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
    }
  }
}
