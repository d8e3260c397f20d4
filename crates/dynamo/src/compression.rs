//! Compression with a context for each thread: making one costs as much as compressing a small commit.

use std::cell::RefCell;

use zstd::bulk::Compressor;

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
}

/// The bytes as a zstd frame.
pub(crate) fn compress(bytes: &[u8], level: i32) -> Vec<u8> {
    let compressed = COMPRESSOR.with_borrow_mut(|slot| {
        let compressor = match slot {
            Some(compressor) => compressor,
            None => slot.insert(Compressor::new(level)?),
        };
        compressor.set_compression_level(level)?;
        compressor.compress(bytes)
    });
    // Compressing into memory fails only when memory does.
    compressed.unwrap_or_else(|_: std::io::Error| Vec::new())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_compressed_before_leaves_no_trace(inputs in prop::collection::vec((prop::collection::vec(0..4_u8, 0..5000), 1..9_i32), 1..5)) {
            for (input, level) in inputs {
                let compressed = compress(&input, level);
                prop_assert_eq!(&compressed, &zstd::bulk::compress(&input, level)?);
                prop_assert_eq!(zstd::bulk::decompress(&compressed, input.len())?, input);
            }
        }
    }
}
