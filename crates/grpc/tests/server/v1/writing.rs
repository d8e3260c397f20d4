//! `WriteSpan`: what is kept, what is refused, what is mended.

use jaeger_dynamodb_core::StoreErrorKind;
use jaeger_dynamodb_grpc::{GrpcConfig, Stores};
use jaeger_dynamodb_proto::jaeger::api_v2::{KeyValue, Log, Process, Span, SpanRef, ValueType};
use jaeger_dynamodb_proto::jaeger::storage::v1::plugin_capabilities_client::PluginCapabilitiesClient;
use jaeger_dynamodb_proto::jaeger::storage::v1::{
    CapabilitiesRequest, CloseWriterRequest, WriteSpanRequest, WriteSpanResponse,
};
use prost::Message;
use prost_types::{Duration, Timestamp};
use std::sync::Arc;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Request};

use super::common::{at, tag, typed, v1_span, writing};
use crate::common::{Server, in_memory};
use crate::fakes::{Answer, Fake};
use crate::gated::Gated;
use crate::raw;

const PATH: &str = "/jaeger.storage.v1.SpanWriterPlugin/WriteSpan";

/// Something in every field, and a value of every type at its ends.
fn full_span() -> Span {
    let reference =
        |trace, number, ref_type| SpanRef { trace_id: vec![trace; 16], span_id: vec![number; 8], ref_type };
    let tags = vec![
        tag("z", "last key first"),
        tag("same", "one"),
        tag("same", "two"),
        KeyValue { v_bool: true, ..typed("bool", ValueType::Bool) },
        KeyValue { v_int64: i64::MIN, ..typed("int", ValueType::Int64) },
        KeyValue { v_float64: Some(-0.0), ..typed("-0.0", ValueType::Float64) },
        KeyValue { v_float64: Some(f64::NAN), ..typed("NaN", ValueType::Float64) },
        KeyValue { v_float64: Some(f64::NEG_INFINITY), ..typed("-Inf", ValueType::Float64) },
        KeyValue { v_binary: vec![0, 0xff, b'a'], ..typed("binary", ValueType::Binary) },
        typed("only a type", ValueType::String),
        typed("only a type", ValueType::Bool),
        typed("only a type", ValueType::Int64),
        typed("only a type", ValueType::Float64),
        typed("only a type", ValueType::Binary),
    ];
    let log = |nanos| Log { timestamp: Some(Timestamp { seconds: 1, nanos }), fields: tags.clone() };
    Span {
        references: vec![reference(2, 9, 1), reference(1, 8, 0), reference(1, 7, 1), reference(0, 0, 0)],
        flags: 0x8000_0003,
        start_time: Some(Timestamp { seconds: 1_700_000_000, nanos: 123_456_789 }),
        duration: Some(Duration { seconds: -1, nanos: -5 }),
        logs: vec![log(5), log(5), log(1), Log { timestamp: at(-62_135_596_800), fields: Vec::new() }],
        process: Some(Process { service_name: "shop".into(), tags: tags.clone() }),
        process_id: "p1".into(),
        warnings: vec!["w".into(), String::new(), "w".into()],
        tags,
        ..v1_span(1, 1)
    }
}

#[tokio::test]
async fn a_span_comes_back_as_it_was_sent_to_the_bit() {
    let server = Server::in_memory().await;
    server.write(full_span()).await.unwrap();
    let spans = server.v1_trace(1).await;
    // By bytes, because NaN differs from itself and -0.0 from nothing.
    assert_eq!(spans.len(), 1);
    assert_eq!(spans[0].encode_to_vec(), full_span().encode_to_vec(), "{:?}", spans[0]);
}

#[tokio::test]
async fn a_span_of_empty_fields_without_process_and_times_comes_back() {
    let server = Server::in_memory().await;
    let bare = Span { trace_id: vec![1; 16], span_id: vec![2; 8], ..Span::default() };
    server.write(bare.clone()).await.unwrap();
    let expected = Span {
        // What Go's clients make of a time that is left out, and what they need.
        start_time: at(-62_135_596_800),
        duration: Some(Duration::default()),
        process: Some(Process::default()),
        ..bare
    };
    assert_eq!(server.v1_trace(1).await, [expected]);
}

#[tokio::test]
async fn a_trace_id_of_8_bytes_is_the_low_half() {
    let server = Server::in_memory().await;
    let low = vec![7; 8];
    let reference = SpanRef { trace_id: low.clone(), span_id: vec![9; 8], ref_type: 0 };
    server.write(Span { trace_id: low.clone(), references: vec![reference], ..v1_span(1, 1) }).await.unwrap();
    let whole = [vec![0; 8], low.clone()].concat();
    for asked in [low, whole.clone()] {
        let spans = super::common::spans_of(server.v1_messages(asked).await);
        assert_eq!((&spans[0].trace_id, &spans[0].references[0].trace_id), (&whole, &whole));
    }
}

