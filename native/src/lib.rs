//! The addon's surface: what JavaScript calls, and nothing else. `src/port/native.ts` says what each function means.
//!
//! Everything is synchronous and stateless; buffers may lie in shared memory, which other threads do not write while a call
//! reads it (a chunk has one writer at a time). A bad argument throws a RangeError; a panic throws an Error.

mod arguments;
mod batch;
mod codec;
mod crc;
mod header;
mod records;
mod scan;
mod seal;
mod system;
mod validate;

use arguments::{Bytes, Numbers, Output, range};
use napi::bindgen_prelude::Either;
use napi::{Error, Result, Status};
use napi_derive::napi;

#[napi(catch_unwind, js_name = "crc32c")]
pub fn crc32c(buffer: Bytes, from: f64, to: f64, seed: f64) -> Result<f64> {
    let bytes = range(&buffer, from, to)?;
    Ok(f64::from(crc::append(seed as u32, bytes)))
}

#[napi(catch_unwind)]
pub fn validate_batches(
    buffer: Bytes,
    regions: Numbers,
    region_count: f64,
    mut out: Numbers,
    max_batch_bytes: f64,
    max_uncompressed_bytes: f64,
    max_record_bytes: f64,
) -> Result<f64> {
    let limits = batch::Limits {
        batch_bytes: max_batch_bytes as u64,
        uncompressed_bytes: max_uncompressed_bytes as u64,
        record_bytes: max_record_bytes as u64,
    };
    let count = region_count as usize;
    let pairs = regions.slice();
    let rows = out.slice_mut();
    if pairs.len() / 2 < count || rows.len() / batch::ROW_SIZE < count {
        return Err(out_of_range("regionCount is more than regions or out hold"));
    }
    let mut in_error = 0;
    for (index, row) in rows.chunks_exact_mut(batch::ROW_SIZE).take(count).enumerate() {
        let region = range(&buffer, pairs[2 * index], pairs[2 * index + 1])?;
        if !validate::validate_region(region, pairs[2 * index] as usize, &limits, row) {
            in_error += 1;
        }
    }
    Ok(f64::from(in_error))
}

#[napi(catch_unwind)]
pub fn seal_batches(mut buffer: Bytes, rows: Numbers, count: f64) -> Result<f64> {
    let count = count as usize;
    if rows.slice().len() / seal::SEAL_SIZE < count {
        return Err(out_of_range("count is more than rows hold"));
    }
    let bytes = buffer.slice_mut();
    for (index, row) in rows.slice().chunks_exact(seal::SEAL_SIZE).take(count).enumerate() {
        if !seal::seal_batch(bytes, row) {
            return Ok(index as f64);
        }
    }
    Ok(count as f64)
}

#[napi(catch_unwind)]
pub fn scan_batches(
    buffer: Bytes,
    from: f64,
    to: f64,
    min_offset: f64,
    mut out: Numbers,
    max_batch_bytes: f64,
    max_uncompressed_bytes: f64,
) -> Result<f64> {
    let bytes = range(&buffer, from, to)?;
    if out.slice().len() < scan::FIRST_ROW {
        return Err(out_of_range("out does not hold the numbers of a scan"));
    }
    let limits = batch::Limits {
        batch_bytes: max_batch_bytes as u64,
        uncompressed_bytes: max_uncompressed_bytes as u64,
        record_bytes: u64::MAX,
    };
    Ok(scan::scan(bytes, from as usize, min_offset as i64, &limits, out.slice_mut()) as f64)
}

#[napi(catch_unwind)]
pub fn compress(codec: i32, level: i32, buffer: Bytes, from: f64, to: f64) -> Result<Output> {
    let bytes = range(&buffer, from, to)?;
    let mut output = codec::take_output();
    match codec::compress(codec, level, bytes, &mut output) {
        Ok(()) => Ok(Output(output)),
        Err(reason) => Err(Error::new(Status::InvalidArg, reason)),
    }
}

