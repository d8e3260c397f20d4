//! One lane: commits one after the other, each confirmed before the next. See [`crate::commit`] for the protocol.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use jaeger_dynamodb_core::{Span, StoreError, StoreErrorKind, Tenant};

use super::WriterContext;
use super::prepare::{Prepared, prepare};
use crate::capacity::Purpose;
use crate::client::{Consistency, Deadline};
use crate::item::item;
use crate::keys::{self, Lane, Place, attribute};
use crate::log::{LogRecord, PackStorage, RecordIndex, Tier};
use crate::schema::Table;
use crate::size::MAX_CONTENT_BYTES;
use crate::window::{AddedLane, LATEST_START_SECONDS, Window, WindowTerms, add_lane, mark_starts_ahead};

/// Even with a short grace a commit gets so much time: whether it counts is decided by its `Date`, not by haste.
const SHORTEST_BUDGET: Duration = Duration::from_secs(2);

const PARALLEL_PUTS: usize = 8;

/// So many puts of a record may come late, or with a `Date` that cannot be trusted, before the writer gives up.
const MOST_PUTS: usize = 16;

/// Writes commits into a lane of the present window.
#[derive(Debug)]
pub(super) struct LaneWriter {
    tenant: Tenant,
    context: Arc<WriterContext>,
    open: Option<OpenLane>,
    generation: u64,
}

/// A lane that stands in its window's item.
#[derive(Debug, Clone, Copy)]
struct OpenLane {
    window: Window,
    lane: Lane,
    terms: WindowTerms,
    next_sequence: u32,
    /// The window's item says that spans may start far ahead of it.
    starts_ahead: bool,
}

impl LaneWriter {
    pub(super) fn new(tenant: Tenant, context: Arc<WriterContext>) -> Self {
        Self { tenant, context, open: None, generation: 0 }
    }

    /// Makes the spans durable and findable.
    pub(super) async fn commit(&mut self, spans: Vec<Span>) -> Result<(), StoreError> {
        let context = Arc::clone(&self.context);
        let generation = context.generation.read().await;
        if self.generation != *generation {
            self.generation = *generation;
            self.open = None;
        }
        let prepared = prepare(spans);
        let span_count = prepared.span_count;
        let outcome = self.write(prepared).await;
        if outcome.is_ok() {
            metrics::counter!("jaeger_dynamodb_commits_total").increment(1);
            metrics::counter!("jaeger_dynamodb_spans_committed_total").increment(span_count as u64);
        } else {
            // The last put may still be executed: nothing must ever follow it in its lane.
            self.open = None;
        }
        outcome
    }

    async fn write(&mut self, prepared: Prepared) -> Result<(), StoreError> {
        let Prepared { packs, index, .. } = prepared;
        let deadline = self.deadline();
        while self.context.client.service_time().at_least() == 0 {
            self.ask_the_time(deadline).await?;
        }
        let inline = self.inline_pack(&packs, &index);
        let storage = packs.iter().map(|pack| match inline {
            Some(_) => PackStorage::Inline,
            None => {
                PackStorage::Parts(u16::try_from(pack.len().div_ceil(MAX_CONTENT_BYTES)).unwrap_or(u16::MAX))
            }
        });
        let storage = storage.collect();
        let lane = self.lane_with_packs(if inline.is_some() { &[] } else { &packs }, deadline).await?;
        let record = LogRecord {
            packs_place: lane.next_place(),
            packs_expiry: lane.terms.expiry,
            tier: Tier::DynamoDb,
            packs: storage,
            index,
        };
        self.put_until_it_counts(Arc::new(record), inline, lane, deadline).await
    }

