// Writes to every partition of a topic, a little at a time, until a line comes in: BOOTSTRAP TOPIC PARTITIONS RATE.
// Then it prints as JSON how many records each partition has.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';

const EVERY_MS = 40;
const [bootstrap = '', topic = '', partitions = '', rate = ''] = process.argv.slice(2);
const producer = new Kafka({ clientId: 'load', brokers: [bootstrap], logLevel: logLevel.NOTHING }).producer();
await producer.connect();
let isOver = false;
void once(process.stdin, 'data').then(() => (isOver = true));
const counts = Array.from({ length: Number(partitions) }, () => 0);
const each = Math.max(1, Math.round((Number(rate) * EVERY_MS) / 1000 / counts.length));
while (!isOver) {
  const messages = counts.flatMap((count, partition) =>
    Array.from({ length: each }, (_, index) => ({ partition, value: `${count + index}` })),
  );
  await producer.send({ topic, messages });
  for (const partition of counts.keys()) counts[partition] = (counts[partition] ?? 0) + each;
  await sleep(EVERY_MS);
}
await producer.disconnect();
process.stdout.write(`${JSON.stringify({ ...counts })}\n`);
process.exit(0);
