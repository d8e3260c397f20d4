//! What there is to do, as far as this process knows: closed windows without a manifest or without edges, blocks that
//! are not merged, and periods whose edges are not summed up.
//! Losing it costs one listing of all windows.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::rollup::Period;
use crate::period::Level;
use crate::window::{Block, Derived, MAX_OPEN_SECONDS, Window, WindowItem};

/// Merged blocks are remembered for so long, in seconds: longer than their windows are listed.
const REMEMBERED: u64 = 24 * 3600;

/// Periods that are summed up are remembered for so long, in seconds.
const PERIODS_REMEMBERED: u64 = 40 * 24 * 3600;

/// A tenant's backlog.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// What is known is of no use any more after a purge.
    pub(super) generation: u64,
    /// Every window that starts earlier is closed and known.
    pub(super) listed_before: u64,
    /// Closed windows without a manifest, oldest first.
    pub(super) windows: BTreeMap<Window, PendingWindow>,
    /// Closed windows whose edges are not counted, oldest first.
    pub(super) edges: BTreeMap<Window, PendingWindow>,
    /// Blocks with windows that are not merged.
    pub(super) blocks: BTreeMap<Block, PendingBlock>,
    finished_blocks: BTreeSet<Block>,
    /// The manifests of blocks have been listed.
    pub(super) knows_blocks: bool,
    /// Periods with windows whose edges are not summed up, and until when each is left alone (Unix seconds).
    periods: BTreeMap<Period, u64>,
    finished_periods: BTreeSet<Period>,
    /// The sums that there are have been listed.
    pub(super) knows_sums: bool,
}

/// A window to be derived. All in Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PendingWindow {
    pub(super) closed_at: u64,
    pub(super) expiry: u64,
    /// It is left alone until then.
    pub(super) retry_at: u64,
}

/// A block to be merged. All in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PendingBlock {
    /// The longest grace of any of its windows that were seen.
    pub(super) grace: u64,
    pub(super) retry_at: u64,
}

impl Backlog {
    pub(super) fn of_generation(generation: u64) -> Self {
        Self { generation, ..Self::default() }
    }

    /// Takes a listing into account that began when the service had reached `reached` and ended at `now`, and says
    /// which windows lack their seal.
    pub(super) fn learn(&mut self, items: &[WindowItem], reached: u64, now: u64) -> Vec<Window> {
        let mut unsealed = Vec::new();
        self.listed_before = reached.saturating_sub(MAX_OPEN_SECONDS);
        for item in items.iter().filter(|item| !item.is_expired_at(now)) {
            let is_unsealed = item.is_closed_at(now) && !item.is_sealed;
            if is_unsealed {
                unsealed.push(item.window);
            }
            if is_unsealed || !item.is_closed_at(reached) {
                self.listed_before = self.listed_before.min(item.window.start());
            }
            self.learn_window(item, now);
            self.learn_period((Level::FourHours, Level::FourHours.floor(item.window.start())));
            let block = Block::of(item.window);
            if !self.finished_blocks.contains(&block) {
                let pending = self.blocks.entry(block).or_default();
                pending.grace = pending.grace.max(item.terms.grace);
            }
        }
        self.windows.retain(|_, pending| pending.expiry > now);
        self.edges.retain(|_, pending| pending.expiry > now);
        self.finished_periods.retain(|(_, start)| start.saturating_add(PERIODS_REMEMBERED) > now);
        self.finished_blocks.retain(|block| block.end().saturating_add(REMEMBERED) > now);
        unsealed
    }

    /// Takes a window's present state into account.
    pub(super) fn learn_window(&mut self, item: &WindowItem, now: u64) {
        let is_derived = item.derived != Derived::NotYet;
        for (pending, is_done) in [(&mut self.windows, is_derived), (&mut self.edges, item.has_edges)] {
            if is_done {
                pending.remove(&item.window);
            } else if item.is_closed_at(now) {
                let new =
                    PendingWindow { closed_at: item.closes_at(), expiry: item.terms.expiry, retry_at: 0 };
                pending.entry(item.window).or_insert(new);
            }
        }
    }

    fn learn_period(&mut self, period: Period) {
        if !self.finished_periods.contains(&period) {
            self.periods.entry(period).or_default();
        }
    }

