// What no client does: raw-transactions.ts COMMAND PORT …; one line of JSON at the end.
//   hang PORT TOPIC      a transaction of an hour ago in partition 0 that no coordinator knows; needs a broker that does not verify (KIP-890)
//   exhaust PORT ID TURNS     takes a transactional id over and over; counts how often the epochs came to an end and a new producer id came
import { crc32c } from '../harness/batches.ts';
import { RawClient } from '../harness/client.ts';
import { BatchBuilder } from '../../src/protocol/batch-builder.ts';
import { isRetriable } from '../../src/protocol/errors.ts';
import { memoryRecords } from '../../src/protocol/records.ts';

const HOUR_MS = 3_600_000n;
const FIRST_INIT = { transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 };
const [command, port, name = '', turns = '0'] = process.argv.slice(2);
const client = await RawClient.open(Number(port));

async function hang(topic: string): Promise<object> {
  const { producerId, producerEpoch } = await client.ask('InitProducerId', 4, { ...FIRST_INIT, transactionalId: null });
  const batch = new BatchBuilder({ baseOffset: 0, producerId, producerEpoch, baseSequence: 0, isTransactional: true });
  batch.append({ timestamp: BigInt(Date.now()) - HOUR_MS, key: null, value: Buffer.from('hanging') });
  const records = memoryRecords(batch.build(crc32c));
  const { responses } = await client.ask('Produce', 9, {
    transactionalId: 'nobody',
    acks: -1,
    timeoutMs: 10_000,
    topicData: [{ name: topic, partitionData: [{ index: 0, records }] }],
  });
  const [partition] = responses[0]?.partitionResponses ?? [];
  return { producerId, errorCode: partition?.errorCode, baseOffset: partition?.baseOffset };
}

async function exhaust(transactionalId: string, count: number): Promise<object> {
  const producerIds: number[] = [];
  let last = -1;
  for (let turn = 0; turn < count; ) {
    const answer = await client.ask('InitProducerId', 4, { ...FIRST_INIT, transactionalId });
    // It has not been looked for yet, is loading, or has not ended what the one before has begun.
    if (isRetriable(answer.errorCode)) {
      await client.ask('FindCoordinator', 3, { key: transactionalId, keyType: 1, coordinatorKeys: [] });
      continue;
    }
    if (answer.errorCode !== 0) return { errorCode: answer.errorCode, turn };
    const isNew = answer.producerId !== producerIds.at(-1);
    if (answer.producerEpoch !== (isNew ? 0 : last + 1)) return { turn, last, epoch: answer.producerEpoch };
    if (isNew) producerIds.push(answer.producerId);
    last = answer.producerEpoch;
    turn++;
  }
  return { producerIds, last };
}

const result = command === 'hang' ? await hang(name) : await exhaust(name, Number(turns));
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
