/**
 * The coordinator of the transactions of one partition of `__transaction_state`: the machine (machine/transaction), the runtime around it, its
 * log, and the markers that follow from what it has decided. One a partition, on the thread that owns it.
 *
 *   EndTxn ─▶ PrepareCommit ─ committed ─┬─▶ the producer's answer
 *                                        └─▶ markers ─ all committed ─▶ CompleteCommit
 *
 * Whatever is prepared when the log has been loaded gets its markers (again): a partition that has it already takes it once more without harm.
 */
import type { BrokerConfig } from '../config/broker-config.ts';
import type { MetadataImage } from '../machine/image/image.ts';
import {
  NEEDS_PRODUCER_ID,
  type PendingMarkers,
  type TransactionAnswer,
  type TransactionEvent,
} from '../machine/transaction/decision.ts';
import { TransactionMachine } from '../machine/transaction/machine.ts';
import type { TransactionRecord } from '../machine/transaction/records.ts';
import { ERRORS } from '../protocol/errors.ts';
import { OFFSETS_TOPIC } from '../protocol/topic-names.ts';
import type { CoordinatorResult } from './answers.ts';
import type { CoordinatorPartition } from './coordinator-log.ts';
import { HostedMachine, type HostPorts } from './hosted-machine.ts';
import { transactionCodec } from './record-codec.ts';
import type { TransactionMarkers } from './transaction-markers.ts';

/** Producer ids of this shard. */
export interface ProducerIdStock {
  /** One that nobody had; null: none is at hand. */
  take(): number | null;
  /** Resolves when there are some again, to NONE; or to the code with which they were refused. */
  refill(): Promise<number>;
}

export interface TransactionParts extends HostPorts {
  readonly config: BrokerConfig;
  readonly image: MetadataImage;
  readonly producerIds: ProducerIdStock;
  readonly markers: TransactionMarkers;
}

export type TransactionResult = CoordinatorResult<TransactionAnswer>;

/** `__transaction_state` is not compressed. */
const NO_CODEC = 0;
/** The decisions of one turn of the loop are one batch. */
const UNTIL_THE_TURN_ENDS = -1;
/** That a transaction is complete is tried to be written again after so long. */
const RETRY_MS = 500;
/** See `beginningId`. */
const ENDING_WAIT_MS = 100;

export class TransactionCoordinator extends HostedMachine<TransactionEvent, TransactionRecord, TransactionAnswer> {
  readonly #parts: TransactionParts;
  readonly #machine: TransactionMachine;
  /** By id, of transactions whose markers are being written: requests that would begin the next one. */
  readonly #ending = new Map<string, Set<() => void>>();

  constructor(parts: TransactionParts, partition: CoordinatorPartition) {
    const { config, image, producerIds } = parts;
    const { values } = config;
    const machine = new TransactionMachine({ config });
    const producerId = (): number | null => {
      const taken = producerIds.take();
      // What a timer decides has nobody to submit it again: by its next turn there are some.
      if (taken === null) producerIds.refill().catch(parts.onFault);
      return taken;
    };
    super(parts, partition, {
      what: 'Transactions',
      began: { kind: 'began' },
      codec: transactionCodec,
      compression: NO_CODEC,
      loadBufferBytes: values['transaction.state.log.load.buffer.size'],
      lingerMs: UNTIL_THE_TURN_ENDS,
      timeoutMs: values['request.timeout.ms'],
      onBatch: ({ records, epoch }) => {
        for (const record of records) {
          const pending = machine.markersOf(record);
          if (pending !== null) this.#sendMarkers(pending, epoch);
        }
      },
      machine: {
        decide: (event, { now, errorCode }) => {
          const transactionVersion = image.features.level('transaction.version');
          const offsets = image.topics.byName(OFFSETS_TOPIC)?.partitionCount;
          const offsetsPartitionCount = offsets ?? values['offsets.topic.num.partitions'];
          return machine.decide(event, { now, errorCode, transactionVersion, offsetsPartitionCount, producerId });
        },
        query: (event, committed, { now }) => machine.query(event, committed, { now }),
        replay: (record, offset, epoch) => machine.replay(record, offset, epoch),
        commit: (endOffset) => machine.commit(endOffset),
        revert: (endOffset) => machine.revert(endOffset),
      },
    });
    this.#parts = parts;
    this.#machine = machine;
  }

