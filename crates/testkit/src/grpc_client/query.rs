//! Core's queries as parameters of `jaeger.storage.v2`.

use jaeger_dynamodb_core::{Predicate, Range, StoreError, TextForm, TraceQuery, TraceRef, UnixNanos};
use jaeger_dynamodb_proto::convert::{self, YEAR_ONE};
use jaeger_dynamodb_proto::jaeger::storage::v2::any_value::Value;
use jaeger_dynamodb_proto::jaeger::storage::v2::{AnyValue, GetTraceParams, KeyValue, TraceQueryParameters};
use prost_types::Timestamp;

use super::unsupported;

pub(super) fn by_id(trace: &TraceRef) -> GetTraceParams {
    GetTraceParams {
        trace_id: trace.trace_id.as_bytes().to_vec(),
        start_time: bound(trace.time_hint.min),
        end_time: bound(trace.time_hint.max),
    }
}

pub(super) fn parameters(query: TraceQuery) -> Result<TraceQueryParameters, StoreError> {
    let mut parameters = TraceQueryParameters {
        start_time_min: bound(query.start.min),
        start_time_max: bound(query.start.max),
        search_depth: query.limit.get().try_into().unwrap_or(i32::MAX),
        ..TraceQueryParameters::default()
    };
    add(query.predicate, &mut parameters)?;
    Ok(parameters)
}

/// An unset time, as Go programs send it.
pub(crate) fn bound(instant: Option<UnixNanos>) -> Option<Timestamp> {
    Some(convert::timestamp(instant.unwrap_or(YEAR_ONE)))
}

fn add(predicate: Predicate, parameters: &mut TraceQueryParameters) -> Result<(), StoreError> {
    match predicate {
        Predicate::All(all) => return all.into_iter().try_for_each(|predicate| add(predicate, parameters)),
        Predicate::Service(name) if !name.is_empty() && parameters.service_name.is_empty() => {
            parameters.service_name = name;
        }
        Predicate::Operation(name) if !name.is_empty() && parameters.operation_name.is_empty() => {
            parameters.operation_name = name;
        }
        Predicate::Duration(Range { min, max })
            if min != Some(0)
                && max != Some(0)
                && parameters.duration_min.is_none()
                && parameters.duration_max.is_none() =>
        {
            parameters.duration_min = min.map(convert::duration);
            parameters.duration_max = max.map(convert::duration);
        }
        Predicate::Attribute(condition) if condition.form == TextForm::V2 => {
            let value = Some(AnyValue { value: Some(Value::StringValue(condition.text)) });
            parameters.attributes.push(KeyValue { key: condition.key, value });
        }
        other => return Err(unsupported(&format!("jaeger.storage.v2 cannot carry {other:?}"))),
    }
    Ok(())
}
