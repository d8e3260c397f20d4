//! The shards of a stream, and how far each is read.

use std::collections::{BTreeMap, HashSet};

use super::source::{Position, RecordPage, Shard};

/// The shards that a stream is known to have.
#[derive(Debug)]
pub(super) struct Shards {
    shards: BTreeMap<String, State>,
    /// Where those begin that are there at the first listing. Later ones are new, as a whole.
    start: Position,
    /// A shard has ended: it may have children.
    has_ended: bool,
}

#[derive(Debug)]
struct State {
    parent: Option<String>,
    position: Position,
    iterator: Option<String>,
    is_finished: bool,
}

// === impl Shards ===

impl Shards {
    pub(super) fn new(start: Position) -> Self {
        Self { shards: BTreeMap::new(), start, has_ended: true }
    }

    /// Whether it is worth looking for shards before the usual time.
    pub(super) fn want_listing(&self) -> bool {
        self.has_ended || self.shards.is_empty()
    }

    /// Adds what is new in a whole listing, and forgets what is no more.
    pub(super) fn learn(&mut self, listed: Vec<Shard>) {
        let start = std::mem::replace(&mut self.start, Position::Oldest);
        if listed.is_empty() {
            // There is always one; the listing came too early. Those that come begin where they should have.
            self.start = start;
            return;
        }
        let known: HashSet<&str> = listed.iter().map(|shard| shard.id.as_str()).collect();
        // What is unlisted is older than a day; a reader that is in the midst of it is told so.
        self.shards.retain(|id, state| known.contains(id.as_str()) || !state.is_finished);
        for shard in listed {
            self.shards.entry(shard.id).or_insert_with(|| State {
                parent: shard.parent,
                position: start.clone(),
                iterator: None,
                is_finished: false,
            });
        }
        self.has_ended = false;
    }

    /// The shards to read now: those whose parent is finished, or unknown since it is older than what is kept.
    pub(super) fn readable(&self) -> Vec<String> {
        let waits = |state: &State| {
            let parent = state.parent.as_ref().and_then(|parent| self.shards.get(parent));
            parent.is_some_and(|parent| !parent.is_finished)
        };
        let readable = self.shards.iter().filter(|(_, state)| !state.is_finished && !waits(state));
        readable.map(|(id, _)| id.clone()).collect()
    }

    /// The shard's iterator, or the position that one must be made for.
    pub(super) fn iterator(&self, id: &str) -> Result<String, Position> {
        let Some(state) = self.shards.get(id) else { return Err(Position::Oldest) };
        state.iterator.clone().ok_or_else(|| state.position.clone())
    }

    pub(super) fn begin(&mut self, id: &str, iterator: String) {
        self.with(id, |state| state.iterator = Some(iterator));
    }

    /// Goes on after a page.
    pub(super) fn advance(&mut self, id: &str, page: &RecordPage) {
        let last = page.changes.iter().rev().find_map(|change| change.sequence_number.clone());
        self.with(id, |state| {
            if let Some(number) = last {
                state.position = Position::After(number);
            }
            state.iterator.clone_from(&page.next);
        });
        if page.next.is_none() {
            self.finish(id);
        }
    }

    /// Takes a new iterator, and says whether records may be missed by it: those since the expired one was made at the
    /// newest record, if none came by it.
    pub(super) fn renew(&mut self, id: &str) -> bool {
        let mut is_gap = false;
        self.with(id, |state| {
            state.iterator = None;
            is_gap = state.position == Position::Newest;
        });
        is_gap
    }

    /// Begins again with the oldest record that is left.
    pub(super) fn restart(&mut self, id: &str) {
        self.with(id, |state| {
            state.iterator = None;
            state.position = Position::Oldest;
        });
    }

    /// The shard has no more records.
    pub(super) fn finish(&mut self, id: &str) {
        self.has_ended = true;
        self.with(id, |state| state.is_finished = true);
    }

    fn with(&mut self, id: &str, change: impl FnOnce(&mut State)) {
        if let Some(state) = self.shards.get_mut(id) {
            change(state);
        }
    }
}
