/**
 * Answers questions about the partitions of this shard, whichever thread asks: the other end of shard/scatter.
 *
 * Lives on the owner's thread; one a shard. Results come in the order of the items; `done` is called inside the call where every log
 * answers at once.
 */
import { DiskFault } from '../port/disk.ts';
import { ERRORS } from '../protocol/errors.ts';
import type { TimestampAndOffset } from '../storage/lookup.ts';
import type {
  DeleteRecordsItem,
  DeleteRecordsResult,
  DescribeProducersItem,
  DescribeProducersResult,
  EpochEndItem,
  EpochEndResult,
  FetchCall,
  FetchResult,
  ListOffsetsCall,
  ListOffsetsItem,
  ListOffsetsResult,
  WatchCall,
} from './owner-calls.ts';
import type { Partition } from './partition.ts';
import { NOTHING } from './partition-read.ts';
import type { PartitionTable } from './partition-table.ts';
import type { AnswerHere, QuestionName, Questions } from './scatter.ts';
import { Watch } from './watch.ts';

const READ_COMMITTED = 1;
/** Reads of one Fetch that wait for files at the same time: each may open one. */
const READS_AT_ONCE = 16;
const DEBUG_CONSUMER = -2;

/** Timestamps of ListOffsets that are not timestamps. */
const LATEST = -1n;
const EARLIEST = -2n;
const MAX_TIMESTAMP = -3n;
const EARLIEST_LOCAL = -4n;
const LATEST_TIERED = -5n;
const EARLIEST_PENDING_UPLOAD = -6n;

export class Owner {
  readonly #partitions: PartitionTable;
  readonly #onFault: (error: unknown) => void;

  constructor(partitions: PartitionTable, onFault: (error: unknown) => void) {
    this.#partitions = partitions;
    this.#onFault = onFault;
  }

