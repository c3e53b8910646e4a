/** A group machine with its log: what is decided is encoded, decoded and replayed, and committed when it is said. */
import assert from 'node:assert/strict';
import { type Uuid, uuidFromBytes } from '../../../../../src/base/uuid.ts';
import type {
  GroupAnswer,
  GroupContext,
  GroupDecision,
  GroupEvent,
} from '../../../../../src/machine/group/decision.ts';
import { GroupMachine } from '../../../../../src/machine/group/machine.ts';
import type { GroupRecord } from '../../../../../src/machine/group/records.ts';
import { MetadataImage } from '../../../../../src/machine/image/image.ts';
import { configOf, stored } from '../fixture.ts';

export const CLIENT = { clientId: 'c', clientHost: '/127.0.0.1' };

/** An id that is made of the name. */
export function idOf(name: string): Uuid {
  return uuidFromBytes(Buffer.from(name.padEnd(16, '.')));
}

function machineWith(settings: Record<string, string>): GroupMachine {
  return new GroupMachine({ config: configOf(settings), partition: 0 });
}

type Entry =
  | { readonly kind: 'record'; readonly record: GroupRecord; readonly producerId: number | null }
  | { readonly kind: 'end'; readonly producerId: number; readonly commit: boolean };

export class MachineLog {
  readonly machine: GroupMachine;
  readonly image = new MetadataImage();
  readonly entries: Entry[] = [];
  readonly #settings: Record<string, string>;
  now = 1_000_000;
  committed = 0;

  constructor(settings: Record<string, string> = {}) {
    this.#settings = settings;
    this.machine = machineWith(settings);
  }

  get endOffset(): number {
    return this.entries.length;
  }

  /** Decides and appends; nothing is committed. */
  decide(event: GroupEvent): GroupDecision {
    const decision = this.machine.decide(event, this.#context());
    this.append(decision.records, decision.producer?.producerId ?? null);
    return decision;
  }

  /** Decides, appends, commits. */
  ask(event: GroupEvent): GroupAnswer {
    const { answer } = this.decide(event);
    this.commit();
    assert.ok(answer !== undefined);
    return answer;
  }

  query(event: GroupEvent): GroupAnswer | null {
    return this.machine.query(event, this.committed, { now: this.now, image: this.image });
  }

  append(records: readonly GroupRecord[], producerId: number | null = null): void {
    for (const record of records) this.#write({ kind: 'record', record: stored(record), producerId });
  }

  end(producerId: number, commit: boolean): void {
    this.#write({ kind: 'end', producerId, commit });
  }

  commit(endOffset = this.endOffset): void {
    this.committed = endOffset;
    this.machine.commit(endOffset);
  }

  /** What is not committed was never written. */
  revert(): void {
    this.machine.revert(this.committed);
    this.entries.length = this.committed;
  }

  /** Another machine that has read the log up to an offset. */
  reloaded(endOffset = this.endOffset): GroupMachine {
    const machine = machineWith(this.#settings);
    for (const [offset, entry] of this.entries.slice(0, endOffset).entries()) replayEntry(machine, entry, offset);
    machine.commit(endOffset);
    return machine;
  }

  #write(entry: Entry): void {
    this.entries.push(entry);
    replayEntry(this.machine, entry, this.entries.length - 1);
  }

  #context(): GroupContext {
    const { now, image, endOffset } = this;
    return { now, image, nextOffset: endOffset, ticket: 1, errorCode: 0, uuid: () => 'AAAAAAAAAAAAAAAAAAAAAQ' };
  }
}

function replayEntry(machine: GroupMachine, entry: Entry, offset: number): void {
  if (entry.kind === 'end') machine.endTransaction(entry.producerId, 0, entry.commit, offset);
  else {
    const { record, producerId } = entry;
    machine.replay(record, offset, 0, producerId === null ? null : { producerId, producerEpoch: 0 });
  }
}

/** Everything that a machine holds of committed and pending offsets, as text. */
export function told(machine: GroupMachine, committed = Infinity): string {
  const lines: string[] = [];
  for (const [groupId, group] of machine.groups.entriesAt(committed)) {
    lines.push(`${groupId} ${group.type} ${group.protocolType}`);
    for (const [topic, partitions] of machine.offsets.committed.topicsOf(groupId, committed)) {
      for (const [partition, { offset, metadata, leaderEpoch, recordOffset, expireTimestamp }] of partitions) {
        lines.push(
          `${groupId} ${topic}-${partition} ${offset} ${metadata} ${leaderEpoch} ${recordOffset} ${expireTimestamp}`,
        );
      }
    }
    if (committed !== Infinity) continue;
    const pending = [...machine.offsets.pendingOf(groupId)].map(({ topic, partition }) => `${topic}-${partition}`);
    lines.push(`${groupId} pending ${machine.offsets.hasPendingOf(groupId)} ${pending.toSorted().join(' ')}`);
  }
  return lines.toSorted().join('\n');
}
