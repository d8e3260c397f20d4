use std::time::Duration;

use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
use jaeger_dynamodb_proto::opentelemetry::proto::resource::v1::Resource;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::{ResourceSpans, ScopeSpans, Span};

use super::*;

/// A request of one service, with a span of these ids (trace, own, parent, if any) for each.
fn arrival(service: &str, spans: &[(u8, u8, Option<u8>)]) -> Arrival {
    let span = |&(trace, own, parent): &(u8, u8, Option<u8>)| Span {
        trace_id: vec![trace],
        span_id: vec![own],
        parent_span_id: parent.into_iter().collect(),
        ..Span::default()
    };
    let attribute = |key: &str, text: &str| KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(Value::StringValue(text.to_owned())) }),
    };
    let attributes = vec![attribute("service.version", "1"), attribute("service.name", service)];
    let resource_spans = vec![ResourceSpans {
        resource: Some(Resource { attributes, ..Resource::default() }),
        scope_spans: vec![ScopeSpans { spans: spans.iter().map(span).collect(), ..ScopeSpans::default() }],
        ..ResourceSpans::default()
    }];
    Arrival { at: Duration::ZERO, request: ExportTraceServiceRequest { resource_spans } }
}

#[test]
fn a_call_counts_for_the_service_of_the_parent_in_the_same_trace_whenever_that_arrives() {
    let arrivals = [
        arrival("cart", &[(1, 2, Some(1)), (1, 3, Some(2)), (2, 2, Some(1))]),
        arrival("shop", &[(1, 1, None), (2, 1, None), (3, 1, Some(9))]),
        arrival("cart", &[(3, 4, Some(1))]),
        arrival("lost", &[(4, 1, Some(2))]),
    ];
    let expected = [("cart", "cart", 1), ("shop", "cart", 3)];
    let expected = expected.map(|(parent, child, count)| ((parent.to_owned(), child.to_owned()), count));
    assert_eq!(calls_between_services(&arrivals), BTreeMap::from(expected.clone()));
    assert_eq!(calls_between_services(arrivals.into_iter().rev()), BTreeMap::from(expected));
}
