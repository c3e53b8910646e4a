/**
 * `quorum-state`: who this node believes to lead the metadata quorum, and for whom it voted (KIP-595, KIP-853). JSON, as Kafka writes
 * it; it must be on the medium before the node acts on it, or it could vote twice.
 */
import { type Uuid, ZERO_UUID, uuidFromText, uuidToText } from '../../base/uuid.ts';
import { type Disk, DiskFault } from '../../port/disk.ts';

export const QUORUM_STATE_FILE = 'quorum-state';

/** The version with the directory of the vote (kraft.version 1). */
const DATA_VERSION = 1;

export interface QuorumState {
  /** -1: none known. */
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly votedId: number;
  readonly votedDirectoryId: Uuid;
}

export const NO_QUORUM_STATE: QuorumState = { leaderId: -1, leaderEpoch: 0, votedId: -1, votedDirectoryId: ZERO_UUID };

/** What the file says; `NO_QUORUM_STATE` where there is none. Null where it is damaged. Rejects with a DiskFault. */
export async function readQuorumState(disk: Disk, directory: string): Promise<QuorumState | null> {
  try {
    return parse((await disk.readFile(`${directory}/${QUORUM_STATE_FILE}`)).toString());
  } catch (error) {
    if (error instanceof DiskFault && error.code === 'ENOENT') return NO_QUORUM_STATE;
    throw error;
  }
}

export async function writeQuorumState(disk: Disk, directory: string, state: QuorumState): Promise<void> {
  const { leaderId, leaderEpoch, votedId } = state;
  const votedDirectoryId = uuidToText(state.votedDirectoryId);
  const text = JSON.stringify({ leaderId, leaderEpoch, votedId, votedDirectoryId, data_version: DATA_VERSION });
  await disk.replaceFile(`${directory}/${QUORUM_STATE_FILE}`, Buffer.from(text));
}

function parse(text: string): QuorumState | null {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof fields !== 'object' || fields === null) return null;
  const values = new Map<string, unknown>(Object.entries(fields));
  const leaderEpoch = numberOf(values.get('leaderEpoch'), 0);
  if (leaderEpoch === null || !values.has('leaderEpoch')) return null;
  const voted = values.get('votedDirectoryId');
  return {
    leaderId: numberOf(values.get('leaderId'), -1) ?? -1,
    leaderEpoch,
    votedId: numberOf(values.get('votedId'), -1) ?? -1,
    votedDirectoryId: (typeof voted === 'string' ? uuidFromText(voted) : null) ?? ZERO_UUID,
  };
}

function numberOf(value: unknown, absent: number): number | null {
  if (value === undefined) return absent;
  return Number.isSafeInteger(value) ? Number(value) : null;
}
