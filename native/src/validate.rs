//! The record bytes of one partition in a Produce request: exactly one batch, and nothing wrong with it.

use crate::batch::*;
use crate::codec::{self, Fault};
use crate::header::*;

/// Fills the row of a region. `position` is where the region starts in the caller's buffer. True where nothing is wrong.
pub fn validate_region(region: &[u8], position: usize, limits: &Limits, row: &mut [f64]) -> bool {
    start_row(row, position);
    let (error, record) = match check(region, limits, row) {
        Ok(()) => return true,
        Err(found) => found,
    };
    write_error(row, error, record);
    false
}

type Found = (i32, i64);

fn check(region: &[u8], limits: &Limits, row: &mut [f64]) -> Result<(), Found> {
    let size = match whole_batch(region) {
        Ok(Some(size)) => size,
        Ok(None) => return Err((INCOMPLETE, -1)),
        Err(error) => return Err((error, -1)),
    };
    let batch = &region[..size];
    write_size(row, size as u64);
    if size >= HEADER_BYTES {
        write_header(row, batch);
    }
    if batch[MAGIC] < 2 {
        return Err((OLD_MAGIC, -1));
    }
    // Bytes that are no whole batch are cut off, as Kafka does.
    match whole_batch(&region[size..]) {
        Ok(None) => {}
        Ok(Some(_)) => return Err((MORE_THAN_ONE_BATCH, -1)),
        Err(error) => return Err((error, -1)),
    }
    if read_i64(batch, BASE_OFFSET) != 0 {
        return Err((BASE_OFFSET_NOT_ZERO, -1));
    }
    if size as u64 > limits.batch_bytes {
        return Err((TOO_LARGE, -1));
    }
    if size < HEADER_BYTES {
        return Err((BAD_LENGTH, -1));
    }
    if !crc_matches(batch) {
        return Err((BAD_CRC, -1));
    }
    let count = read_i32(batch, RECORDS_COUNT);
    if count <= 0 || read_i32(batch, LAST_OFFSET_DELTA) != count - 1 {
        return Err((BAD_COUNT, -1));
    }
    read_records(batch, limits, row, true)
}

/// Reads the records of a whole batch into the row.
pub fn read_records(batch: &[u8], limits: &Limits, row: &mut [f64], dense: bool) -> Result<(), Found> {
    let summary = codec::walk_records(batch, limits).map_err(|found| {
        // A damaged stream is the batch's fault, not a record's.
        let of_batch = matches!(found.fault, Fault::UnknownCodec | Fault::Corrupt | Fault::TooLarge);
        (error_of(found.fault), if of_batch { -1 } else { found.record })
    })?;
    write_summary(row, &summary);
    if dense && summary.first_not_dense >= 0 {
        return Err((OFFSETS_NOT_DENSE, summary.first_not_dense));
    }
    Ok(())
}

/// The size of the batch at the start, none where there is no whole one, or what is wrong with its first 17 bytes.
fn whole_batch(bytes: &[u8]) -> Result<Option<usize>, i32> {
    if bytes.len() < LOG_OVERHEAD {
        return Ok(None);
    }
    let length = read_i32(bytes, LENGTH);
    if length < SMALLEST_LENGTH {
        return Err(BAD_LENGTH);
    }
    if bytes.len() < UP_TO_MAGIC {
        return Ok(None);
    }
    if bytes[MAGIC] > 2 {
        return Err(BAD_MAGIC);
    }
    let size = LOG_OVERHEAD + length as usize;
    Ok(if bytes.len() < size { None } else { Some(size) })
}
