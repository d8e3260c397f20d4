//! Spans on their way into the store, through whichever API they came.

use std::sync::Arc;

use jaeger_dynamodb_core::{Tenant, TraceWriter};
use jaeger_dynamodb_proto::convert::Converted;
use tonic::Status;

use super::receipts::{Receipt, Receipts};
use super::refused::Refused;
use crate::status;

/// Writes spans, and counts those that are kept and those that are not.
#[derive(Debug, Clone)]
pub(crate) struct Ingest {
    writer: Arc<dyn TraceWriter>,
    receipts: Receipts,
}

impl Ingest {
    pub(crate) fn new(writer: Arc<dyn TraceWriter>, receipts: Receipts) -> Self {
        Self { writer, receipts }
    }

    /// Writes the valid spans, which are durable when this returns, and tells why the others are refused.
    pub(crate) async fn keep(&self, tenant: &Tenant, came: Converted) -> Result<Refused, Status> {
        let _until_durable = self.receipt();
        let mut refused = Refused::default();
        for reason in came.rejected {
            let text = reason.to_string();
            metrics::counter!("jaeger_dynamodb_spans_rejected_total", "reason" => text).increment(1);
            refused.add(reason);
        }
        let accepted = came.spans.len();
        if accepted > 0 {
            let written = self.writer.write_spans(tenant, came.spans).await;
            written.map_err(|error| status::of_write_error(&error))?;
            metrics::counter!("jaeger_dynamodb_spans_accepted_total")
                .increment(accepted.try_into().unwrap_or(u64::MAX));
        }
        Ok(refused)
    }

    /// A receipt for spans that are going to be kept.
    pub(crate) fn receipt(&self) -> Receipt {
        self.receipts.issue()
    }

    /// Waits until all that was received before is durable or refused.
    pub(crate) async fn flush(&self) {
        self.receipts.settled().await;
    }
}
