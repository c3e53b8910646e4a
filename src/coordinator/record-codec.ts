/** The records of the coordinators' logs as bytes: one codec for each kind of log. */
import { readI16 } from '../base/bytes.ts';
import type { GroupRecord } from '../machine/group/records.ts';
import type { TransactionRecord } from '../machine/transaction/records.ts';
import { NO_SEQUENCE } from '../protocol/batch.ts';
import {
  type CoordinatorRecords,
  type GROUP_RECORDS,
  groupRecords,
  type RecordTable,
  type TRANSACTION_RECORDS,
  transactionRecords,
} from '../protocol/record/coordinator-records.ts';

export interface RecordCodec<Record> {
  encode(record: Record): { readonly key: Buffer; readonly value: Buffer | null };
  /** Null for a type that this program does not know: it belongs to a later version and is left alone. Throws a DecodeError. */
  decode(key: Buffer, value: Buffer | null): Record | null;
  /** Whether a record as decoded holds parts of the value's memory. */
  keepsValue(key: Buffer): boolean;
  /** Of every batch, whether it has a producer or not: what Kafka's coordinators of this kind write, and nobody looks at. */
  readonly baseSequence: number;
}

/** A record of any of the tables, as the machines say it. */
interface AnyRecord {
  readonly type: string;
  readonly key: unknown;
  /** Of the value. */
  readonly version: number;
  readonly value: unknown;
}

function codecOf<Record extends AnyRecord, T extends RecordTable>(
  records: CoordinatorRecords<T>,
  { baseSequence, keepsValue }: Pick<RecordCodec<Record>, 'baseSequence' | 'keepsValue'>,
): RecordCodec<Record> {
  return {
    encode({ type, key, version, value }) {
      const name = type as keyof T & string;
      return {
        key: records.encodeKey(name, key as never),
        value: value === null ? null : records.encodeValue(name, version, value as never),
      };
    },
    decode(key, value) {
      const decoded = records.decodeKey(key);
      if (decoded === null) return null;
      const rest = value === null ? { version: 0, value: null } : records.decodeValue(decoded.type, value);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the value is of the key's type
      return { ...decoded, ...rest } as unknown as Record;
    },
    keepsValue,
    baseSequence,
  };
}

const OFFSET_COMMIT = 1;

/** `__consumer_offsets`: commits, which are most of it, hold no bytes of their own. */
export const groupCodec = codecOf<GroupRecord, typeof GROUP_RECORDS>(groupRecords, {
  baseSequence: 0,
  keepsValue: (key) => key.length < 2 || readI16(key, 0) > OFFSET_COMMIT,
});

/** `__transaction_state`. */
export const transactionCodec = codecOf<TransactionRecord, typeof TRANSACTION_RECORDS>(transactionRecords, {
  baseSequence: NO_SEQUENCE,
  keepsValue: () => false,
});
