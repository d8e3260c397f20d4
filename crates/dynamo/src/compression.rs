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

/// The bytes of a zstd frame that claims to hold so many, or `None` if it does not. Memory is taken only as far as the
/// frame can fill it, whatever it claims.
pub(crate) fn decompress(frame: &[u8], length: usize) -> Option<Vec<u8>> {
    // A block holds at most 128 KB and takes at least 4 bytes: its header, and the byte that it repeats
    // (https://www.rfc-editor.org/rfc/rfc8878#name-blocks).
    let most = (frame.len() / 4).saturating_mul(128 * 1024);
    zstd::bulk::decompress(frame, length.min(most)).ok().filter(|bytes| bytes.len() == length)
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

    #[test]
    fn whatever_shrinks_most_comes_back_and_lengths_must_be_true() {
        for length in [0, 1, 100, 128 * 1024 - 1, 128 * 1024 + 1, 20 << 20] {
            let zeros = vec![0; length];
            for level in [1, 3, 6, 19] {
                let frame = compress(&zeros, level);
                assert!(decompress(&frame, length).as_ref() == Some(&zeros), "{length} at level {level}");
                assert_eq!(decompress(&frame, length + 1), None);
                assert_eq!(decompress(&frame, length.wrapping_sub(1)).filter(|_| length > 0), None);
            }
        }
    }
}
