//! What fuzz targets share.

use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What every input may take, however short it is.
const BASE_BYTES: usize = 16 << 20;

/// Holds what an input does to memory to so many bytes for each of its own. What zstd takes itself is not counted.
pub fn within(most_bytes_per_byte: usize, data: &[u8], law: impl FnOnce(&[u8])) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    law(data);
    let taken = MEMORY.peak_usage().saturating_sub(before);
    let most = BASE_BYTES + most_bytes_per_byte * data.len();
    assert!(taken <= most, "{} bytes of input took {taken} bytes of memory", data.len());
}

/// A byte of protobuf, and of the tables in stored items, can make some hundred bytes of Rust; laws hold several copies.
pub const PLAIN: usize = 8 << 10;

/// zstd makes up to 32 KB of a byte, each of which can be a name that takes 24 bytes.
pub const COMPRESSED: usize = 2 << 20;
