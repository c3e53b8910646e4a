/**
 * WriteTxnMarkers: the markers that end transactions, from another broker's coordinator or an administrator (KIP-98, KIP-664).
 *
 * v2 the transaction version (KIP-1228)
 */
import type { WriteTxnMarkersRequest, WriteTxnMarkersResponseInput } from '../protocol/schema/27-write-txn-markers.ts';
import type { Api } from './handler.ts';
import type { Context, Services } from './services.ts';

type Marker = WriteTxnMarkersRequest['markers'][number];
type MarkerResult = WriteTxnMarkersResponseInput['markers'][number];

function resultOf({ producerId, topics }: Marker, codes: Iterator<number>): MarkerResult {
  return {
    producerId,
    topics: topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => {
        const next = codes.next();
        return { partitionIndex, errorCode: next.done === true ? 0 : next.value };
      }),
    })),
  };
}

async function write(marker: Marker, { services }: Context): Promise<MarkerResult> {
  const { producerId, producerEpoch, transactionResult: commit, coordinatorEpoch, transactionVersion, topics } = marker;
  const targets = topics.flatMap(({ name, partitionIndexes }) =>
    partitionIndexes.map((partition) => ({ topic: name, partition })),
  );
  const written = { producerId, producerEpoch, commit, coordinatorEpoch, transactionVersion };
  const codes = await services.writeMarkers(written, targets);
  return resultOf(marker, codes.values());
}

function* always(errorCode: number): Generator<number> {
  for (;;) yield errorCode;
}

export const writeTxnMarkers: Api<WriteTxnMarkersRequest, WriteTxnMarkersResponseInput, Services> = {
  async handle(request, context) {
    return { markers: await Promise.all(request.markers.map((marker) => write(marker, context))) };
  },

  failed(request, _context, errorCode) {
    return { markers: request.markers.map((marker) => resultOf(marker, always(errorCode))) };
  },
};
