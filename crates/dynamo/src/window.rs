//! Windows of the log: spans of commit time, never of span time.
//!
//! The invariant that everything else stands on: **a closed window never changes**. A window is closed once the
//! storage service's own time has passed its end and grace; a commit counts only while its window is open (see
//! [`crate::commit`]). Nobody has to act for it, it is arithmetic on the window's key and its recorded grace
//! (ADR 0004).

mod block;
mod changes;
mod item;
mod log_end;

use std::time::Duration;

pub(crate) use block::Block;
pub(crate) use changes::{
    AddedLane, Change, add_lane, end_log, mark_edges, mark_starts_ahead, publish, seal,
};
pub(crate) use item::{Derived, LATEST_START_SECONDS, WindowItem, WindowTerms};
pub(crate) use log_end::LogEnd;

use crate::bytes::{DecodeError, Reader};

/// A window: its start and length are its identity, so that servers set to different lengths never share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Window {
    start: u64,
    length: u32,
}

/// No window is still open later than this after its start, in seconds. Configurations are held to it, so that a
/// reader knows how far back a window that it has not seen yet may begin.
pub(crate) const MAX_OPEN_SECONDS: u64 = 15 * 60;

impl Window {
    pub(crate) const BYTES: usize = 12;

    /// The window of this length around the instant. A length below a second counts as one.
    pub(crate) fn around(unix_seconds: u64, length: Duration) -> Self {
        let length = u32::try_from(length.as_secs()).unwrap_or(u32::MAX).max(1);
        let start = unix_seconds - unix_seconds % u64::from(length);
        Self { start, length }
    }

    /// Seconds that the window lasts.
    pub(crate) fn length(self) -> u32 {
        self.length
    }

    /// First second of the window, Unix time.
    pub(crate) fn start(self) -> u64 {
        self.start
    }

    /// First second after the window, Unix time.
    pub(crate) fn end(self) -> u64 {
        self.start.saturating_add(u64::from(self.length))
    }

    /// The window of the same length that begins where this one ends, unless that is after the end of time.
    pub(crate) fn next(self) -> Option<Self> {
        Some(Self { start: self.start.checked_add(u64::from(self.length))?, length: self.length })
    }

    pub(crate) fn contains(self, unix_seconds: u64) -> bool {
        (self.start..self.end()).contains(&unix_seconds)
    }

    pub(crate) fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let (start, length) = bytes.split_at_mut(8);
        start.copy_from_slice(&self.start.to_be_bytes());
        length.copy_from_slice(&self.length.to_be_bytes());
        bytes
    }

    pub(crate) fn from_bytes(bytes: [u8; Self::BYTES]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(&bytes);
        let window =
            Self { start: u64::from_be_bytes(reader.array()?), length: u32::from_be_bytes(reader.array()?) };
        if window.length == 0 { Err(DecodeError::Invalid("a window has no length")) } else { Ok(window) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_tile_time_and_their_bytes_are_in_its_order() {
        let length = Duration::from_secs(30);
        let windows: Vec<_> = (1_000_000..1_000_200).map(|second| Window::around(second, length)).collect();
        for (window, second) in windows.iter().zip(1_000_000..) {
            assert!(window.contains(second));
            assert_eq!(Window::from_bytes(window.to_bytes()).as_ref(), Ok(window));
        }
        assert!(windows.windows(2).all(|pair| pair[0].to_bytes() <= pair[1].to_bytes()));
        assert!(windows.windows(2).all(|pair| pair[0] == pair[1] || pair[0].end() == pair[1].start()));
    }
}
