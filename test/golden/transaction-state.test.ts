/**
 * A log of `__transaction_state` that Kafka 4.4 wrote while it was asked what steps.jsonl says (transaction-state/record.ts), with
 * transaction.version 2, 1 and 0: the machine gives the same answers to the same requests, and writes the same bytes.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { NEEDS_PRODUCER_ID, type TransactionEvent } from '../../src/machine/transaction/decision.ts';
import type { TransactionRecord } from '../../src/machine/transaction/records.ts';
import { STATUSES } from '../../src/machine/transaction/state.ts';
import { batchesOf } from '../../src/protocol/batch.ts';
import { recordsOf } from '../../src/protocol/batch-records.ts';
import { ERRORS } from '../../src/protocol/errors.ts';
import { transactionRecords } from '../../src/protocol/record/coordinator-records.ts';
import { APIS } from '../../src/protocol/schema/index.ts';
import { TransactionLog, writtenEvent } from '../unit/machine/transaction/log.ts';
import type { RecordedApi, RecordedStep } from './transaction-state/steps.ts';

const FOLDER = join(import.meta.dirname, 'transaction-state');

interface Golden {
  readonly record: TransactionRecord;
  readonly key: Buffer;
  readonly value: Buffer | null;
}

function golden(): Golden[] {
  const bytes = readFileSync(join(FOLDER, '00000000000000000000.log'));
  const records: Golden[] = [];
  for (const header of batchesOf(bytes)) {
    for (const { key, value } of recordsOf(bytes, header)) {
      assert.ok(key !== null);
      const decoded = transactionRecords.decodeKey(key);
      assert.ok(decoded !== null);
      const record =
        value === null
          ? { ...decoded, version: 0, value: null }
          : { ...decoded, ...transactionRecords.decodeValue('transactionLog', value) };
      records.push({ record, key: Buffer.from(key), value: value === null ? null : Buffer.from(value) });
    }
  }
  return records;
}

/** With topics and partitions in order: Kafka's stand as its tables have them. */
function sorted({ type, version, value }: TransactionRecord): Buffer | null {
  if (value === null) return null;
  const topics = value.transactionPartitions
    ?.map(({ topic, partitionIds }) => ({ topic, partitionIds: partitionIds.toSorted((a, b) => a - b) }))
    .toSorted((a, b) => (a.topic < b.topic ? -1 : 1));
  return transactionRecords.encodeValue(type, version, { ...value, transactionPartitions: topics ?? null });
}

class Replay {
  readonly records = golden();
  log = new TransactionLog(2, SETTINGS);
  #next = 0;

  get #coming(): TransactionRecord | undefined {
    return this.records[this.#next]?.record;
  }

