//! Where the database lives, and how it is opened.

use std::sync::Arc;

use dynoxide::{Database, DynoxideError};

use crate::directory::DataDirectory;
use crate::{Durability, EmbeddedError, ServiceClock};

/// What a database is opened from. The directory stays locked as long as one of these lives.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Memory(ServiceClock),
    File { directory: Arc<DataDirectory>, durability: Durability },
}

impl Place {
    pub(crate) fn open(&self) -> Result<Database, EmbeddedError> {
        let (opened, place) = match self {
            Self::Memory(clock) => (Database::memory_with_clock(Arc::new(clock.clone())), ":memory:"),
            Self::File { directory, durability } => {
                (open_file(directory.database(), *durability), directory.database())
            }
        };
        opened.map_err(|error| EmbeddedError::Database { place: place.to_owned(), source: error.into() })
    }

    /// Whether opening anew finds the data again.
    pub(crate) fn is_durable(&self) -> bool {
        matches!(self, Self::File { .. })
    }
}

fn open_file(path: &str, durability: Durability) -> Result<Database, DynoxideError> {
    let database = Database::new(path)?;
    if durability == Durability::Normal {
        // dynoxide has no option for this pragma, but leaving its bulk mode sets it to NORMAL.
        database.enable_bulk_loading()?;
        database.disable_bulk_loading()?;
    }
    Ok(database)
}
