//! Every change that is ever made to a window's item, and what protects it.
//!
//! | change | by | condition |
//! |---|---|---|
//! | a lane is added; the first one's writer records the terms | writers | there is no manifest, and no end of the log |
//! | the mark that spans may start far ahead | writers, before the record | none |
//! | the seal | whoever notices first that the window is closed | there is no seal |
//! | the edges mark | a run that has put what the window contributes | there is no such mark |
//! | the end of the log | a run that counts edges and cannot wait for the manifest | there is no manifest, no such end, and no lane but those that were read |
//! | the manifest | a run that has written all of its items | there is no manifest, no lane but those that were derived, and no other end of the log |
//!
//! Every condition also asks for the item itself, except where it is made: a change that is executed days late must not
//! bring an expired window back without its terms.

use jaeger_dynamodb_core::{StoreError, StoreErrorKind, Tenant};
use serde_dynamo::{AttributeValue, Item};

use super::{LogEnd, Window, WindowItem, WindowTerms};
use crate::capacity::Purpose;
use crate::client::{Client, Deadline, RequestError, Update};
use crate::derived::Manifest;
use crate::keys::{self, Lane, attribute};
use crate::schema::Table;

/// Whether a conditional change was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Made,
    /// Somebody else made it before, or the item is gone; after a retry, perhaps this very request.
    NotMade,
}

/// What became of adding a lane.
#[derive(Debug)]
pub(crate) enum AddedLane {
    To(WindowItem),
    /// The window is derived already, or its log has an end: the service's clock has gone back.
    Refused,
}

/// Adds a lane, and records these terms if it is the window's first.
pub(crate) async fn add_lane(
    client: &Client,
    tenant: &Tenant,
    window: Window,
    lane: Lane,
    terms: WindowTerms,
    deadline: Deadline,
) -> Result<AddedLane, StoreError> {
    let number = |number: u64| AttributeValue::N(number.to_string());
    let update = Update {
        table: Table::Windows,
        purpose: Purpose::Window,
        key: keys::window(tenant, window),
        expression: "ADD #lanes :lane SET #grace = if_not_exists(#grace, :grace), \
                     #expiry = if_not_exists(#expiry, :expiry)",
        condition: Some("attribute_not_exists(#manifest) AND attribute_not_exists(#log_end)"),
        names: &[
            ("#lanes", attribute::LANES),
            ("#grace", attribute::GRACE),
            ("#expiry", attribute::EXPIRY),
            ("#manifest", attribute::MANIFEST),
            ("#log_end", attribute::LOG_END),
        ],
        values: vec![
            (":lane", AttributeValue::Bs(vec![lane.0.to_vec()])),
            (":grace", number(terms.grace)),
            (":expiry", number(terms.expiry)),
        ],
    };
    match client.update(&update, deadline).await {
        Ok(item) => parse(&item).map(AddedLane::To),
        Err(RequestError::ConditionFailed) => Ok(AddedLane::Refused),
        Err(error) => Err(error.into()),
    }
}

/// Notes that the window may hold spans that start far ahead of it.
pub(crate) async fn mark_starts_ahead(
    client: &Client,
    tenant: &Tenant,
    window: Window,
    deadline: Deadline,
) -> Result<(), StoreError> {
    let change =
        set(client, tenant, window, attribute::STARTS_AHEAD, None, Purpose::Window, deadline).await?;
    match change {
        Change::Made => Ok(()),
        Change::NotMade => {
            Err(StoreError::new(StoreErrorKind::Unavailable, "the window expired while it was written to"))
        }
    }
}

/// Marks a closed window for whoever listens to the table's stream, and says in which trace that is done.
pub(crate) async fn seal(
    client: &Client,
    tenant: &Tenant,
    window: Window,
    trace_parent: Option<String>,
    deadline: Deadline,
) -> Result<Change, StoreError> {
    let mut update = Update {
        table: Table::Windows,
        purpose: Purpose::JobState,
        key: keys::window(tenant, window),
        expression: "SET #sealed = :one",
        condition: Some("attribute_exists(#lanes) AND attribute_not_exists(#sealed)"),
        names: &[("#sealed", attribute::SEALED), ("#lanes", attribute::LANES)],
        values: vec![(":one", AttributeValue::N("1".to_owned()))],
    };
    if let Some(trace_parent) = trace_parent {
        update.expression = "SET #sealed = :one, #trace = :trace";
        update.names = &[
            ("#sealed", attribute::SEALED),
            ("#lanes", attribute::LANES),
            ("#trace", attribute::TRACE_PARENT),
        ];
        update.values.push((":trace", AttributeValue::S(trace_parent)));
    }
    change(client.update(&update, deadline).await)
}

