//! Writes into batch headers what the leader decides: offset, epoch, and where asked the timestamp with a new CRC.

use crate::crc;
use crate::header::*;

pub const SEAL_SIZE: usize = 6;

const KEEP: f64 = 0.0;
const APPEND_TIME: f64 = 1.0;

/// Seals one batch by its row: position, base offset, leader epoch, what to do with the timestamp, maximum timestamp hi and lo.
/// False where the batch does not lie within the buffer.
pub fn seal_batch(bytes: &mut [u8], row: &[f64]) -> bool {
    let position = row[0] as usize;
    let Some(rest) = bytes.len().checked_sub(position) else { return false };
    if rest < HEADER_BYTES {
        return false;
    }
    let length = read_i32(&bytes[position..], LENGTH);
    if length < (HEADER_BYTES - LOG_OVERHEAD) as i32 || rest - LOG_OVERHEAD < length as usize {
        return false;
    }
    let batch = &mut bytes[position..position + LOG_OVERHEAD + length as usize];
    batch[BASE_OFFSET..BASE_OFFSET + 8].copy_from_slice(&(row[1] as i64).to_be_bytes());
    batch[LEADER_EPOCH..LEADER_EPOCH + 4].copy_from_slice(&(row[2] as i32).to_be_bytes());
    if row[3] != KEEP {
        stamp(batch, row[3] == APPEND_TIME, ((row[4] as i64) << 32) | (row[5] as u32 as i64));
    }
    true
}

fn stamp(batch: &mut [u8], append_time: bool, max_timestamp: i64) {
    let attributes = read_i16(batch, ATTRIBUTES) as u16;
    let wanted = if append_time { attributes | LOG_APPEND_TIME } else { attributes & !LOG_APPEND_TIME };
    if wanted == attributes && read_i64(batch, MAX_TIMESTAMP) == max_timestamp {
        return;
    }
    batch[ATTRIBUTES..ATTRIBUTES + 2].copy_from_slice(&wanted.to_be_bytes());
    batch[MAX_TIMESTAMP..MAX_TIMESTAMP + 8].copy_from_slice(&max_timestamp.to_be_bytes());
    let crc = crc::crc32c(&batch[ATTRIBUTES..]);
    batch[CRC..CRC + 4].copy_from_slice(&crc.to_be_bytes());
}