  // ---- life

  override async load(): Promise<void> {
    await super.load();
    if (this.state !== 'active') return;
    for (const pending of this.#machine.pendingMarkers()) this.#sendMarkers(pending, this.runtime.epoch);
  }

  override stop(): void {
    super.stop();
    for (const waiting of this.#ending.values()) for (const goOn of waiting) goOn();
    this.#ending.clear();
  }

  #sendMarkers(pending: PendingMarkers, coordinatorEpoch: number): void {
    const { transactionalId, producerId, producerEpoch } = pending;
    const isStopped = (): boolean => this.runtime.state === 'stopped';
    if (!this.#ending.has(transactionalId)) this.#ending.set(transactionalId, new Set());
    this.#parts.markers.send(pending, coordinatorEpoch, isStopped, () => {
      this.#completed({ kind: 'markersWritten', transactionalId, producerId, producerEpoch });
    });
  }

  /** What was decided about the markers must be written, sooner or later: else the transaction would stay prepared for ever. */
  #completed(event: TransactionEvent & { kind: 'markersWritten' }): void {
    this.runtime.submit(event, (outcome) => {
      if (!outcome.ok && outcome.error !== 'stopped' && outcome.error !== 'failed') {
        this.#parts.clock.after(RETRY_MS, () => this.#completed(event));
        return;
      }
      const waiting = this.#ending.get(event.transactionalId) ?? [];
      this.#ending.delete(event.transactionalId);
      for (const goOn of waiting) goOn();
    });
  }

  // ---- work

  override submit(event: TransactionEvent, done: (result: TransactionResult) => void): void {
    const id = beginningId(event);
    const ending = id === null ? undefined : this.#ending.get(id);
    if (ending === undefined) {
      this.#submit(event, done);
      return;
    }
    const timer = this.#parts.clock.after(ENDING_WAIT_MS, () => goOn());
    const goOn = (): void => {
      ending.delete(goOn);
      timer.cancel();
      this.#submit(event, done);
    };
    ending.add(goOn);
  }

  #submit(event: TransactionEvent, done: (result: TransactionResult) => void): void {
    super.submit(event, (result) => {
      if (result.ok && result.answer === NEEDS_PRODUCER_ID) this.#submitAgain(event, done);
      else done(result);
    });
  }

  #submitAgain(event: TransactionEvent, done: (result: TransactionResult) => void): void {
    this.#parts.producerIds.refill().then(
      (errorCode) => {
        if (errorCode === ERRORS.NONE) this.#submit(event, done);
        else done({ ok: false, errorCode });
      },
      (error: unknown) => {
        this.#parts.onFault(error);
        done({ ok: false, errorCode: ERRORS.UNKNOWN_SERVER_ERROR });
      },
    );
  }
}

/**
 * The id of a request that begins a transaction, or a producer. While the markers of the one before are being written it would be answered
 * CONCURRENT_TRANSACTIONS and come again after its client's back-off: it waits a little instead, as the markers take milliseconds.
 */
function beginningId(event: TransactionEvent): string | null {
  if (event.kind === 'InitProducerId' || event.kind === 'AddOffsetsToTxn') return event.request.transactionalId;
  if (event.kind !== 'AddPartitionsToTxn') return null;
  const [transaction] = event.request.transactions;
  if (transaction === undefined) return event.request.v3AndBelowTransactionalId;
  return transaction.verifyOnly ? null : transaction.transactionalId;
}
