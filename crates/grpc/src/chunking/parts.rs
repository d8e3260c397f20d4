//! The parts of a message that can be made shorter: its texts, bytes and lists.

use jaeger_dynamodb_proto::jaeger::api_v2;
use jaeger_dynamodb_proto::jaeger::storage::v2::TraceSummary;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::any_value::Value;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::{AnyValue, KeyValue};
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::{ResourceSpans, ScopeSpans, Span};

/// A part that can be made shorter.
pub(crate) enum Part<'a> {
    Text(&'a mut String),
    Bytes(&'a mut Vec<u8>),
    List(&'a mut dyn List),
}

/// A list of whatever.
pub(crate) trait List {
    fn len(&self) -> usize;
    fn keep_first(&mut self, items: usize);
}

impl<T> List for Vec<T> {
    fn len(&self) -> usize {
        self.len()
    }

    fn keep_first(&mut self, items: usize) {
        self.truncate(items);
    }
}

pub(crate) type Visit<'v> = &'v mut dyn FnMut(Part<'_>);

/// A message whose parts can be visited, lists before what is in them. Ids are no parts: they have a fixed size.
pub(crate) trait Parts {
    fn visit(&mut self, visit: Visit<'_>);
}

impl Parts for ResourceSpans {
    fn visit(&mut self, visit: Visit<'_>) {
        visit(Part::Text(&mut self.schema_url));
        let Some(resource) = &mut self.resource else { return };
        attributes(&mut resource.attributes, visit);
        visit(Part::List(&mut resource.entity_refs));
        for entity in &mut resource.entity_refs {
            visit(Part::Text(&mut entity.schema_url));
            visit(Part::Text(&mut entity.r#type));
            texts(&mut entity.id_keys, visit);
            texts(&mut entity.description_keys, visit);
        }
    }
}

impl Parts for ScopeSpans {
    fn visit(&mut self, visit: Visit<'_>) {
        visit(Part::Text(&mut self.schema_url));
        let Some(scope) = &mut self.scope else { return };
        visit(Part::Text(&mut scope.name));
        visit(Part::Text(&mut scope.version));
        attributes(&mut scope.attributes, visit);
    }
}

impl Parts for Span {
    fn visit(&mut self, visit: Visit<'_>) {
        visit(Part::Text(&mut self.name));
        visit(Part::Text(&mut self.trace_state));
        attributes(&mut self.attributes, visit);
        visit(Part::List(&mut self.events));
        for event in &mut self.events {
            visit(Part::Text(&mut event.name));
            attributes(&mut event.attributes, visit);
        }
        visit(Part::List(&mut self.links));
        for link in &mut self.links {
            visit(Part::Text(&mut link.trace_state));
            attributes(&mut link.attributes, visit);
        }
        if let Some(status) = &mut self.status {
            visit(Part::Text(&mut status.message));
        }
    }
}

impl Parts for api_v2::Span {
    fn visit(&mut self, visit: Visit<'_>) {
        visit(Part::Text(&mut self.operation_name));
        visit(Part::List(&mut self.references));
        tags(&mut self.tags, visit);
        visit(Part::List(&mut self.logs));
        for log in &mut self.logs {
            tags(&mut log.fields, visit);
        }
        if let Some(process) = &mut self.process {
            visit(Part::Text(&mut process.service_name));
            tags(&mut process.tags, visit);
        }
        visit(Part::Text(&mut self.process_id));
        texts(&mut self.warnings, visit);
    }
}

impl Parts for TraceSummary {
    fn visit(&mut self, visit: Visit<'_>) {
        visit(Part::Text(&mut self.root_service_name));
        visit(Part::Text(&mut self.root_operation_name));
        visit(Part::List(&mut self.services));
        for service in &mut self.services {
            visit(Part::Text(&mut service.name));
        }
    }
}

fn texts(list: &mut Vec<String>, visit: Visit<'_>) {
    visit(Part::List(list));
    for text in list {
        visit(Part::Text(text));
    }
}

fn tags(list: &mut Vec<api_v2::KeyValue>, visit: Visit<'_>) {
    visit(Part::List(list));
    for tag in list {
        visit(Part::Text(&mut tag.key));
        visit(Part::Text(&mut tag.v_str));
        visit(Part::Bytes(&mut tag.v_binary));
    }
}

fn attributes(list: &mut Vec<KeyValue>, visit: Visit<'_>) {
    visit(Part::List(list));
    for pair in list {
        visit(Part::Text(&mut pair.key));
        if let Some(any) = &mut pair.value {
            value(any, visit);
        }
    }
}

fn value(any: &mut AnyValue, visit: Visit<'_>) {
    match &mut any.value {
        Some(Value::StringValue(text)) => visit(Part::Text(text)),
        Some(Value::BytesValue(bytes)) => visit(Part::Bytes(bytes)),
        Some(Value::ArrayValue(array)) => {
            visit(Part::List(&mut array.values));
            for any in &mut array.values {
                value(any, visit);
            }
        }
        Some(Value::KvlistValue(list)) => attributes(&mut list.values, visit),
        Some(Value::BoolValue(_) | Value::IntValue(_) | Value::DoubleValue(_)) | None => {}
    }
}
