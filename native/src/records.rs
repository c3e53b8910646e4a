//! Walks the records of a batch as they come out of the codec, a chunk at a time, keeping none.
//!
//! A record is: length varint, then a body of that length: attributes i8, timestamp delta varlong, offset delta varint, key
//! and value (length varint, -1 for null, bytes), headers (count, then key and value each). Varints are zigzag.

use crate::codec::{Fault, Source};
use crate::header::*;

/// What the records of a batch say together.
pub struct Summary {
    pub max_timestamp: i64,
    pub min_timestamp: i64,
    /// Offset delta of the first record with the maximum timestamp; -1 where there is none.
    pub delta_of_max_timestamp: i32,
    /// Index of the first record without a key, or -1.
    pub first_keyless: i64,
    /// Index of the first record whose offset delta is not its index, or -1.
    pub first_not_dense: i64,
    pub bytes: u64,
}

/// What is wrong, and in which record.
pub struct RecordFault {
    pub fault: Fault,
    pub record: i64,
}

const NO_TIMESTAMP: i64 = -1;

/// The chunk at hand of a source, and what is left of the record at hand.
struct Reader<'s, S: Source> {
    source: &'s mut S,
    chunk: *const u8,
    at: usize,
    end: usize,
    /// Bytes of the chunks before this one.
    before: u64,
    max_bytes: u64,
}

impl<S: Source> Reader<'_, S> {
    fn consumed(&self) -> u64 {
        self.before + self.at as u64
    }

    /// Takes the next chunk. False at the end.
    fn refill(&mut self) -> Result<bool, Fault> {
        self.before += self.end as u64;
        self.at = 0;
        self.end = 0;
        let chunk = self.source.next_chunk(self.max_bytes.saturating_sub(self.before))?;
        if self.before + chunk.len() as u64 > self.max_bytes {
            return Err(Fault::TooLarge);
        }
        // The chunk stays as it is until the source is asked again, which only this function does.
        self.chunk = chunk.as_ptr();
        self.end = chunk.len();
        Ok(self.end > 0)
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        if self.at == self.end && !self.refill()? {
            return Err(Fault::BadRecord);
        }
        let byte = unsafe { *self.chunk.add(self.at) };
        self.at += 1;
        Ok(byte)
    }

    fn skip(&mut self, count: u64) -> Result<(), Fault> {
        let mut left = count;
        loop {
            let here = (self.end - self.at) as u64;
            if left <= here {
                self.at += left as usize;
                return Ok(());
            }
            left -= here;
            self.at = self.end;
            if !self.refill()? {
                return Err(Fault::BadRecord);
            }
        }
    }

    fn varint(&mut self) -> Result<i32, Fault> {
        let mut value: u32 = 0;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok((value >> 1) as i32 ^ -((value & 1) as i32));
            }
        }
        Err(Fault::BadRecord)
    }

    fn varlong(&mut self) -> Result<i64, Fault> {
        let mut value: u64 = 0;
        for shift in [0, 7, 14, 21, 28, 35, 42, 49, 56, 63] {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        Err(Fault::BadRecord)
    }

    /// Skips a length and that many bytes, which must end by `limit`. The length; a negative one means null.
    fn field(&mut self, limit: u64) -> Result<i32, Fault> {
        let length = self.varint()?;
        if length > 0 {
            if self.consumed() + length as u64 > limit {
                return Err(Fault::BadRecord);
            }
            self.skip(length as u64)?;
        }
        Ok(length)
    }

    fn headers(&mut self, limit: u64) -> Result<(), Fault> {
        let count = self.varint()?;
        // A header takes two bytes at least, so that a count beyond the record's rest is refused before the loop.
        if count < 0 || self.consumed() + count as u64 > limit {
            return Err(Fault::BadRecord);
        }
        for _ in 0..count {
            if self.field(limit)? < 0 {
                return Err(Fault::BadRecord);
            }
            self.field(limit)?;
        }
        Ok(())
    }

    /// Reads one record: timestamp delta, offset delta, whether it has a key.
    fn record(&mut self, max_record_bytes: u64) -> Result<(i64, i32, bool), Fault> {
        let length = self.varint()?;
        if length < 0 {
            return Err(Fault::BadRecord);
        }
        if length as u64 > max_record_bytes {
            return Err(Fault::RecordTooLarge);
        }
        let limit = self.consumed() + length as u64;
        self.byte()?;
        let timestamp_delta = self.varlong()?;
        let offset_delta = self.varint()?;
        let has_key = self.field(limit)? >= 0;
        self.field(limit)?;
        self.headers(limit)?;
        if self.consumed() != limit {
            return Err(Fault::BadRecord);
        }
        Ok((timestamp_delta, offset_delta, has_key))
    }
}

