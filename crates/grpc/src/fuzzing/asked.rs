//! Requests that ask for something.

use jaeger_dynamodb_core::edges::EdgeSources;
use jaeger_dynamodb_core::{Predicate, SearchCapabilities, TraceQuery, TraceRef};
use jaeger_dynamodb_proto::convert::YEAR_ONE;
use jaeger_dynamodb_proto::jaeger::storage::{v1, v2};
use prost::Message;
use tonic::metadata::{AsciiMetadataValue, MetadataMap};
use tonic::{Code, Status};

use crate::query::{self, InvalidQuery};
use crate::{RequestContext, TraceParent};

/// Tries the request of this number.
pub(super) fn check(number: u8, message: &[u8]) {
    match number {
        1 => of::<v1::GetTraceRequest, _>(message, |request| {
            answered(query::v1::trace_ref(&request)).flatten().iter().for_each(trace_ref);
        }),
        2 => of::<v1::FindTracesRequest, _>(message, |request| search(query::v1::of_traces(request.query))),
        3 => of::<v1::FindTraceIDsRequest, _>(message, |request| search(query::v1::of_traces(request.query))),
        4 => of::<v1::GetOperationsRequest, _>(message, drop),
        5 => of::<v1::GetDependenciesRequest, _>(message, |request| {
            dependencies(query::of_dependencies(
                request.start_time,
                request.end_time,
                EdgeSources::default(),
            ));
        }),
        6 => of::<v2::GetTracesRequest, _>(message, |request| {
            answered(query::v2::trace_refs(&request.query)).iter().flatten().for_each(trace_ref);
        }),
        7 => of::<v2::FindTracesRequest, _>(message, |request| search(query::v2::of_traces(request.query))),
        8 => of::<v2::FindTraceIDsRequest, _>(message, |request| {
            search(query::v2::of_first_page(request.query))
        }),
        9 => of::<v2::FindTraceSummariesRequest, _>(message, |request| {
            search(query::v2::of_first_page(request.query));
        }),
        10 => of::<v2::GetOperationsRequest, _>(message, drop),
        11 => of::<v2::GetDependenciesRequest, _>(message, |request| {
            dependencies(query::of_dependencies(
                request.start_time,
                request.end_time,
                EdgeSources::default(),
            ));
        }),
        12 => of::<v1::CapabilitiesRequest, _>(message, drop),
        13 => of::<v2::FindSpansRequest, _>(message, drop),
        14 => metadata(message),
        _ => {}
    }
}

/// Whatever a header holds, the request is served, unless it names a tenant.
fn metadata(value: &[u8]) {
    let Ok(value) = AsciiMetadataValue::try_from(value) else { return };
    let of = |key: &'static str| {
        let mut metadata = MetadataMap::new();
        metadata.insert(key, value.clone());
        RequestContext::of(&metadata)
    };
    assert_eq!(of("x-tenant").is_err(), !value.is_empty());
    assert!(of("bearer.token").is_ok());
    let is_parent = |parent: TraceParent| parent.trace_id != [0; 16] && parent.parent_id != [0; 8];
    assert!(of("traceparent").is_ok_and(|context| context.trace_parent.is_none_or(is_parent)));
}

/// What cannot be decoded tonic refuses.
fn of<M: Message + Default, T>(message: &[u8], check: impl FnOnce(M) -> T) {
    drop(M::decode(message).map(check));
}

/// Refused is only what the client can correct.
fn answered<T>(query: Result<T, InvalidQuery>) -> Option<T> {
    query
        .map_err(|invalid| {
            let status = Status::from(invalid);
            assert_eq!(status.code(), Code::InvalidArgument);
            assert!(!status.message().is_empty());
        })
        .ok()
}

fn trace_ref(trace: &TraceRef) {
    assert!(trace.time_hint.min.is_none_or(|min| min > YEAR_ONE));
}

fn search(query: Result<TraceQuery, InvalidQuery>) {
    let Some(query) = answered(query) else { return };
    assert!(matches!(query.predicate, Predicate::All(_)));
    assert!(query.start.min.is_none_or(|min| min > YEAR_ONE));
    let strong = SearchCapabilities { without_service_name: true, ..SearchCapabilities::default() };
    assert_eq!(query::searchable(query.clone(), strong).as_ref(), Ok(&query));
    answered(query::searchable(query, SearchCapabilities::default()));
}

fn dependencies(query: Result<jaeger_dynamodb_core::DependencyQuery, InvalidQuery>) {
    answered(query);
}
