//! Requests.

use std::io;

use jaeger_dynamodb_core::{Span, UnixNanos};
use jaeger_dynamodb_proto::convert::{duration, resource_spans, timestamp};
use jaeger_dynamodb_proto::jaeger::storage::v1::{TraceQueryParameters, WriteSpanRequest};
use jaeger_dynamodb_proto::jaeger::storage::{v1, v2};
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
use jaeger_dynamodb_testkit::corpus::add;
use prost::Message;

use super::spans;

/// Writes all of them.
pub(super) fn write() -> io::Result<()> {
    for (name, spans) in spans() {
        let mut otlp = Vec::new();
        for span in spans {
            match span {
                Span::Otlp(span) => otlp.push(span),
                Span::V1(span) => {
                    let written = WriteSpanRequest { span: Some(span.into()) };
                    let name = format!("write-{}", written.encoded_len());
                    add("v1_messages", &name, &numbered(0, &written))?;
                    add("utf8_repair", &name, &with_damaged_texts(&written.encode_to_vec()))?;
                }
            }
        }
        if !otlp.is_empty() {
            let request = ExportTraceServiceRequest { resource_spans: resource_spans(&otlp) }.encode_to_vec();
            add("export", name, &request)?;
            add("export", &format!("{name}-damaged"), &with_damaged_texts(&request))?;
            add("utf8_repair", name, &with_damaged_texts(&request))?;
        }
    }
    queries()
}

/// The same with a byte in each longer word that begins no character.
fn with_damaged_texts(message: &[u8]) -> Vec<u8> {
    let mut damaged = message.to_vec();
    for word in damaged.chunk_by_mut(|a, b| a.is_ascii_lowercase() && b.is_ascii_lowercase()) {
        if let [_, _, middle, _, ..] = word {
            *middle = 0xff;
        }
    }
    damaged
}

fn numbered(number: u8, message: &impl Message) -> Vec<u8> {
    let mut bytes = vec![number];
    bytes.extend(message.encode_to_vec());
    bytes
}

fn queries() -> io::Result<()> {
    let time = |seconds| Some(timestamp(UnixNanos::from_secs(seconds)));
    let span_of_time = |seconds: i32| Some(duration(i128::from(seconds) * 1_000_000_001));
    let trace_id = vec![7; 16];
    let of_v1 = TraceQueryParameters {
        service_name: "shop".to_owned(),
        operation_name: "GET /".to_owned(),
        tags: [("error".to_owned(), "true".to_owned())].into(),
        start_time_min: time(1_760_000_000),
        start_time_max: time(1_760_000_300),
        duration_min: span_of_time(0),
        duration_max: span_of_time(60),
        num_traces: 20,
    };
    let value = |value| Some(v2::AnyValue { value: Some(value) });
    let attribute = |key: &str, value| v2::KeyValue { key: key.to_owned(), value };
    let of_v2 = v2::TraceQueryParameters {
        service_name: "shop".to_owned(),
        attributes: vec![
            attribute("error", value(v2::any_value::Value::BoolValue(true))),
            attribute("ratio", value(v2::any_value::Value::DoubleValue(0.5))),
            attribute("text", value(v2::any_value::Value::StringValue("value".to_owned()))),
            attribute("nothing", None),
        ],
        start_time_min: time(1_760_000_000),
        duration_max: span_of_time(60),
        search_depth: 20,
        ..v2::TraceQueryParameters::default()
    };
    let page = v2::TraceQueryParameters {
        search_depth: 0,
        pagination: Some(v2::Pagination { page_size: 10, ..v2::Pagination::default() }),
        ..of_v2.clone()
    };
    let get = v2::GetTraceParams { trace_id: trace_id.clone(), start_time: time(1), end_time: time(9) };
    let add = |name: &str, bytes: Vec<u8>| add("v1_messages", name, &bytes);
    let by_id = v1::GetTraceRequest { trace_id, start_time: time(1), end_time: time(9) };
    add("get-trace", numbered(1, &by_id))?;
    add("find-traces", numbered(2, &v1::FindTracesRequest { query: Some(of_v1.clone()) }))?;
    add("find-trace-ids", numbered(3, &v1::FindTraceIDsRequest { query: Some(of_v1) }))?;
    let range = v1::GetDependenciesRequest { start_time: time(1), end_time: time(9) };
    add("dependencies", numbered(5, &range))?;
    add("get-traces-2", numbered(6, &v2::GetTracesRequest { query: vec![get.clone(), get] }))?;
    add("find-traces-2", numbered(7, &v2::FindTracesRequest { query: Some(of_v2) }))?;
    add("find-trace-ids-2", numbered(8, &v2::FindTraceIDsRequest { query: Some(page.clone()) }))?;
    add("summaries-2", numbered(9, &v2::FindTraceSummariesRequest { query: Some(page) }))?;
    let range = v2::GetDependenciesRequest { start_time: time(1), end_time: time(9) };
    add("dependencies-2", numbered(11, &range))?;
    add("trace-parent", b"\x0e00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_vec())
}
