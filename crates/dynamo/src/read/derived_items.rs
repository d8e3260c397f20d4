//! Items of the index table: read eventually, and strongly if that finds less than the manifest names. What is then
//! still missing, or damaged, makes the reader distrust its source: the log holds everything that was derived from it.

use jaeger_dynamodb_core::StoreError;

use super::known::Source;
use super::{EXPIRY_MARGIN_SECONDS, QueryContext, Reader};
use crate::bytes::DecodeError;
use crate::capacity::Purpose;
use crate::client::Consistency;
use crate::item::bytes;
use crate::keys::{Key, attribute};
use crate::schema::Table;

/// Why something derived could not be read.
#[derive(Debug)]
pub(super) enum Failure {
    /// The query has failed.
    Query(StoreError),
    /// The source must not be used: the query begins again without it.
    Distrust(Source),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Query(error)
    }
}

impl Reader {
    /// What to do about a failure: the query may begin again, or has failed.
    pub(super) fn recover(&self, context: &QueryContext, failure: Failure) -> Result<(), StoreError> {
        match failure {
            Failure::Query(error) => Err(error),
            Failure::Distrust(source) => {
                self.known.distrust(&context.tenant, source, self.config.settle.as_secs());
                Ok(())
            }
        }
    }

    /// The content of an item that a manifest names; `None` if its window (which expires then) has expired meanwhile.
    pub(super) async fn derived_item(
        &self,
        context: &QueryContext,
        source: Source,
        expiry: Option<u64>,
        key: Key,
        purpose: Purpose,
    ) -> Result<Option<Vec<u8>>, Failure> {
        for consistency in [Consistency::Eventual, Consistency::Strong] {
            let found = self.get(context, Table::Index, key.clone(), consistency, purpose).await?;
            if let Some(content) = found.as_ref().and_then(|item| bytes(item, attribute::CONTENT)) {
                return Ok(Some(content.to_vec()));
            }
        }
        self.missing(source, expiry).map(|()| None)
    }

    /// Something that a manifest names is not there.
    pub(super) fn missing(&self, source: Source, expiry: Option<u64>) -> Result<(), Failure> {
        let now = self.client.service_time().at_least();
        if expiry.is_some_and(|expiry| expiry <= now + EXPIRY_MARGIN_SECONDS) {
            return Ok(());
        }
        metrics::counter!("jaeger_dynamodb_damaged_items_total").increment(1);
        tracing::error!(?source, "a derived item is missing; the log is read instead");
        Err(Failure::Distrust(source))
    }

    /// Something that a manifest names cannot be read.
    pub(super) fn damaged(&self, source: Source, error: DecodeError) -> Failure {
        metrics::counter!("jaeger_dynamodb_damaged_items_total").increment(1);
        tracing::error!(?source, error = %error, "a derived item cannot be read; the log is read instead");
        Failure::Distrust(source)
    }
}
