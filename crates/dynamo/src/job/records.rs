//! The log of a closed window, read as often as a run needs it, roughly in the order of its commits: lanes in turn, a
//! page each, and by start once all of it is kept. Parts of segments then overlap little in time.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use jaeger_dynamodb_core::{StoreError, Tenant};
use serde_dynamo::Item;

use super::Job;
use crate::bytes::DecodeError;
use crate::capacity::Purpose;
use crate::item::{bytes, number, sort_key};
use crate::keys::{self, Lane, Place, attribute};
use crate::log::{LogRecord, StoredRecord};
use crate::queries::lane_query;
use crate::window::{LogEnd, WindowItem};

/// What a record takes in memory beside its bytes, roughly.
const OVERHEAD_BYTES: usize = 96;

/// A record as its item holds it.
#[derive(Debug)]
pub(super) struct RawRecord {
    /// Position of its lane in the window's item.
    pub(super) lane: u32,
    pub(super) place: Place,
    expiry: Result<u64, DecodeError>,
    content: Option<Vec<u8>>,
    /// The latest start of its spans, once it was decoded.
    latest_start: OnceLock<Option<i64>>,
}

/// Reads a window's log, and keeps it if it is small, since a run goes over it at least twice.
#[derive(Debug)]
pub(super) struct WindowLog<'a> {
    job: &'a Job,
    tenant: &'a Tenant,
    item: &'a WindowItem,
    /// The last record of each lane, as far as it was read.
    last_sequences: Vec<Option<u32>>,
    /// It was read to its end once: records that are put late are not part of it.
    has_end: bool,
    kept: Kept,
    most_kept_bytes: usize,
}

#[derive(Debug)]
enum Kept {
    /// While the log is read for the first time.
    SoFar {
        records: Vec<Arc<RawRecord>>,
        bytes: usize,
    },
    All(Vec<Arc<RawRecord>>),
    TooMuch,
}

/// How far one reading of the log has come.
#[derive(Debug, Default)]
pub(super) struct Position {
    /// Lanes that are not read to their ends, the one whose turn it is first, and where each goes on. `None` at the
    /// beginning.
    lanes: Option<VecDeque<(u32, u32)>>,
}

impl<'a> WindowLog<'a> {
    /// The log of a window, of which at most a quarter of the job's memory is kept.
    pub(super) fn new(job: &'a Job, tenant: &'a Tenant, item: &'a WindowItem) -> Self {
        let kept = Kept::SoFar { records: Vec::new(), bytes: 0 };
        let (last_sequences, most_kept_bytes) = (vec![None; item.lanes.len()], job.memory_bytes / 4);
        Self { job, tenant, item, last_sequences, has_end: false, kept, most_kept_bytes }
    }

    /// Reads the log to its end.
    pub(super) async fn end(mut self) -> Result<LogEnd, StoreError> {
        self.kept = Kept::TooMuch;
        let mut position = Position::default();
        while self.next(&mut position).await?.is_some() {}
        Ok(LogEnd::new(&self.item.lanes, &self.last_sequences))
    }

    /// The last record of each of the window's lanes that has any; once the log was read to its end, those of all of it.
    pub(super) fn last_sequences(&self) -> &[Option<u32>] {
        &self.last_sequences
    }

    /// The records that come next, and `None` after the last.
    pub(super) async fn next(
        &mut self,
        position: &mut Position,
    ) -> Result<Option<Vec<Arc<RawRecord>>>, StoreError> {
        let is_start = position.lanes.is_none();
        if let Kept::All(records) = &self.kept {
            position.lanes = Some(VecDeque::new());
            return Ok(is_start.then(|| records.clone()));
        }
        let lanes = position
            .lanes
            .get_or_insert_with(|| (0..).zip(&self.item.lanes).map(|(number, _)| (number, 0)).collect());
        let Some((number, sequence)) = lanes.pop_front() else {
            self.has_end = true;
            self.keep_all();
            return Ok(None);
        };
        let lane = usize::try_from(number).ok().and_then(|number| self.item.lanes.get(number));
        let Some(lane) = lane.copied() else { return Ok(Some(Vec::new())) };
        let lane_of_window = (self.item.window, lane);
        let config = &self.job.context.config;
        let query = lane_query(config, self.tenant, lane_of_window, sequence, Purpose::JobRead);
        let page = self.job.context.client.page(&query, None, self.job.deadline()).await?;
        let last = self.last_sequence(number, lane);
        let records = page.items.iter().filter_map(|item| self.raw(item, number, lane));
        let records: Vec<_> =
            records.filter(|record| Some(record.place.sequence) <= last).map(Arc::new).collect();
        let follower = records.last().and_then(|record| record.place.sequence.checked_add(1));
        if let Some(sequence) = follower.filter(|_| page.next.is_some()) {
            lanes.push_back((number, sequence));
        }
        self.note_last(number, &records);
        self.keep(&records);
        Ok(Some(records))
    }

    /// The last record of the lane that counts.
    fn last_sequence(&self, number: u32, lane: Lane) -> Option<u32> {
        if self.has_end {
            return usize::try_from(number).ok().and_then(|number| *self.last_sequences.get(number)?);
        }
        self.item.last_sequence(lane)
    }

    fn note_last(&mut self, number: u32, records: &[Arc<RawRecord>]) {
        let last = usize::try_from(number).ok().and_then(|number| self.last_sequences.get_mut(number));
        if let Some(last) = last {
            *last = (*last).max(records.iter().map(|record| record.place.sequence).max());
        }
    }

    /// The record of an item; one whose key cannot be read has no place that anything could name.
    fn raw(&self, item: &Item, number_of_lane: u32, lane: Lane) -> Option<RawRecord> {
        let sequence = sort_key(item).and_then(keys::sequence);
        let sequence = sequence.inspect_err(|error| {
            metrics::counter!("jaeger_dynamodb_damaged_items_total").increment(1);
            let window_start = self.item.window.start();
            tracing::error!(error = %error, window_start, lane = ?lane, "an item of the log has no place in it");
        });
        Some(RawRecord {
            lane: number_of_lane,
            place: Place { window: self.item.window, lane, sequence: sequence.ok()? },
            expiry: number(item, attribute::EXPIRY),
            content: bytes(item, attribute::RECORD).map(<[u8]>::to_vec),
            latest_start: OnceLock::new(),
        })
    }

    fn keep(&mut self, new: &[Arc<RawRecord>]) {
        let Kept::SoFar { records, bytes } = &mut self.kept else { return };
        *bytes += new.iter().map(|record| record.bytes() + OVERHEAD_BYTES).sum::<usize>();
        records.extend(new.iter().cloned());
        if *bytes > self.most_kept_bytes {
            self.kept = Kept::TooMuch;
        }
    }

    fn keep_all(&mut self) {
        if let Kept::SoFar { records, .. } = &mut self.kept {
            records.sort_by_key(|record| record.latest_start.get().copied());
            self.kept = Kept::All(std::mem::take(records));
        }
    }
}

impl RawRecord {
    pub(super) fn decode(&self) -> Result<StoredRecord, DecodeError> {
        let content = self.content.as_ref().ok_or(DecodeError::Invalid("a log record without content"))?;
        let record = LogRecord::decode(content, self.place, self.expiry.clone()?)?;
        self.latest_start.get_or_init(|| record.index.latest_start());
        Ok(StoredRecord { place: self.place, record: Arc::new(record) })
    }

    /// Bytes of its content.
    pub(super) fn bytes(&self) -> usize {
        self.content.as_ref().map_or(0, Vec::len)
    }
}
