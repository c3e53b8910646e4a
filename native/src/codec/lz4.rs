//! LZ4 frames, as Kafka writes and reads them: independent blocks, each read on its own; one frame; no dictionary.
//!
//!   magic 0x184D2204 LE | FLG | BD | content size u64 LE, if FLG bit 3 | header checksum
//!   blocks: size u32 LE (highest bit: stored as it is), bytes, checksum u32 if FLG bit 4 | end mark 0 | content checksum u32 if FLG bit 2
//!
//! As in Kafka, what follows the end mark is not read.

use super::{Fault, Source};
use lz4_sys::{LZ4_compress_HC, LZ4_compress_default, LZ4_compressBound};

const MAGIC: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];
const FLG_VERSION: u8 = 0x40;
const FLG_INDEPENDENT: u8 = 0x20;
const FLG_BLOCK_CHECKSUM: u8 = 0x10;
const FLG_CONTENT_SIZE: u8 = 0x08;
const FLG_RESERVED: u8 = 0x03;
const STORED: u32 = 0x8000_0000;
const BLOCK_BYTES: usize = 64 << 10;
/// BD for blocks of 64 KiB.
const BD_64_KIB: u8 = 4 << 4;
/// The level that means the fast compressor (`compression.lz4.level`'s default); any other is the high compressor's.
const FAST_LEVEL: i32 = 9;

pub struct Decoder<'a> {
    input: &'a [u8],
    at: usize,
    window: &'a mut Vec<u8>,
    block_bytes: usize,
    block_checksums: bool,
    started: bool,
    finished: bool,
}

impl<'a> Decoder<'a> {
    pub fn new(input: &'a [u8], window: &'a mut Vec<u8>) -> Self {
        Decoder { input, at: 0, window, block_bytes: 0, block_checksums: false, started: false, finished: false }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let bytes = self.input.get(self.at..self.at + count).ok_or(Fault::Corrupt)?;
        self.at += count;
        Ok(bytes)
    }

    fn take_u32(&mut self) -> Result<u32, Fault> {
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn start(&mut self) -> Result<(), Fault> {
        if self.take(4)? != MAGIC {
            return Err(Fault::Corrupt);
        }
        let descriptor_at = self.at;
        let flags = self.take(2)?;
        let (flg, bd) = (flags[0], flags[1]);
        let well_formed = flg & 0xc0 == FLG_VERSION && flg & FLG_RESERVED == 0 && bd & 0x8f == 0 && bd >> 4 >= 4;
        if !well_formed || flg & FLG_INDEPENDENT == 0 {
            return Err(Fault::Corrupt);
        }
        if flg & FLG_CONTENT_SIZE != 0 {
            self.take(8)?;
        }
        let descriptor = &self.input[descriptor_at..self.at];
        if self.take(1)?[0] != header_checksum(descriptor) {
            return Err(Fault::Corrupt);
        }
        self.block_bytes = BLOCK_BYTES << (2 * ((bd >> 4) - 4));
        self.block_checksums = flg & FLG_BLOCK_CHECKSUM != 0;
        self.started = true;
        Ok(())
    }
}

impl Source for Decoder<'_> {
    fn next_chunk(&mut self, _remaining: u64) -> Result<&[u8], Fault> {
        if !self.started {
            self.start()?;
        }
        while !self.finished {
            let head = self.take_u32()?;
            if head == 0 {
                self.finished = true;
                break;
            }
            let size = (head & !STORED) as usize;
            if size > self.block_bytes {
                return Err(Fault::Corrupt);
            }
            let block = self.take(size)?;
            if self.block_checksums && self.take_u32()? != xxh32(block) {
                return Err(Fault::Corrupt);
            }
            if head & STORED != 0 {
                if size > 0 {
                    return Ok(block);
                }
                continue;
            }
            if self.window.len() < self.block_bytes {
                self.window.resize(self.block_bytes, 0);
            }
            let window = &mut self.window[..self.block_bytes];
            let written = lz4_flex::block::decompress_into(block, window).map_err(|_| Fault::Corrupt)?;
            if written > 0 {
                return Ok(&self.window[..written]);
            }
        }
        Ok(&[])
    }
}

