//! What is counted. The recorder belongs to the thread, on which the whole test runs.

use std::time::Duration;

use jaeger_dynamodb_core::StoreErrorKind;
use jaeger_dynamodb_proto::jaeger::storage::v1::WriteSpanResponse;
use jaeger_dynamodb_proto::jaeger::storage::v2::{
    FindSpansRequest, GetServicesRequest, TraceQueryParameters,
};
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::Span;
use metrics_exporter_prometheus::PrometheusBuilder;
use prost::Message;
use tokio::time::timeout;

use crate::common::{Server, find, of_service, span};
use crate::fakes::{Answer, Fake};
use crate::raw;
use crate::v1::common::{v1_span, writing};

/// The value of a counter with exactly these labels.
fn counted(rendered: &str, name: &str, labels: &[&str]) -> u64 {
    let line = rendered.lines().find(|line| {
        line.starts_with(&format!("{name}{{")) && labels.iter().all(|label| line.contains(label))
    });
    line.and_then(|line| line.rsplit(' ').next()).map_or(0, |value| value.parse().unwrap())
}

#[tokio::test]
async fn rpcs_are_counted_by_how_they_ended_even_when_a_stream_breaks_late() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let server = Server::over(Fake::new(Answer::Broken).stores()).await;
    let query = || find(TraceQueryParameters { service_name: "shop".into(), ..Default::default() });
    let mut stream = server.reader().find_traces(query()).await.unwrap().into_inner();
    while let Ok(Some(_)) = stream.message().await {}
    let mut stream = server.reader().find_traces(query()).await.unwrap().into_inner();
    while let Ok(Some(_)) = stream.message().await {}
    server.reader().get_services(GetServicesRequest {}).await.unwrap_err();
    server.reader().find_spans(FindSpansRequest::default()).await.unwrap_err();
    let unknown = "/jaeger.storage.v1.SpanWriterPlugin/Unknown";
    raw::unary::<WriteSpanResponse>(&server, unknown, Vec::new(), None).await.unwrap_err();
    drop(server);
    let failing = Server::over(Fake::new(Answer::Failing(StoreErrorKind::Overloaded)).stores()).await;
    failing.reader().get_services(GetServicesRequest {}).await.unwrap_err();

    let rendered = handle.render();
    let rpcs = |method: &str, code: &str| {
        let labels = [&*format!("method=\"{method}\""), &*format!("code=\"{code}\"")].map(str::to_owned);
        counted(&rendered, "jaeger_dynamodb_rpcs_total", &[&labels[0], &labels[1]])
    };
    assert_eq!(rpcs("jaeger.storage.v2.TraceReader/FindTraces", "DataLoss"), 2, "{rendered}");
    assert_eq!(rpcs("jaeger.storage.v2.TraceReader/GetServices", "ResourceExhausted"), 1, "{rendered}");
    assert_eq!(rpcs("jaeger.storage.v2.TraceReader/GetServices", "Unavailable"), 1, "{rendered}");
    assert_eq!(rpcs("jaeger.storage.v2.TraceReader/FindSpans", "Unimplemented"), 1, "{rendered}");
    assert_eq!(rpcs("other", "Unimplemented"), 1, "{rendered}");
    assert!(rendered.contains("jaeger_dynamodb_rpc_duration_seconds"), "{rendered}");
}

#[tokio::test]
async fn a_stream_that_its_client_gives_up_is_counted_as_cancelled() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let fake = Fake::new(Answer::Stuck);
    let mut dropped = fake.dropped.subscribe();
    let server = Server::over(fake.stores()).await;
    let query = find(TraceQueryParameters { service_name: "shop".into(), ..Default::default() });
    let mut stream = server.reader().find_traces(query).await.unwrap().into_inner();
    stream.message().await.unwrap().unwrap();
    drop(stream);
    timeout(Duration::from_secs(10), dropped.wait_for(|dropped| *dropped)).await.unwrap().unwrap();
    assert_eq!(counted(&handle.render(), "jaeger_dynamodb_rpcs_total", &["code=\"Cancelled\""]), 1);
}

#[tokio::test]
async fn spans_are_counted_when_they_are_kept_and_when_they_are_not() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let server = Server::in_memory().await;
    let bad = Span { trace_id: vec![0; 16], ..span(1, 3) };
    let resource_spans = vec![of_service("shop", vec![span(1, 1), bad, span(1, 2)])];
    server.exporter().export(ExportTraceServiceRequest { resource_spans }).await.unwrap();
    server.write(v1_span(1, 4)).await.unwrap();
    server.write(v1_span(0, 5)).await.unwrap_err();
    let mut bad_text = writing(v1_span(1, 6)).encode_to_vec();
    let at = bad_text.windows(4).position(|window| window == b"oper").unwrap();
    bad_text[at] = 0xff;
    let path = "/jaeger.storage.v1.SpanWriterPlugin/WriteSpan";
    raw::unary::<WriteSpanResponse>(&server, path, bad_text, None).await.unwrap();
    let rendered = handle.render();
    let rejected =
        counted(&rendered, "jaeger_dynamodb_spans_rejected_total", &["reason=\"invalid trace id\""]);
    assert_eq!(rejected, 2, "{rendered}");
    assert!(rendered.contains("jaeger_dynamodb_spans_accepted_total 4"), "{rendered}");
    assert!(rendered.contains("jaeger_dynamodb_exports_repaired_total 1"), "{rendered}");
}
