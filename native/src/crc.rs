//! CRC32C (Castagnoli), by whatever the processor has for it: it is what every byte of a request is looked at for.

use crc_fast::{CrcAlgorithm, Digest};

pub fn crc32c(bytes: &[u8]) -> u32 {
    crc_fast::crc32_iscsi(bytes)
}

/// Goes on from the CRC of what stands before.
pub fn append(seed: u32, bytes: &[u8]) -> u32 {
    let mut digest = Digest::new_with_init_state(CrcAlgorithm::Crc32Iscsi, u64::from(!seed));
    digest.update(bytes);
    digest.finalize() as u32
}
