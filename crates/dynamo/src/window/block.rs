//! Blocks: windows of one length, side by side, whose pointers are merged.

use super::Window;

/// Windows of a block.
const WINDOWS: u64 = 48;

/// A block: the start of its first window, and the length of each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Block(pub(crate) Window);

impl Block {
    /// The block that the window belongs to.
    pub(crate) fn of(window: Window) -> Self {
        let seconds = u64::from(window.length).saturating_mul(WINDOWS);
        Self(Window { start: window.start - window.start % seconds, length: window.length })
    }

    /// First second after the block, Unix time.
    pub(crate) fn end(self) -> u64 {
        self.0.start.saturating_add(u64::from(self.0.length).saturating_mul(WINDOWS))
    }

    /// Whether all windows of the block with at most this grace are closed at this time of the storage service. One
    /// with a longer grace that appears later is read by itself.
    pub(crate) fn is_closed_at(self, service_seconds: u64, grace: u64) -> bool {
        service_seconds >= self.end().saturating_add(grace)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_block_holds_48_windows_and_closes_after_the_last() {
        let window = |number: u64| Window::around(1_000_000 * 48 * 30 + number * 30, Duration::from_secs(30));
        let block = Block::of(window(0));
        assert!((0..48).all(|number| Block::of(window(number)) == block));
        assert_ne!(Block::of(window(48)), block);
        assert_eq!(block.end(), window(47).end());
        assert!(!block.is_closed_at(block.end() + 4, 5));
        assert!(block.is_closed_at(block.end() + 5, 5));
    }
}
