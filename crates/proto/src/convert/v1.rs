//! `api_v2` messages and core's v1 spans.

use std::sync::Arc;

use jaeger_dynamodb_core::v1::{Log, Process, Span, SpanRef, SpanRefType};
use jaeger_dynamodb_core::{
    self as model, Attribute, AttributeValue, Attributes, Double, InvalidId, TextForm, TraceId,
};
use prost_types::Timestamp;

use super::time::{YEAR_ONE, duration, nearest_duration_nanos, nearest_unix_nanos, timestamp};
use super::{Converted, InvalidSpan, bytes_of_trace_id, optional_trace_id, span_id};
use crate::jaeger::api_v2::{self as wire, ValueType};

/// The spans of `api_v2` messages. Neighbours with an equal process share it.
#[must_use]
pub fn spans_from_v1(messages: Vec<wire::Span>) -> Converted {
    let mut converted = Converted::default();
    let mut last_process: Option<Arc<Process>> = None;
    for message in messages {
        match Span::try_from(message) {
            Ok(mut span) => {
                if span.process.is_some() && span.process == last_process {
                    span.process.clone_from(&last_process);
                }
                last_process.clone_from(&span.process);
                converted.spans.push(model::Span::V1(span));
            }
            Err(reason) => converted.rejected.push(reason),
        }
    }
    converted
}

/// The trace id of 16 bytes, or of the low 8 of them, as Jaeger's decoder takes both.
///
/// # Errors
/// [`InvalidId`] for another number of bytes, and for zeros.
pub fn trace_id_of_v1(bytes: &[u8]) -> Result<TraceId, InvalidId> {
    match <[u8; 8]>::try_from(bytes) {
        Ok(low) => TraceId::new(u128::from(u64::from_be_bytes(low)).to_be_bytes()),
        Err(_) => TraceId::try_from(bytes),
    }
}

// === impl Span ===

impl TryFrom<wire::Span> for Span {
    type Error = InvalidSpan;

    /// A start time that is left out is Go's unset time, year 1, and a missing duration is zero.
    fn try_from(message: wire::Span) -> Result<Self, InvalidSpan> {
        Ok(Self {
            trace_id: trace_id_of_v1(&message.trace_id).map_err(|_| InvalidSpan::TraceId)?,
            span_id: span_id(&message.span_id).map_err(|_| InvalidSpan::SpanId)?,
            operation_name: message.operation_name,
            references: message.references.into_iter().map(SpanRef::try_from).collect::<Result<_, _>>()?,
            flags: message.flags,
            start_time: instant(message.start_time),
            duration_nanos: message.duration.map(nearest_duration_nanos).unwrap_or_default(),
            tags: attributes(message.tags)?,
            logs: message.logs.into_iter().map(Log::try_from).collect::<Result<_, _>>()?,
            process: message.process.map(Process::try_from).transpose()?.map(Arc::new),
            process_id: message.process_id,
            warnings: message.warnings,
        })
    }
}

impl From<Span> for wire::Span {
    fn from(span: Span) -> Self {
        Self {
            trace_id: span.trace_id.as_bytes().to_vec(),
            span_id: span.span_id.as_bytes().to_vec(),
            operation_name: span.operation_name,
            references: span.references.into_iter().map(wire::SpanRef::from).collect(),
            flags: span.flags,
            start_time: Some(timestamp(span.start_time)),
            duration: Some(duration(span.duration_nanos.into())),
            tags: key_values(span.tags),
            logs: span.logs.into_iter().map(wire::Log::from).collect(),
            process: span.process.map(|process| Arc::unwrap_or_clone(process).into()),
            process_id: span.process_id,
            warnings: span.warnings,
        }
    }
}

impl From<&Span> for wire::Span {
    fn from(span: &Span) -> Self {
        span.clone().into()
    }
}

// === impl SpanRef ===

impl TryFrom<wire::SpanRef> for SpanRef {
    type Error = InvalidSpan;

    fn try_from(message: wire::SpanRef) -> Result<Self, InvalidSpan> {
        let id = optional_trace_id(trace_id_of_v1(&message.trace_id), &message.trace_id);
        Ok(Self {
            trace_id: id.map_err(|_| InvalidSpan::ReferenceId)?,
            span_id: span_id(&message.span_id).map_err(|_| InvalidSpan::ReferenceId)?,
            ref_type: match message.ref_type {
                0 => SpanRefType::ChildOf,
                1 => SpanRefType::FollowsFrom,
                other => SpanRefType::Unrecognized(other),
            },
        })
    }
}

