//! Queries that readers and the job share.

use std::ops::Range;

use jaeger_dynamodb_core::Tenant;

use crate::capacity::Purpose;
use crate::client::{Consistency, Query, SortRange};
use crate::config::StoreConfig;
use crate::keys::{self, Lane, attribute};
use crate::period::Level;
use crate::schema::Table;
use crate::size::PAGE_BYTES;
use crate::window::Window;

/// Records are some kilobytes each, more with a pack inside. A page should not hold much more than a response does,
/// since the embedded engine reads whole pages before it cuts them.
const RECORD_BYTES: Range<usize> = 4 * 1024..64 * 1024;

/// A pack inside a record is read when it is wanted.
const ATTRIBUTES: &[&str] = &[attribute::SORT, attribute::EXPIRY, attribute::RECORD];

/// Window items in a page: they are small, and a page of this many is far below what a response holds.
pub(crate) const WINDOWS_IN_A_PAGE: i32 = 1000;

/// Heads in a page: most have one or two kilobytes.
const HEADS_IN_A_PAGE: i32 = 1000;

/// The lane's records from this sequence number on, strongly.
pub(crate) fn lane_query(
    config: &StoreConfig,
    tenant: &Tenant,
    (window, lane): (Window, Lane),
    from: u32,
    purpose: Purpose,
) -> Query {
    let record_bytes = config.inline_pack_bytes.clamp(RECORD_BYTES.start, RECORD_BYTES.end);
    Query {
        table: Table::Spans,
        purpose,
        partition: keys::records(tenant, window, lane),
        sort: SortRange::From(from.to_be_bytes().to_vec()),
        consistency: Consistency::Strong,
        limit: i32::try_from(PAGE_BYTES / record_bytes).unwrap_or(i32::MAX),
        attributes: Some(ATTRIBUTES),
    }
}

/// The items of a tenant's windows in this range of their sort keys, strongly.
pub(crate) fn windows_query(tenant: &Tenant, sort: SortRange, purpose: Purpose) -> Query {
    Query {
        table: Table::Windows,
        purpose,
        partition: keys::windows(tenant),
        sort,
        consistency: Consistency::Strong,
        limit: WINDOWS_IN_A_PAGE,
        attributes: None,
    }
}

/// The heads of a level whose windows, or periods, begin within this part of an epoch.
pub(crate) fn heads_query(
    tenant: &Tenant,
    level: Level,
    epoch: u32,
    starts: &Range<u64>,
    consistency: Consistency,
) -> Query {
    Query {
        table: Table::Dependencies,
        purpose: Purpose::Dependencies,
        partition: keys::dependencies(tenant, level, epoch),
        sort: SortRange::Between(starts.start.to_be_bytes().to_vec(), starts.end.to_be_bytes().to_vec()),
        consistency,
        limit: HEADS_IN_A_PAGE.min(i32::try_from(PAGE_BYTES / 1024).unwrap_or(i32::MAX)),
        attributes: None,
    }
}