pub fn compress(level: i32, input: &[u8], output: &mut Vec<u8>) -> Result<(), &'static str> {
    if !(1..=17).contains(&level) {
        return Err("lz4 levels are 1 to 17");
    }
    let descriptor = [FLG_VERSION | FLG_INDEPENDENT, BD_64_KIB];
    output.reserve(input.len() / 2 + 64);
    output.extend_from_slice(&MAGIC);
    output.extend_from_slice(&descriptor);
    output.push(header_checksum(&descriptor));
    for block in input.chunks(BLOCK_BYTES) {
        let start = output.len();
        let capacity = unsafe { LZ4_compressBound(block.len() as i32) } as usize;
        output.resize(start + 4 + capacity, 0);
        let (from, to) = (block.as_ptr().cast(), output[start + 4..].as_mut_ptr().cast());
        let (size, room) = (block.len() as i32, capacity as i32);
        let written = match level {
            FAST_LEVEL => unsafe { LZ4_compress_default(from, to, size, room) },
            _ => unsafe { LZ4_compress_HC(from, to, size, room, level) },
        } as usize;
        let stored = written == 0 || written >= block.len();
        if stored {
            output[start + 4..start + 4 + block.len()].copy_from_slice(block);
        }
        let length = if stored { block.len() } else { written };
        let head = length as u32 | if stored { STORED } else { 0 };
        output[start..start + 4].copy_from_slice(&head.to_le_bytes());
        output.truncate(start + 4 + length);
    }
    output.extend_from_slice(&[0; 4]);
    Ok(())
}

fn header_checksum(descriptor: &[u8]) -> u8 {
    (xxh32(descriptor) >> 8) as u8
}

/// XXH32 with seed 0.
fn xxh32(bytes: &[u8]) -> u32 {
    const PRIME: [u32; 5] = [0x9e37_79b1, 0x85eb_ca77, 0xc2b2_ae3d, 0x27d4_eb2f, 0x1656_67b1];
    let round = |sum: u32, lane: u32| sum.wrapping_add(lane.wrapping_mul(PRIME[1])).rotate_left(13).wrapping_mul(PRIME[0]);
    let lane = |at: &[u8]| u32::from_le_bytes([at[0], at[1], at[2], at[3]]);
    let mut stripes = bytes.chunks_exact(16);
    let mut hash = if bytes.len() >= 16 {
        let mut sums = [PRIME[0].wrapping_add(PRIME[1]), PRIME[1], 0, 0u32.wrapping_sub(PRIME[0])];
        for stripe in &mut stripes {
            for (index, sum) in sums.iter_mut().enumerate() {
                *sum = round(*sum, lane(&stripe[4 * index..]));
            }
        }
        let turns = [1, 7, 12, 18];
        sums.iter().zip(turns).fold(0u32, |total, (sum, turn)| total.wrapping_add(sum.rotate_left(turn)))
    } else {
        PRIME[4]
    };
    hash = hash.wrapping_add(bytes.len() as u32);
    let mut words = stripes.remainder().chunks_exact(4);
    for word in &mut words {
        hash = hash.wrapping_add(lane(word).wrapping_mul(PRIME[2])).rotate_left(17).wrapping_mul(PRIME[3]);
    }
    for byte in words.remainder() {
        hash = hash.wrapping_add(u32::from(*byte).wrapping_mul(PRIME[4])).rotate_left(11).wrapping_mul(PRIME[0]);
    }
    hash = (hash ^ (hash >> 15)).wrapping_mul(PRIME[1]);
    hash = (hash ^ (hash >> 13)).wrapping_mul(PRIME[2]);
    hash ^ (hash >> 16)
}
