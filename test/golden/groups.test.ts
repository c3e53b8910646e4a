/**
 * A log of `__consumer_offsets` that Kafka 4.4 wrote: simple groups, a deleted one, a topic that went, a classic and a consumer group with a
 * member each, and transactions that committed, aborted and stayed open. Loaded, it answers what Kafka answered (answers.txt); dump-log
 * prints what kafka-dump-log --offsets-decoder prints (dump.txt).
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dumpLog } from '../../src/admin/dump-log.ts';
import { uuidFromText, type Uuid } from '../../src/base/uuid.ts';
import { groupCodec } from '../../src/coordinator/record-codec.ts';
import { isControl, isTransactional, batchesOf } from '../../src/protocol/batch.ts';
import { recordsOf } from '../../src/protocol/batch-records.ts';
import { decodeControlRecord } from '../../src/protocol/record/control-records.ts';
import { CLIENT, MachineLog } from '../unit/machine/group/offsets/log.ts';

const FOLDER = join(import.meta.dirname, 'groups');
const LOG = join(FOLDER, '00000000000000000000.log');

function lines(name: string): string[] {
  return readFileSync(join(FOLDER, name), 'utf8').trimEnd().split('\n');
}

function loaded(): MachineLog {
  const log = new MachineLog();
  const bytes = readFileSync(LOG);
  for (const header of batchesOf(bytes)) {
    const { producerId, attributes } = header;
    for (const { key, value } of recordsOf(bytes, header)) {
      assert.ok(key !== null);
      if (isControl(attributes)) {
        assert.ok(value !== null);
        log.end(producerId, decodeControlRecord(key, value)?.type === 'commit');
        continue;
      }
      const record = groupCodec.decode(key, value);
      assert.ok(record !== null);
      log.append([record], isTransactional(attributes) ? producerId : null);
    }
  }
  log.commit();
  return log;
}

/** As answers.txt tells it. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each));
}

function fetched(log: MachineLog, groupId: string, requireStable: boolean): string {
  const groups = [{ groupId, memberId: null, memberEpoch: -1, topics: null }];
  const request = { groupId: '', topics: [], groups, requireStable };
  const event = { kind: 'OffsetFetch', version: 8, request, client: CLIENT } as const;
  const answer = log.query(event) ?? log.ask(event);
  assert.ok(answer !== null && 'groups' in answer);
  const [group] = answer.groups;
  assert.ok(group !== undefined && 'topics' in group && 'errorCode' in group);
  const topics = group.topics.map((topic) => ({
    name: topic.name,
    topicId: NO_ID,
    partitions: topic.partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex),
  }));
  return textOf({ groupId, topics, errorCode: group.errorCode });
}

const NO_ID = uuidFromText('AAAAAAAAAAAAAAAAAAAAAA') as Uuid;

test('what Kafka wrote answers as Kafka did', () => {
  const log = loaded();
  const expected = lines('answers.txt');
  const listed = expected.filter((line) => line.includes('"groupState"'));
  const offsets = expected.filter((line) => !line.includes('"groupState"'));
  const half = offsets.length / 2;
  for (const [index, line] of offsets.entries()) {
    const { groupId } = JSON.parse(line) as { groupId: string };
    assert.equal(fetched(log, groupId, index >= half), line);
  }
  const request = { statesFilter: [], typesFilter: [] };
  const answer = log.query({ kind: 'ListGroups', version: 5, request, client: CLIENT });
  assert.ok(answer !== null && 'groups' in answer);
  const groups = answer.groups.map(textOf).toSorted();
  assert.deepEqual(groups, listed);
});

test('dump-log --offsets-decoder prints what kafka-dump-log prints', async () => {
  const printed: string[] = [];
  const output = { out: (line: string) => void printed.push(line), err: (line: string) => void printed.push(line) };
  const code = await dumpLog(
    {
      files: [LOG],
      printDataLog: true,
      deepIteration: true,
      decoder: 'offsets',
      verifyIndexOnly: false,
      indexSanityCheck: false,
      skipRecordMetadata: false,
      maxBytes: Infinity,
      maxMessageSize: 5_242_880,
    },
    output,
  );
  assert.equal(code, 0);
  assert.deepEqual(printed.slice(1), lines('dump.txt').slice(1));
});
