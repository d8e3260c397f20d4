//! The engine's handle.

use std::path::Path;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use bytes::Bytes;
use futures::channel::oneshot;

use crate::database::Place;
use crate::directory::DataDirectory;
use crate::worker::{Job, Worker};
use crate::{Answer, EmbeddedError, ServiceClock};

/// When a commit counts as done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Survives the end of the process, however it ends. A power loss may take the last commits, but
    /// damages nothing. Several times faster than [`Full`](Self::Full), since it does not wait for
    /// the disk with every item.
    #[default]
    Normal,
    /// Survives a power loss too: every item waits for the disk.
    Full,
}

/// On which thread calls run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Execution {
    /// On a thread of the engine's own, so that no call blocks an async worker.
    #[default]
    OwnThread,
    /// Where the future is polled. For tests: a runtime with paused time cannot see that another
    /// thread is at work and would let timeouts fire.
    Inline,
}

/// What an engine can be told when it is opened.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct EngineOptions {
    /// When a commit counts as done; without meaning in memory.
    pub durability: Durability,
    /// On which thread calls run.
    pub execution: Execution,
    /// Dates the answers. Expiry goes by it in memory only: see [`EmbeddedEngine::delete_expired`].
    pub clock: ServiceClock,
}

impl EngineOptions {
    /// Chooses when a commit counts as done.
    #[must_use]
    pub fn with_durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Chooses the thread that calls run on.
    #[must_use]
    pub fn with_execution(mut self, execution: Execution) -> Self {
        self.execution = execution;
        self
    }

    /// Replaces the clock.
    #[must_use]
    pub fn with_clock(mut self, clock: ServiceClock) -> Self {
        self.clock = clock;
        self
    }
}

/// DynamoDB inside this process. Clones share one database.
///
/// When the last clone is dropped, clients included, what is queued is finished and the directory's
/// lock released; [`close`](Self::close) does the same and waits for it.
#[derive(Clone, Debug)]
pub struct EmbeddedEngine {
    port: Arc<Port>,
}

#[derive(Debug)]
enum Port {
    Thread(Sender<Job>),
    Inline(Mutex<Option<Worker>>),
}

impl EmbeddedEngine {
    /// Opens the database in `directory`, which is created if missing and locked as long as the
    /// engine lives. Blocks for some milliseconds.
    ///
    /// # Errors
    /// If another engine uses the directory, or it cannot be created, written or read.
    pub fn open(directory: &Path) -> Result<Self, EmbeddedError> {
        Self::open_with(directory, EngineOptions::default())
    }

    /// [`open`](Self::open) with options.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(directory: &Path, options: EngineOptions) -> Result<Self, EmbeddedError> {
        let directory = Arc::new(DataDirectory::claim(directory)?);
        Self::start(Place::File { directory, durability: options.durability }, options)
    }

    /// A database that ends with the engine.
    ///
    /// # Errors
    /// If the system gives no memory or no thread.
    pub fn in_memory() -> Result<Self, EmbeddedError> {
        Self::in_memory_with(EngineOptions::default())
    }

    /// [`in_memory`](Self::in_memory) with options.
    ///
    /// # Errors
    /// As [`in_memory`](Self::in_memory).
    pub fn in_memory_with(options: EngineOptions) -> Result<Self, EmbeddedError> {
        Self::start(Place::Memory(options.clock.clone()), options)
    }

    fn start(place: Place, options: EngineOptions) -> Result<Self, EmbeddedError> {
        let worker = Worker::open(place, options.clock)?;
        let port = match options.execution {
            Execution::Inline => Port::Inline(Mutex::new(Some(worker))),
            Execution::OwnThread => {
                let (sender, jobs) = mpsc::channel();
                thread::Builder::new()
                    .name("dynamodb".to_owned())
                    .spawn(move || worker.run(&jobs))
                    .map_err(EmbeddedError::Thread)?;
                Port::Thread(sender)
            }
        };
        Ok(Self { port: Arc::new(port) })
    }

    /// Carries out one operation, named as in DynamoDB's API (`PutItem`), on its JSON document.
    ///
    /// A failed operation is an [`Answer`] too. If the future is dropped before the call began, the
    /// call may never run; after that it runs to its end.
    ///
    /// # Errors
    /// Only if the engine was closed.
    pub async fn execute(&self, operation: &str, body: Bytes) -> Result<Answer, EmbeddedError> {
        match &*self.port {
            Port::Inline(worker) => with_worker(worker, |worker| worker.execute(operation, &body)),
            Port::Thread(jobs) => {
                let operation = operation.to_owned();
                ask(jobs, |reply| Job::Execute { operation, body, reply }).await
            }
        }
    }

    /// Deletes the items whose time to live is over, in every table that has it enabled, and counts
    /// them. DynamoDB does this by itself; the engine only when it is asked. It reads every item of
    /// these tables, on a thread of its own that lets other calls through.
    ///
    /// Expiry goes by the engine's [`ServiceClock`] in memory, and by the machine's clock in a
    /// directory (dynoxide takes a clock for the former only).
    ///
    /// # Errors
    /// If the engine was closed or the database fails.
    pub async fn delete_expired(&self) -> Result<usize, EmbeddedError> {
        match &*self.port {
            Port::Inline(worker) => with_worker(worker, Worker::delete_expired)?,
            Port::Thread(jobs) => ask(jobs, |reply| Job::DeleteExpired { reply }).await?,
        }
    }

    /// Finishes what is queued, then releases the database and the directory, whoever still holds a
    /// clone: their calls fail from now on. Does nothing if the engine is closed.
    pub async fn close(&self) {
        match &*self.port {
            Port::Inline(worker) => {
                drop(worker.lock().unwrap_or_else(PoisonError::into_inner).take());
            }
            Port::Thread(jobs) => {
                let _already_closed = ask(jobs, |reply| Job::Close { reply }).await;
            }
        }
    }
}

fn with_worker<T>(
    worker: &Mutex<Option<Worker>>,
    call: impl FnOnce(&mut Worker) -> T,
) -> Result<T, EmbeddedError> {
    // A panic of the database ends inside the worker, so the poison says nothing about its state.
    let mut worker = worker.lock().unwrap_or_else(PoisonError::into_inner);
    worker.as_mut().map(call).ok_or(EmbeddedError::Closed)
}

async fn ask<T>(jobs: &Sender<Job>, job: impl FnOnce(oneshot::Sender<T>) -> Job) -> Result<T, EmbeddedError> {
    let (reply, answer) = oneshot::channel();
    jobs.send(job(reply)).map_err(|_| EmbeddedError::Closed)?;
    answer.await.map_err(|_| EmbeddedError::Closed)
}

#[cfg(test)]
mod tests;
