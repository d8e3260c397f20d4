//! Stretches of time: in which windows begin, and in which calls are counted.

use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use jaeger_dynamodb_core::edges::EdgeBucket;

use crate::window::{MAX_OPEN_SECONDS, Window};

/// Items of windows that begin in the same 32 days share a partition.
pub(crate) const EPOCH_SECONDS: u64 = 32 * 24 * 3600;

/// What an item sums up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Level {
    /// One window, in buckets of five minutes.
    Window,
    /// All windows that begin in four hours, in buckets of four hours.
    FourHours,
    /// All windows that begin in a day, in buckets of a day.
    Day,
}

/// How far calls may be counted from the start of the window that contributes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reach {
    horizon: u64,
}

impl Level {
    pub(crate) const fn seconds(self) -> u64 {
        match self {
            Self::Window => EdgeBucket::SECONDS as u64,
            Self::FourHours => 4 * 3600,
            Self::Day => 24 * 3600,
        }
    }

    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::Window => b'w',
            Self::FourHours => b'h',
            Self::Day => b'd',
        }
    }

    /// The first second of the period of this level that the second lies in.
    pub(crate) fn floor(self, second: u64) -> u64 {
        second - second % self.seconds()
    }

    pub(crate) fn ceil(self, second: u64) -> u64 {
        second.div_ceil(self.seconds()).saturating_mul(self.seconds())
    }

    /// The bucket that calls are counted in at this level.
    pub(crate) fn bucket(self, bucket: EdgeBucket) -> EdgeBucket {
        EdgeBucket::of_seconds(self.floor(bucket.start()))
    }
}

impl Reach {
    pub(crate) fn new(horizon: Duration) -> Self {
        Self { horizon: horizon.as_secs() }
    }

    /// Whether spans of the other window may complete traces of this one: it comes before in the order of ends, then
    /// lengths, and is not further away than the horizon.
    pub(crate) fn is_before(self, other: Window, window: Window) -> bool {
        let order = |window: Window| (window.end(), window.length());
        order(other) < order(window) && other.end().saturating_add(self.horizon) > window.start()
    }

    /// When windows begin that may come before this one.
    pub(crate) fn starts_before(self, window: Window) -> RangeInclusive<u64> {
        window.start().saturating_sub(self.horizon + MAX_OPEN_SECONDS)..=window.end()
    }

    /// The buckets in which spans of the window are counted: not further back than the horizon, nor ahead of the window,
    /// nor beyond the four hours in which it begins. So whoever asks for some time knows which windows may tell of it.
    pub(crate) fn buckets(self, window: Window) -> RangeInclusive<EdgeBucket> {
        let end = Level::FourHours.floor(window.start()) + Level::FourHours.seconds();
        let last = window.end().min(end).saturating_sub(1);
        EdgeBucket::of_seconds(window.start().saturating_sub(self.horizon))..=EdgeBucket::of_seconds(last)
    }

    /// When windows begin that may have calls counted within this time: what a window takes back may have been counted by
    /// one before it, as far back from that one.
    pub(crate) fn starts_for(self, time: &Range<u64>) -> Range<u64> {
        let first = time.start.saturating_sub(MAX_OPEN_SECONDS).max(Level::FourHours.floor(time.start));
        let last = time.end.saturating_add(2 * self.horizon + MAX_OPEN_SECONDS + Level::Window.seconds());
        first..last
    }
}

/// The parts of a range of starts that lie in one partition each.
pub(crate) fn epochs(starts: &Range<u64>) -> impl Iterator<Item = (u32, Range<u64>)> + use<> {
    let starts = starts.clone();
    let first = starts.start / EPOCH_SECONDS;
    let last = if starts.is_empty() { first } else { (starts.end - 1) / EPOCH_SECONDS + 1 };
    (first..last).map(move |epoch| {
        let start = epoch.saturating_mul(EPOCH_SECONDS);
        let part = starts.start.max(start)..starts.end.min(start.saturating_add(EPOCH_SECONDS));
        (u32::try_from(epoch).unwrap_or(u32::MAX), part)
    })
}
