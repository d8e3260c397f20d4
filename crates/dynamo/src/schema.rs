//! The tables, as data: the one source for creating them, for verifying them, and for holding `infra/` against.

mod check;
mod create;

pub use check::SchemaProblem;
pub(crate) use check::verify;
pub(crate) use create::create_missing;

use crate::keys::attribute;

/// Version of keys and items. A store of another version is refused, never guessed at.
pub(crate) const LAYOUT_VERSION: u64 = 1;

/// A table of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Packs of spans, and log records.
    Spans,
    /// One item for each window of the log.
    Windows,
    /// What is derived from the log and can be rebuilt.
    Index,
    /// Calls between services.
    Dependencies,
    /// Archived traces.
    Archive,
}

/// How a table is made. All tables have a binary partition key `pk`, a binary sort key `sk`, and are billed by
/// request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableDefinition {
    /// Which table.
    pub table: Table,
    /// Name of the binary partition key.
    pub partition_key: &'static str,
    /// Name of the binary sort key.
    pub sort_key: &'static str,
    /// The attribute, in Unix seconds, by which DynamoDB deletes expired items.
    pub ttl_attribute: &'static str,
    /// Whether whoever derives windows may listen to its changes: a stream of new images, where the settings want streams.
    pub is_streamed: bool,
}

/// All tables.
pub const TABLES: [TableDefinition; 5] = [
    definition(Table::Spans),
    definition(Table::Windows),
    definition(Table::Index),
    definition(Table::Dependencies),
    definition(Table::Archive),
];

const fn definition(table: Table) -> TableDefinition {
    TableDefinition {
        table,
        partition_key: attribute::PARTITION,
        sort_key: attribute::SORT,
        ttl_attribute: attribute::EXPIRY,
        is_streamed: matches!(table, Table::Windows),
    }
}

// === impl Table ===

impl Table {
    /// The table's name after the prefix.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Spans => "spans",
            Self::Windows => "windows",
            Self::Index => "index",
            Self::Dependencies => "dependencies",
            Self::Archive => "archive",
        }
    }
}
