/** The records of `__consumer_offsets` as the machine says and replays them: the decoded key, and the value or null (a tombstone). */
import type { Decoded } from '../../protocol/message.ts';
import type { GROUP_RECORDS } from '../../protocol/record/coordinator-records.ts';

type Table = typeof GROUP_RECORDS;
export type GroupRecordType = keyof Table;

/** One record of a type. The value stands complete, as decoding gives it; `version` is the one it is (or was) written in. */
export interface GroupRecordOf<N extends GroupRecordType> {
  readonly type: N;
  readonly key: Decoded<Table[N]['key']>;
  readonly version: number;
  readonly value: Decoded<Table[N]['value']> | null;
}

export type GroupRecord = { [N in GroupRecordType]: GroupRecordOf<N> }[GroupRecordType];

/** A record of this type with a value. */
export function record<N extends GroupRecordType>(
  type: N,
  key: Decoded<Table[N]['key']>,
  version: number,
  value: Decoded<Table[N]['value']>,
): GroupRecord {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the type, the key and the value are of one row
  return { type, key, version, value } as unknown as GroupRecord;
}

/** The record that deletes a key. */
export function tombstone<N extends GroupRecordType>(type: N, key: Decoded<Table[N]['key']>): GroupRecord {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the type and the key are of one row
  return { type, key, version: 0, value: null } as unknown as GroupRecord;
}
