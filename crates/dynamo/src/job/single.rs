//! The job window by window: for whoever is told which windows are closed, or asks what became of them.

use std::fmt;
use std::sync::Arc;

use jaeger_dynamodb_core::{StoreError, Tenant};
use serde_dynamo::{AttributeValue, Item};

use super::claim::reason_of;
use super::edges::EdgesStep;
use super::windows::Step;
use super::{Job, Maintenance, Outcome, RoundReport};
use crate::capacity::Purpose;
use crate::client::{Consistency, Query, SortRange};
use crate::item::{bytes, is_expired, number, sort_key};
use crate::keys::{self, attribute};
use crate::queries::{WINDOWS_IN_A_PAGE, windows_query};
use crate::schema::Table;
use crate::window::{Derived, Window, WindowItem};

/// A window of the log, by when it begins and how long it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowId(pub(super) Window);

/// What can be due on a closed window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Work {
    /// Deriving what searches and lookups read.
    Derive,
    /// Counting edges.
    Edges,
}

/// What came of working on a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WindowReport {
    /// Something was due, and is done.
    Done {
        /// This call has derived it.
        derived: bool,
        /// This call has counted its edges.
        edges: bool,
    },
    /// Nothing was due, or the window has expired.
    AlreadyDone,
    /// It still takes commits.
    NotClosedYet {
        /// Until then, the service's Unix seconds.
        closes_at: u64,
    },
    /// Another runner works on it, or an earlier window that its edges need is not derived yet.
    HeldByOther {
        /// When to look again, the service's Unix seconds.
        until: u64,
    },
    /// It has failed, now or earlier, and waits. It does not keep other windows waiting.
    Parked {
        /// What has failed.
        work: Work,
        /// Until when nobody tries it, the service's Unix seconds.
        until: u64,
        /// Why.
        reason: String,
    },
}

/// A window that waits after a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedWindow {
    /// Which.
    pub window: WindowId,
    /// What has failed.
    pub work: Work,
    /// How often, in a row.
    pub tries: u64,
    /// Until when nobody tries it, the service's Unix seconds.
    pub until: u64,
    /// Why it failed the last time.
    pub reason: String,
}

/// Names the trace in which this process seals windows, so that whoever derives them can link to it.
pub trait SealTrace: fmt::Debug + Send + Sync {
    /// The `traceparent` of W3C's Trace Context for sealing the window.
    fn traceparent(&self, window: WindowId) -> Option<String>;
}

// === impl WindowId ===

impl WindowId {
    /// The window, and whose it is, that an item of the windows table describes, such as an image of its stream; `None`
    /// for other items, and for what cannot be read.
    #[must_use]
    pub fn from_image(image: &Item) -> Option<(Tenant, Self)> {
        let (length, name) = bytes(image, attribute::PARTITION)?.split_first()?;
        if name.len() != usize::from(*length) || !image.contains_key(attribute::LANES) {
            return None;
        }
        let tenant = Tenant::new(std::str::from_utf8(name).ok()?).ok()?;
        let window = Window::from_bytes(sort_key(image).ok()?.try_into().ok()?).ok()?;
        Some((tenant, Self(window)))
    }

    /// Its first second, Unix time.
    #[must_use]
    pub fn start(self) -> u64 {
        self.0.start()
    }

    /// The first second after it, Unix time.
    #[must_use]
    pub fn end(self) -> u64 {
        self.0.end()
    }
}

impl fmt::Display for WindowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}s", self.start(), self.0.length())
    }
}

/// The trace context of whoever sealed the window that an image describes.
#[must_use]
pub fn sealed_by(image: &Item) -> Option<&str> {
    match image.get(attribute::TRACE_PARENT) {
        Some(AttributeValue::S(trace_parent)) => Some(trace_parent),
        _ => None,
    }
}

// === impl Work ===

impl Work {
    /// The work as metrics and people name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Derive => "derive",
            Self::Edges => "edges",
        }
    }
}

// === impl Maintenance ===

impl Maintenance {
    /// Asks `trace` for a trace context whenever a window is sealed, and keeps it beside the seal.
    #[must_use]
    pub fn with_seal_trace(mut self, trace: Arc<dyn SealTrace>) -> Self {
        self.job.seal_trace = Some(trace);
        self
    }

    /// Does all that is due on a closed window now. Doing it again, or at the same time elsewhere, changes nothing.
    ///
    /// # Errors
    /// When the window cannot be looked at. That the work itself fails is no error: see [`WindowReport::Parked`].
    pub async fn window(&self, tenant: &Tenant, window: WindowId) -> Result<WindowReport, StoreError> {
        self.job.single_window(tenant, window.0).await
    }

    /// Seals the closed windows that begin in the range (Unix seconds, without its end) and does all that is due on
    /// them, oldest first.
    ///
    /// # Errors
    /// When the windows cannot be looked at.
    pub async fn between(
        &self,
        tenant: &Tenant,
        from: u64,
        to: u64,
    ) -> Result<Vec<(WindowId, WindowReport)>, StoreError> {
        self.job.windows_between(tenant, from, to).await
    }

