//! OTLP rows: the span's message without its ids and times, which stand apart.

use std::collections::HashMap;
use std::sync::Arc;

use jaeger_dynamodb_core::{AttributeValue, Attributes, Span, SpanId, TraceId, otlp};
use jaeger_dynamodb_proto::convert::{resource_from_otlp, scope_from_otlp, span_from_otlp};
use jaeger_dynamodb_proto::opentelemetry::proto::{
    common::v1 as common, resource::v1 as resource, trace::v1 as trace,
};
use prost::Message;

use super::{Sections, Table};
use crate::bytes::{DecodeError, Reader, Writer};

/// How a row names the span's parent; larger numbers point at a span of the same trace in the same pack.
const NO_PARENT: u64 = 0;
const PARENT_AMONG_IDS: u64 = 1;
const FIRST_PARENT_IN_PACK: u64 = 2;

/// Writes, after the tables, for each trace its number of rows, then the rows' numbers, then the messages.
pub(super) fn encode(spans: Vec<otlp::Span>, out: &mut Sections) {
    let mut resources = Table::default();
    let mut scopes = Table::default();
    let mut numbers = Vec::new();
    let mut messages = Vec::new();
    let traces = group_by_trace(spans);
    numbers.put_count(traces.len());
    let mut clock = 0_u64;
    for (trace_id, spans) in traces {
        out.ids.extend_from_slice(trace_id.as_bytes());
        numbers.put_count(spans.len());
        let ordinals: HashMap<SpanId, usize> =
            spans.iter().enumerate().map(|(ordinal, span)| (span.span_id, ordinal)).collect();
        for span in spans {
            numbers.put_count(resources.position(&span.resource));
            numbers.put_count(scopes.position(&span.scope));
            out.ids.extend_from_slice(span.span_id.as_bytes());
            match span.parent_span_id {
                None => numbers.put_varint(NO_PARENT),
                Some(parent) => match ordinals.get(&parent) {
                    Some(ordinal) => numbers.put_varint(FIRST_PARENT_IN_PACK + *ordinal as u64),
                    None => {
                        numbers.put_varint(PARENT_AMONG_IDS);
                        out.ids.extend_from_slice(parent.as_bytes());
                    }
                },
            }
            numbers.put_signed(span.start_time_unix_nano.wrapping_sub(clock).cast_signed());
            clock = span.start_time_unix_nano;
            numbers.put_signed(span.end_time_unix_nano.wrapping_sub(span.start_time_unix_nano).cast_signed());
            messages.put_bytes(&without_ids_and_times(span).encode_to_vec());
        }
    }
    write_tables(&resources.parts, &scopes.parts, &mut out.rows);
    out.rows.put_bytes(&numbers);
    out.rows.extend_from_slice(&messages);
}

fn group_by_trace(spans: Vec<otlp::Span>) -> Vec<(TraceId, Vec<otlp::Span>)> {
    let mut traces: Vec<(TraceId, Vec<otlp::Span>)> = Vec::new();
    for span in spans {
        match traces.last_mut() {
            Some((trace_id, spans)) if *trace_id == span.trace_id => spans.push(span),
            _ => traces.push((span.trace_id, vec![span])),
        }
    }
    traces
}

fn without_ids_and_times(span: otlp::Span) -> trace::Span {
    let mut message = trace::Span::from(span);
    message.trace_id = Vec::new();
    message.span_id = Vec::new();
    message.parent_span_id = Vec::new();
    message.start_time_unix_nano = 0;
    message.end_time_unix_nano = 0;
    message
}

fn write_tables(resources: &[Arc<otlp::Resource>], scopes: &[Arc<otlp::Scope>], out: &mut Vec<u8>) {
    out.put_count(resources.len());
    for entry in resources {
        out.put_bytes(entry.schema_url.as_bytes());
        out.put_bytes(&resource::Resource::from(&**entry).encode_to_vec());
    }
    out.put_count(scopes.len());
    for entry in scopes {
        out.put_bytes(entry.schema_url.as_bytes());
        out.put_bytes(&common::InstrumentationScope::from(&**entry).encode_to_vec());
    }
}

pub(super) fn decode(
    ids: &[u8],
    rows: &[u8],
    wanted: impl Fn(TraceId) -> bool,
) -> Result<Vec<Span>, DecodeError> {
    let mut rows = Reader::new(rows);
    // Each part is a span's, which has an id at least.
    let most_parts = ids.len() / size_of::<SpanId>() + 1;
    let mut resources = Vec::new();
    for _ in 0..rows.index(most_parts)? {
        let schema_url = text(rows.bytes()?)?;
        resources.push(Arc::new(resource_from_otlp(message(rows.bytes()?)?, schema_url)));
    }
    let mut scopes = Vec::new();
    for _ in 0..rows.index(most_parts)? {
        let schema_url = text(rows.bytes()?)?;
        scopes.push(Arc::new(scope_from_otlp(message(rows.bytes()?)?, schema_url)));
    }
    let mut unpacker =
        Unpacker { ids: Reader::new(ids), numbers: Reader::new(rows.bytes()?), messages: rows, clock: 0 };
    let mut spans = Vec::new();
    for _ in 0..unpacker.numbers.count()? {
        unpacker.trace(&resources, &scopes, &wanted, &mut spans)?;
    }
    Ok(spans)
}