    /// Puts the record, into the present window, until a put is known to have been executed while its window was open.
    async fn put_until_it_counts(
        &mut self,
        record: Arc<LogRecord>,
        inline: Option<&[u8]>,
        mut lane: OpenLane,
        mut deadline: Deadline,
    ) -> Result<(), StoreError> {
        for _ in 0..MOST_PUTS {
            self.announce_starts(&record, &mut lane, deadline).await?;
            let place = lane.next_place();
            let bytes = record.encode(place, lane.terms.expiry);
            let key = keys::record(&self.tenant, place);
            let item = match inline {
                Some(pack) => item(
                    key,
                    lane.terms.expiry,
                    [(attribute::RECORD, bytes), (attribute::PACK, pack.to_vec())],
                ),
                None => item(key, lane.terms.expiry, [(attribute::RECORD, bytes)]),
            };
            let written = self.context.client.put(Table::Spans, item, Purpose::Commit, deadline).await?;
            lane.next_sequence += 1;
            self.open = Some(lane);
            self.context.tail.append_own(&self.tenant, place, &record);
            if self.counts(lane, written.date) {
                return Ok(());
            }
            metrics::counter!("jaeger_dynamodb_late_commits_total").increment(1);
            tracing::info!(window_start = lane.window.start(), "commit came late and is put again");
            // The packs are durable: however long this took, one more small put deserves its time.
            deadline = self.deadline();
            if written.date.is_none() {
                self.ask_the_time(deadline).await?;
            }
            lane = self.lane_with_packs(&[], deadline).await?;
        }
        Err(StoreError::new(
            StoreErrorKind::Unavailable,
            "the storage service's clock makes every commit come late",
        ))
    }

    /// Whether a put that the service answered at `date` was executed while the lane's window was open. The date is
    /// rounded down, and front ends differ by up to the skew.
    fn counts(&self, lane: OpenLane, date: Option<u64>) -> bool {
        let skew = self.context.config.clock_skew.as_secs();
        date.is_some_and(|date| {
            // `Date` + 1 s <= end + grace - skew, in whole seconds.
            date < (lane.window.end() + lane.terms.grace).saturating_sub(skew)
                && date + 1 + skew >= lane.window.start()
        })
    }

    /// Whether the lane's window takes no more commits. An answer that took long tells no time, but the process's clock
    /// does; if that stood still too, answers are in doubt, and more are asked for until they agree.
    async fn is_over(&self, lane: OpenLane, deadline: Deadline) -> Result<bool, StoreError> {
        let client = &self.context.client;
        for _ in 0..MOST_PUTS {
            if !client.service_time().is_in_doubt() {
                break;
            }
            self.ask_the_time(deadline).await?;
        }
        let now = client.service_time().at_least().max(client.service_seconds());
        Ok(lane.window.end() + lane.terms.grace <= now)
    }

    /// The lane to commit to, with the packs written at its next place. A lane of the present window is used on; else
    /// a new one is added to the present window's item while the packs are written.
    async fn lane_with_packs(
        &mut self,
        packs: &[Vec<u8>],
        deadline: Deadline,
    ) -> Result<OpenLane, StoreError> {
        for _ in 0..MOST_PUTS {
            let now = self.context.client.service_seconds();
            let of_present = |lane: &OpenLane| lane.window.contains(now) && lane.next_sequence < u32::MAX;
            if let Some(lane) = self.open.filter(of_present) {
                self.put_packs(packs, lane.next_place(), lane.terms.expiry, deadline).await?;
                return Ok(lane);
            }
            let window = Window::around(now, self.context.config.window);
            match self.open_lane(window, packs, deadline).await? {
                // This process has slept: a window that nobody else may have known, of a time that is long over, must not
                // get a record, which would be counted there and in the window that it is put into again.
                Some(lane) if self.is_over(lane, deadline).await? => {}
                Some(lane) => {
                    self.open = Some(lane);
                    return Ok(lane);
                }
                // What we take for the present window is derived already: the same, learnt from answers to come.
                None => self.ask_the_time(deadline).await?,
            }
        }
        Err(StoreError::new(
            StoreErrorKind::Unavailable,
            "the storage service's clock has gone back: its present window is derived already",
        ))
    }

