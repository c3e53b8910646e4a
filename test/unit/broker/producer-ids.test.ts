/** Producer ids: each once, a block asked for once however many wait, refusals passed on and not kept. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProducerIds } from '../../../src/broker/producer-ids.ts';
import { ERRORS } from '../../../src/protocol/errors.ts';

test('ids are given once, over blocks, to however many wait', async () => {
  let blocks = 0;
  const ids = new ProducerIds(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    const producerIdStart = 1000 * (2 * blocks++);
    return { throttleTimeMs: 0, errorCode: ERRORS.NONE, producerIdStart, producerIdLen: 1000 };
  });
  const given = await Promise.all(Array.from({ length: 2500 }, () => ids.next()));
  assert.equal(new Set(given.map(({ producerId }) => producerId)).size, 2500);
  assert.equal(blocks, 3);
  assert.deepEqual(
    [given[0], given[999], given[1000], given[2499]].map((one) => one?.producerId),
    [0, 999, 2000, 4499],
  );
});

test('a refusal and a failure reach those who wait, and the next asks again', async () => {
  const answers = [
    () =>
      Promise.resolve({
        throttleTimeMs: 0,
        errorCode: ERRORS.STALE_BROKER_EPOCH,
        producerIdStart: 0,
        producerIdLen: 0,
      }),
    () => Promise.reject(new Error('control is gone')),
    () => Promise.resolve({ throttleTimeMs: 0, errorCode: ERRORS.NONE, producerIdStart: 7, producerIdLen: 1 }),
  ];
  const ids = new ProducerIds(() => (answers.shift() ?? assert.fail('asked too often'))());
  const refused = { errorCode: ERRORS.STALE_BROKER_EPOCH, producerId: -1 };
  assert.deepEqual(await Promise.all([ids.next(), ids.next()]), [refused, refused]);
  await assert.rejects(ids.next(), /control is gone/);
  assert.deepEqual(await ids.next(), { errorCode: ERRORS.NONE, producerId: 7 });
});
