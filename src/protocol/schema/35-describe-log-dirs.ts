/**
 * DescribeLogDirs (key 35). Log directories and the replicas in them (KIP-113).
 *
 * v3 an error for the whole answer; v4 total and usable bytes (KIP-827); v5 cordoned directories (KIP-1066).
 */
import { type Decoded, type Input, message } from '../message.ts';
import { array, bool, i16, i32, i64, string } from '../schema-language.ts';

export const describeLogDirsRequest = message('DescribeLogDirsRequest', {
  versions: '1-5',
  flexible: '2+',
  fields: {
    topics: array(
      '0+',
      {
        topic: string('0+', { mapKey: true, entityType: 'topicName' }),
        partitions: array('0+', 'i32'),
      },
      { nullable: '0+' },
    ),
  },
});
export type DescribeLogDirsRequest = Decoded<typeof describeLogDirsRequest>;
export type DescribeLogDirsRequestInput = Input<typeof describeLogDirsRequest>;

export const describeLogDirsResponse = message('DescribeLogDirsResponse', {
  versions: '1-5',
  flexible: '2+',
  fields: {
    throttleTimeMs: i32('0+'),
    errorCode: i16('3+', { ignorable: true }),
    results: array('0+', {
      errorCode: i16('0+'),
      logDir: string('0+'),
      topics: array('0+', {
        name: string('0+', { entityType: 'topicName' }),
        partitions: array('0+', {
          partitionIndex: i32('0+'),
          partitionSize: i64('0+'),
          offsetLag: i64('0+'),
          isFutureKey: bool('0+'),
        }),
      }),
      totalBytes: i64('4+', { default: -1, ignorable: true }),
      usableBytes: i64('4+', { default: -1, ignorable: true }),
      isCordoned: bool('5+', { default: false, ignorable: true }),
    }),
  },
});
export type DescribeLogDirsResponse = Decoded<typeof describeLogDirsResponse>;
export type DescribeLogDirsResponseInput = Input<typeof describeLogDirsResponse>;
