//! GZIP (RFC 1952): members one after the other. Bytes after a member that do not start another are ignored, as Java does.

use super::{Fault, Source};
use flate2::{Compress, Compression, Crc, Decompress, FlushCompress, FlushDecompress, Status};

const HEADER_BYTES: usize = 10;
const TRAILER_BYTES: usize = 8;
const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
const FLAG_HEADER_CRC: u8 = 2;
const FLAG_EXTRA: u8 = 4;
const FLAG_NAME: u8 = 8;
const FLAG_COMMENT: u8 = 16;

pub struct Decoder<'a> {
    input: &'a [u8],
    at: usize,
    inflate: &'a mut Decompress,
    window: &'a mut [u8],
    crc: Crc,
    in_member: bool,
    members: usize,
}

impl<'a> Decoder<'a> {
    pub fn new(input: &'a [u8], inflate: &'a mut Option<Decompress>, window: &'a mut [u8]) -> Self {
        let inflate = inflate.get_or_insert_with(|| Decompress::new(false));
        Decoder { input, at: 0, inflate, window, crc: Crc::new(), in_member: false, members: 0 }
    }

    /// Starts the next member. False where there is none.
    fn start_member(&mut self) -> Result<bool, Fault> {
        match member_header(&self.input[self.at..]) {
            Some(bytes) => self.at += bytes,
            None if self.members == 0 => return Err(Fault::Corrupt),
            None => return Ok(false),
        }
        self.inflate.reset(false);
        self.crc = Crc::new();
        self.in_member = true;
        self.members += 1;
        Ok(true)
    }

    fn end_member(&mut self) -> Result<(), Fault> {
        let trailer = self.input.get(self.at..self.at + TRAILER_BYTES).ok_or(Fault::Corrupt)?;
        let mut expected = [0; TRAILER_BYTES];
        expected[..4].copy_from_slice(&self.crc.sum().to_le_bytes());
        expected[4..].copy_from_slice(&self.crc.amount().to_le_bytes());
        if trailer != expected {
            return Err(Fault::Corrupt);
        }
        self.at += TRAILER_BYTES;
        self.in_member = false;
        Ok(())
    }
}

impl Source for Decoder<'_> {
    fn next_chunk(&mut self, _remaining: u64) -> Result<&[u8], Fault> {
        loop {
            if !self.in_member && !self.start_member()? {
                return Ok(&[]);
            }
            let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self
                .inflate
                .decompress(&self.input[self.at..], self.window, FlushDecompress::None)
                .map_err(|_| Fault::Corrupt)?;
            let consumed = (self.inflate.total_in() - before_in) as usize;
            let produced = (self.inflate.total_out() - before_out) as usize;
            self.at += consumed;
            self.crc.update(&self.window[..produced]);
            match status {
                Status::StreamEnd => self.end_member()?,
                _ if produced == 0 && consumed == 0 => return Err(Fault::Corrupt),
                _ => {}
            }
            if produced > 0 {
                return Ok(&self.window[..produced]);
            }
        }
    }
}

/// How long the header of a member is; none where there is no whole header.
fn member_header(bytes: &[u8]) -> Option<usize> {
    if bytes.len() < HEADER_BYTES || bytes[..3] != MAGIC {
        return None;
    }
    let flags = bytes[3];
    let mut at = HEADER_BYTES;
    if flags & FLAG_EXTRA != 0 {
        let length = bytes.get(at..at + 2)?;
        at += 2 + usize::from(u16::from_le_bytes([length[0], length[1]]));
    }
    for flag in [FLAG_NAME, FLAG_COMMENT] {
        if flags & flag != 0 {
            at += bytes.get(at..)?.iter().position(|byte| *byte == 0)? + 1;
        }
    }
    if flags & FLAG_HEADER_CRC != 0 {
        at += 2;
    }
    (at <= bytes.len()).then_some(at)
}

/// One member, with the header that Java writes.
pub fn compress(kept: &mut Option<(i32, Compress)>, level: i32, input: &[u8], output: &mut Vec<u8>) -> Result<(), &'static str> {
    let strength = match level {
        -1 => Compression::default(),
        0..=9 => Compression::new(level as u32),
        _ => return Err("gzip levels are -1 to 9"),
    };
    // A deflate state takes 300 KiB: it is kept, and made anew for another level.
    if kept.as_ref().is_none_or(|(kept_level, _)| *kept_level != level) {
        *kept = Some((level, Compress::new(strength, false)));
    }
    let Some((_, deflate)) = kept else { return Err("no deflate state") };
    deflate.reset();
    output.extend_from_slice(&[MAGIC[0], MAGIC[1], MAGIC[2], 0, 0, 0, 0, 0, 0, 0xff]);
    output.reserve(input.len() / 2 + 64);
    loop {
        let rest = &input[deflate.total_in() as usize..];
        match deflate.compress_vec(rest, output, FlushCompress::Finish) {
            Ok(Status::StreamEnd) => break,
            Ok(_) => output.reserve(output.len().max(1024)),
            Err(_) => return Err("deflate failed"),
        }
    }
    let mut crc = Crc::new();
    crc.update(input);
    output.extend_from_slice(&crc.sum().to_le_bytes());
    output.extend_from_slice(&crc.amount().to_le_bytes());
    Ok(())
}
