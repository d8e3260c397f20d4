//! Bytes that are no message.

use jaeger_dynamodb_proto::jaeger::storage::v1::WriteSpanResponse;
use jaeger_dynamodb_tests::AnyError;
use prost::Message;
use tonic::Code;

use crate::kept::Content;
use crate::raw;
use crate::spans::{SERVICE, export_of, field, of_service, pair, span, trace_id, v1_span};
use crate::world::{EXPORT, Fate, WRITE_SPAN, World, assert_refused};
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::any_value::Value;

/// What both ways in say of bytes that are no message.
const NO_MESSAGE: &str = "the request cannot be decoded: ";

fn nonsense() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("a text", b"this is no message".to_vec()),
        ("a byte", vec![0xff]),
        ("many set bits", vec![0xff; 1000]),
        ("many zeros", vec![0; 1000]),
        ("the field zero", vec![0x02, 0x00]),
        ("a wire type that does not exist", vec![0x0e, 0x00]),
        ("a key that is too large", vec![0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
        (
            "a length without end",
            vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ),
        ("a length beyond all memory", vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0]),
        ("a length of 2 GiB and no content", vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0x07]),
        ("a number where a message belongs", vec![0x08, 0x01]),
        ("a group that is never closed", vec![0xfb, 0x01]),
        ("a group that was never opened", vec![0xfc, 0x01]),
        ("groups in groups, 5 000 deep", [0xfb, 0x01].repeat(5000)),
        ("a page of HTML", b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>".to_vec()),
        ("an Export in JSON", br#"{"resourceSpans":[{"scopeSpans":[]}]}"#.to_vec()),
    ]
}

#[tokio::test]
async fn garbage_is_refused_by_whoever_takes_spans() -> Result<(), AnyError> {
    let world = World::start("garbage", &[]).await?;
    for (case, bytes) in nonsense() {
        let refused = world.export(bytes.clone().into()).await.unwrap_err();
        assert_refused(case, &refused, Code::InvalidArgument, NO_MESSAGE);
        let refused = raw::unary::<WriteSpanResponse>(&world.channel, WRITE_SPAN, bytes.clone(), None).await;
        assert_refused(case, &refused.unwrap_err(), Code::InvalidArgument, NO_MESSAGE);
        // The same where a message of the right type surrounds it.
        world.export_case(case, &bytes, Fate::Refused(Code::InvalidArgument, NO_MESSAGE)).await?;
        world.write_span_case(case, &bytes, Fate::Refused(Code::InvalidArgument, NO_MESSAGE)).await?;
    }
    world.finish().await
}

#[tokio::test]
async fn random_bytes_neither_break_the_server_nor_cost_a_neighbour() -> Result<(), AnyError> {
    let world = World::start("random bytes", &[]).await?;
    let mut random = fastrand::Rng::with_seed(6);
    for round in 0..500 {
        let mut bytes = span_with_everything(world.number()).encode_to_vec();
        for _ in 0..=random.usize(..4) {
            let at = random.usize(..bytes.len());
            bytes[at] = random.u8(..);
        }
        // Some are still messages, with another id or text; most are not.
        for (path, message) in
            [(EXPORT, export_of([bytes.as_slice()])), (WRITE_SPAN, field(1, &bytes).into())]
        {
            if let Err(status) = raw::unary::<WriteSpanResponse>(&world.channel, path, message, None).await {
                let case = format!("round {round}: {}", bytes.escape_ascii());
                assert_eq!(status.code(), Code::InvalidArgument, "{case}: {status:?}");
                assert!(!status.message().is_empty(), "{case}");
            }
        }
        if round % 50 == 0 {
            world.write_neighbour().await?;
        }
    }
    world.finish().await
}

#[tokio::test]
async fn an_export_that_is_cut_off_anywhere_is_refused() -> Result<(), AnyError> {
    let world = World::start("truncated", &[]).await?;
    let (one, other) = (world.number(), world.number());
    let parts = [one, other].map(|number| field(1, &span_with_everything(number).encode_to_vec()));
    let whole = parts.concat();
    for end in 0..=whole.len() {
        let sent = world.export(whole[..end].to_vec().into()).await;
        // Only at the end of a part is what remains a message, of the parts before.
        if [0, parts[0].len(), whole.len()].contains(&end) {
            assert_eq!(sent.unwrap().partial_success, None, "{end} bytes");
        } else {
            let case = format!("{end} bytes of {}", whole.len());
            assert_refused(&case, &sent.unwrap_err(), Code::InvalidArgument, NO_MESSAGE);
        }
        if end % 50 == 0 {
            world.write_neighbour().await?;
        }
    }
    for number in [one, other] {
        // It was sent twice.
        world.keep(kept_once(number)).await?;
    }
    world.finish().await
}

#[tokio::test]
async fn a_v1_span_that_is_cut_off_anywhere_is_refused() -> Result<(), AnyError> {
    let world = World::start("truncated v1", &[]).await?;
    let number = world.number();
    let whole = field(1, &v1_span(number).encode_to_vec());
    for end in 0..whole.len() {
        let sent =
            raw::unary::<WriteSpanResponse>(&world.channel, WRITE_SPAN, whole[..end].to_vec(), None).await;
        let words = if end == 0 { "spans rejected: 1 with invalid trace id" } else { NO_MESSAGE };
        assert_refused(&format!("{end} bytes"), &sent.unwrap_err(), Code::InvalidArgument, words);
    }
    world.write_neighbour().await?;
    world.finish().await
}

fn span_with_everything(
    number: u64,
) -> jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::ResourceSpans {
    use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::{Status, span};
    let mut all = span(number);
    all.trace_state = "vendor=1".to_owned();
    all.attributes.push(pair("ratio", Value::DoubleValue(0.5)));
    all.events = vec![span::Event { name: "event".to_owned(), ..Default::default() }];
    all.links = vec![span::Link { trace_id: trace_id(1), span_id: vec![1; 8], ..Default::default() }];
    all.status = Some(Status { code: 2, message: "failed".to_owned() });
    of_service(SERVICE, vec![all])
}

fn kept_once(number: u64) -> crate::kept::Kept {
    crate::kept::Kept {
        case: "a span that was sent again and again".to_owned(),
        trace_id: trace_id(number),
        content: Content::Spans(1),
        search: crate::kept::Search::case(SERVICE, number),
    }
}
