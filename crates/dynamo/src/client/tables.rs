//! Tables: describing and creating them.

use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, StreamSpecification,
    StreamViewType, TableStatus, TimeToLiveSpecification, TimeToLiveStatus,
};
use jaeger_dynamodb_core::{StoreError, StoreErrorKind};

use super::date::DateOfResponse;
use super::{Client, RequestError};
use crate::schema::{Table, TableDefinition};

const BUDGET: Duration = Duration::from_secs(30);

/// A table as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DescribedTable {
    pub(crate) is_active: bool,
    /// Each key attribute as `name ROLE TYPE`.
    pub(crate) keys: Vec<String>,
    /// What the records of its stream hold, if it has one.
    pub(crate) stream_view: Option<String>,
}

impl Client {
    /// The table, or `None` if it does not exist.
    pub(crate) async fn describe(&self, table: Table) -> Result<Option<DescribedTable>, StoreError> {
        let name = self.table_name(table);
        let attempt = |date: DateOfResponse| {
            let request = self.sdk.describe_table().table_name(&name);
            let name = &name;
            async move {
                match request.customize().interceptor(date).send().await {
                    Ok(output) => Ok(output.table),
                    Err(error)
                        if error.as_service_error().is_some_and(|e| e.is_resource_not_found_exception()) =>
                    {
                        Ok(None)
                    }
                    Err(error) => Err(RequestError::of(error, name)),
                }
            }
        };
        let (table, _) = self.with_retries(self.deadline_in(BUDGET), attempt).await?;
        Ok(table.map(|table| {
            let types = table.attribute_definitions();
            let keys = table.key_schema().iter().map(|element| {
                let definition =
                    types.iter().find(|definition| definition.attribute_name() == element.attribute_name());
                let kind = definition.map_or("?", |definition| definition.attribute_type().as_str());
                format!("{} {} {kind}", element.attribute_name(), element.key_type().as_str())
            });
            DescribedTable {
                is_active: table.table_status() == Some(&TableStatus::Active),
                keys: keys.collect(),
                stream_view: table
                    .stream_specification()
                    .filter(|stream| stream.stream_enabled())
                    .and_then(|stream| stream.stream_view_type())
                    .map(|view| view.as_str().to_owned()),
            }
        }))
    }

    /// Creates the table; one that somebody else creates at the same time is as good.
    pub(crate) async fn create(
        &self,
        definition: &TableDefinition,
        with_stream: bool,
    ) -> Result<(), StoreError> {
        let name = self.table_name(definition.table);
        tracing::info!(table = %name, with_stream, "table is created");
        let stream = with_stream.then(new_images).transpose()?;
        let attempt = |date: DateOfResponse| {
            let keys = [(definition.partition_key, KeyType::Hash), (definition.sort_key, KeyType::Range)];
            // Building fails only without a name, and all keys have names.
            let schema = keys.iter().flat_map(|(name, role)| {
                KeySchemaElement::builder().attribute_name(*name).key_type(role.clone()).build()
            });
            let types = keys.iter().flat_map(|(name, _)| {
                AttributeDefinition::builder()
                    .attribute_name(*name)
                    .attribute_type(ScalarAttributeType::B)
                    .build()
            });
            let request = self
                .sdk
                .create_table()
                .table_name(&name)
                .billing_mode(BillingMode::PayPerRequest)
                .set_key_schema(Some(schema.collect()))
                .set_attribute_definitions(Some(types.collect()))
                .set_stream_specification(stream.clone());
            let name = &name;
            async move {
                match request.customize().interceptor(date).send().await {
                    Ok(_) => Ok(()),
                    Err(error)
                        if error.as_service_error().is_some_and(|e| e.is_resource_in_use_exception()) =>
                    {
                        Ok(())
                    }
                    Err(error) => Err(RequestError::of(error, name)),
                }
            }
        };
        self.with_retries(self.deadline_in(BUDGET), attempt).await?;
        Ok(())
    }

    /// The attribute on which TTL is enabled or being enabled.
    pub(crate) async fn ttl_attribute(&self, table: Table) -> Result<Option<String>, StoreError> {
        let name = self.table_name(table);
        let attempt = |date: DateOfResponse| {
            let request = self.sdk.describe_time_to_live().table_name(&name);
            sent!(request, date, name)
        };
        let (output, _) = self.with_retries(self.deadline_in(BUDGET), attempt).await?;
        let description = output.time_to_live_description.filter(|description| {
            matches!(
                description.time_to_live_status(),
                Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)
            )
        });
        Ok(description.and_then(|description| description.attribute_name))
    }

    /// Turns TTL on for the definition's attribute.
    pub(crate) async fn enable_ttl(&self, definition: &TableDefinition) -> Result<(), StoreError> {
        let name = self.table_name(definition.table);
        let specification =
            TimeToLiveSpecification::builder().enabled(true).attribute_name(definition.ttl_attribute).build();
        let specification =
            specification.map_err(|error| StoreError::new(StoreErrorKind::Internal, error.to_string()))?;
        let attempt = |date: DateOfResponse| {
            let request = self
                .sdk
                .update_time_to_live()
                .table_name(&name)
                .time_to_live_specification(specification.clone());
            sent!(request, date, name)
        };
        self.with_retries(self.deadline_in(BUDGET), attempt).await?;
        Ok(())
    }
}

fn new_images() -> Result<StreamSpecification, StoreError> {
    StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewImage)
        .build()
        .map_err(|error| StoreError::new(StoreErrorKind::Internal, error.to_string()))
}
