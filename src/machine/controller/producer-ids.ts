/** AllocateProducerIds (key 67): a block of ids for a broker, which gives them out one by one (KIP-730). */
import { ERRORS } from '../../protocol/errors.ts';
import { record } from '../../protocol/record/metadata-records.ts';
import type { Decide } from './decision.ts';

export const PRODUCER_ID_BLOCK = 1000;

export const allocateProducerIds: Decide<'AllocateProducerIds'> = ({ image }, { request }) => {
  const { brokerId, brokerEpoch } = request;
  if (image.cluster.broker(brokerId)?.epoch !== brokerEpoch) return failure(ERRORS.STALE_BROKER_EPOCH);
  const first = Math.max(0, image.nextProducerId);
  const next = first + PRODUCER_ID_BLOCK;
  // Kafka ends at 2^63; ids are numbers here, and a million years of blocks are left before 2^53.
  if (!Number.isSafeInteger(next)) return failure(ERRORS.UNKNOWN_SERVER_ERROR);
  return {
    records: [record('producerIds', { brokerId, brokerEpoch, nextProducerId: next })],
    answer: { throttleTimeMs: 0, errorCode: ERRORS.NONE, producerIdStart: first, producerIdLen: PRODUCER_ID_BLOCK },
  };
};

function failure(errorCode: number): ReturnType<Decide<'AllocateProducerIds'>> {
  return { records: [], answer: { throttleTimeMs: 0, errorCode, producerIdStart: -1, producerIdLen: 0 } };
}
