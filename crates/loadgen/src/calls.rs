//! Who called whom in a load: what a dependency graph over it has to show.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};

use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::any_value::Value;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::{AnyValue, KeyValue};

use crate::Arrival;

#[cfg(test)]
mod tests;

/// Trace id and span id.
type Id = (Vec<u8>, Vec<u8>);

/// The number of calls from each service to each, by the parents that the spans name. All requests of the load must be
/// given, each once: a span whose parent is in none of them counts for nothing. They need not be kept for it.
pub fn calls_between_services(
    arrivals: impl IntoIterator<Item = impl Borrow<Arrival>>,
) -> BTreeMap<(String, String), u64> {
    let mut names: Vec<String> = Vec::new();
    let mut services: HashMap<Id, usize> = HashMap::new();
    let mut children: Vec<(Id, usize)> = Vec::new();
    for arrival in arrivals {
        for resource in &arrival.borrow().request.resource_spans {
            let attributes = resource.resource.iter().flat_map(|resource| &resource.attributes);
            let service =
                position(&mut names, attributes.filter_map(service_name).next().unwrap_or_default());
            for span in resource.scope_spans.iter().flat_map(|scope| &scope.spans) {
                services.insert((span.trace_id.clone(), span.span_id.clone()), service);
                if !span.parent_span_id.is_empty() {
                    children.push(((span.trace_id.clone(), span.parent_span_id.clone()), service));
                }
            }
        }
    }
    let mut calls = BTreeMap::new();
    for (parent, service) in children {
        let caller = services.get(&parent).and_then(|caller| names.get(*caller));
        if let (Some(caller), Some(service)) = (caller, names.get(service)) {
            *calls.entry((caller.clone(), service.clone())).or_default() += 1;
        }
    }
    calls
}

/// Where the name is among the others, which are few.
fn position(names: &mut Vec<String>, name: &str) -> usize {
    names.iter().position(|known| known == name).unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    })
}

fn service_name(attribute: &KeyValue) -> Option<&str> {
    match &attribute.value {
        Some(AnyValue { value: Some(Value::StringValue(name)) }) if attribute.key == "service.name" => {
            Some(name)
        }
        _ => None,
    }
}
