//! The data directory: one engine at a time, one database file inside.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::EmbeddedError;

const DATABASE_FILE: &str = "dynamodb.sqlite";
const LOCK_FILE: &str = "lock";

/// A directory that this process may use alone, for as long as the value lives.
///
/// SQLite would let two processes open the file, and each would answer from stale cached metadata.
#[derive(Debug)]
pub(crate) struct DataDirectory {
    database: String,
    _lock: File,
}

impl DataDirectory {
    pub(crate) fn claim(directory: &Path) -> Result<Self, EmbeddedError> {
        let refused = |attempt| {
            move |source| EmbeddedError::Directory { directory: directory.to_owned(), attempt, source }
        };
        let database = utf8(directory.join(DATABASE_FILE), directory)?;
        fs::create_dir_all(directory).map_err(refused("created"))?;
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(directory.join(LOCK_FILE))
            .map_err(refused("written"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { database, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(EmbeddedError::InUse { directory: directory.to_owned() }),
            Err(TryLockError::Error(source)) => Err(refused("locked")(source)),
        }
    }

    pub(crate) fn database(&self) -> &str {
        &self.database
    }
}

fn utf8(file: PathBuf, directory: &Path) -> Result<String, EmbeddedError> {
    file.into_os_string()
        .into_string()
        .map_err(|_| EmbeddedError::NotUtf8 { directory: directory.to_owned() })
}