impl From<SpanRef> for wire::SpanRef {
    /// The trace id is always written, zeros for none: Go's decoder refuses an id that is present but empty, and
    /// Jaeger itself writes 16 bytes.
    fn from(reference: SpanRef) -> Self {
        Self {
            trace_id: bytes_of_trace_id(reference.trace_id),
            span_id: reference.span_id.as_bytes().to_vec(),
            ref_type: match reference.ref_type {
                SpanRefType::ChildOf => 0,
                SpanRefType::FollowsFrom => 1,
                SpanRefType::Unrecognized(other) => other,
            },
        }
    }
}

// === impl Log ===

impl TryFrom<wire::Log> for Log {
    type Error = InvalidSpan;

    fn try_from(message: wire::Log) -> Result<Self, InvalidSpan> {
        Ok(Self { timestamp: instant(message.timestamp), fields: attributes(message.fields)? })
    }
}

impl From<Log> for wire::Log {
    fn from(log: Log) -> Self {
        Self { timestamp: Some(timestamp(log.timestamp)), fields: key_values(log.fields) }
    }
}

// === impl Process ===

impl TryFrom<wire::Process> for Process {
    type Error = InvalidSpan;

    fn try_from(message: wire::Process) -> Result<Self, InvalidSpan> {
        Ok(Self { service_name: message.service_name, tags: attributes(message.tags)? })
    }
}

impl From<Process> for wire::Process {
    fn from(process: Process) -> Self {
        Self { service_name: process.service_name, tags: key_values(process.tags) }
    }
}

// === impl KeyValue ===

impl TryFrom<wire::KeyValue> for Attribute {
    type Error = InvalidSpan;

    fn try_from(pair: wire::KeyValue) -> Result<Self, InvalidSpan> {
        let value = match ValueType::try_from(pair.v_type).map_err(|_| InvalidSpan::TagType)? {
            ValueType::String => AttributeValue::String(pair.v_str),
            ValueType::Bool => AttributeValue::Bool(pair.v_bool),
            ValueType::Int64 => AttributeValue::Int(pair.v_int64),
            ValueType::Float64 => AttributeValue::Double(Double(pair.v_float64.unwrap_or_default())),
            ValueType::Binary => AttributeValue::Bytes(pair.v_binary),
        };
        Ok(Self { key: pair.key, value })
    }
}

impl From<Attribute> for wire::KeyValue {
    /// `api_v2` has no empty, list or map values; they become text as when OTLP is translated to it.
    fn from(attribute: Attribute) -> Self {
        let pair = Self { key: attribute.key, ..Self::default() };
        let typed = |v_type: ValueType| Self { v_type: v_type.into(), ..pair };
        match attribute.value {
            AttributeValue::String(v_str) => Self { v_str, ..typed(ValueType::String) },
            AttributeValue::Bool(v_bool) => Self { v_bool, ..typed(ValueType::Bool) },
            AttributeValue::Int(v_int64) => Self { v_int64, ..typed(ValueType::Int64) },
            AttributeValue::Double(value) => {
                // A zero is left out, as every writer of proto3 does; -0.0 is another value.
                let v_float64 = Some(value.0).filter(|number| number.to_bits() != 0);
                Self { v_float64, ..typed(ValueType::Float64) }
            }
            AttributeValue::Bytes(v_binary) => Self { v_binary, ..typed(ValueType::Binary) },
            other @ (AttributeValue::Empty | AttributeValue::Array(_) | AttributeValue::Map(_)) => {
                Self { v_str: other.text(TextForm::V1).into_owned(), ..typed(ValueType::String) }
            }
        }
    }
}

fn attributes(pairs: Vec<wire::KeyValue>) -> Result<Attributes, InvalidSpan> {
    pairs.into_iter().map(Attribute::try_from).collect()
}

fn key_values(attributes: Attributes) -> Vec<wire::KeyValue> {
    attributes.0.into_iter().map(wire::KeyValue::from).collect()
}

fn instant(timestamp: Option<Timestamp>) -> model::UnixNanos {
    timestamp.map_or(YEAR_ONE, nearest_unix_nanos)
}