struct Unpacker<'a> {
    ids: Reader<'a>,
    numbers: Reader<'a>,
    messages: Reader<'a>,
    clock: u64,
}

struct Row<'a> {
    resource: usize,
    scope: usize,
    span_id: [u8; 8],
    parent: Parent,
    start: u64,
    end: u64,
    message: &'a [u8],
}

enum Parent {
    Id(Vec<u8>),
    Ordinal(usize),
}

impl<'a> Unpacker<'a> {
    fn trace(
        &mut self,
        resources: &[Arc<otlp::Resource>],
        scopes: &[Arc<otlp::Scope>],
        wanted: impl Fn(TraceId) -> bool,
        spans: &mut Vec<Span>,
    ) -> Result<(), DecodeError> {
        let trace_id =
            TraceId::new(self.ids.array()?).map_err(|_| DecodeError::Invalid("a trace id of zeros"))?;
        let mut rows = Vec::new();
        for _ in 0..self.numbers.count()? {
            rows.push(self.row(resources.len(), scopes.len())?);
        }
        if !wanted(trace_id) {
            return Ok(());
        }
        for row in &rows {
            let mut span: trace::Span = message(row.message)?;
            span.trace_id = trace_id.as_bytes().to_vec();
            span.span_id = row.span_id.to_vec();
            span.parent_span_id = match &row.parent {
                Parent::Id(id) => id.clone(),
                Parent::Ordinal(ordinal) => rows
                    .get(*ordinal)
                    .ok_or(DecodeError::Invalid("a parent outside the trace"))?
                    .span_id
                    .to_vec(),
            };
            span.start_time_unix_nano = row.start;
            span.end_time_unix_nano = row.end;
            let (Some(resource), Some(scope)) = (resources.get(row.resource), scopes.get(row.scope)) else {
                return Err(DecodeError::Invalid("a resource or scope outside its table"));
            };
            let span = span_from_otlp(span, resource, scope)
                .map_err(|_| DecodeError::Invalid("an id has a wrong length"))?;
            spans.push(Span::Otlp(span));
        }
        Ok(())
    }

    fn row(&mut self, resources: usize, scopes: usize) -> Result<Row<'a>, DecodeError> {
        let resource = self.numbers.index(resources)?;
        let scope = self.numbers.index(scopes)?;
        let span_id = self.ids.array()?;
        let parent = match self.numbers.varint()? {
            NO_PARENT => Parent::Id(Vec::new()),
            PARENT_AMONG_IDS => Parent::Id(self.ids.take(8)?.to_vec()),
            ordinal => Parent::Ordinal(
                usize::try_from(ordinal - FIRST_PARENT_IN_PACK).map_err(|_| DecodeError::Truncated)?,
            ),
        };
        let start = self.clock.wrapping_add(self.numbers.signed()?.cast_unsigned());
        self.clock = start;
        let end = start.wrapping_add(self.numbers.signed()?.cast_unsigned());
        Ok(Row { resource, scope, span_id, parent, start, end, message: self.messages.bytes()? })
    }
}

fn message<M: Message + Default>(bytes: &[u8]) -> Result<M, DecodeError> {
    M::decode(bytes).map_err(|_| DecodeError::Invalid("a protobuf message in a pack is damaged"))
}

fn text(bytes: &[u8]) -> Result<String, DecodeError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| DecodeError::Invalid("a text in a pack is not UTF-8"))
}

pub(super) fn estimated_bytes(span: &otlp::Span) -> usize {
    let events = span.events.iter().map(|event| 16 + event.name.len() + attributes_bytes(&event.attributes));
    let links =
        span.links.iter().map(|link| 32 + link.trace_state.len() + attributes_bytes(&link.attributes));
    64 + span.name.len()
        + span.trace_state.len()
        + span.status.message.len()
        + attributes_bytes(&span.attributes)
        + events.sum::<usize>()
        + links.sum::<usize>()
}

pub(super) fn attributes_bytes(attributes: &Attributes) -> usize {
    attributes.iter().map(|attribute| 6 + attribute.key.len() + value_bytes(&attribute.value)).sum()
}

fn value_bytes(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::String(text) => text.len(),
        AttributeValue::Bytes(bytes) => bytes.len(),
        AttributeValue::Array(values) => values.iter().map(|value| 4 + value_bytes(value)).sum(),
        AttributeValue::Map(attributes) => attributes_bytes(attributes),
        AttributeValue::Empty
        | AttributeValue::Bool(_)
        | AttributeValue::Int(_)
        | AttributeValue::Double(_) => 9,
    }
}
