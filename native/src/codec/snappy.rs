//! Snappy in xerial's framing, which Java's SnappyOutputStream writes:
//!
//!   0x82 'SNAPPY' 0x00 | version i32 = 1 | oldest compatible version i32 = 1 | then blocks: length i32, raw Snappy
//!
//! Streams may be joined: where a length would be, another header may stand. What does not start with the header is one raw block.

use super::{Fault, Source};

const MAGIC: [u8; 8] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0];
const HEADER_BYTES: usize = 16;
const BLOCK_BYTES: usize = 32 << 10;
/// A copy element makes 64 bytes of 3 at best (of 2: 11), so that no block gives more than this many times its size.
const MOST_EXPANSION: u64 = 22;

pub struct Decoder<'a> {
    input: &'a [u8],
    at: usize,
    raw: bool,
    window: &'a mut Vec<u8>,
}

impl<'a> Decoder<'a> {
    pub fn new(input: &'a [u8], window: &'a mut Vec<u8>) -> Self {
        Decoder { input, at: 0, raw: !is_header(input), window }
    }

    /// The next block, none at the end.
    fn next_block(&mut self) -> Result<Option<&'a [u8]>, Fault> {
        if self.raw {
            if self.at == self.input.len() {
                return Ok(None);
            }
            self.at = self.input.len();
            return Ok(Some(self.input));
        }
        while is_header(&self.input[self.at..]) {
            self.at += HEADER_BYTES;
        }
        if self.at == self.input.len() {
            return Ok(None);
        }
        let length = self.input.get(self.at..self.at + 4).ok_or(Fault::Corrupt)?;
        let length = u32::from_be_bytes([length[0], length[1], length[2], length[3]]) as usize;
        let start = self.at + 4;
        let block = self.input.get(start..start + length).ok_or(Fault::Corrupt)?;
        self.at = start + length;
        Ok(Some(block))
    }
}

impl Source for Decoder<'_> {
    fn next_chunk(&mut self, remaining: u64) -> Result<&[u8], Fault> {
        while let Some(block) = self.next_block()? {
            let length = snap::raw::decompress_len(block).map_err(|_| Fault::Corrupt)?;
            if length as u64 > block.len() as u64 * MOST_EXPANSION {
                return Err(Fault::Corrupt);
            }
            if length as u64 > remaining {
                return Err(Fault::TooLarge);
            }
            if self.window.len() < length {
                self.window.resize(length, 0);
            }
            let written =
                snap::raw::Decoder::new().decompress(block, &mut self.window[..length]).map_err(|_| Fault::Corrupt)?;
            if written > 0 {
                return Ok(&self.window[..written]);
            }
        }
        Ok(&[])
    }
}

fn is_header(bytes: &[u8]) -> bool {
    bytes.len() >= HEADER_BYTES && bytes[..8] == MAGIC
}

pub fn compress(encoder: &mut snap::raw::Encoder, input: &[u8], output: &mut Vec<u8>) -> Result<(), &'static str> {
    output.reserve(HEADER_BYTES + input.len() / 2);
    output.extend_from_slice(&MAGIC);
    output.extend_from_slice(&[0, 0, 0, 1, 0, 0, 0, 1]);
    for block in input.chunks(BLOCK_BYTES) {
        let start = output.len();
        output.resize(start + 4 + snap::raw::max_compress_len(block.len()), 0);
        let written = encoder.compress(block, &mut output[start + 4..]).map_err(|_| "snappy failed")?;
        output[start..start + 4].copy_from_slice(&(written as u32).to_be_bytes());
        output.truncate(start + 4 + written);
    }
    Ok(())
}
