//! The same over the archive, which is served on a port of its own and answers by id only.

use jaeger_dynamodb_proto::jaeger::storage::v1::WriteSpanResponse;
use jaeger_dynamodb_proto::opentelemetry::proto::common::v1::any_value::Value;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::{Span, TracesData};
use jaeger_dynamodb_tests::AnyError;
use prost::Message;
use prost::bytes::Bytes;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};

use crate::kept::{otlp_by_id, v1_by_id};
use crate::raw;
use crate::spans::{SERVICE, export_of, field, of_service, pair, span, text, trace_id, v1_span};
use crate::world::{EXPORT, WRITE_SPAN, World, assert_refused};

async fn archive(world: &World) -> Result<Channel, AnyError> {
    let address = world.server.archive_address().ok_or("no archive")?;
    Ok(Endpoint::from_shared(format!("http://{address}"))?.connect().await?)
}

async fn export(archive: &Channel, bytes: &[u8]) -> Result<(), tonic::Status> {
    raw::unary(archive, EXPORT, export_of([bytes]), None).await
}

async fn is_archived(archive: &Channel, case: &str, number: u64) -> Result<Vec<TracesData>, AnyError> {
    let otlp = otlp_by_id(archive, &trace_id(number)).await?;
    let v1 = v1_by_id(archive, &trace_id(number)).await?;
    assert_eq!((otlp.len(), v1.len()), (1, 1), "{case}");
    Ok(otlp)
}

#[tokio::test]
async fn bad_spans_are_archived_or_refused_and_good_ones_archived() -> Result<(), AnyError> {
    let world = World::start("bad spans for the archive", &[]).await?;
    let archive = archive(&world).await?;
    let mut numbers = Vec::new();
    for refused in [&b"this is no message"[..], &[0xff; 100], &[0x0a, 0xff, 0xff, 0xff, 0xff, 0x07]] {
        let status = export(&archive, refused).await.unwrap_err();
        assert_refused("garbage", &status, Code::InvalidArgument, "the request cannot be decoded");
        let message = field(1, refused);
        let status = raw::unary::<WriteSpanResponse>(&archive, WRITE_SPAN, message, None).await.unwrap_err();
        assert_refused("garbage", &status, Code::InvalidArgument, "the request cannot be decoded");
        let number = world.number();
        export(&archive, &of_service(SERVICE, vec![span(number)]).encode_to_vec()).await?;
        numbers.push(("after garbage", number));
    }
    let zeros = |number| Span { trace_id: vec![0; 16], ..span(number) };
    let number = world.number();
    export(&archive, &of_service(SERVICE, vec![zeros(number), span(number)]).encode_to_vec()).await?;
    numbers.push(("beside a trace id of zeros", number));
    for (case, change) in odd_spans() {
        let number = world.number();
        let mut odd = span(number);
        change(&mut odd);
        export(&archive, &of_service(SERVICE, vec![odd]).encode_to_vec()).await?;
        numbers.push((case, number));
    }
    let number = world.number();
    let v1 = field(1, &v1_span(number).encode_to_vec());
    raw::unary::<WriteSpanResponse>(&archive, WRITE_SPAN, Bytes::from(v1), None).await?;
    numbers.push(("a good v1 span", number));
    for (case, number) in numbers {
        is_archived(&archive, case, number).await.map_err(|error| format!("{case}: {error}"))?;
    }
    world.write_neighbour().await?;
    world.finish().await
}

type Change = fn(&mut Span);

fn odd_spans() -> [(&'static str, Change); 6] {
    [
        ("an attribute of 450 KB", |span| span.attributes.push(text("large", &noise(450_000)))),
        ("an attribute of 5 MB", |span| span.attributes.push(text("large", &noise(5_000_000)))),
        ("not a number", |span| span.attributes.push(pair("nan", Value::DoubleValue(f64::NAN)))),
        ("the end of all times", |span| span.start_time_unix_nano = u64::MAX),
        ("an end before the start", |span| span.end_time_unix_nano = 1),
        ("no name", |span| span.name.clear()),
    ]
}

fn noise(length: usize) -> String {
    let mut random = fastrand::Rng::with_seed(6);
    (0..length).map(|_| random.alphanumeric()).collect()
}
