//! Requests of `jaeger.storage.v1`. Tags are compared by the text that Jaeger's first model gives a value.

use std::collections::HashMap;

use jaeger_dynamodb_core::{AttributeCondition, InvalidId, TextForm, TraceQuery, TraceRef};
use jaeger_dynamodb_proto::convert;
use jaeger_dynamodb_proto::jaeger::storage::v1::{GetTraceRequest, TraceQueryParameters};

use super::{InvalidQuery, Parameters, limit, time_hint};

/// The trace asked for by id, or `None` for an id of zeros, which no trace has.
pub(crate) fn trace_ref(request: &GetTraceRequest) -> Result<Option<TraceRef>, InvalidQuery> {
    let time_hint = time_hint(request.start_time, request.end_time)?;
    match convert::trace_id_of_v1(&request.trace_id) {
        Ok(trace_id) => Ok(Some(TraceRef { trace_id, time_hint })),
        Err(InvalidId::Zero) => Ok(None),
        Err(invalid) => Err(InvalidQuery::TraceId(invalid)),
    }
}

/// A search for traces.
pub(crate) fn of_traces(params: Option<TraceQueryParameters>) -> Result<TraceQuery, InvalidQuery> {
    let params = params.ok_or(InvalidQuery::Missing)?;
    let common = Parameters {
        service_name: params.service_name,
        operation_name: params.operation_name,
        start_time_min: params.start_time_min,
        start_time_max: params.start_time_max,
        duration_min: params.duration_min,
        duration_max: params.duration_max,
    };
    common.query(conditions(params.tags).into_iter(), limit(params.num_traces))
}

/// By key, so that equal requests are equal queries.
fn conditions(tags: HashMap<String, String>) -> Vec<AttributeCondition> {
    let mut conditions: Vec<_> =
        tags.into_iter().map(|(key, text)| AttributeCondition { key, text, form: TextForm::V1 }).collect();
    conditions.sort_unstable_by(|one, other| one.key.cmp(&other.key));
    conditions
}

#[cfg(test)]
mod tests;
