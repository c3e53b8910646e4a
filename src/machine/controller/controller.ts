/**
 * The controller: decides what changes in the cluster, and says it in records. One in a cluster; on the control thread of the broker that
 * leads the metadata quorum (of a single broker: always this one).
 *
 *   event ─▶ decide (reads the newest image) ─▶ records ─▶ append ─▶ replay (changes the image) ─▶ commit ─▶ answer
 *
 * Each file beside this decides a few related events. To add one: a row in ControllerEvents, a row in DECISIONS.
 */
import { UndoJournal } from '../../base/undo-map.ts';
import { MetadataImage } from '../image/image.ts';
import type { MetadataRecord } from '../../protocol/record/metadata-records.ts';
import { activate } from './activation.ts';
import { alterConfigs, incrementalAlterConfigs } from './alter-configs.ts';
import { createPartitions } from './create-partitions.ts';
import { createTopics } from './create-topics.ts';
import type {
  ControllerAnswer,
  ControllerEvent,
  ControllerEventKind,
  ControllerSettings,
  Decide,
  DecideContext,
  Decision,
} from './decision.ts';
import { deleteTopics } from './delete-topics.ts';
import { allocateProducerIds } from './producer-ids.ts';
import { registerBroker, registerController, unfence } from './registration.ts';

const DECISIONS: { readonly [K in ControllerEventKind]: Decide<K> } = {
  CreateTopics: createTopics,
  DeleteTopics: deleteTopics,
  CreatePartitions: createPartitions,
  AlterConfigs: alterConfigs,
  IncrementalAlterConfigs: incrementalAlterConfigs,
  AllocateProducerIds: allocateProducerIds,
  BrokerRegistration: registerBroker,
  ControllerRegistration: registerController,
  activate,
  unfence,
};

export class Controller {
  readonly settings: ControllerSettings;
  readonly #journal = new UndoJournal();
  /** The newest state: what is not committed yet included. */
  readonly image = new MetadataImage(this.#journal);

  constructor(settings: ControllerSettings) {
    this.settings = settings;
  }

  decide(event: ControllerEvent, context: DecideContext): Decision<ControllerAnswer> {
    const decide = DECISIONS[event.kind] as Decide<ControllerEventKind>;
    return decide(this, event, context);
  }

  replay(record: MetadataRecord, offset: number, epoch: number): void {
    this.#journal.at(offset);
    this.image.replay(record);
    const before = this.image.offset;
    const epochBefore = this.image.epoch;
    this.#journal.note(() => this.image.reached(before, epochBefore));
    this.image.reached(offset, epoch);
  }

  /** Records below `endOffset` are committed. */
  commit(endOffset: number): void {
    this.#journal.commit(endOffset);
  }

  /** Records at `endOffset` and later were not written: the state goes back. */
  revert(endOffset: number): void {
    this.#journal.revert(endOffset);
  }
}
