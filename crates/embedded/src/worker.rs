//! The one place that touches the database: runs calls one after the other and survives their panics.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::thread::{self, JoinHandle};

use bytes::Bytes;
use dynoxide::Database;
use futures::channel::oneshot;

use crate::database::Place;
use crate::dispatch::{dispatch, internal_error};
use crate::{Answer, EmbeddedError, ServiceClock};

/// What the engine's thread is asked to do.
pub(crate) enum Job {
    Execute { operation: String, body: Bytes, reply: oneshot::Sender<Answer> },
    DeleteExpired { reply: oneshot::Sender<Result<usize, EmbeddedError>> },
    Close { reply: oneshot::Sender<()> },
}

/// Owner of the database.
#[derive(Debug)]
pub(crate) struct Worker {
    database: DatabaseHandle,
    place: Place,
    clock: ServiceClock,
    answered: u64,
    sweeps: Vec<JoinHandle<()>>,
}

/// The database, with the mark that a panic left it in an unknown state: its lock may be poisoned, a
/// transaction may be open.
#[derive(Clone)]
pub(crate) struct DatabaseHandle {
    database: Database,
    broken: Arc<AtomicBool>,
}

// === impl DatabaseHandle ===

impl DatabaseHandle {
    fn new(database: Database) -> Self {
        Self { database, broken: Arc::default() }
    }

    /// `None` if the call panicked.
    fn guarded<T>(&self, call: impl FnOnce(&Database) -> T) -> Option<T> {
        // Unwind safe, since nothing uses the database after a panic before it was opened anew.
        let outcome = catch_unwind(AssertUnwindSafe(|| call(&self.database)));
        if outcome.is_err() {
            self.broken.store(true, Ordering::Release);
            tracing::error!("embedded engine panicked");
        }
        outcome.ok()
    }

    pub(crate) fn delete_expired(&self) -> Result<usize, EmbeddedError> {
        match self.guarded(Database::sweep_ttl) {
            Some(swept) => swept.map_err(|error| EmbeddedError::Sweep(error.into())),
            None => Err(EmbeddedError::Sweep("the embedded engine panicked".into())),
        }
    }
}

impl std::fmt::Debug for DatabaseHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DatabaseHandle").field("broken", &self.broken).finish_non_exhaustive()
    }
}

// === impl Worker ===

impl Worker {
    pub(crate) fn open(place: Place, clock: ServiceClock) -> Result<Self, EmbeddedError> {
        let database = DatabaseHandle::new(place.open()?);
        Ok(Self { database, place, clock, answered: 0, sweeps: Vec::new() })
    }

    /// Works until every sender is gone or one asks to close, then releases the database.
    pub(crate) fn run(mut self, jobs: &Receiver<Job>) {
        let mut closed = None;
        while let Ok(job) = jobs.recv() {
            match job {
                Job::Execute { operation, body, reply } => {
                    // Who has given up waiting must not delay the others.
                    if !reply.is_canceled() {
                        let _gone = reply.send(self.execute(&operation, &body));
                    }
                }
                Job::DeleteExpired { reply } => self.spawn_sweep(reply),
                Job::Close { reply } => {
                    closed = Some(reply);
                    break;
                }
            }
        }
        self.release();
        if let Some(reply) = closed {
            let _gone = reply.send(());
        }
    }

    pub(crate) fn execute(&mut self, operation: &str, body: &[u8]) -> Answer {
        let (status, body) = match self.mend() {
            Ok(()) => self
                .database
                .guarded(|database| dispatch(database, operation, body))
                .unwrap_or_else(|| internal_error("the embedded engine panicked")),
            Err(error) => internal_error(&error.to_string()),
        };
        self.answered += 1;
        Answer {
            status,
            // Read after the call, so that whoever reads the store after having seen a later date
            // finds what this call wrote.
            date: self.clock.now(),
            request_id: format!("EMBEDDED{:044}", self.answered),
            body: body.into(),
        }
    }

    pub(crate) fn delete_expired(&mut self) -> Result<usize, EmbeddedError> {
        self.mend()?;
        self.database.delete_expired()
    }

    /// Sweeps beside this thread: the database hands its lock to waiting calls between pages.
    fn spawn_sweep(&mut self, reply: oneshot::Sender<Result<usize, EmbeddedError>>) {
        if let Err(error) = self.mend() {
            let _gone = reply.send(Err(error));
            return;
        }
        self.sweeps.retain(|sweep| !sweep.is_finished());
        let database = self.database.clone();
        let sweep = thread::Builder::new().name("dynamodb-sweep".to_owned()).spawn(move || {
            let _gone = reply.send(database.delete_expired());
        });
        match sweep {
            Ok(sweep) => self.sweeps.push(sweep),
            Err(error) => tracing::error!(%error, "no thread to delete expired items"),
        }
    }

    /// Opens the file anew after a panic. A database in memory would come back empty: it stays as it
    /// is, and answers errors if its lock is poisoned.
    fn mend(&mut self) -> Result<(), EmbeddedError> {
        if self.place.is_durable() && self.database.broken.load(Ordering::Acquire) {
            self.database = DatabaseHandle::new(self.place.open()?);
            tracing::warn!("embedded engine opened its database anew");
        }
        Ok(())
    }

    fn release(self) {
        for sweep in self.sweeps {
            let _panicked = sweep.join();
        }
    }
}

#[cfg(test)]
mod tests;
