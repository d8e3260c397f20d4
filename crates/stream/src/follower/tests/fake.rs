//! A stream as DynamoDB keeps it: shards that end and have children, iterators that expire, records that are trimmed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;

use crate::change::{Change, ChangeKind};
use crate::follower::{Position, RecordPage, Shard, ShardPage, SourceError, StreamSource};

/// Few, so that there are pages.
const SHARDS_IN_A_PAGE: usize = 2;
const RECORDS_IN_A_PAGE: usize = 3;

/// Clones are the same stream.
#[derive(Debug, Clone)]
pub(super) struct FakeStream(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    generation: u32,
    is_disabled: bool,
    shards: Vec<FakeShard>,
    /// Shards of streams that are no more.
    former: Vec<FakeShard>,
    iterators: BTreeMap<String, (String, u64)>,
    made: u64,
    written: u64,
    failure: Option<SourceError>,
}

#[derive(Debug, Clone)]
struct FakeShard {
    id: String,
    parent: Option<String>,
    records: Vec<u64>,
    is_closed: bool,
    /// Records below are deleted.
    trimmed_below: u64,
}

impl FakeStream {
    pub(super) fn new() -> Self {
        let mut state = State::default();
        state.add_shard(None);
        Self(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn answering(&self) -> Result<MutexGuard<'_, State>, SourceError> {
        let mut state = self.state();
        state.failure.take().map_or(Ok(state), Err)
    }

    /// Records are numbered in the order in which they are written.
    pub(super) fn write(&self, shard: usize) {
        let mut state = self.state();
        if state.is_disabled {
            return;
        }
        let number = state.written;
        state.written += 1;
        let mut open: Vec<_> = state.shards.iter_mut().filter(|shard| !shard.is_closed).collect();
        let count = open.len();
        open[shard % count].records.push(number);
    }

    /// Ends an open shard, which has two children if the number is even, else one.
    pub(super) fn split(&self, shard: usize) {
        let mut state = self.state();
        let open: Vec<usize> = (0..state.shards.len()).filter(|at| !state.shards[*at].is_closed).collect();
        let at = open[shard % open.len()];
        state.shards[at].is_closed = true;
        let id = state.shards[at].id.clone();
        for _ in 0..2 - shard % 2 {
            state.add_shard(Some(id.clone()));
        }
    }

    pub(super) fn expire_iterators(&self) {
        self.state().iterators.clear();
    }

    /// Deletes every record that there is, and the closed shards with them.
    pub(super) fn trim(&self) {
        let mut state = self.state();
        let now = state.written;
        for shard in &mut state.shards {
            shard.trimmed_below = now;
        }
        let (gone, left) = std::mem::take(&mut state.shards).into_iter().partition(|shard| shard.is_closed);
        state.former.extend::<Vec<_>>(gone);
        state.shards = left;
    }

    pub(super) fn fail_next(&self, error: SourceError) {
        self.state().failure = Some(error);
    }

    pub(super) fn recreate(&self) {
        let mut state = self.state();
        state.is_disabled = false;
        state.generation += 1;
        let shards = std::mem::take(&mut state.shards);
        state.former.extend(shards);
        state.iterators.clear();
        state.add_shard(None);
    }

    pub(super) fn disable(&self) {
        self.state().is_disabled = true;
    }

    /// A stream that is enabled again is another one.
    pub(super) fn enable(&self) {
        if self.state().is_disabled {
            self.recreate();
        }
    }

    pub(super) fn written(&self) -> u64 {
        self.state().written
    }

    /// Whether a reader who had begun with a shard missed a record of it.
    pub(super) fn lost_to_a_reader(&self, seen: &BTreeSet<u64>) -> bool {
        let state = self.state();
        let lost = |shard: &FakeShard| {
            let first_seen = shard.records.iter().position(|number| seen.contains(number));
            first_seen.is_some_and(|first| shard.records[first..].iter().any(|number| !seen.contains(number)))
        };
        state.shards.iter().chain(&state.former).any(lost)
    }

    /// Whether no record came before one of an ancestor of its shard.
    pub(super) fn parents_came_first(&self, seen: &[u64]) -> bool {
        let state = self.state();
        let place: BTreeMap<u64, usize> = seen.iter().enumerate().map(|(at, number)| (*number, at)).collect();
        let shards: Vec<&FakeShard> = state.shards.iter().chain(&state.former).collect();
        let places = |shard: &FakeShard| {
            shard.records.iter().filter_map(|number| place.get(number).copied()).collect::<Vec<_>>()
        };
        shards.iter().all(|shard| {
            let parent = shards.iter().find(|other| Some(&other.id) == shard.parent.as_ref());
            let last = parent.and_then(|parent| places(parent).into_iter().max());
            places(shard).into_iter().min().is_none_or(|first| last.is_none_or(|last| last < first))
        })
    }
}

impl State {
    fn name(&self) -> String {
        format!("stream-{}", self.generation)
    }

