//! What is said about a batch: the row of numbers, the errors, the limits. Columns and codes are those of `src/port/native.ts`.

use crate::codec::Fault;
use crate::header::*;
use crate::records::Summary;

pub const ROW_SIZE: usize = 24;

const POSITION: usize = 0;
const SIZE: usize = 1;
const ERROR: usize = 2;
const ERROR_RECORD: usize = 3;
const COUNT: usize = 4;
const ATTRIBUTE_BITS: usize = 5;
const PRODUCER: usize = 6;
const EPOCH: usize = 7;
const SEQUENCE: usize = 8;
const PARTITION_LEADER_EPOCH: usize = 9;
const FIRST_OFFSET: usize = 10;
const LAST_OFFSET: usize = 11;
const HEADER_MAX: usize = 12;
const BASE: usize = 14;
const MAX: usize = 16;
const MAX_AT: usize = 18;
const MIN: usize = 19;
const KEYLESS: usize = 21;
const UNCOMPRESSED: usize = 22;

pub const INCOMPLETE: i32 = 1;
pub const BAD_LENGTH: i32 = 2;
pub const OLD_MAGIC: i32 = 3;
pub const BAD_MAGIC: i32 = 4;
pub const MORE_THAN_ONE_BATCH: i32 = 5;
pub const BASE_OFFSET_NOT_ZERO: i32 = 6;
pub const TOO_LARGE: i32 = 7;
pub const BAD_CRC: i32 = 8;
pub const BAD_COUNT: i32 = 9;
pub const UNKNOWN_CODEC: i32 = 10;
pub const BAD_COMPRESSION: i32 = 11;
pub const UNCOMPRESSED_TOO_LARGE: i32 = 12;
pub const RECORD_TOO_LARGE: i32 = 13;
pub const BAD_RECORD: i32 = 14;
pub const OFFSETS_NOT_DENSE: i32 = 15;
pub const OFFSET_OUT_OF_ORDER: i32 = 16;

/// In bytes; the largest number means that there is none.
pub struct Limits {
    pub batch_bytes: u64,
    pub uncompressed_bytes: u64,
    pub record_bytes: u64,
}

pub fn error_of(fault: Fault) -> i32 {
    match fault {
        Fault::UnknownCodec => UNKNOWN_CODEC,
        Fault::Corrupt => BAD_COMPRESSION,
        Fault::TooLarge => UNCOMPRESSED_TOO_LARGE,
        Fault::RecordTooLarge => RECORD_TOO_LARGE,
        Fault::BadRecord => BAD_RECORD,
    }
}

/// The largest whole number that a double holds together with its neighbours.
pub const MAX_SAFE: i64 = (1 << 53) - 1;

/// An id or an offset as a number: infinite where a double might round it.
fn number(value: i64) -> f64 {
    if value > MAX_SAFE {
        f64::INFINITY
    } else if value < -MAX_SAFE {
        f64::NEG_INFINITY
    } else {
        value as f64
    }
}

pub fn write_timestamp(row: &mut [f64], column: usize, timestamp: i64) {
    row[column] = (timestamp >> 32) as f64;
    row[column + 1] = f64::from(timestamp as u32);
}

/// A row that says nothing yet but where its batch is.
pub fn start_row(row: &mut [f64], position: usize) {
    row[..ROW_SIZE].fill(0.0);
    row[POSITION] = position as f64;
    row[ERROR_RECORD] = -1.0;
    row[KEYLESS] = -1.0;
    row[MAX_AT] = -1.0;
}

pub fn write_size(row: &mut [f64], size: u64) {
    row[SIZE] = size as f64;
}

pub fn write_error(row: &mut [f64], error: i32, record: i64) {
    row[ERROR] = f64::from(error);
    row[ERROR_RECORD] = record as f64;
}

/// Everything that the header says. `batch` holds at least a header.
pub fn write_header(row: &mut [f64], batch: &[u8]) {
    let base_offset = read_i64(batch, BASE_OFFSET);
    let max_timestamp = read_i64(batch, MAX_TIMESTAMP);
    row[COUNT] = f64::from(read_i32(batch, RECORDS_COUNT));
    row[ATTRIBUTE_BITS] = f64::from(read_i16(batch, ATTRIBUTES) as u16);
    row[PRODUCER] = number(read_i64(batch, PRODUCER_ID));
    row[EPOCH] = f64::from(read_i16(batch, PRODUCER_EPOCH));
    row[SEQUENCE] = f64::from(read_i32(batch, BASE_SEQUENCE));
    row[PARTITION_LEADER_EPOCH] = f64::from(read_i32(batch, LEADER_EPOCH));
    row[FIRST_OFFSET] = number(base_offset);
    row[LAST_OFFSET] = match row[FIRST_OFFSET] {
        infinite if infinite.is_infinite() => infinite,
        _ => number(base_offset + i64::from(read_i32(batch, LAST_OFFSET_DELTA))),
    };
    write_timestamp(row, HEADER_MAX, max_timestamp);
    write_timestamp(row, BASE, read_i64(batch, BASE_TIMESTAMP));
    write_timestamp(row, MAX, max_timestamp);
    write_timestamp(row, MIN, -1);
}

/// What was found in the records.
pub fn write_summary(row: &mut [f64], summary: &Summary) {
    write_timestamp(row, MAX, summary.max_timestamp);
    write_timestamp(row, MIN, summary.min_timestamp);
    row[MAX_AT] = f64::from(summary.delta_of_max_timestamp);
    row[KEYLESS] = summary.first_keyless as f64;
    row[UNCOMPRESSED] = summary.bytes as f64;
}
