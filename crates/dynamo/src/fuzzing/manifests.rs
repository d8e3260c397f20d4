//! Manifests.

use crate::derived::{BlockManifest, Manifest};
use crate::window::Block;

/// Bytes of a manifest, of a window or of a block, are an error, or a manifest that is written again as it was read.
pub fn manifest(data: &[u8]) {
    if let Ok(manifest) = Manifest::decode(data) {
        assert_eq!(Manifest::decode(&manifest.encode()).as_ref(), Ok(&manifest));
        for slot in &manifest.slots {
            assert!(slot.parts.keys().is_sorted());
        }
    }
    if let Ok(manifest) = BlockManifest::decode(data) {
        assert_eq!(BlockManifest::decode(&manifest.encode()).as_ref(), Ok(&manifest));
        for member in &manifest.members {
            let block = Block::of(member.window);
            assert!(block.end() >= member.window.start() && member.window.end() >= member.window.start());
        }
    }
}
