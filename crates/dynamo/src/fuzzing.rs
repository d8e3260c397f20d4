//! What fuzz targets call: a function for each decoder of stored bytes, which takes any bytes and holds the decoder to
//! its laws. `make fuzz` feeds them what a fuzzer thinks of, `cargo test` the corpora in `tests/fuzz/corpus`.

mod derived;
mod manifests;
mod packs;
mod questions;
mod records;
mod stored;
#[cfg(test)]
mod tests;
mod written;

pub use derived::derived_items;
pub use manifests::manifest;
pub use packs::pack;
pub use records::log_record;
pub use stored::stored_items;
pub use written::written_spans;

use std::time::Duration;

use crate::bytes::{DecodeError, Reader, Writer};
use crate::compression::compress;
use crate::derived::LogOfRun;
use crate::keys::{Lane, Place};
use crate::window::Window;

/// Nothing that is stored begins with this version. What follows is as it is stored, but for what would be compressed:
/// a fuzzer does not guess compressed bytes.
const NOT_COMPRESSED: u8 = 0;

const LANES: [Lane; 1] = [Lane(*b"lane 001")];
const EXPIRY: u64 = 1_760_600_000;

fn place() -> Place {
    let window = Window::around(1_760_000_000, Duration::from_secs(300));
    Place { window, lane: LANES[0], sequence: 7 }
}

fn log() -> LogOfRun<'static> {
    LogOfRun { window: place().window, lanes: &LANES, expiry: EXPIRY }
}

/// The bytes as they would be stored, given what stands before the names.
fn with_names_compressed(version: u8, head: &[u8], reader: &mut Reader<'_>) -> Result<Vec<u8>, DecodeError> {
    let names = reader.bytes()?;
    let mut bytes = vec![version];
    bytes.extend_from_slice(head);
    bytes.put_count(names.len());
    bytes.put_bytes(&compress(names, 1));
    bytes.extend_from_slice(reader.rest());
    Ok(bytes)
}
