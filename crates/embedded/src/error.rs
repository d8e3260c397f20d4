//! What can go wrong with the engine itself. What goes wrong with a request is an [`Answer`].
//!
//! [`Answer`]: crate::Answer

use std::error::Error;
use std::io;
use std::path::PathBuf;

/// A failure to open or to use the engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    /// Another engine holds the directory's lock.
    #[error(
        "data directory {} is in use: another process uses it: stop it, choose another data_dir, or let the \
         processes share DynamoDB (storage: aws) or one jaeger-dynamodb-server",
        .directory.display()
    )]
    InUse {
        /// The directory both want.
        directory: PathBuf,
    },

    /// The directory cannot be created or written.
    #[error("data directory {} cannot be {attempt}", .directory.display())]
    Directory {
        /// The directory as it was named.
        directory: PathBuf,
        /// What was tried: "created", "written", "locked".
        attempt: &'static str,
        /// Why the system refused.
        source: io::Error,
    },

    /// SQLite takes its path as text.
    #[error("data directory {} is not valid UTF-8", .directory.display())]
    NotUtf8 {
        /// The directory as it was named.
        directory: PathBuf,
    },

    /// The database inside the directory cannot be opened, or memory is short.
    #[error("cannot open the database {place}")]
    Database {
        /// The file, or `:memory:`.
        place: String,
        /// What the engine said.
        source: Box<dyn Error + Send + Sync>,
    },

    /// The system gives no thread for the engine.
    #[error("cannot start the engine's thread")]
    Thread(#[source] io::Error),

    /// Expired items could not be deleted; what was deleted before the failure stays deleted.
    #[error("cannot delete expired items")]
    Sweep(#[source] Box<dyn Error + Send + Sync>),

    /// The engine was closed.
    #[error("the embedded engine is closed")]
    Closed,
}