#[tokio::test]
async fn a_span_is_durable_when_the_write_is_answered_and_not_before() {
    let gate = Gated::shut();
    let server = Server::over(Stores::of(Arc::new(gate.clone()))).await;
    let write = tokio::spawn({
        let mut writer = server.v1_writer();
        async move { writer.write_span(writing(v1_span(1, 1))).await }
    });
    gate.begun(1).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!write.is_finished());
    gate.open();
    write.await.unwrap().unwrap();
    assert_eq!(server.v1_trace(1).await, [v1_span(1, 1)]);
}

#[tokio::test]
async fn a_span_with_impossible_ids_is_refused_with_the_reason() {
    let server = Server::in_memory().await;
    let reference = SpanRef { trace_id: vec![1; 3], ..SpanRef::default() };
    let unknown_type = KeyValue { v_type: 9, ..KeyValue::default() };
    for (span, reason) in [
        (None, "invalid trace id"),
        (Some(Span { trace_id: vec![0; 16], ..v1_span(1, 1) }), "invalid trace id"),
        (Some(Span { trace_id: vec![1; 15], ..v1_span(1, 1) }), "invalid trace id"),
        (Some(Span { span_id: vec![1; 16], ..v1_span(1, 1) }), "invalid span id"),
        (Some(Span { references: vec![reference], ..v1_span(1, 1) }), "invalid id in a reference"),
        (Some(Span { tags: vec![unknown_type], ..v1_span(1, 1) }), "unknown type of a tag or log field"),
    ] {
        let refused = server.v1_writer().write_span(WriteSpanRequest { span }).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert_eq!(refused.message(), format!("spans rejected: 1 with {reason}"));
    }
}

#[tokio::test]
async fn a_text_that_is_not_utf8_does_not_cost_the_span() {
    let mark = "@@BAD@@";
    for compression in [None, Some(CompressionEncoding::Gzip), Some(CompressionEncoding::Zstd)] {
        let server = Server::in_memory().await;
        let marked = Span { tags: vec![tag("k", mark)], ..v1_span(1, 2) };
        let mut bytes = writing(marked).encode_to_vec();
        let at = bytes.windows(mark.len()).position(|window| window == mark.as_bytes()).unwrap();
        bytes[at..at + mark.len()].copy_from_slice(b"caf\xe9 \xff!");
        raw::unary::<WriteSpanResponse>(&server, PATH, bytes, compression).await.unwrap();
        let mended = Span { tags: vec![tag("k", "caf\u{fffd} \u{fffd}!")], ..v1_span(1, 2) };
        assert_eq!(server.v1_trace(1).await, [mended]);
    }
}

#[tokio::test]
async fn garbage_and_unknown_methods_are_refused_and_the_server_goes_on() {
    let server = Server::in_memory().await;
    let mut truncated = writing(v1_span(1, 1)).encode_to_vec();
    truncated.pop();
    for garbage in [b"garbage".to_vec(), vec![0xff; 100], truncated] {
        let refused = raw::unary::<WriteSpanResponse>(&server, PATH, garbage, None).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
    let unknown = "/jaeger.storage.v1.SpanWriterPlugin/Write";
    let refused = raw::unary::<WriteSpanResponse>(&server, unknown, Vec::new(), None).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
    server.write(v1_span(1, 1)).await.unwrap();
}

#[tokio::test]
async fn a_span_above_grpcs_usual_limit_is_accepted_and_one_above_the_servers_refused_for_good() {
    let server = Server::in_memory().await;
    let large = || Span { operation_name: "n".repeat(5_000_000), ..v1_span(1, 1) };
    server.write(large()).await.unwrap();
    let config = GrpcConfig { max_inbound_bytes: 4_000_000, ..GrpcConfig::default() };
    let strict = Server::configured(in_memory(), config).await;
    let refused = strict.write(large()).await.unwrap_err();
    assert_eq!((refused.code(), refused.details()), (Code::ResourceExhausted, &[][..]));
}

#[tokio::test]
async fn an_overloaded_store_is_reported_with_the_time_to_try_again() {
    let server = Server::over(Fake::new(Answer::Failing(StoreErrorKind::Overloaded)).stores()).await;
    let error = server.write(v1_span(1, 1)).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Unavailable, "as told"));
    assert!(!error.details().is_empty());
}

#[tokio::test]
async fn spans_of_fifty_callers_are_all_kept() {
    let server = Server::in_memory().await;
    let writes = (1..=50).map(|number| server.write(v1_span(1, number)));
    assert!(futures::future::join_all(writes).await.iter().all(Result::is_ok));
    assert_eq!(server.v1_trace(1).await.len(), 50);
}

#[tokio::test]
async fn a_span_of_a_tenant_is_refused_while_close_and_capabilities_ask_for_none() {
    fn named<T>(message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("x-tenant", "acme".parse().unwrap());
        request
    }
    let server = Server::in_memory().await;
    let refused = server.v1_writer().write_span(named(writing(v1_span(1, 1)))).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    server.v1_writer().close(named(CloseWriterRequest {})).await.unwrap();
    let mut capabilities = PluginCapabilitiesClient::new(server.channel.clone());
    capabilities.capabilities(named(CapabilitiesRequest {})).await.unwrap();
}
