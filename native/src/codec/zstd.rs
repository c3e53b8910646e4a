//! Zstandard frames, one or several, with or without a declared size.

use super::{Fault, Source};
use zstd_safe::{CCtx, CParameter, DCtx, InBuffer, OutBuffer, ResetDirective};

pub struct Decoder<'a> {
    input: &'a [u8],
    at: usize,
    context: &'a mut DCtx<'static>,
    window: &'a mut [u8],
    in_frame: bool,
}

impl<'a> Decoder<'a> {
    pub fn new(input: &'a [u8], context: &'a mut Option<DCtx<'static>>, window: &'a mut [u8]) -> Self {
        let context = context.get_or_insert_with(DCtx::create);
        // Resetting the session cannot fail; it forgets what a damaged stream has left.
        let _ = context.reset(ResetDirective::SessionOnly);
        Decoder { input, at: 0, context, window, in_frame: false }
    }
}

impl Source for Decoder<'_> {
    fn next_chunk(&mut self, _remaining: u64) -> Result<&[u8], Fault> {
        loop {
            if self.at == self.input.len() && !self.in_frame {
                return Ok(&[]);
            }
            let mut from = InBuffer { src: self.input, pos: self.at };
            let mut to = OutBuffer::around(&mut *self.window);
            let wanted = self.context.decompress_stream(&mut to, &mut from).map_err(|_| Fault::Corrupt)?;
            let produced = to.pos();
            let consumed = from.pos - self.at;
            self.at = from.pos;
            self.in_frame = wanted != 0;
            if produced > 0 {
                return Ok(&self.window[..produced]);
            }
            if consumed == 0 && self.in_frame {
                return Err(Fault::Corrupt);
            }
        }
    }
}

pub fn compress(context: &mut Option<CCtx<'static>>, level: i32, input: &[u8], output: &mut Vec<u8>) -> Result<(), &'static str> {
    if !(zstd_safe::min_c_level()..=zstd_safe::max_c_level()).contains(&level) {
        return Err("zstd levels are -131072 to 22");
    }
    let context = context.get_or_insert_with(CCtx::create);
    let failed = |_| "zstd failed";
    context.reset(ResetDirective::SessionAndParameters).map_err(failed)?;
    context.set_parameter(CParameter::CompressionLevel(level)).map_err(failed)?;
    output.reserve(zstd_safe::compress_bound(input.len()));
    // Writes from the start of the vector, which is empty.
    context.compress2(output, input).map_err(failed)?;
    Ok(())
}
