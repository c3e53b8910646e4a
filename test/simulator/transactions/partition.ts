/**
 * A partition without files: what producers have in it (storage/producer-state), those of their batches that wait for the coordinator
 * (shard/held-appends), and the batches and markers themselves.
 */
import { ERRORS } from '../../../src/protocol/errors.ts';
import type { TransactionMarker } from '../../../src/protocol/transaction-marker.ts';
import { markerBatch } from '../../../src/protocol/transaction-marker.ts';
import { HeldAppends } from '../../../src/shard/held-appends.ts';
import type { TransactionOfRequest } from '../../../src/protocol/transaction-of-request.ts';
import type { Verifier } from '../../../src/shard/verification.ts';
import { BatchHeader, readEndTransactionMarker } from '../../../src/storage/batch-header.ts';
import {
  type AppendOrigin,
  type ProducerError,
  ProducerStates,
  UNVERIFIED,
  type Verification,
} from '../../../src/storage/producer-state.ts';
import { crc32c } from '../../harness/batches.ts';
import { PartitionHistory, type RecordId } from '../world/history.ts';
import type { Ledger } from '../world/ledger.ts';
import type { Network } from './network.ts';

const CODES: { readonly [E in ProducerError]: number } = {
  'invalid-producer-epoch': ERRORS.INVALID_PRODUCER_EPOCH,
  'out-of-order-sequence-number': ERRORS.OUT_OF_ORDER_SEQUENCE_NUMBER,
  'invalid-txn-state': ERRORS.INVALID_TXN_STATE,
  'transaction-coordinator-fenced': ERRORS.TRANSACTION_COORDINATOR_FENCED,
};

interface Entry {
  readonly bytes: Buffer;
  readonly baseOffset: number;
  /** Of a batch of a client. */
  readonly ids: readonly RecordId[];
}

interface Held {
  readonly bytes: Buffer;
  readonly ids: readonly RecordId[];
  readonly transaction: TransactionOfRequest;
  readonly done: (errorCode: number) => void;
}

export class ModelPartition {
  readonly index: number;
  readonly history: PartitionHistory;
  readonly #network: Network;
  readonly #verifier: Verifier;
  readonly #log: Entry[] = [];
  #endOffset = 0;
  #producers = new ProducerStates();
  #held: HeldAppends<Held>;
  readonly #header = new BatchHeader();
  life = 1;

  constructor(network: Network, verifier: Verifier, index: number) {
    this.#network = network;
    this.#verifier = verifier;
    this.index = index;
    this.history = new PartitionHistory(`t-${index}`, false);
    this.#held = this.#holding();
  }

  #holding(): HeldAppends<Held> {
    return new HeldAppends<Held>({
      producers: () => this.#producers,
      verify: (producerId, epoch, transaction, done) =>
        this.#verifier.verify({ topic: 't', partition: this.index }, producerId, epoch, transaction, done),
      append: ({ bytes, ids, done }, verification) => done(this.#append(bytes, ids, 'client', verification)),
      refuse: ({ done }, errorCode) => done(errorCode),
    });
  }

  produce(held: Held): void {
    const verification = this.#held.verificationOf(held.bytes);
    if (verification === null) this.#held.add(held);
    else held.done(this.#append(held.bytes, held.ids, 'client', verification));
  }

  writeMarker(marker: TransactionMarker): number {
    const fields = { baseOffset: 0, leaderEpoch: 0, timestamp: this.#network.clock.now() };
    const { transactionVersion } = marker;
    return this.#append(markerBatch(marker, fields, crc32c), [], 'coordinator', { ...UNVERIFIED, transactionVersion });
  }

  #append(bytes: Buffer, ids: readonly RecordId[], origin: AppendOrigin, verification: Verification): number {
    const header = this.#header;
    header.read(bytes, 0);
    const marker = header.isControl ? readEndTransactionMarker(bytes, header) : null;
    if (this.#producers.get(header.producerId)?.duplicateOf(header) != null && marker === null) return ERRORS.NONE;
    const error = this.#producers.check(header, origin, marker, verification);
    if (error !== null) return CODES[error];
    const { producerId, producerEpoch, isControl } = header;
    this.#take({ bytes, baseOffset: this.#endOffset, ids });
    this.#held.sealed(producerId, producerEpoch, isControl);
    return ERRORS.NONE;
  }

  #take(entry: Entry): void {
    this.#log.push(entry);
    this.#update(entry);
    for (const [n, id] of entry.ids.entries()) this.history.learn(entry.baseOffset + n, id);
  }

  #update({ bytes, baseOffset }: Entry): void {
    const header = this.#header;
    header.read(bytes, 0);
    const count = header.lastOffset - header.baseOffset + 1;
    header.baseOffset = baseOffset;
    header.lastOffset = baseOffset + count - 1;
    const marker = header.isControl ? readEndTransactionMarker(bytes, header) : null;
    const completed = this.#producers.update(header, marker);
    if (completed !== null) this.#producers.complete(completed);
    this.#endOffset = baseOffset + count;
    this.#producers.onHighWatermark(this.#endOffset);
  }

  /** The process begins anew: what waits is gone, and what producers have follows from the log. */
  restart(): void {
    this.#network.note(`-- t-${this.index} restarts`);
    this.life++;
    this.#held.clear(ERRORS.NOT_LEADER_OR_FOLLOWER);
    this.#held = this.#holding();
    this.#producers = new ProducerStates();
    for (const entry of this.#log) this.#update(entry);
  }

  get firstUnstableOffset(): number {
    return this.#producers.firstUnstableOffset;
  }

  /** What a reader of committed records is shown by now. */
  read(ledger: Ledger): void {
    const open = new Map<number, RecordId[]>();
    const header = this.#header;
    for (const { bytes, ids } of this.#log) {
      header.read(bytes, 0);
      const marker = header.isControl ? readEndTransactionMarker(bytes, header) : null;
      const before = open.get(header.producerId) ?? [];
      if (marker === null) {
        open.set(header.producerId, [...before, ...ids]);
        continue;
      }
      open.delete(header.producerId);
      for (const id of before) ledger.read(this.history, this.history.places.get(id) ?? -1, id, !marker.abort);
    }
  }

  /** Whether all of it is shown to a reader of committed records, and what was committed is there. */
  complete(ledger: Ledger): void {
    const unstable = this.firstUnstableOffset;
    if (unstable >= 0) this.history.fail(`LSO ${unstable} stays below HW ${this.#endOffset}`);
    this.read(ledger);
    ledger.complete(this.history, 0, this.#endOffset);
  }
}
