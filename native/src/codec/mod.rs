//! The four codecs of record batches. Decoders are sources of chunks, so that a batch can be walked without being held; encoders append to a
//! vector. Codec contexts and windows are kept by each thread between calls, unless a call has made them large.

mod gzip;
mod lz4;
mod snappy;
mod zstd;

use crate::batch::Limits;
use crate::header::*;
use crate::records::{self, Found, RecordFault, Summary};
use std::cell::RefCell;

pub const GZIP: i32 = 1;
pub const SNAPPY: i32 = 2;
pub const LZ4: i32 = 3;
pub const ZSTD: i32 = 4;

/// How much a decoder gives at once, where the format does not say.
const WINDOW_BYTES: usize = 64 << 10;
/// What a thread keeps of one kind between calls.
const KEPT_BYTES: usize = 1 << 20;

#[derive(Clone, Copy, Debug)]
pub enum Fault {
    UnknownCodec,
    /// The compressed stream is damaged or ends early.
    Corrupt,
    /// More comes out than may.
    TooLarge,
    RecordTooLarge,
    BadRecord,
}

/// A stream of decompressed bytes.
pub trait Source {
    /// The next bytes, valid until the next call; none at the end. A source that must say what it will need before it makes it
    /// answers `TooLarge` where that is more than `remaining`; the caller counts in any case.
    fn next_chunk(&mut self, remaining: u64) -> Result<&[u8], Fault>;
}

/// Bytes that were never compressed.
struct Plain<'a> {
    bytes: &'a [u8],
}

impl Source for Plain<'_> {
    fn next_chunk(&mut self, _remaining: u64) -> Result<&[u8], Fault> {
        Ok(std::mem::take(&mut self.bytes))
    }
}

/// What a thread keeps between calls.
#[derive(Default)]
struct Workspace {
    window: Vec<u8>,
    inflate: Option<flate2::Decompress>,
    unzstd: Option<zstd_safe::DCtx<'static>>,
    zstd: Option<zstd_safe::CCtx<'static>>,
    snappy: Option<snap::raw::Encoder>,
    deflate: Option<(i32, flate2::Compress)>,
    output: Vec<u8>,
}

impl Workspace {
    /// Lets go of what a call has made large.
    fn shrink(&mut self) {
        if self.window.capacity() > KEPT_BYTES {
            self.window = Vec::new();
        }
        if self.unzstd.as_ref().is_some_and(|context| context.sizeof() > 2 * KEPT_BYTES) {
            self.unzstd = None;
        }
        if self.zstd.as_ref().is_some_and(|context| context.sizeof() > 8 * KEPT_BYTES) {
            self.zstd = None;
        }
    }
}

thread_local! {
    static WORKSPACE: RefCell<Workspace> = RefCell::new(Workspace::default());
}

/// A vector for an answer, empty; `give_output` brings it back.
pub fn take_output() -> Vec<u8> {
    WORKSPACE.with_borrow_mut(|workspace| std::mem::take(&mut workspace.output))
}

pub fn give_output(mut output: Vec<u8>) {
    if output.capacity() <= 4 * KEPT_BYTES {
        output.clear();
        WORKSPACE.with_borrow_mut(|workspace| workspace.output = output);
    }
}

/// What is done with a source, whatever its type.
trait Visitor {
    type Answer;
    fn visit<S: Source>(self, source: &mut S) -> Self::Answer;
}

fn with_source<V: Visitor>(codec: i32, input: &[u8], visitor: V) -> Option<V::Answer> {
    WORKSPACE.with_borrow_mut(|workspace| {
        let answer = match codec {
            0 => visitor.visit(&mut Plain { bytes: input }),
            GZIP => visitor.visit(&mut gzip::Decoder::new(input, &mut workspace.inflate, window(&mut workspace.window))),
            SNAPPY => visitor.visit(&mut snappy::Decoder::new(input, &mut workspace.window)),
            LZ4 => visitor.visit(&mut lz4::Decoder::new(input, &mut workspace.window)),
            ZSTD => visitor.visit(&mut zstd::Decoder::new(input, &mut workspace.unzstd, window(&mut workspace.window))),
            _ => return None,
        };
        workspace.shrink();
        Some(answer)
    })
}