  readonly answer: AnswerHere = <N extends QuestionName>(
    name: N,
    call: Questions[N]['call'],
    done: (results: Questions[N]['result'][]) => void,
  ): void => {
    switch (name) {
      case 'fetch':
        this.#fetch(call as FetchCall, done);
        return;
      case 'listOffsets':
        void this.#listOffsets(call as ListOffsetsCall).then(done, this.#onFault);
        return;
      case 'epochEnd':
        done((call.items as EpochEndItem[]).map((item) => this.#epochEnd(item)) as Questions[N]['result'][]);
        return;
      case 'deleteRecords':
        done((call.items as DeleteRecordsItem[]).map((item) => this.#deleteRecords(item)) as Questions[N]['result'][]);
        return;
      case 'describeProducers':
        done(
          (call.items as DescribeProducersItem[]).map((item) =>
            this.#describeProducers(item),
          ) as Questions[N]['result'][],
        );
        return;
      default:
        name satisfies never;
    }
  };

  /**
   * Reads in the order of the items, a few at once where files must be opened. Where the slices so far fill the response, those behind them
   * could not be carried: their partitions say what they have and open nothing.
   */
  #fetch(call: FetchCall, done: (results: FetchResult[]) => void): void {
    const { items } = call;
    const results = new Array<FetchResult>(items.length);
    let left = call.maxBytes;
    let hasSlice = false;
    let next = 0;
    let open = 0;
    let isGoing = false;
    const completed = (place: number, result: FetchResult): void => {
      results[place] = result;
      open--;
      if (result.length > 0) {
        hasSlice = true;
        // An oversized one is carried only as the first of the response, which may be another owner's.
        if (result.oversized === 0) left -= result.length;
      }
      if (!isGoing) goOn();
    };
    const goOn = (): void => {
      isGoing = true;
      while (next < items.length && open < READS_AT_ONCE) {
        const place = next++;
        const item = items[place] as FetchCall['items'][number];
        const partition = this.#partitions.get(item.topicId, item.partition);
        open++;
        if (partition) partition.fetch(item, call, left > 0 || !hasSlice, (result) => completed(place, result));
        else completed(place, { ...NOTHING, errorCode: ERRORS.NOT_LEADER_OR_FOLLOWER });
      }
      isGoing = false;
      if (open === 0) done(results);
    };
    goOn();
  }

  /** Puts a watch on the partitions; it fires at once where one of them has moved on since it was read. */
  watch(call: WatchCall, wake: () => void): Watch {
    const readCommitted = call.isolationLevel === READ_COMMITTED;
    const watch = new Watch(call.missingBytes, readCommitted, wake);
    for (const item of call.items) {
      const partition = this.#partitions.get(item.topicId, item.partition);
      const log = partition?.log;
      if (!partition || !log) {
        watch.fire();
        break;
      }
      const seen = readCommitted ? item.lastStableOffset : item.highWatermark;
      if ((readCommitted ? log.lastStableOffset : log.highWatermark) !== seen) {
        watch.fire();
        break;
      }
      watch.sit(partition.watches);
    }
    return watch;
  }

  async #listOffsets(call: ListOffsetsCall): Promise<ListOffsetsResult[]> {
    const failed = (error: unknown): ListOffsetsResult => {
      if (!(error instanceof DiskFault)) throw error;
      return offsetError(ERRORS.KAFKA_STORAGE_ERROR);
    };
    return await Promise.all(call.items.map((item) => this.#listOffset(item, call).catch(failed)));
  }

  async #listOffset(item: ListOffsetsItem, call: ListOffsetsCall): Promise<ListOffsetsResult> {
    const partition = this.#partitions.get(item.topicId, item.partition);
    if (!partition) return offsetError(ERRORS.NOT_LEADER_OR_FOLLOWER);
    const { log } = partition;
    if (log === null) return offsetError(partition.absence);
    const errorCode = partition.state.checkEpoch(item.currentLeaderEpoch);
    if (errorCode !== ERRORS.NONE) return offsetError(errorCode);
    const bound = boundOf(partition, call);
    switch (item.timestamp) {
      case LATEST:
        return { errorCode: ERRORS.NONE, timestamp: -1n, offset: bound, leaderEpoch: partition.state.leaderEpoch };
      case EARLIEST:
      case EARLIEST_LOCAL: {
        const offset = log.startOffset;
        return { errorCode: ERRORS.NONE, timestamp: -1n, offset, leaderEpoch: log.epochForOffset(offset) };
      }
      // There is no tiered storage: nothing has been uploaded, nothing waits for it.
      case LATEST_TIERED:
      case EARLIEST_PENDING_UPLOAD:
        return offsetError(ERRORS.NONE);
      case MAX_TIMESTAMP:
        return this.#found(partition, await log.offsetOfMaxTimestamp(), bound);
      default:
        return this.#found(partition, await log.offsetForTimestamp(item.timestamp), bound);
    }
  }

  #found(partition: Partition, found: TimestampAndOffset | null, bound: number): ListOffsetsResult {
    if (found === null || found.offset >= bound) return offsetError(ERRORS.NONE);
    const { timestamp, offset } = found;
    return { errorCode: ERRORS.NONE, timestamp, offset, leaderEpoch: partition.log?.epochForOffset(offset) ?? -1 };
  }

  #epochEnd(item: EpochEndItem): EpochEndResult {
    const partition = this.#partitions.get(item.topicId, item.partition);
    const log = partition?.log ?? null;
    if (!partition || log === null) {
      return { errorCode: partition?.absence ?? ERRORS.NOT_LEADER_OR_FOLLOWER, leaderEpoch: -1, endOffset: -1 };
    }
    const errorCode = partition.state.checkEpoch(item.currentLeaderEpoch);
    if (errorCode !== ERRORS.NONE) return { errorCode, leaderEpoch: -1, endOffset: -1 };
    return { errorCode, ...log.endOffsetForEpoch(item.leaderEpoch) };
  }

  #deleteRecords(item: DeleteRecordsItem): DeleteRecordsResult {
    const partition = this.#partitions.get(item.topicId, item.partition);
    const log = partition?.log ?? null;
    if (!partition || log === null) {
      return { errorCode: partition?.absence ?? ERRORS.NOT_LEADER_OR_FOLLOWER, lowWatermark: -1 };
    }
    if (partition.config.compact && !partition.config.delete)
      return { errorCode: ERRORS.POLICY_VIOLATION, lowWatermark: -1 };
    const offset = item.offset === -1 ? log.highWatermark : item.offset;
    if (offset < 0 || offset > log.highWatermark) return { errorCode: ERRORS.OFFSET_OUT_OF_RANGE, lowWatermark: -1 };
    log.raiseStartOffset(offset);
    return { errorCode: ERRORS.NONE, lowWatermark: log.startOffset };
  }

  #describeProducers({ topicId, partition }: DescribeProducersItem): DescribeProducersResult {
    const found = this.#partitions.get(topicId, partition);
    const log = found?.log ?? null;
    if (log === null) return { errorCode: found?.absence ?? ERRORS.NOT_LEADER_OR_FOLLOWER, activeProducers: [] };
    const activeProducers = log.producers.entries().map((entry) => ({
      producerId: entry.producerId,
      producerEpoch: entry.producerEpoch,
      lastSequence: entry.lastSequence,
      lastTimestamp: entry.timestamp,
      coordinatorEpoch: entry.coordinatorEpoch,
      currentTxnStartOffset: entry.currentTxnFirstOffset,
    }));
    return { errorCode: ERRORS.NONE, activeProducers };
  }
}

function offsetError(errorCode: number): ListOffsetsResult {
  return { errorCode, timestamp: -1n, offset: -1, leaderEpoch: -1 };
}

/** Up to where the asker may see: the LSO, the high watermark, or (a replica, a debugging consumer) the end. */
function boundOf(partition: Partition, call: ListOffsetsCall): number {
  const { log } = partition;
  if (log === null) return -1;
  if (call.replicaId >= 0 || call.replicaId === DEBUG_CONSUMER) return log.endOffset;
  return call.isolationLevel === READ_COMMITTED ? log.lastStableOffset : log.highWatermark;
}
