//! Requests of `jaeger.storage.v2`. Attributes are compared by the text of their value, whatever its type; one without
//! a value is no condition.

use std::num::NonZeroUsize;

use jaeger_dynamodb_core::{
    Attribute, AttributeCondition, AttributeValue, TextForm, TraceId, TraceQuery, TraceRef,
};
use jaeger_dynamodb_proto::jaeger::storage::v2::any_value::Value;
use jaeger_dynamodb_proto::jaeger::storage::v2::{
    AnyValue, GetTraceParams, KeyValue, Pagination, TraceQueryParameters,
};

use super::{InvalidQuery, Parameters, time_hint};

/// The traces asked for by id.
pub(crate) fn trace_refs(params: &[GetTraceParams]) -> Result<Vec<TraceRef>, InvalidQuery> {
    params.iter().map(trace_ref).collect()
}

fn trace_ref(params: &GetTraceParams) -> Result<TraceRef, InvalidQuery> {
    Ok(TraceRef {
        trace_id: TraceId::try_from(params.trace_id.as_slice()).map_err(InvalidQuery::TraceId)?,
        time_hint: time_hint(params.start_time, params.end_time)?,
    })
}

/// A search for whole traces.
pub(crate) fn of_traces(params: Option<TraceQueryParameters>) -> Result<TraceQuery, InvalidQuery> {
    let params = params.ok_or(InvalidQuery::Missing)?;
    if params.pagination.is_some() {
        return Err(InvalidQuery::PagesOfTraces);
    }
    trace_query(params)
}

/// A search whose results may be asked for in pages, of which only the first is served.
pub(crate) fn of_first_page(params: Option<TraceQueryParameters>) -> Result<TraceQuery, InvalidQuery> {
    trace_query(params.ok_or(InvalidQuery::Missing)?)
}

fn trace_query(params: TraceQueryParameters) -> Result<TraceQuery, InvalidQuery> {
    if params.filter.is_some() {
        return Err(InvalidQuery::Filter);
    }
    let limit = limit(params.search_depth, params.pagination.as_ref())?;
    let common = Parameters {
        service_name: params.service_name,
        operation_name: params.operation_name,
        start_time_min: params.start_time_min,
        start_time_max: params.start_time_max,
        duration_min: params.duration_min,
        duration_max: params.duration_max,
    };
    common.query(params.attributes.into_iter().filter_map(condition), limit)
}

fn limit(search_depth: i32, pagination: Option<&Pagination>) -> Result<NonZeroUsize, InvalidQuery> {
    let Some(page) = pagination else { return Ok(super::limit(search_depth)) };
    if search_depth != 0 {
        return Err(InvalidQuery::DepthAndPages);
    }
    if !page.page_token.is_empty() {
        return Err(InvalidQuery::PageToken);
    }
    let size = usize::try_from(page.page_size).unwrap_or(usize::MAX);
    NonZeroUsize::new(size).ok_or(InvalidQuery::EmptyPage)
}

fn condition(pair: KeyValue) -> Option<AttributeCondition> {
    let value = attribute_value(pair.value.filter(|value| value.value.is_some())?);
    let text = value.text(TextForm::V2).into_owned();
    Some(AttributeCondition { key: pair.key, text, form: TextForm::V2 })
}

/// Jaeger's own `AnyValue`, a twin of OTLP's.
fn attribute_value(value: AnyValue) -> AttributeValue {
    match value.value {
        None => AttributeValue::Empty,
        Some(Value::StringValue(text)) => AttributeValue::String(text),
        Some(Value::BoolValue(value)) => value.into(),
        Some(Value::IntValue(value)) => value.into(),
        Some(Value::DoubleValue(value)) => value.into(),
        Some(Value::BytesValue(bytes)) => AttributeValue::Bytes(bytes),
        Some(Value::ArrayValue(array)) => {
            AttributeValue::Array(array.values.into_iter().map(attribute_value).collect())
        }
        Some(Value::KvlistValue(list)) => {
            AttributeValue::Map(list.values.into_iter().map(attribute).collect())
        }
    }
}

fn attribute(pair: KeyValue) -> Attribute {
    Attribute { key: pair.key, value: pair.value.map(attribute_value).unwrap_or_default() }
}

#[cfg(test)]
mod tests;
