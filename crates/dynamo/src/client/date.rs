//! The `Date` of a response.

use std::sync::{Arc, OnceLock};

use aws_sdk_dynamodb::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};

/// Keeps the `Date` header of the one response it sees, in Unix seconds.
#[derive(Debug, Clone, Default)]
pub(super) struct DateOfResponse(Arc<OnceLock<u64>>);

impl DateOfResponse {
    pub(super) fn seconds(&self) -> Option<u64> {
        self.0.get().copied()
    }
}

impl Intercept for DateOfResponse {
    fn name(&self) -> &'static str {
        "DateOfResponse"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date = date.and_then(|text| DateTime::from_str(text, DateTimeFormat::HttpDate).ok());
        if let Some(seconds) = date.and_then(|date| u64::try_from(date.secs()).ok()) {
            // The cell is made for one response.
            let _ = self.0.set(seconds);
        }
        Ok(())
    }
}
