/**
 * WriteTxnMarkers: the markers that end transactions, from another broker's coordinator or an administrator (KIP-98, KIP-664).
 *
 * v2 the transaction version (KIP-1228)
 *
 * The answer tells a producer once, whatever number of markers it had, and a marker that was of no partition not at all.
 */
import { ERRORS } from '../protocol/errors.ts';
import type { WriteTxnMarkersRequest, WriteTxnMarkersResponseInput } from '../protocol/schema/27-write-txn-markers.ts';
import type { Api } from './handler.ts';
import type { Context, Services } from './services.ts';

type Marker = WriteTxnMarkersRequest['markers'][number];

/** By producer, topic and partition: what came of it. The last one counts where there are several. */
class Results {
  readonly #producers = new Map<number, Map<string, Map<number, number>>>();

  add(producerId: number, topic: string, partition: number, errorCode: number): void {
    const topics = this.#producers.get(producerId) ?? new Map<string, Map<number, number>>();
    this.#producers.set(producerId, topics);
    const partitions = topics.get(topic) ?? new Map<number, number>();
    topics.set(topic, partitions);
    partitions.set(partition, errorCode);
  }

  response(): WriteTxnMarkersResponseInput {
    const markers = Array.from(this.#producers, ([producerId, topics]) => ({
      producerId,
      topics: Array.from(topics, ([name, partitions]) => ({
        name,
        partitions: Array.from(partitions, ([partitionIndex, errorCode]) => ({ partitionIndex, errorCode })),
      })),
    }));
    return { markers };
  }
}

function targetsOf({ topics }: Marker): { topic: string; partition: number }[] {
  return topics.flatMap(({ name, partitionIndexes }) =>
    partitionIndexes.map((partition) => ({ topic: name, partition })),
  );
}

function refused({ markers }: WriteTxnMarkersRequest, errorCode: number): WriteTxnMarkersResponseInput {
  const results = new Results();
  for (const marker of markers) {
    for (const { topic, partition } of targetsOf(marker)) results.add(marker.producerId, topic, partition, errorCode);
  }
  return results.response();
}

async function write(marker: Marker, results: Results, { services }: Context): Promise<void> {
  const { producerId, producerEpoch, transactionResult: commit, coordinatorEpoch, transactionVersion } = marker;
  const targets = targetsOf(marker);
  const written = { producerId, producerEpoch, commit, coordinatorEpoch, transactionVersion };
  const codes = await services.writeMarkers(written, targets);
  for (const [i, { topic, partition }] of targets.entries()) {
    results.add(producerId, topic, partition, brokerCode(codes[i] ?? ERRORS.UNKNOWN_SERVER_ERROR));
  }
}

/** Whoever sends markers asks the leader of a partition: of the coordinator behind one of `__consumer_offsets` it knows nothing, and tries again. */
function brokerCode(errorCode: number): number {
  switch (errorCode) {
    case ERRORS.COORDINATOR_LOAD_IN_PROGRESS:
    case ERRORS.COORDINATOR_NOT_AVAILABLE:
    case ERRORS.NOT_COORDINATOR:
      return ERRORS.NOT_LEADER_OR_FOLLOWER;
    default:
      return errorCode;
  }
}

export const writeTxnMarkers: Api<WriteTxnMarkersRequest, WriteTxnMarkersResponseInput, Services> = {
  async handle(request, context) {
    // No batch can say it. Kafka's answer is that of an exception.
    if (request.markers.some(({ producerId, producerEpoch }) => producerId < 0 || producerEpoch < 0)) {
      return refused(request, ERRORS.UNKNOWN_SERVER_ERROR);
    }
    const results = new Results();
    await Promise.all(request.markers.map((marker) => write(marker, results, context)));
    return results.response();
  },

  failed(request, _context, errorCode) {
    return refused(request, errorCode);
  },
};