    fn add_shard(&mut self, parent: Option<String>) {
        let id = format!("shard-{:03}", self.shards.len() + self.former.len());
        let trimmed_below = self.written;
        self.shards.push(FakeShard { id, parent, records: Vec::new(), is_closed: false, trimmed_below });
    }

    fn shard(&self, id: &str) -> Result<&FakeShard, SourceError> {
        self.shards.iter().find(|shard| shard.id == id).ok_or(SourceError::Gone)
    }

    fn iterator_at(&mut self, shard: &str, next: u64) -> String {
        self.made += 1;
        let iterator = format!("iterator-{}", self.made);
        self.iterators.insert(iterator.clone(), (shard.to_owned(), next));
        iterator
    }
}

#[async_trait]
impl StreamSource for FakeStream {
    async fn latest_stream(&self) -> Result<Option<String>, SourceError> {
        let state = self.answering()?;
        Ok((!state.is_disabled).then(|| state.name()))
    }

    async fn shards(&self, stream: &str, after: Option<&str>) -> Result<ShardPage, SourceError> {
        let state = self.answering()?;
        if stream != state.name() {
            return Err(SourceError::Gone);
        }
        let rest = state.shards.iter().filter(|shard| after.is_none_or(|after| shard.id.as_str() > after));
        let shards: Vec<Shard> = rest
            .take(SHARDS_IN_A_PAGE)
            .map(|shard| Shard { id: shard.id.clone(), parent: shard.parent.clone() })
            .collect();
        let last = shards.last().map(|shard| shard.id.clone());
        let is_last = last.as_ref() == state.shards.last().map(|shard| &shard.id);
        Ok(ShardPage { last_evaluated: last.filter(|_| !is_last), shards })
    }

    async fn iterator(&self, stream: &str, shard: &str, from: &Position) -> Result<String, SourceError> {
        let mut state = self.answering()?;
        if stream != state.name() {
            return Err(SourceError::Gone);
        }
        let found = state.shard(shard)?;
        let next = match from {
            Position::Oldest => found.trimmed_below,
            Position::Newest => state.written,
            Position::After(number) => number.parse::<u64>().unwrap() + 1,
        };
        if found.records.iter().any(|number| (next..found.trimmed_below).contains(number)) {
            return Err(SourceError::Trimmed);
        }
        Ok(state.iterator_at(shard, next))
    }

    async fn records(&self, iterator: &str) -> Result<RecordPage, SourceError> {
        let mut state = self.answering()?;
        let (shard, next) = state.iterators.remove(iterator).ok_or(SourceError::IteratorExpired)?;
        let found = state.shard(&shard)?;
        if found.records.iter().any(|number| (next..found.trimmed_below).contains(number)) {
            return Err(SourceError::Trimmed);
        }
        let rest: Vec<u64> = found.records.iter().copied().filter(|number| *number >= next).collect();
        let is_closed = found.is_closed;
        let page: Vec<u64> = rest.iter().copied().take(RECORDS_IN_A_PAGE).collect();
        let is_end = is_closed && page.len() == rest.len();
        let after = page.last().map_or(next, |last| last + 1);
        let change = |number: &u64| Change {
            kind: ChangeKind::Written,
            image: serde_dynamo::Item::default(),
            sequence_number: Some(number.to_string()),
        };
        let changes = page.iter().map(change).collect();
        Ok(RecordPage { changes, next: (!is_end).then(|| state.iterator_at(&shard, after)) })
    }
}
