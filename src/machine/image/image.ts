/**
 * The image: everything that the metadata log says, as of one offset. Each thread keeps its own and changes it by replaying the
 * committed records in order, so that all of them are the same at the same offset. The controller's has a journal: it is ahead of what is
 * committed and can go back.
 *
 * `replay` cannot fail: what decided to write a record has checked it, and a record that makes no sense (a change of something that
 * does not exist) changes nothing.
 */
import type { UndoJournal } from '../../base/undo-map.ts';
import type { ImageChanges } from './changes.ts';
import { ClusterImage } from './cluster.ts';
import { ConfigsImage } from './configs.ts';
import { FeaturesImage } from './features.ts';
import type { MetadataRecord } from '../../protocol/record/metadata-records.ts';
import { replayOne } from './replay.ts';
import { StoredRecords } from './stored.ts';
import { TopicsImage } from './topics.ts';

export class MetadataImage {
  readonly topics: TopicsImage;
  readonly configs: ConfigsImage;
  readonly cluster: ClusterImage;
  readonly features: FeaturesImage;
  readonly stored: StoredRecords;
  readonly journal: UndoJournal | null;
  /** The next producer id that is given out in blocks; -1: none was yet. */
  nextProducerId = -1;
  /** The last record that was replayed, and the epoch of its batch. -1: none. */
  offset = -1;
  epoch = -1;
  /** Records of a metadata transaction that has begun and not ended (KIP-866). */
  #transaction: MetadataRecord[] | null = null;

  constructor(journal: UndoJournal | null = null) {
    this.journal = journal;
    this.topics = new TopicsImage(journal);
    this.configs = new ConfigsImage(journal);
    this.cluster = new ClusterImage(journal);
    this.features = new FeaturesImage(journal);
    this.stored = new StoredRecords(journal);
  }

  /** Whether a metadata transaction is open: its records are not in the image yet. */
  get inTransaction(): boolean {
    return this.#transaction !== null;
  }

  /** Applies one record. `changes` takes notes of what it changed. */
  replay(record: MetadataRecord, changes?: ImageChanges): void {
    if (record.type === 'beginTransaction') this.#transaction = [];
    else if (record.type === 'abortTransaction') this.#transaction = null;
    else if (record.type === 'endTransaction') this.#endTransaction(changes);
    else if (this.#transaction !== null) this.#transaction.push(record);
    else replayOne(this, record, changes);
  }

  #endTransaction(changes: ImageChanges | undefined): void {
    const records = this.#transaction ?? [];
    this.#transaction = null;
    for (const record of records) replayOne(this, record, changes);
  }

  /** The image is as of this record now. Called after the replay of each batch. */
  reached(offset: number, epoch: number): void {
    this.offset = offset;
    this.epoch = epoch;
  }
}
