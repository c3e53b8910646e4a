//! The header of a record batch of magic 2: 61 bytes, big-endian.
//!
//!   0 base offset i64 | 8 length i32 | 12 leader epoch i32 | 16 magic i8 | 17 crc u32 | 21 attributes i16 | 23 last offset delta i32
//!   27 base timestamp i64 | 35 max timestamp i64 | 43 producer id i64 | 51 producer epoch i16 | 53 base sequence i32 | 57 records i32

use crate::crc;

pub const HEADER_BYTES: usize = 61;
/// Base offset and length, which the length does not count.
pub const LOG_OVERHEAD: usize = 12;
/// From here on a magic can be read.
pub const UP_TO_MAGIC: usize = 17;
/// The smallest length that any message format ever had; a smaller one is damage.
pub const SMALLEST_LENGTH: i32 = 14;
pub const BASE_OFFSET: usize = 0;
pub const LENGTH: usize = 8;
pub const LEADER_EPOCH: usize = 12;
pub const MAGIC: usize = 16;
pub const CRC: usize = 17;
pub const ATTRIBUTES: usize = 21;
pub const LAST_OFFSET_DELTA: usize = 23;
pub const BASE_TIMESTAMP: usize = 27;
pub const MAX_TIMESTAMP: usize = 35;
pub const PRODUCER_ID: usize = 43;
pub const PRODUCER_EPOCH: usize = 51;
pub const BASE_SEQUENCE: usize = 53;
pub const RECORDS_COUNT: usize = 57;

pub const CODEC_MASK: u16 = 7;
pub const LOG_APPEND_TIME: u16 = 8;

pub fn read_i16(bytes: &[u8], at: usize) -> i16 {
    i16::from_be_bytes([bytes[at], bytes[at + 1]])
}

pub fn read_i32(bytes: &[u8], at: usize) -> i32 {
    let mut value = [0; 4];
    value.copy_from_slice(&bytes[at..at + 4]);
    i32::from_be_bytes(value)
}

pub fn read_i64(bytes: &[u8], at: usize) -> i64 {
    let mut value = [0; 8];
    value.copy_from_slice(&bytes[at..at + 8]);
    i64::from_be_bytes(value)
}

/// Whether the CRC32C in the header is that of attributes to end. `batch` is the whole batch and at least a header.
pub fn crc_matches(batch: &[u8]) -> bool {
    read_i32(batch, CRC) as u32 == crc::crc32c(&batch[ATTRIBUTES..])
}
