/** Keys and values of the internal logs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ZERO_UUID } from '../../../src/base/uuid.ts';
import {
  decodeControlKey,
  decodeControlRecord,
  encodeControlRecord,
} from '../../../src/protocol/record/control-records.ts';
import { groupRecords, shareRecords, transactionRecords } from '../../../src/protocol/record/coordinator-records.ts';
import { decodeRecord, encodeRecord, METADATA_RECORDS, record } from '../../../src/protocol/record/metadata-records.ts';
import { hex } from './hex.ts';

test('a committed offset', () => {
  const key = { group: 'g', topic: 't', partition: 3 };
  const bytes = groupRecords.encodeKey('offsetCommit', key);
  assert.equal(bytes.toString('hex'), hex('0001 000167 000174 00000003'));
  assert.deepEqual(groupRecords.decodeKey(bytes), { type: 'offsetCommit', key });
  const value = groupRecords.encodeValue('offsetCommit', 3, {
    offset: 2n ** 62n,
    leaderEpoch: 5,
    metadata: 'm',
    commitTimestamp: 1_700_000_000_000,
  });
  assert.equal(value.readInt16BE(0), 3);
  const decoded = groupRecords.decodeValue('offsetCommit', value);
  assert.deepEqual([decoded.version, decoded.value.offset, decoded.value.metadata], [3, 2n ** 62n, 'm']);
});

test('types and versions that this program does not know', () => {
  assert.equal(groupRecords.decodeKey(Buffer.from('7fff00', 'hex')), null);
  assert.equal(groupRecords.decodeKey(Buffer.from('ffff00', 'hex')), null);
  assert.throws(() => groupRecords.decodeKey(Buffer.from('00', 'hex')), { name: 'DecodeError' });
  assert.throws(() => transactionRecords.decodeValue('transactionLog', Buffer.from('0009', 'hex')), {
    failure: 'unknown',
  });
  assert.equal(decodeControlKey(Buffer.from('00000009', 'hex')), null);
  assert.equal(decodeControlKey(Buffer.from('0000ffff', 'hex')), null);
  assert.throws(() => decodeRecord(Buffer.from('010600', 'hex')), { name: 'DecodeError', failure: 'unknown' });
  assert.throws(() => decodeRecord(Buffer.from('020000', 'hex')), { name: 'DecodeError', failure: 'unknown' });
  assert.throws(() => decodeRecord(Buffer.from('01', 'hex')), { name: 'DecodeError' });
});

test('keys of the other coordinators', () => {
  const transaction = transactionRecords.encodeKey('transactionLog', { transactionalId: 'x' });
  assert.equal(transaction.toString('hex'), hex('0000 000178'));
  const share = { groupId: 'g', topicId: ZERO_UUID, partition: 1 };
  assert.deepEqual(shareRecords.decodeKey(shareRecords.encodeKey('shareUpdate', share)), {
    type: 'shareUpdate',
    key: share,
  });
});

test('control records, of newer versions too', () => {
  const { key, value } = encodeControlRecord({ type: 'commit', value: { coordinatorEpoch: 9 } });
  assert.deepEqual([key.toString('hex'), value.toString('hex')], ['00000001', '000000000009']);
  const newer = Buffer.concat([Buffer.from('0005', 'hex'), value.subarray(2), Buffer.from('ab', 'hex')]);
  assert.deepEqual(decodeControlRecord(key, newer), { type: 'commit', value: { coordinatorEpoch: 9 } });
});

test('records of the metadata log by name', () => {
  const topic = record('topic', { name: 't', topicId: ZERO_UUID });
  const bytes = encodeRecord(topic);
  assert.equal(bytes.toString('hex', 0, 5), hex('01 02 00 0274'));
  assert.deepEqual(decodeRecord(bytes), topic);
  assert.equal(record('noOp', {}).version, 0);
  assert.equal(Object.keys(METADATA_RECORDS).length, 27);
});