    /// The tenant's windows that wait after a failure, oldest first.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub async fn parked(&self, tenant: &Tenant) -> Result<Vec<ParkedWindow>, StoreError> {
        self.job.parked_windows(tenant).await
    }
}

// === impl Job ===

impl Job {
    async fn single_window(&self, tenant: &Tenant, window: Window) -> Result<WindowReport, StoreError> {
        let generation = *self.context.generation.read().await;
        let Some(item) = self.read_window(tenant, window).await? else {
            return Ok(WindowReport::AlreadyDone);
        };
        let now = self.now();
        let is_done = item.derived != Derived::NotYet && item.has_edges;
        if is_done || item.is_expired_at(now) {
            return Ok(WindowReport::AlreadyDone);
        }
        if !item.is_closed_at(now) {
            return Ok(WindowReport::NotClosedYet { closes_at: item.closes_at() });
        }
        let derive = match item.derived {
            Derived::NotYet => self.work_on(tenant, window, generation).await,
            Derived::Done(_) | Derived::Unreadable => Step::Done,
        };
        let mut edges = self.edges_of(tenant, window, generation).await?;
        if matches!(edges, EdgesStep::Wait(_)) && self.derive_horizon(tenant, window, generation).await? {
            edges = self.edges_of(tenant, window, generation).await?;
        }
        self.learn_edges(tenant, window, generation, &edges);
        Ok(self.report(derive, edges))
    }

    /// Derives the windows before this one that nobody has derived; whether there were any.
    async fn derive_horizon(
        &self,
        tenant: &Tenant,
        window: Window,
        generation: u64,
    ) -> Result<bool, StoreError> {
        let mut has_derived = false;
        for item in self.horizon(tenant, window).await? {
            if item.derived == Derived::NotYet && item.is_closed_at(self.now()) {
                has_derived |= matches!(self.work_on(tenant, item.window, generation).await, Step::Ran(_));
            }
        }
        Ok(has_derived)
    }

    fn report(&self, derive: Step, edges: EdgesStep) -> WindowReport {
        match (derive, edges) {
            (Step::Parked { until, reason }, _) => WindowReport::Parked { work: Work::Derive, until, reason },
            (_, EdgesStep::Parked { until, reason }) => {
                WindowReport::Parked { work: Work::Edges, until, reason }
            }
            (Step::Wait(until), _) | (_, EdgesStep::Wait(until)) => WindowReport::HeldByOther { until },
            (Step::Ran(Outcome::LeftToNewerVersion), _) => {
                WindowReport::HeldByOther { until: self.roughly_now() }
            }
            (Step::Done | Step::Ran(Outcome::Lost), EdgesStep::Done) => WindowReport::AlreadyDone,
            (derive, edges) => WindowReport::Done {
                derived: matches!(derive, Step::Ran(Outcome::Derived)),
                edges: matches!(edges, EdgesStep::Counted),
            },
        }
    }

    async fn windows_between(
        &self,
        tenant: &Tenant,
        from: u64,
        to: u64,
    ) -> Result<Vec<(WindowId, WindowReport)>, StoreError> {
        let [first, end] = [from, to].map(|start| start.to_be_bytes().to_vec());
        if from >= to {
            return Ok(Vec::new());
        }
        let query = windows_query(tenant, SortRange::Between(first, end), Purpose::JobRead);
        let mut reports = Vec::new();
        for item in self.context.client.all(&query, self.deadline()).await? {
            // One that cannot be read is reported whenever windows are listed.
            let Ok(item) = WindowItem::parse(&item) else { continue };
            if item.is_closed_at(self.now()) && !item.is_sealed {
                self.seal(tenant, item.window, &mut RoundReport::default()).await;
            }
            reports.push((WindowId(item.window), self.single_window(tenant, item.window).await?));
        }
        Ok(reports)
    }

    async fn parked_windows(&self, tenant: &Tenant) -> Result<Vec<ParkedWindow>, StoreError> {
        let query = Query {
            table: Table::Index,
            purpose: Purpose::JobState,
            partition: keys::claims(tenant),
            sort: SortRange::All,
            consistency: Consistency::Strong,
            limit: WINDOWS_IN_A_PAGE,
            attributes: None,
        };
        let now = self.now();
        let items = self.context.client.all(&query, self.deadline()).await?;
        Ok(items.iter().filter(|item| !is_expired(item, now)).filter_map(parked).collect())
    }
}

/// What a claim says that nobody holds since the work has failed.
fn parked(claim: &Item) -> Option<ParkedWindow> {
    if claim.contains_key(attribute::HOLDER) {
        return None;
    }
    let (window, rest) = sort_key(claim).ok()?.split_at_checked(Window::BYTES)?;
    let work = match rest {
        [] => Work::Derive,
        b"e" => Work::Edges,
        _ => return None,
    };
    let until = number(claim, attribute::UNTIL).ok().filter(|until| *until > 0)?;
    Some(ParkedWindow {
        window: WindowId(Window::from_bytes(window.try_into().ok()?).ok()?),
        work,
        tries: number(claim, attribute::TRIES).ok()?,
        until,
        reason: reason_of(claim)?,
    })
}