/// Notes that the window's edges are counted.
pub(crate) async fn mark_edges(
    client: &Client,
    tenant: &Tenant,
    window: Window,
    deadline: Deadline,
) -> Result<Change, StoreError> {
    let is_new = Some("attribute_not_exists(#name)");
    set(client, tenant, window, attribute::EDGES, is_new, Purpose::JobState, deadline).await
}

/// Fixes where the log of a closed window ends, so that its edges can be counted although nobody has derived it: whoever
/// derives it later goes no further.
pub(crate) async fn end_log(
    client: &Client,
    tenant: &Tenant,
    item: &WindowItem,
    end: &LogEnd,
    deadline: Deadline,
) -> Result<Change, StoreError> {
    let update = Update {
        table: Table::Windows,
        purpose: Purpose::JobState,
        key: keys::window(tenant, item.window),
        expression: "SET #log_end = :log_end",
        condition: Some(
            "attribute_not_exists(#manifest) AND attribute_not_exists(#log_end) AND #lanes = :lanes",
        ),
        names: &[
            ("#log_end", attribute::LOG_END),
            ("#manifest", attribute::MANIFEST),
            ("#lanes", attribute::LANES),
        ],
        values: vec![(":log_end", AttributeValue::B(end.encode())), (":lanes", lane_set(&item.lanes))],
    };
    change(client.update(&update, deadline).await)
}

/// Makes a run the one that is read. The first manifest wins. Lanes that the run has not seen can only be those of a
/// service whose clock has gone back behind the end of the window: then what it has read is not the whole log. Nor is it
/// if the log was ended elsewhere in the meantime.
pub(crate) async fn publish(
    client: &Client,
    tenant: &Tenant,
    window: Window,
    manifest: &Manifest,
    deadline: Deadline,
) -> Result<Change, StoreError> {
    let log_end = LogEnd::new(&manifest.lanes, &manifest.last_sequences);
    let update = Update {
        table: Table::Windows,
        purpose: Purpose::JobState,
        key: keys::window(tenant, window),
        expression: "SET #manifest = :manifest",
        condition: Some(
            "attribute_not_exists(#manifest) AND #lanes = :lanes \
             AND (attribute_not_exists(#log_end) OR #log_end = :log_end)",
        ),
        names: &[
            ("#manifest", attribute::MANIFEST),
            ("#lanes", attribute::LANES),
            ("#log_end", attribute::LOG_END),
        ],
        values: vec![
            (":manifest", AttributeValue::B(manifest.encode())),
            (":lanes", lane_set(&manifest.lanes)),
            (":log_end", AttributeValue::B(log_end.encode())),
        ],
    };
    change(client.update(&update, deadline).await)
}

async fn set(
    client: &Client,
    tenant: &Tenant,
    window: Window,
    name: &str,
    condition: Option<&str>,
    purpose: Purpose,
    deadline: Deadline,
) -> Result<Change, StoreError> {
    let exists = "attribute_exists(#lanes)";
    let condition = condition.map_or(exists.to_owned(), |condition| format!("{exists} AND {condition}"));
    let update = Update {
        table: Table::Windows,
        purpose,
        key: keys::window(tenant, window),
        expression: "SET #name = :one",
        condition: Some(&condition),
        names: &[("#name", name), ("#lanes", attribute::LANES)],
        values: vec![(":one", AttributeValue::N("1".to_owned()))],
    };
    change(client.update(&update, deadline).await)
}

fn lane_set(lanes: &[Lane]) -> AttributeValue {
    AttributeValue::Bs(lanes.iter().map(|lane| lane.0.to_vec()).collect())
}

fn change(outcome: Result<Item, RequestError>) -> Result<Change, StoreError> {
    match outcome {
        Ok(_) => Ok(Change::Made),
        Err(RequestError::ConditionFailed) => Ok(Change::NotMade),
        Err(error) => Err(error.into()),
    }
}

fn parse(item: &Item) -> Result<WindowItem, StoreError> {
    WindowItem::parse(item).map_err(|error| {
        StoreError::new(StoreErrorKind::Damaged, "the window's item cannot be read").with_source(error)
    })
}
