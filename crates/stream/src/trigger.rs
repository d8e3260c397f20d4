//! Which records announce a window to derive.

use jaeger_dynamodb_core::Tenant;
use jaeger_dynamodb_dynamo::{WindowId, sealed_by};
use serde_dynamo::Item;

use crate::change::{Change, ChangeKind};

/// The filter of the Lambda's event source mapping: windows that were sealed and of which nothing is derived yet. A
/// window's item matches in one record, that of its seal: whatever a runner writes to it afterwards has a mark.
///
/// `exists` looks at leaves only, so the types of the attributes are named, too
/// (<https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html>).
pub const FILTER_PATTERN: &str = r#"{"dynamodb":{"NewImage":{"sealed":{"N":[{"exists":true}]},"manifest":{"B":[{"exists":false}]},"edges":{"N":[{"exists":false}]},"log_end":{"B":[{"exists":false}]}}}}"#;

/// A window that somebody found closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Whose it is.
    pub tenant: Tenant,
    /// Which it is.
    pub window: WindowId,
    /// The trace context of whoever sealed it, as a `traceparent`.
    pub sealed_by: Option<String>,
}

/// Why a record announces nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotForUs {
    /// The item was deleted, by TTL or by a request.
    Deleted,
    /// The item is no window.
    Foreign,
    /// The window is still open, or nobody has noticed that it is closed.
    NotSealed,
    /// Something of the window is derived, or was tried in vain; what is missing then is found by looking for it.
    Begun,
}

/// What a record is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// A window to derive.
    Trigger(Trigger),
    /// Nothing to do.
    NotForUs(NotForUs),
    /// It has the marks of a sealed window, which cannot be read.
    Malformed,
}

impl Verdict {
    /// Judges a record by the filter's rules, which a worker that reads the stream itself has no filter for.
    #[must_use]
    pub fn of(change: &Change) -> Self {
        if change.kind != ChangeKind::Written {
            return Self::NotForUs(NotForUs::Deleted);
        }
        let has = |name: &str| change.image.contains_key(name);
        if has("sealed") {
            if has("manifest") || has("edges") || has("log_end") {
                Self::NotForUs(NotForUs::Begun)
            } else {
                sealed(&change.image)
            }
        } else if WindowId::from_image(&change.image).is_some() {
            Self::NotForUs(NotForUs::NotSealed)
        } else {
            Self::NotForUs(NotForUs::Foreign)
        }
    }
}

fn sealed(image: &Item) -> Verdict {
    let Some((tenant, window)) = WindowId::from_image(image) else { return Verdict::Malformed };
    Verdict::Trigger(Trigger { tenant, window, sealed_by: sealed_by(image).map(str::to_owned) })
}
