mod seeds;

use std::sync::LazyLock;

use jaeger_dynamodb_proto::convert::{spans_from_otlp, spans_from_v1};
use jaeger_dynamodb_proto::jaeger::storage::v1::WriteSpanRequest;
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
use jaeger_dynamodb_testkit::corpus;
use prost::Message;

use super::*;

type Law = fn(&[u8]);

#[test]
fn every_input_of_the_corpora_keeps_the_laws() {
    update();
    let targets: [(&str, Law); 5] = [
        ("pack", pack),
        ("log_record", log_record),
        ("manifest", manifest),
        ("derived_items", derived_items),
        ("stored_items", stored_items),
    ];
    for (target, law) in targets {
        assert!(corpus::hold(target, law).unwrap() > 0, "{target}");
    }
}

/// Writes what the corpora begin with, once, if that is wanted.
fn update() {
    static WRITTEN: LazyLock<()> = LazyLock::new(|| seeds::write().unwrap());
    if corpus::is_updated() {
        LazyLock::force(&WRITTEN);
    }
}

#[test]
fn spans_of_every_request_in_the_corpora_are_found_again() {
    update();
    let exported = corpus::hold("export", |data| {
        if let Ok(request) = ExportTraceServiceRequest::decode(data) {
            written_spans(spans_from_otlp(request.resource_spans).spans);
        }
    });
    let written = corpus::hold("v1_messages", |data| {
        let message = data.strip_prefix(&[0]).map(WriteSpanRequest::decode);
        if let Some(Ok(WriteSpanRequest { span: Some(span) })) = message {
            written_spans(spans_from_v1(vec![span]).spans);
        }
    });
    assert!(exported.unwrap() > 0 && written.unwrap() > 0);
}