#[napi(catch_unwind)]
pub fn decompress(codec: i32, buffer: Bytes, from: f64, to: f64, max_output: f64) -> Result<Either<Output, f64>> {
    let bytes = range(&buffer, from, to)?;
    Ok(match codec::decompress(codec, bytes, max_output as u64) {
        Ok(output) => Either::A(Output(output)),
        Err(fault) => Either::B(f64::from(batch::error_of(fault))),
    })
}

#[napi(catch_unwind)]
pub fn find_timestamp(
    buffer: Bytes,
    from: f64,
    to: f64,
    timestamp_hi: f64,
    timestamp_lo: f64,
    min_delta: f64,
    max_uncompressed_bytes: f64,
    mut out: Numbers,
) -> Result<f64> {
    let batch = range(&buffer, from, to)?;
    let row = out.slice_mut();
    if batch.len() < header::HEADER_BYTES || row.len() < 2 {
        return Err(out_of_range("the range holds no batch, or out no timestamp"));
    }
    let timestamp = ((timestamp_hi as i64) << 32) | i64::from(timestamp_lo as u32);
    Ok(match codec::find_record(batch, timestamp, min_delta as i64, max_uncompressed_bytes as u64) {
        Ok(Some(found)) => {
            batch::write_timestamp(row, 0, found.timestamp);
            f64::from(found.offset_delta)
        }
        Ok(None) => -1.0,
        Err(fault) => -1.0 - f64::from(batch::error_of(fault)),
    })
}

#[napi(catch_unwind)]
pub fn dup(fd: i32) -> i32 {
    system::dup(fd)
}

#[napi(catch_unwind)]
pub fn pipe() -> f64 {
    system::pipe() as f64
}

#[napi(catch_unwind)]
pub fn close_fd(fd: i32) -> i32 {
    system::close(fd)
}

#[napi(catch_unwind)]
pub fn sendfile(socket_fd: i32, file_fd: i32, position: f64, count: f64) -> f64 {
    system::sendfile(socket_fd, file_fd, position as i64, count as usize) as f64
}

#[napi(catch_unwind)]
pub fn send(socket_fd: i32, buffer: Bytes, from: f64, to: f64, more: bool) -> Result<i32> {
    Ok(system::send(socket_fd, range(&buffer, from, to)?, more))
}

#[napi(catch_unwind)]
pub fn set_socket_buffers(socket_fd: i32, send: i32, receive: i32) -> i32 {
    system::set_socket_buffers(socket_fd, send, receive)
}

#[napi(catch_unwind)]
pub fn is_cached(fd: i32, position: f64, count: f64) -> i32 {
    system::is_cached(fd, position as u64, count as u64)
}

#[napi(catch_unwind)]
pub fn sync_file_range(fd: i32, position: f64, count: f64, flags: u32) -> i32 {
    system::sync_file_range(fd, position as i64, count as i64, flags)
}

#[napi(catch_unwind)]
pub fn syncfs(fd: i32) -> i32 {
    system::syncfs(fd)
}

#[napi(catch_unwind)]
pub fn lock_file(path: String) -> i32 {
    system::lock_file(&path)
}

#[napi(catch_unwind)]
pub fn unlock_file(fd: i32) -> i32 {
    system::unlock_file(fd)
}

#[napi(catch_unwind)]
pub fn release_pages(buffer: Bytes, from: f64, to: f64) -> Result<f64> {
    let bytes = range(&buffer, from, to)?;
    Ok(system::release_pages(bytes.as_ptr() as usize, bytes.len()) as f64)
}

#[napi(catch_unwind)]
pub fn peek(socket_fd: i32) -> i32 {
    system::peek(socket_fd)
}

#[napi(catch_unwind)]
pub fn pin_thread(cpu: u32) -> i32 {
    system::pin_thread(cpu as usize)
}

fn out_of_range(reason: &str) -> Error {
    Error::new(Status::InvalidArg, reason)
}
