//! Who called whom in a load: what a dependency graph over it has to show.

use std::collections::{BTreeMap, HashMap};

use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::any_value::Value;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::{AnyValue, KeyValue};

use crate::Arrival;

/// The number of calls from each service to each, by the parents that the spans name. All requests of the load must be
/// given: a span whose parent is in none of them counts for nothing.
pub fn calls_between_services<'a>(
    arrivals: impl IntoIterator<Item = &'a Arrival>,
) -> BTreeMap<(String, String), u64> {
    let mut services: HashMap<(&[u8], &[u8]), &str> = HashMap::new();
    let mut children = Vec::new();
    for resource in arrivals.into_iter().flat_map(|arrival| &arrival.request.resource_spans) {
        let attributes = resource.resource.iter().flat_map(|resource| &resource.attributes);
        let service = attributes.filter_map(service_name).next().unwrap_or_default();
        for span in resource.scope_spans.iter().flat_map(|scope| &scope.spans) {
            services.insert((&span.trace_id, &span.span_id), service);
            if !span.parent_span_id.is_empty() {
                children.push(((span.trace_id.as_slice(), span.parent_span_id.as_slice()), service));
            }
        }
    }
    let mut calls = BTreeMap::new();
    for (parent, service) in children {
        if let Some(caller) = services.get(&parent) {
            *calls.entry(((*caller).to_owned(), service.to_owned())).or_default() += 1;
        }
    }
    calls
}

fn service_name(attribute: &KeyValue) -> Option<&str> {
    match &attribute.value {
        Some(AnyValue { value: Some(Value::StringValue(name)) }) if attribute.key == "service.name" => {
            Some(name)
        }
        _ => None,
    }
}
