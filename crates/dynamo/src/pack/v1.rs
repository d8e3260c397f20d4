//! Jaeger v1 rows: the span's message without its process, which stands in a table.

use std::sync::Arc;

use jaeger_dynamodb_core::{Span, TraceId, v1};
use jaeger_dynamodb_proto::jaeger::api_v2;
use prost::Message;

use super::otlp::attributes_bytes;
use super::{Sections, Table};
use crate::bytes::{DecodeError, Reader, Writer};

pub(super) fn encode(spans: Vec<v1::Span>, out: &mut Sections) {
    let mut processes = Table::default();
    let mut rows = Vec::new();
    rows.put_count(spans.len());
    for mut span in spans {
        // Zero stands for a span without process.
        rows.put_count(span.process.take().map_or(0, |process| 1 + processes.position(&process)));
        rows.put_bytes(&api_v2::Span::from(span).encode_to_vec());
    }
    out.rows.put_count(processes.parts.len());
    for process in &processes.parts {
        out.rows.put_bytes(&api_v2::Process::from(v1::Process::clone(process)).encode_to_vec());
    }
    out.rows.extend_from_slice(&rows);
}

pub(super) fn decode(rows: &[u8], wanted: impl Fn(TraceId) -> bool) -> Result<Vec<Span>, DecodeError> {
    let mut rows = Reader::new(rows);
    let mut processes = Vec::new();
    // Each is a span's, which has a trace id at least.
    for _ in 0..rows.index(rows.rest().len() / size_of::<TraceId>() + 1)? {
        let process = api_v2::Process::decode(rows.bytes()?).map_err(|_| damaged())?;
        processes.push(Arc::new(v1::Process::try_from(process).map_err(|_| damaged())?));
    }
    let mut spans = Vec::new();
    for _ in 0..rows.count()? {
        let process = rows.index(1 + processes.len())?;
        let message = api_v2::Span::decode(rows.bytes()?).map_err(|_| damaged())?;
        if !TraceId::try_from(message.trace_id.as_slice()).is_ok_and(&wanted) {
            continue;
        }
        let mut span = v1::Span::try_from(message).map_err(|_| damaged())?;
        span.process = process.checked_sub(1).and_then(|index| processes.get(index)).cloned();
        spans.push(Span::V1(span));
    }
    Ok(spans)
}

fn damaged() -> DecodeError {
    DecodeError::Invalid("a protobuf message in a pack is damaged")
}

pub(super) fn estimated_bytes(span: &v1::Span) -> usize {
    let logs = span.logs.iter().map(|log| 16 + attributes_bytes(&log.fields));
    96 + span.operation_name.len()
        + attributes_bytes(&span.tags)
        + 32 * span.references.len()
        + span.warnings.iter().map(String::len).sum::<usize>()
        + logs.sum::<usize>()
}