    /// Nothing has to be done about the period any more, but perhaps about its day.
    pub(super) fn finish_period(&mut self, period: Period) {
        self.periods.remove(&period);
        self.finished_periods.insert(period);
        if let (Level::FourHours, start) = period {
            self.learn_period((Level::Day, Level::Day.floor(start)));
        }
    }

    /// Leaves the period alone for a while.
    pub(super) fn postpone_period(&mut self, period: Period, until: u64) {
        self.periods.insert(period, until);
    }

    /// Periods of the level that no more windows can come into since `wait` seconds, and of which all that is summed up
    /// is done as far as is known, oldest first.
    pub(super) fn due_periods(&self, level: Level, now: u64, wait: u64) -> Vec<Period> {
        let is_over = |end: u64| end.saturating_add(MAX_OPEN_SECONDS + wait) <= now;
        let has_pending = |start: u64, end: u64| match level {
            Level::Day => {
                self.periods.keys().any(|(of, at)| *of == Level::FourHours && (start..end).contains(at))
            }
            Level::Window | Level::FourHours => {
                self.edges.keys().any(|window| (start..end).contains(&window.start()))
            }
        };
        let is_due = |((of, start), retry_at): &(&Period, &u64)| {
            let end = start + of.seconds();
            *of == level && **retry_at <= now && is_over(end) && !has_pending(*start, end)
        };
        self.periods.iter().filter(is_due).map(|(period, _)| *period).collect()
    }

    /// The start of the oldest period that is to be summed up.
    pub(super) fn oldest_period(&self) -> Option<u64> {
        self.periods.keys().map(|(_, start)| *start).min()
    }

    /// Nothing has to be done about the block any more.
    pub(super) fn finish_block(&mut self, block: Block) {
        self.blocks.remove(&block);
        self.finished_blocks.insert(block);
    }

    /// Leaves the block alone for a while.
    pub(super) fn postpone_block(&mut self, block: Block, until: u64) {
        if let Some(pending) = self.blocks.get_mut(&block) {
            pending.retry_at = until;
        }
    }

    /// Leaves the window alone for a while.
    pub(super) fn postpone_window(&mut self, window: Window, until: u64) {
        if let Some(pending) = self.windows.get_mut(&window) {
            pending.retry_at = until;
        }
    }

    /// Leaves the edges of the window alone for a while.
    pub(super) fn postpone_edges(&mut self, window: Window, until: u64) {
        if let Some(pending) = self.edges.get_mut(&window) {
            pending.retry_at = until;
        }
    }

    /// Windows that were closed at least `wait` seconds ago and are not left alone, oldest first.
    pub(super) fn due_windows(&self, now: u64, wait: u64) -> Vec<Window> {
        due(&self.windows, now, wait)
    }

    /// The same of windows whose edges are to be counted.
    pub(super) fn due_edges(&self, now: u64, wait: u64) -> Vec<Window> {
        due(&self.edges, now, wait)
    }

    /// Blocks whose windows, as far as was seen, were closed at least `wait` seconds ago, and that are not left alone,
    /// oldest first.
    pub(super) fn due_blocks(&self, now: u64, wait: u64) -> Vec<Block> {
        let is_due = |block: Block, pending: &PendingBlock| {
            block.is_closed_at(now, pending.grace.saturating_add(wait)) && pending.retry_at <= now
        };
        let due = self.blocks.iter().filter(|(block, pending)| is_due(**block, pending));
        due.map(|(block, _)| *block).collect()
    }

    /// The pending windows that no listing shows any more, oldest first.
    pub(super) fn unlisted_windows(&self) -> Vec<Window> {
        let is_unlisted = |window: &&Window| window.start() < self.listed_before;
        let all: BTreeSet<_> = self.windows.keys().chain(self.edges.keys()).filter(is_unlisted).collect();
        all.into_iter().copied().collect()
    }

    /// For how many seconds a window that is not done has been closed, for the one closed the longest.
    pub(super) fn oldest_age(&self, now: u64) -> Option<u64> {
        self.windows
            .values()
            .chain(self.edges.values())
            .map(|pending| now.saturating_sub(pending.closed_at))
            .max()
    }
}

fn due(pending: &BTreeMap<Window, PendingWindow>, now: u64, wait: u64) -> Vec<Window> {
    let is_due =
        |pending: &PendingWindow| pending.closed_at.saturating_add(wait) <= now && pending.retry_at <= now;
    pending.iter().filter(|(_, pending)| is_due(pending)).map(|(window, _)| *window).collect()
}
