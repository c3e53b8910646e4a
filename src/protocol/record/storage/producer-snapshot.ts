/**
 * The file `<offset>.snapshot`: the producers of a partition.
 */
import { type Decoded, type Input, message } from '../../message.ts';
import { array, i16, i32, i64, i64x, u32 } from '../../schema-language.ts';

export const producerSnapshot = message('ProducerSnapshot', {
  versions: '1',
  flexible: 'none',
  fields: {
    crc: u32('1'),
    producerEntries: array('1', {
      producerId: i64('1'),
      epoch: i16('1'),
      lastSequence: i32('1'),
      lastOffset: i64('1'),
      offsetDelta: i32('1'),
      timestamp: i64x('1'),
      coordinatorEpoch: i32('1'),
      currentTxnFirstOffset: i64('1'),
    }),
  },
});
export type ProducerSnapshot = Decoded<typeof producerSnapshot>;
export type ProducerSnapshotInput = Input<typeof producerSnapshot>;