    /// Adds a lane to the window while the packs are written; `None` if the window takes no lanes any more.
    async fn open_lane(
        &self,
        window: Window,
        packs: &[Vec<u8>],
        deadline: Deadline,
    ) -> Result<Option<OpenLane>, StoreError> {
        let client = &self.context.client;
        let lane = Lane(client.random_bytes());
        let ours = WindowTerms {
            grace: self.context.config.window_grace.as_secs(),
            expiry: window.end() + self.context.config.retention.as_secs(),
        };
        let place = Place { window, lane, sequence: 0 };
        let (added, packed) = tokio::join!(
            add_lane(client, &self.tenant, window, lane, ours, deadline),
            self.put_packs(packs, place, ours.expiry, deadline),
        );
        packed?;
        let AddedLane::To(recorded) = added? else { return Ok(None) };
        if recorded.terms.expiry != ours.expiry {
            self.put_packs(packs, place, recorded.terms.expiry, deadline).await?;
        }
        let (terms, starts_ahead) = (recorded.terms, recorded.starts_ahead);
        Ok(Some(OpenLane { window, lane, terms, next_sequence: 0, starts_ahead }))
    }

    /// Notes in the window's item, before the record is put, if a span starts further ahead than searches look.
    async fn announce_starts(
        &mut self,
        record: &LogRecord,
        lane: &mut OpenLane,
        deadline: Deadline,
    ) -> Result<(), StoreError> {
        let latest = lane.window.end() + lane.terms.grace + LATEST_START_SECONDS;
        let is_ahead = record.index.latest_start().is_some_and(|millis| {
            u64::try_from(millis.div_euclid(1000)).is_ok_and(|seconds| seconds >= latest)
        });
        if is_ahead && !lane.starts_ahead {
            mark_starts_ahead(&self.context.client, &self.tenant, lane.window, deadline).await?;
            lane.starts_ahead = true;
        }
        Ok(())
    }

    async fn put_packs(
        &self,
        packs: &[Vec<u8>],
        place: Place,
        expiry: u64,
        deadline: Deadline,
    ) -> Result<(), StoreError> {
        let mut items = Vec::new();
        for (pack, bytes) in (0_u16..).zip(packs) {
            for (part, bytes) in (0_u16..).zip(bytes.chunks(MAX_CONTENT_BYTES)) {
                let key = keys::pack_part(&self.tenant, place, pack, part);
                items.push(item(key, expiry, [(attribute::PACK, bytes.to_vec())]));
            }
        }
        let puts = items
            .into_iter()
            .map(|item| self.context.client.put(Table::Spans, item, Purpose::Commit, deadline));
        let mut puts = stream::iter(puts).buffer_unordered(PARALLEL_PUTS);
        while let Some(written) = puts.next().await {
            written?;
        }
        Ok(())
    }

    /// The commit's pack, if it has one and it may ride inside the record's item.
    fn inline_pack<'a>(&self, packs: &'a [Vec<u8>], index: &RecordIndex) -> Option<&'a [u8]> {
        let [pack] = packs else { return None };
        let room = self.context.config.inline_pack_bytes.min(MAX_CONTENT_BYTES);
        // What the index takes is known only by encoding it, which most packs are too large for to begin with.
        (pack.len() <= room && pack.len() + index.stored_bytes() <= room).then_some(pack)
    }

    /// One cheap read, for the sake of the response's `Date`.
    async fn ask_the_time(&self, deadline: Deadline) -> Result<(), StoreError> {
        let client = &self.context.client;
        client.get(Table::Windows, keys::meta(), Consistency::Eventual, Purpose::Window, deadline).await?;
        if client.service_seconds() == 0 {
            let message = "the storage service's responses carry no Date, without which no commit can count";
            return Err(StoreError::new(StoreErrorKind::Internal, message));
        }
        Ok(())
    }

    fn deadline(&self) -> Deadline {
        self.context.client.deadline_in((self.context.config.window_grace / 2).max(SHORTEST_BUDGET))
    }
}

impl OpenLane {
    fn next_place(&self) -> Place {
        Place { window: self.window, lane: self.lane, sequence: self.next_sequence }
    }
}
