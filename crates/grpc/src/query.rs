//! Requests of `jaeger.storage.v2` as core queries.
//!
//! The parameters mean what Jaeger's in-memory store makes of them:
//!
//! - Everything that is set must hold on one span. Attributes are compared by the text of their value, whatever its
//!   type; one without a value is no condition.
//! - A time that is absent or in the first second of year 1, as Go sends an unset time, is no bound; a duration of
//!   zero is none either. Bounds are inclusive, so reversed ones hold on no span and the answer is empty.
//! - A search depth of zero or less is Jaeger's default of 100 traces.

use std::num::NonZeroUsize;

use jaeger_dynamodb_core::{
    Attribute, AttributeCondition, AttributeValue, DependencyQuery, InvalidId, Predicate, Range, TextForm,
    TraceId, TraceQuery, TraceRef, UnixNanos,
};
use jaeger_dynamodb_proto::convert::{self, YEAR_ONE};
use jaeger_dynamodb_proto::jaeger::storage::v2::any_value::Value;
use jaeger_dynamodb_proto::jaeger::storage::v2::{
    AnyValue, GetDependenciesRequest, GetTraceParams, KeyValue, Pagination, TraceQueryParameters,
};
use prost_types::{Duration, Timestamp};
use thiserror::Error;
use tonic::Status;

/// Why a request is no query.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum InvalidQuery {
    #[error("the query is missing")]
    Missing,
    #[error("invalid trace id: {0}")]
    TraceId(InvalidId),
    #[error("{0}: nanoseconds out of range")]
    Nanos(&'static str),
    #[error("a structured filter is not supported")]
    Filter,
    #[error("whole traces come without pages: pagination is for FindTraceIDs and FindTraceSummaries")]
    PagesOfTraces,
    #[error("search_depth and pagination exclude each other")]
    DepthAndPages,
    #[error("a page has at least one trace: page_size is zero")]
    EmptyPage,
    #[error("unknown page token: only the first page is served")]
    PageToken,
    #[error("a search needs a service name")]
    ServiceName,
}

impl From<InvalidQuery> for Status {
    fn from(invalid: InvalidQuery) -> Self {
        Self::invalid_argument(invalid.to_string())
    }
}

/// The traces asked for by id.
pub(crate) fn trace_refs(params: &[GetTraceParams]) -> Result<Vec<TraceRef>, InvalidQuery> {
    params.iter().map(trace_ref).collect()
}

fn trace_ref(params: &GetTraceParams) -> Result<TraceRef, InvalidQuery> {
    Ok(TraceRef {
        trace_id: TraceId::try_from(params.trace_id.as_slice()).map_err(InvalidQuery::TraceId)?,
        time_hint: Range {
            min: instant("start_time", params.start_time)?,
            max: instant("end_time", params.end_time)?,
        },
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
    let start = Range {
        min: instant("start_time_min", params.start_time_min)?,
        max: instant("start_time_max", params.start_time_max)?,
    };
    let duration = Range {
        min: duration("duration_min", params.duration_min)?,
        max: duration("duration_max", params.duration_max)?,
    };
    let named = |name: String| Some(name).filter(|name| !name.is_empty());
    let conditions = named(params.service_name)
        .map(Predicate::Service)
        .into_iter()
        .chain(named(params.operation_name).map(Predicate::Operation))
        .chain((duration != Range::default()).then_some(Predicate::Duration(duration)))
        .chain(params.attributes.into_iter().filter_map(condition));
    Ok(TraceQuery { start, predicate: Predicate::All(conditions.collect()), limit })
}

/// The range for which dependencies are asked; an end that is not set is as far away as a `Timestamp` can be.
pub(crate) fn of_dependencies(request: GetDependenciesRequest) -> Result<DependencyQuery, InvalidQuery> {
    const YEAR_10000: UnixNanos = UnixNanos::from_secs(253_402_300_800);
    Ok(DependencyQuery {
        start: instant("start_time", request.start_time)?.unwrap_or(YEAR_ONE),
        end: instant("end_time", request.end_time)?.unwrap_or(YEAR_10000),
    })
}

fn limit(search_depth: i32, pagination: Option<&Pagination>) -> Result<NonZeroUsize, InvalidQuery> {
    let Some(page) = pagination else {
        let depth = usize::try_from(search_depth).ok().and_then(NonZeroUsize::new);
        return Ok(depth.unwrap_or(TraceQuery::DEFAULT_LIMIT));
    };
    if search_depth != 0 {
        return Err(InvalidQuery::DepthAndPages);
    }
    if !page.page_token.is_empty() {
        return Err(InvalidQuery::PageToken);
    }
    let size = usize::try_from(page.page_size).unwrap_or(usize::MAX);
    NonZeroUsize::new(size).ok_or(InvalidQuery::EmptyPage)
}

fn instant(field: &'static str, timestamp: Option<Timestamp>) -> Result<Option<UnixNanos>, InvalidQuery> {
    let Some(timestamp) = timestamp else { return Ok(None) };
    let instant = convert::unix_nanos(timestamp).map_err(|_| InvalidQuery::Nanos(field))?;
    Ok(Some(instant).filter(|_| i128::from(timestamp.seconds) > YEAR_ONE.secs_floor()))
}

fn duration(field: &'static str, duration: Option<Duration>) -> Result<Option<i128>, InvalidQuery> {
    let nanos = duration.map(convert::duration_nanos).transpose().map_err(|_| InvalidQuery::Nanos(field))?;
    Ok(nanos.filter(|nanos| *nanos != 0))
}

fn condition(pair: KeyValue) -> Option<Predicate> {
    let value = attribute_value(pair.value.filter(|value| value.value.is_some())?);
    let text = value.text(TextForm::V2).into_owned();
    Some(Predicate::Attribute(AttributeCondition { key: pair.key, text, form: TextForm::V2 }))
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
