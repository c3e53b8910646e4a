//! Batches as they stand in a segment: recovery after an unclean stop, and what a follower has fetched.

use crate::batch::*;
use crate::header::*;
use crate::validate::read_records;

/// Where the rows start in the output; before them stand where the scan stopped, why, and how many bytes it would need.
pub const FIRST_ROW: usize = 4;

/// Why a scan stops, and how many bytes from there would tell more.
struct Stop {
    reason: i32,
    bytes_needed: u64,
}

fn stop(reason: i32) -> Stop {
    Stop { reason, bytes_needed: 0 }
}

/// Walks `bytes`, which start at `position` of the caller's buffer. The number of rows.
pub fn scan(bytes: &[u8], position: usize, min_offset: i64, limits: &Limits, out: &mut [f64]) -> usize {
    let (head, rows) = out.split_at_mut(FIRST_ROW);
    head.fill(0.0);
    let mut at = 0;
    let mut next_offset = min_offset;
    let mut written = 0;
    for row in rows.chunks_exact_mut(ROW_SIZE) {
        if at == bytes.len() {
            break;
        }
        match scan_one(&bytes[at..], position + at, next_offset, limits, row) {
            Ok((size, last_offset)) => {
                at += size;
                next_offset = last_offset + 1;
                written += 1;
            }
            Err(found) => {
                head[1] = f64::from(found.reason);
                head[2] = found.bytes_needed as f64;
                break;
            }
        }
    }
    head[0] = (position + at) as f64;
    written
}

/// The batch at the start of `bytes`: its size and last offset.
fn scan_one(bytes: &[u8], position: usize, min_offset: i64, limits: &Limits, row: &mut [f64]) -> Result<(usize, i64), Stop> {
    if bytes.len() < LOG_OVERHEAD {
        return Err(Stop { reason: INCOMPLETE, bytes_needed: HEADER_BYTES as u64 });
    }
    let length = read_i32(bytes, LENGTH);
    if length < SMALLEST_LENGTH {
        return Err(stop(BAD_LENGTH));
    }
    let size = LOG_OVERHEAD + length as usize;
    if size as u64 > limits.batch_bytes {
        return Err(stop(TOO_LARGE));
    }
    if bytes.len() >= UP_TO_MAGIC && bytes[MAGIC] != 2 {
        return Err(stop(if bytes[MAGIC] < 2 { OLD_MAGIC } else { BAD_MAGIC }));
    }
    if size < HEADER_BYTES {
        return Err(stop(BAD_LENGTH));
    }
    if bytes.len() < size {
        return Err(Stop { reason: INCOMPLETE, bytes_needed: size as u64 });
    }
    let batch = &bytes[..size];
    if !crc_matches(batch) {
        return Err(stop(BAD_CRC));
    }
    let last_delta = read_i32(batch, LAST_OFFSET_DELTA);
    let count = read_i32(batch, RECORDS_COUNT);
    if last_delta < 0 || count < 0 || i64::from(count) > i64::from(last_delta) + 1 {
        return Err(stop(BAD_COUNT));
    }
    let base_offset = read_i64(batch, BASE_OFFSET);
    if base_offset < min_offset || base_offset < 0 || base_offset > MAX_SAFE - i64::from(last_delta) {
        return Err(stop(OFFSET_OUT_OF_ORDER));
    }
    start_row(row, position);
    write_size(row, size as u64);
    write_header(row, batch);
    if limits.uncompressed_bytes > 0 {
        read_records(batch, limits, row, false).map_err(|(error, _)| stop(error))?;
    }
    Ok((size, base_offset + i64::from(last_delta)))
}