fn window(window: &mut Vec<u8>) -> &mut [u8] {
    if window.len() < WINDOW_BYTES {
        window.resize(WINDOW_BYTES, 0);
    }
    window
}

struct Walk<'a> {
    batch: &'a [u8],
    max_bytes: u64,
    max_record_bytes: u64,
}

impl Visitor for Walk<'_> {
    type Answer = Result<Summary, RecordFault>;

    fn visit<S: Source>(self, source: &mut S) -> Self::Answer {
        records::walk(self.batch, source, self.max_bytes, self.max_record_bytes)
    }
}

struct Find<'a> {
    batch: &'a [u8],
    timestamp: i64,
    min_delta: i64,
    max_bytes: u64,
}

impl Visitor for Find<'_> {
    type Answer = Result<Option<Found>, Fault>;

    fn visit<S: Source>(self, source: &mut S) -> Self::Answer {
        records::find(self.batch, source, self.timestamp, self.min_delta, self.max_bytes)
    }
}

/// The first record of a whole batch with at least this timestamp and offset delta.
pub fn find_record(batch: &[u8], timestamp: i64, min_delta: i64, max_bytes: u64) -> Result<Option<Found>, Fault> {
    let codec = i32::from(read_i16(batch, ATTRIBUTES) as u16 & CODEC_MASK);
    let max_bytes = if codec == 0 { u64::MAX } else { max_bytes };
    let find = Find { batch, timestamp, min_delta, max_bytes };
    with_source(codec, &batch[HEADER_BYTES..], find).unwrap_or(Err(Fault::UnknownCodec))
}

/// Reads the records of a whole batch. The limits of decompression are for compressed batches.
pub fn walk_records(batch: &[u8], limits: &Limits) -> Result<Summary, RecordFault> {
    let codec = i32::from(read_i16(batch, ATTRIBUTES) as u16 & CODEC_MASK);
    let walk = match codec {
        0 => Walk { batch, max_bytes: u64::MAX, max_record_bytes: u64::MAX },
        _ => Walk { batch, max_bytes: limits.uncompressed_bytes, max_record_bytes: limits.record_bytes },
    };
    with_source(codec, &batch[HEADER_BYTES..], walk).unwrap_or(Err(RecordFault { fault: Fault::UnknownCodec, record: -1 }))
}

struct Collect {
    max_bytes: u64,
    output: Vec<u8>,
}

impl Visitor for Collect {
    type Answer = Result<Vec<u8>, Fault>;

    fn visit<S: Source>(self, source: &mut S) -> Self::Answer {
        let mut output = self.output;
        loop {
            let remaining = self.max_bytes - output.len() as u64;
            let chunk = source.next_chunk(remaining)?;
            if chunk.is_empty() {
                return Ok(output);
            }
            if chunk.len() as u64 > remaining {
                return Err(Fault::TooLarge);
            }
            output.extend_from_slice(chunk);
        }
    }
}

/// All that comes out of `input`, at most `max_bytes`.
pub fn decompress(codec: i32, input: &[u8], max_bytes: u64) -> Result<Vec<u8>, Fault> {
    let output = take_output();
    with_source(codec, input, Collect { max_bytes, output }).unwrap_or(Err(Fault::UnknownCodec))
}

/// Appends the compressed input to `output`. The error is a bug of the caller's: a codec or a level that does not exist.
pub fn compress(codec: i32, level: i32, input: &[u8], output: &mut Vec<u8>) -> Result<(), &'static str> {
    WORKSPACE.with_borrow_mut(|workspace| {
        let answer = match codec {
            0 => {
                output.extend_from_slice(input);
                Ok(())
            }
            GZIP => gzip::compress(&mut workspace.deflate, level, input, output),
            SNAPPY => snappy::compress(workspace.snappy.get_or_insert_with(snap::raw::Encoder::new), input, output),
            LZ4 => lz4::compress(level, input, output),
            ZSTD => zstd::compress(&mut workspace.zstd, level, input, output),
            _ => Err("no such codec"),
        };
        workspace.shrink();
        answer
    })
}
