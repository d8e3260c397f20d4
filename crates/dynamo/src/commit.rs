//! The write path: group commit into lanes of the log.
//!
//! # The protocol
//! 1. Spans that arrive while a commit is in flight share the next one ([`queue`]).
//! 2. A commit takes the next sequence number of its lane. Its packs are written first; if the lane is new, it is added
//!    to the window's item at the same time.
//! 3. Then the log record is put. If the `Date` of that response says that the window was still open, everything is
//!    durable and findable, and the requests are acknowledged. Otherwise the record is put again into the present
//!    window.
//!
//! # Why nothing acknowledged is lost
//! - *A reader does not see the lane.* The lane was in the window's item before the record was put, and readers read
//!   that item strongly, after the acknowledgement.
//! - *A reader skips the record because it has seen later ones.* A lane has one put in flight; number n + 1 is used
//!   only after n was confirmed. A put of unknown outcome abandons its lane, so if it is executed later, nothing was
//!   put behind it.
//! - *A late retry of a put that was confirmed in the meantime* writes the same item again.
//! - *The window closes in between.* A commit counts if the service said at the latest `end + grace - skew` when it had
//!   executed the put; readers take a window as final only after the service has said at least `end + grace`. Front
//!   ends of the service differ by at most the skew.
//! - *The writer sleeps for an hour between any two steps.* The next response's `Date` shows it.
//! - *The terms of the window are another server's.* The first lane's writer records them; whoever adds a lane gets
//!   them back and writes its packs again if they expire at another time.

mod lane;
pub(crate) mod prepare;
mod queue;

use std::sync::Arc;

use tokio::sync::RwLock;

pub(crate) use queue::Committers;

use crate::client::Client;
use crate::config::StoreConfig;
use crate::read::{KnownWindows, Tail};

/// What lanes work with.
#[derive(Debug)]
pub(crate) struct WriterContext {
    pub(crate) client: Arc<Client>,
    pub(crate) config: StoreConfig,
    pub(crate) tail: Arc<Tail>,
    pub(crate) known: Arc<KnownWindows>,
    /// Read by every commit, written by a purge, which also counts up: lanes of before are not used again.
    pub(crate) generation: RwLock<u64>,
}