  /** What Kafka took from its clock and its producer ids, as its next record has it. */
  #prepare(endOffset: number): void {
    const value = this.#next < endOffset ? this.#coming?.value : undefined;
    const last = this.records[endOffset - 1]?.record.value;
    this.log.now =
      value?.transactionLastUpdateTimestampMs ?? Math.max(this.log.now, last?.transactionLastUpdateTimestampMs ?? 0);
    if (value) this.log.nextProducerId = value.nextProducerId === -1 ? value.producerId : value.nextProducerId;
  }

  /** What was decided stands in Kafka's log. */
  compare(records: readonly TransactionRecord[], what: string): void {
    for (const record of records) {
      const expected = this.records[this.#next++];
      assert.ok(expected !== undefined, what);
      assert.deepEqual(record, { ...expected.record, value: record.value }, what);
      assert.deepEqual(
        sorted(record),
        sorted(expected.record),
        `${what}: ${JSON.stringify([record, expected.record])}`,
      );
      assert.deepEqual(transactionRecords.encodeKey(record.type, record.key), expected.key);
      const bytes = record.value && transactionRecords.encodeValue(record.type, record.version, record.value);
      assert.equal(bytes?.length, expected.value?.length);
      const partitions = record.value?.transactionPartitions?.flatMap(({ partitionIds }) => partitionIds) ?? [];
      if (partitions.length <= 1) assert.deepEqual(bytes, expected.value);
    }
  }

  request(event: TransactionEvent, endOffset: number, what: string): unknown {
    this.#prepare(endOffset);
    const { records, answer } = this.log.decide(event);
    assert.notEqual(answer, NEEDS_PRODUCER_ID, what);
    this.compare(records, what);
    this.log.commit();
    return answer;
  }

  /** What Kafka wrote of itself: completions, what is late, what has expired. */
  follow(endOffset: number, what: string): void {
    while (this.#next < endOffset) {
      const next = this.#coming;
      assert.ok(next !== undefined);
      const before = this.#next;
      this.#prepare(endOffset);
      const status = STATUSES[next.value?.transactionStatus ?? -1];
      if (next.value === null) {
        this.#expire(endOffset, what);
      } else if (status === 'PrepareAbort') {
        // Kafka aborts one by one what is late.
        const { records } = this.log.machine.decide({ kind: 'abortTimedOut' }, this.log.context);
        const aborted = records.filter(({ key }) => key.transactionalId === next.key.transactionalId);
        for (const record of aborted) this.log.append(record);
        this.compare(aborted, what);
      } else {
        const pending = this.log.machine
          .pendingMarkers()
          .find((one) => one.transactionalId === next.key.transactionalId);
        assert.ok(pending !== undefined, `${what}: ${JSON.stringify(next)}`);
        this.compare(this.log.decide<'markersWritten'>(writtenEvent(pending)).records, what);
      }
      assert.ok(this.#next > before, `${what}: ${JSON.stringify(next)}`);
      this.log.commit();
    }
  }

  /** Tombstones that follow each other are one search here, and Kafka does not say in which order. */
  #expire(endOffset: number, what: string): void {
    const coming = this.records.slice(this.#next, endOffset).map(({ record }) => record);
    const others = coming.findIndex(({ value }) => value !== null);
    const wanted = others === -1 ? coming : coming.slice(0, others);
    const lastUpdates = wanted.map(({ key }) => this.log.of(key.transactionalId)?.lastUpdateTimestamp ?? 0);
    this.log.now = Math.max(...lastUpdates) + EXPIRATION_MS;
    const { records } = this.log.machine.decide({ kind: 'expireIds' }, this.log.context);
    // Kafka forgets no id that a record without a place for its state has brought to a standstill.
    const expired = records.filter(({ key }) => !key.transactionalId.startsWith('stuck'));
    assert.deepEqual(expired.toSorted(byId), wanted.toSorted(byId), what);
    for (const record of expired) this.log.append(record);
    this.#next += expired.length;
  }

  seed(endOffset: number): void {
    for (; this.#next < endOffset; this.#next++) this.log.append(this.#coming as TransactionRecord);
    this.log.commit();
  }
}

function byId(one: TransactionRecord, other: TransactionRecord): number {
  return one.key.transactionalId < other.key.transactionalId ? -1 : 1;
}

const EXPIRATION_MS = 45_000;
const SETTINGS = { 'transactional.id.expiration.ms': String(EXPIRATION_MS) };

test('the machine answers as Kafka did, and writes what Kafka wrote', () => {
  const replay = new Replay();
  const lines = readFileSync(join(FOLDER, 'steps.jsonl'), 'utf8').trimEnd().split('\n');
  for (const [index, line] of lines.entries()) {
    const what = `line ${index + 1}: ${line}`;
    const step = JSON.parse(line) as RecordedStep;
    const { endOffset } = step;
    if ('api' in step) {
      const event = { kind: step.api, version: step.version, request: { ...DEFAULTS, ...step.request } };
      const answer = replay.request(event as never, endOffset, what);
      assert.deepEqual(sent(step.api, step.version, answer), ordered(step.answer), what);
    } else if ('seeded' in step) replay.seed(endOffset);
    else if ('restarted' in step) replay.log = replay.log.reloaded();
    else if ('transactionVersion' in step) replay.log.transactionVersion = step.transactionVersion;
    replay.follow(endOffset, what);
  }
  assert.equal(replay.log.endOffset, replay.records.length);
});

/** Of versions that do not say it. */
const DEFAULTS = {
  producerId: -1,
  producerEpoch: -1,
  enable2Pc: false,
  keepPreparedTxn: false,
  durationFilter: -1,
  transactionalIdPattern: null,
};

/** Arrays in an order of their own: Kafka's stand as its tables have them. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(ordered).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, ordered(each)]));
}

/** The first version of each API that says PRODUCER_FENCED; before, the handler makes INVALID_PRODUCER_EPOCH of it. */
const FIRST_WITH_FENCED: Readonly<Record<string, number>> = {
  InitProducerId: 4,
  AddPartitionsToTxn: 2,
  AddOffsetsToTxn: 2,
  EndTxn: 2,
};

/** As it comes off the wire in this version. */
function sent(api: RecordedApi, version: number, answer: unknown): unknown {
  const { response } = APIS[api];
  const text = JSON.stringify(response.decode(version, response.encode(version, answer as never)));
  const isOld = version < (FIRST_WITH_FENCED[api] ?? 0);
  const code = `rrorCode":${ERRORS.PRODUCER_FENCED}`;
  return ordered(JSON.parse(isOld ? text.replaceAll(code, `rrorCode":${ERRORS.INVALID_PRODUCER_EPOCH}`) : text));
}
