//! Core's answers as messages.

use jaeger_dynamodb_core::{self as model, FoundTrace, UnixNanos};
use jaeger_dynamodb_proto::convert;
use jaeger_dynamodb_proto::jaeger::storage::v2::{
    FindTraceIDsResponse, FindTraceSummariesResponse, FoundTraceId, GetOperationsResponse, Operation,
    ServiceSummary, TraceSummary,
};

use crate::chunking;

/// Room for the frame of a summary.
const FRAME: usize = 16;

pub(super) fn operations(operations: Vec<model::Operation>) -> GetOperationsResponse {
    let operations = operations.into_iter().map(|one| Operation { name: one.name, span_kind: one.span_kind });
    GetOperationsResponse { operations: operations.collect() }
}

pub(super) fn trace_ids(found: &[FoundTrace]) -> FindTraceIDsResponse {
    let trace_ids = found.iter().map(|trace| FoundTraceId {
        trace_id: trace.trace_id.as_bytes().to_vec(),
        start: Some(convert::timestamp(trace.start)),
        end: Some(convert::timestamp(trace.end)),
    });
    FindTraceIDsResponse { trace_ids: trace_ids.collect(), next_page_token: String::new() }
}

/// A summary whose numbers end at what the message can say, and whose names are cut if it would be too large.
pub(super) fn summary(summary: model::TraceSummary, limit: usize) -> FindTraceSummariesResponse {
    let mut message = TraceSummary {
        trace_id: summary.trace_id.as_bytes().to_vec(),
        root_service_name: summary.root_service_name,
        root_operation_name: summary.root_operation_name,
        min_start_time_unix_nano: unix_nanos(summary.min_start),
        max_end_time_unix_nano: unix_nanos(summary.max_end),
        span_count: count(summary.span_count),
        error_span_count: count(summary.error_span_count),
        orphan_span_count: count(summary.orphan_span_count),
        services: summary.services.into_iter().map(service).collect(),
    };
    chunking::cut(&mut message, limit.saturating_sub(FRAME));
    FindTraceSummariesResponse { summaries: vec![message], next_page_token: String::new() }
}

fn service(summary: model::ServiceSummary) -> ServiceSummary {
    ServiceSummary {
        name: summary.name,
        span_count: count(summary.span_count),
        error_span_count: count(summary.error_span_count),
    }
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn unix_nanos(instant: UnixNanos) -> u64 {
    u64::try_from(instant.0.max(0)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;

    fn huge() -> model::TraceSummary {
        model::TraceSummary {
            trace_id: model::TraceId::new([1; 16]).unwrap(),
            root_service_name: "s".repeat(100_000),
            root_operation_name: "o".to_owned(),
            min_start: UnixNanos(-1),
            max_end: UnixNanos(i128::MAX),
            span_count: usize::MAX,
            error_span_count: 3,
            orphan_span_count: usize::MAX,
            services: vec![model::ServiceSummary {
                name: "s".repeat(100_000),
                span_count: 1,
                error_span_count: 0,
            }],
        }
    }

    #[test]
    fn numbers_end_at_what_the_message_can_say() {
        let summary = &summary(huge(), 1_000_000).summaries[0];
        assert_eq!((summary.min_start_time_unix_nano, summary.max_end_time_unix_nano), (0, u64::MAX));
        assert_eq!(
            (summary.span_count, summary.error_span_count, summary.orphan_span_count),
            (i32::MAX, 3, i32::MAX)
        );
        assert_eq!(summary.root_service_name.len(), 100_000);
    }

    #[test]
    fn names_that_would_not_fit_into_a_message_are_cut() {
        let answer = summary(huge(), 65_536);
        assert!(answer.encoded_len() <= 65_536);
        assert!(answer.summaries[0].services[0].name.len() > 30_000);
    }
}
