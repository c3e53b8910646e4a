/**
 * Records that nobody asks for yet: quotas, ACLs, SCRAM credentials, delegation tokens. They are kept by what identifies them, so that a
 * log with them replays and its snapshots have them; whoever builds on them gives them their own image.
 */
import type { UndoJournal } from '../../base/undo-map.ts';
import type { Uuid } from '../../base/uuid.ts';
import { JournaledMap } from './journaled-map.ts';
import type { RecordMessage } from '../../protocol/record/metadata-records.ts';

type Quota = RecordMessage<'clientQuota'>;
type Scram = RecordMessage<'userScramCredential'>;

export class StoredRecords {
  /** By entity and key. */
  readonly quotas: JournaledMap<string, Quota>;
  readonly acls: JournaledMap<Uuid, RecordMessage<'accessControlEntry'>>;
  /** By mechanism and user. */
  readonly scram: JournaledMap<string, Scram>;
  readonly tokens: JournaledMap<string, RecordMessage<'delegationToken'>>;

  constructor(journal: UndoJournal | null) {
    this.quotas = new JournaledMap(journal);
    this.acls = new JournaledMap(journal);
    this.scram = new JournaledMap(journal);
    this.tokens = new JournaledMap(journal);
  }

  setQuota(message: Quota): void {
    const entity = message.entity.map(({ entityType, entityName }) => [entityType, entityName]);
    const key = JSON.stringify([...entity.toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)), message.key]);
    if (message.remove) this.quotas.delete(key);
    else this.quotas.set(key, message);
  }

  setScram(message: Scram): void {
    // Decoded bytes are views of what was decoded; these live on.
    const { salt, storedKey, serverKey } = message;
    const own = { salt: Buffer.from(salt), storedKey: Buffer.from(storedKey), serverKey: Buffer.from(serverKey) };
    this.scram.set(scramKey(message), { ...message, ...own });
  }

  removeScram(message: { readonly name: string; readonly mechanism: number }): void {
    this.scram.delete(scramKey(message));
  }
}

function scramKey({ name, mechanism }: { readonly name: string; readonly mechanism: number }): string {
  return `${mechanism}:${name}`;
}
