//! Creating what is missing; nothing is ever changed or deleted.

use std::time::Duration;

use jaeger_dynamodb_core::StoreError;

use super::{TABLES, TableDefinition};
use crate::client::Client;

const POLL: Duration = Duration::from_millis(500);
const POLLS: usize = 240;

/// Creates the tables that do not exist, with their streams if these are wanted, waits until they are active, and turns
/// their TTL on.
pub(crate) async fn create_missing(client: &Client, with_streams: bool) -> Result<(), StoreError> {
    for definition in &TABLES {
        if client.describe(definition.table).await?.is_none() {
            client.create(definition, with_streams && definition.is_streamed).await?;
        }
    }
    for definition in &TABLES {
        wait_until_active(client, definition).await?;
        if client.ttl_attribute(definition.table).await?.is_none() {
            client.enable_ttl(definition).await?;
        }
    }
    Ok(())
}

async fn wait_until_active(client: &Client, definition: &TableDefinition) -> Result<(), StoreError> {
    for _ in 0..POLLS {
        if client.describe(definition.table).await?.is_some_and(|table| table.is_active) {
            return Ok(());
        }
        client.clock().sleep(POLL).await;
    }
    let name = client.table_name(definition.table);
    Err(StoreError::new(
        jaeger_dynamodb_core::StoreErrorKind::Unavailable,
        format!("table {name} is still not active two minutes after it was created"),
    ))
}
