//! The item of a window: its lanes, the terms that all its items share, and what was derived from it.

use std::sync::Arc;

use jaeger_dynamodb_core::UnixNanos;
use serde_dynamo::Item;

use super::{LogEnd, Window};
use crate::bytes::DecodeError;
use crate::derived::Manifest;
use crate::item::{bytes, number, set_of_bytes, sort_key};
use crate::keys::{Lane, attribute};

/// What the first writer of a window recorded; whoever comes later keeps to it, whatever its own settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WindowTerms {
    /// Seconds after its end during which the window still takes commits.
    pub(crate) grace: u64,
    /// When everything of the window expires, Unix seconds.
    pub(crate) expiry: u64,
}

/// A window as its item describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WindowItem {
    pub(crate) window: Window,
    pub(crate) terms: WindowTerms,
    pub(crate) lanes: Vec<Lane>,
    /// Somebody has noticed that it is closed.
    pub(crate) is_sealed: bool,
    /// It may hold spans that start later than [`LATEST_START_SECONDS`] after it.
    pub(crate) starts_ahead: bool,
    pub(crate) derived: Derived,
    /// Where its log ends, if that was fixed before it was derived.
    pub(crate) log_end: Option<LogEnd>,
    /// Its edges are counted.
    pub(crate) has_edges: bool,
}

/// How far a window is derived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Derived {
    NotYet,
    Done(Arc<Manifest>),
    /// It is done, but this program cannot read how: damage, or a newer version.
    Unreadable,
}

/// So long after the end of a window a span of it may start without a mark in the window's item: clocks of traced
/// machines are a little ahead at times. By it a search knows which windows without a manifest cannot hold what it
/// looks for.
pub(crate) const LATEST_START_SECONDS: u64 = 15 * 60;

impl Window {
    /// The window that an item is of whose sort key it is.
    pub(crate) fn of_item(item: &Item) -> Result<Self, DecodeError> {
        let sort = sort_key(item)?.try_into();
        Self::from_bytes(sort.map_err(|_| DecodeError::Invalid("a window's sort key has another length"))?)
    }
}

impl WindowItem {
    pub(crate) fn parse(item: &Item) -> Result<Self, DecodeError> {
        let lanes = set_of_bytes(item, attribute::LANES).map(|lane| {
            lane.as_slice().try_into().map(Lane).map_err(|_| DecodeError::Invalid("a lane id has 8 bytes"))
        });
        Ok(Self {
            window: Window::of_item(item)?,
            terms: WindowTerms {
                grace: number(item, attribute::GRACE)?,
                expiry: number(item, attribute::EXPIRY)?,
            },
            lanes: lanes.collect::<Result<_, _>>()?,
            is_sealed: item.contains_key(attribute::SEALED),
            starts_ahead: item.contains_key(attribute::STARTS_AHEAD),
            derived: Derived::parse(item),
            log_end: parse_log_end(item),
            has_edges: item.contains_key(attribute::EDGES),
        })
    }

    /// Whether the window takes no more commits at this time of the storage service, Unix seconds.
    pub(crate) fn is_closed_at(&self, service_seconds: u64) -> bool {
        service_seconds >= self.closes_at()
    }

    /// From when on the window takes no more commits, the service's Unix seconds.
    pub(crate) fn closes_at(&self) -> u64 {
        self.window.end().saturating_add(self.terms.grace)
    }

    /// Whether a span of the window may start at this instant or later, as far as the item tells.
    pub(crate) fn may_start_from(&self, instant: UnixNanos) -> bool {
        let latest = self.closes_at().saturating_add(LATEST_START_SECONDS);
        self.starts_ahead || instant.secs_floor() <= i128::from(latest)
    }

    /// The manifest, if there is one that this program can read.
    pub(crate) fn manifest(&self) -> Option<&Arc<Manifest>> {
        match &self.derived {
            Derived::Done(manifest) => Some(manifest),
            Derived::NotYet | Derived::Unreadable => None,
        }
    }

    /// Whether records that come late may still be taken for part of the window.
    pub(crate) fn is_log_endless(&self) -> bool {
        self.derived == Derived::NotYet && self.log_end.is_none()
    }

    /// The last record of a lane that counts: once the window is derived, or its log is ended, what comes later was never
    /// acknowledged as part of it. `None` if none does.
    pub(crate) fn last_sequence(&self, lane: Lane) -> Option<u32> {
        let Some(manifest) = self.manifest() else {
            return self.log_end.as_ref().map_or(Some(u32::MAX), |end| end.last_sequence(lane));
        };
        let position = manifest.lanes.iter().position(|known| *known == lane)?;
        manifest.last_sequences.get(position).copied().flatten()
    }

    pub(crate) fn is_expired_at(&self, service_seconds: u64) -> bool {
        self.terms.expiry <= service_seconds
    }
}

impl Derived {
    fn parse(item: &Item) -> Self {
        let Some(bytes) = bytes(item, attribute::MANIFEST) else { return Self::NotYet };
        match Manifest::decode(bytes) {
            Ok(manifest) => Self::Done(Arc::new(manifest)),
            Err(error) => {
                metrics::counter!("jaeger_dynamodb_damaged_items_total").increment(1);
                tracing::error!(error = %error, "a window's manifest cannot be read; its log is read instead");
                Self::Unreadable
            }
        }
    }
}

fn parse_log_end(item: &Item) -> Option<LogEnd> {
    let end = LogEnd::decode(bytes(item, attribute::LOG_END)?);
    end.inspect_err(|error| {
        metrics::counter!("jaeger_dynamodb_damaged_items_total").increment(1);
        tracing::error!(error = %error, "the end of a window's log cannot be read; all of its log is read");
    })
    .ok()
}
