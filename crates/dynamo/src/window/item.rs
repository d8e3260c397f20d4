//! The item of a window: its lanes and the terms that all its items share.

use serde_dynamo::{AttributeValue, Item};

use super::Window;
use crate::bytes::DecodeError;
use crate::item::{number, set_of_bytes, sort_key};
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
}

impl WindowItem {
    pub(crate) fn parse(item: &Item) -> Result<Self, DecodeError> {
        let sort = sort_key(item)?
            .try_into()
            .map_err(|_| DecodeError::Invalid("a window's sort key has another length"))?;
        let lanes = set_of_bytes(item, attribute::LANES).map(|lane| {
            lane.as_slice().try_into().map(Lane).map_err(|_| DecodeError::Invalid("a lane id has 8 bytes"))
        });
        Ok(Self {
            window: Window::from_bytes(sort)?,
            terms: WindowTerms {
                grace: number(item, attribute::GRACE)?,
                expiry: number(item, attribute::EXPIRY)?,
            },
            lanes: lanes.collect::<Result<_, _>>()?,
        })
    }

    /// Whether the window takes no more commits at this time of the storage service, Unix seconds.
    pub(crate) fn is_closed_at(&self, service_seconds: u64) -> bool {
        service_seconds >= self.window.end().saturating_add(self.terms.grace)
    }

    pub(crate) fn is_expired_at(&self, service_seconds: u64) -> bool {
        self.terms.expiry <= service_seconds
    }
}

impl WindowTerms {
    /// The values that a window's item is created with, by their placeholders.
    pub(crate) fn values(self) -> [(&'static str, AttributeValue); 2] {
        [
            (":grace", AttributeValue::N(self.grace.to_string())),
            (":expiry", AttributeValue::N(self.expiry.to_string())),
        ]
    }
}