/// Walks the records of a batch whose header is `batch`'s. Nothing may follow the last one.
pub fn walk<S: Source>(batch: &[u8], source: &mut S, max_bytes: u64, max_record_bytes: u64) -> Result<Summary, RecordFault> {
    let count = i64::from(read_i32(batch, RECORDS_COUNT));
    let base_timestamp = read_i64(batch, BASE_TIMESTAMP);
    let append_time = read_i16(batch, ATTRIBUTES) as u16 & LOG_APPEND_TIME != 0;
    let header_max = read_i64(batch, MAX_TIMESTAMP);
    let mut summary = Summary {
        max_timestamp: NO_TIMESTAMP,
        min_timestamp: i64::MAX,
        delta_of_max_timestamp: -1,
        first_keyless: -1,
        first_not_dense: -1,
        bytes: 0,
    };
    let mut reader = Reader { source, chunk: std::ptr::null(), at: 0, end: 0, before: 0, max_bytes };
    for record in 0..count {
        let (timestamp_delta, offset_delta, has_key) =
            reader.record(max_record_bytes).map_err(|fault| RecordFault { fault, record })?;
        let timestamp = if append_time { header_max } else { base_timestamp.wrapping_add(timestamp_delta) };
        if timestamp > summary.max_timestamp {
            summary.max_timestamp = timestamp;
            summary.delta_of_max_timestamp = offset_delta;
        }
        if timestamp != NO_TIMESTAMP && timestamp < summary.min_timestamp {
            summary.min_timestamp = timestamp;
        }
        if !has_key && summary.first_keyless < 0 {
            summary.first_keyless = record;
        }
        if i64::from(offset_delta) != record && summary.first_not_dense < 0 {
            summary.first_not_dense = record;
        }
    }
    summary.bytes = reader.consumed();
    if summary.min_timestamp == i64::MAX && summary.max_timestamp != i64::MAX {
        summary.min_timestamp = NO_TIMESTAMP;
    }
    let at_end = reader.at == reader.end && !reader.refill().map_err(|fault| RecordFault { fault, record: count })?;
    if !at_end {
        return Err(RecordFault { fault: Fault::BadRecord, record: count });
    }
    Ok(summary)
}

/// A record that a look-up by time asks for.
pub struct Found {
    pub offset_delta: i32,
    pub timestamp: i64,
}

/// The first record of the batch with at least this offset delta and timestamp. What stands behind it is not looked at.
pub fn find<S: Source>(
    batch: &[u8],
    source: &mut S,
    timestamp: i64,
    min_delta: i64,
    max_bytes: u64,
) -> Result<Option<Found>, Fault> {
    let base_timestamp = read_i64(batch, BASE_TIMESTAMP);
    let append_time = read_i16(batch, ATTRIBUTES) as u16 & LOG_APPEND_TIME != 0;
    let header_max = read_i64(batch, MAX_TIMESTAMP);
    let mut reader = Reader { source, chunk: std::ptr::null(), at: 0, end: 0, before: 0, max_bytes };
    for _ in 0..read_i32(batch, RECORDS_COUNT) {
        let (timestamp_delta, offset_delta, _) = reader.record(u64::MAX)?;
        let found = if append_time { header_max } else { base_timestamp.wrapping_add(timestamp_delta) };
        if found >= timestamp && i64::from(offset_delta) >= min_delta {
            return Ok(Some(Found { offset_delta, timestamp: found }));
        }
    }
    Ok(None)
}
