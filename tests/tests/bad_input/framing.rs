//! Frames, headers and protocols that are not what gRPC agreed on.

use std::time::Duration;

use http_body_util::Full;
use jaeger_dynamodb_tests::{AnyError, tokio_clock};
use prost::Message;
use prost::bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic::Code;
use tonic::body::Body;

use crate::descriptors::methods;
use crate::kept::{Content, Kept, Search};
use crate::raw::{self, Answer, frame};
use crate::spans::{SERVICE, export_of, of_service, span, trace_id};
use crate::world::{EXPORT, World};

const GRPC: (&str, &[u8]) = ("content-type", b"application/grpc");
const TRAILERS: (&str, &[u8]) = ("te", b"trailers");

/// A connection that the server should end is ended within this.
const ENDED_WITHIN: Duration = Duration::from_secs(30);

async fn post(world: &World, headers: &[(&str, &[u8])], body: Vec<u8>) -> Result<Answer, AnyError> {
    Ok(raw::http(&world.channel, EXPORT, headers, Body::new(Full::new(Bytes::from(body)))).await?)
}

fn good_export(world: &World) -> Vec<u8> {
    let content = of_service(SERVICE, vec![span(world.number())]).encode_to_vec();
    export_of([content.as_slice()]).to_vec()
}

type Header<'a> = (&'static str, &'a [u8]);

/// What is wrong, the headers beside the usual ones, the body, and how it ends.
type Case<'a> = (&'static str, Vec<Header<'a>>, Vec<u8>, &'a [Code], &'static str);

fn odd_frames(good: &[u8]) -> Vec<Case<'static>> {
    let length = u32::try_from(good.len()).unwrap();
    let encoded = |name: &'static [u8]| vec![("grpc-encoding", name)];
    vec![
        (
            "gzip that is none",
            encoded(b"gzip"),
            frame(1, length, good),
            &[Code::Internal, Code::InvalidArgument],
            "gzip",
        ),
        (
            "zstd that is none",
            encoded(b"zstd"),
            frame(1, length, good),
            &[Code::Internal, Code::InvalidArgument],
            "",
        ),
        (
            "an encoding that nobody knows",
            encoded(b"snappy"),
            frame(1, length, good),
            &[Code::Unimplemented],
            "snappy",
        ),
        (
            "an encoding that is no text",
            encoded(b"\xff\xfe"),
            frame(1, length, good),
            &[Code::Unimplemented],
            "isn't supported",
        ),
        (
            "a compressed frame without encoding",
            vec![],
            frame(1, length, good),
            &[Code::Internal],
            "compress",
        ),
        ("a flag that nobody knows", vec![], frame(7, length, good), &[Code::Internal], "compression flag"),
        (
            "a frame longer than the body",
            vec![],
            frame(0, length + 1, good),
            &[Code::Internal, Code::InvalidArgument],
            "",
        ),
        (
            "a frame shorter than the message",
            vec![],
            frame(0, length - 1, good),
            &[Code::InvalidArgument, Code::Internal],
            "",
        ),
        ("a frame of 4 GiB", vec![], frame(0, u32::MAX, good), &[Code::ResourceExhausted], "limit"),
        (
            "a frame just above the limit",
            vec![],
            frame(0, 64 * 1024 * 1024 + 1, good),
            &[Code::ResourceExhausted],
            "limit",
        ),
        ("half of a frame's head", vec![], vec![0, 0], &[Code::Internal, Code::InvalidArgument], ""),
        (
            "no frame at all",
            vec![],
            vec![],
            &[Code::Internal, Code::InvalidArgument],
            "Missing request message",
        ),
    ]
}

#[tokio::test]
async fn frames_that_are_not_what_their_headers_say_are_refused() -> Result<(), AnyError> {
    let world = World::start("frames", &[]).await?;
    for (case, mut headers, body, codes, words) in odd_frames(&good_export(&world)) {
        headers.extend([GRPC, TRAILERS]);
        let answer = post(&world, &headers, body).await?;
        let status = answer.status.ok_or_else(|| format!("{case}: no status"))?;
        assert!(codes.contains(&status.code()), "{case}: {status:?}");
        assert!(status.message().contains(words) && !status.message().is_empty(), "{case}: {status:?}");
        println!("frames: {case}: {:?} {}", status.code(), status.message());
        world.write_neighbour().await?;
    }
    world.finish().await
}

fn is_refused(answer: &Answer) -> bool {
    answer.http >= 400 || answer.status.as_ref().is_some_and(|status| status.code() != Code::Ok)
}

#[tokio::test]
async fn requests_that_are_not_grpc_are_refused() -> Result<(), AnyError> {
    let world = World::start("other requests", &[]).await?;
    let good = good_export(&world);
    let framed = frame(0, u32::try_from(good.len())?, &good);
    for content_type in ["application/json", "application/x-protobuf", "text/html", ""] {
        let headers: [(&str, &[u8]); 1] = [("content-type", content_type.as_bytes())];
        let json = br#"{"resourceSpans":[]}"#.to_vec();
        let answer = post(&world, &headers, json).await?;
        assert!(is_refused(&answer), "JSON as {content_type:?}: {answer:?}");
        // What is a frame of gRPC all the same may be taken, but then it is kept.
        let number = world.number();
        let good = export_of([of_service(SERVICE, vec![span(number)]).encode_to_vec().as_slice()]);
        let answer = post(&world, &headers, frame(0, u32::try_from(good.len())?, &good)).await?;
        println!("other requests: content-type {content_type:?}: {answer:?}");
        if !is_refused(&answer) {
            let (trace_id, search) = (trace_id(number), Search::case(SERVICE, number));
            world
                .keep(Kept { case: content_type.to_owned(), trace_id, content: Content::Spans(1), search })
                .await?;
        }
    }
    world.write_neighbour().await?;
    for method in methods() {
        let (service, _) = method.path.rsplit_once('/').unwrap();
        for unknown in [format!("{service}/NoSuchMethod"), format!("{service}/")] {
            let body = Body::new(Full::new(Bytes::from(framed.clone())));
            let answer = raw::http(&world.channel, &unknown, &[GRPC, TRAILERS], body).await?;
            assert_eq!(answer.status.map(|status| status.code()), Some(Code::Unimplemented), "{unknown}");
        }
    }
    for unknown in
        ["/", "/no.such.Service/Method", "/jaeger.storage.v2.TraceWriter/Export", "/../../etc/passwd"]
    {
        let body = Body::new(Full::new(Bytes::from(framed.clone())));
        let answer = raw::http(&world.channel, unknown, &[GRPC, TRAILERS], body).await?;
        assert_eq!(answer.status.map(|status| status.code()), Some(Code::Unimplemented), "{unknown}");
    }
    world.finish().await
}

#[tokio::test]
async fn headers_without_end_and_tenants_of_any_kind_are_refused_or_ignored() -> Result<(), AnyError> {
    let world = World::start("headers", &[]).await?;
    let large = vec![b'x'; 10_000];
    let odd: [(&str, Vec<Header<'_>>, Option<Code>); 8] = [
        ("a tenant", vec![("x-tenant", b"acme")], Some(Code::PermissionDenied)),
        ("a tenant that is no text", vec![("x-tenant", b"\xff\xfe")], Some(Code::PermissionDenied)),
        (
            "a tenant among empty ones",
            vec![("x-tenant", b""), ("x-tenant", b"a")],
            Some(Code::PermissionDenied),
        ),
        ("a tenant of 10 KB", vec![("x-tenant", &large)], Some(Code::PermissionDenied)),
        ("a tenant of spaces", vec![("x-tenant", b"   ")], Some(Code::PermissionDenied)),
        ("an empty tenant", vec![("x-tenant", b"")], None),
        ("a trace parent that is none", vec![("traceparent", b"\xff"), ("bearer.token", b"\xff")], None),
        ("a deadline that is none", vec![("grpc-timeout", b"soon")], None),
    ];
    for (case, mut headers, code) in odd {
        headers.extend([GRPC, TRAILERS]);
        let good = good_export(&world);
        let answer = post(&world, &headers, frame(0, u32::try_from(good.len())?, &good)).await?;
        let status = answer.status.ok_or_else(|| format!("{case}: no status"))?;
        println!("headers: {case}: {:?} {}", status.code(), status.message());
        assert_eq!(status.code(), code.unwrap_or(Code::Ok), "{case}: {status:?}");
        world.write_neighbour().await?;
    }
    let good = good_export(&world);
    let framed = frame(0, u32::try_from(good.len())?, &good);
    for count in [100, 1000] {
        // On a connection of its own: the server may end it.
        let channel = world.connect().await?;
        let headers: Vec<(&str, &[u8])> = (0..count).map(|_| ("x-large", large.as_slice())).collect();
        let headers = [headers, vec![GRPC, TRAILERS]].concat();
        let body = Body::new(Full::new(Bytes::from(framed.clone())));
        let answer = timeout(ENDED_WITHIN, raw::http(&channel, EXPORT, &headers, body)).await?;
        let told = answer.as_ref().map(|answer| (answer.http, answer.status.clone()));
        println!("headers: {count} of 10 KB: {told:?}");
        let taken = answer.is_ok_and(|answer| answer.status.is_some_and(|status| status.code() == Code::Ok));
        assert!(!taken, "{count} headers of 10 KB are taken");
        world.write_neighbour().await?;
    }
    world.finish().await
}

/// A ClientHello of TLS 1.2, as far as a server looks at it.
const TLS_HELLO: &[u8] = b"\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\x00\x00\x04\x00\x2f\x00\x35\x01\x00";

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[tokio::test]
async fn other_protocols_on_the_port_are_shown_the_door() -> Result<(), AnyError> {
    let world = World::start("other protocols", &[]).await?;
    let mut random = fastrand::Rng::with_seed(6);
    let noise: Vec<u8> = (0..100_000).map(|_| random.u8(..)).collect();
    let cases: [(&str, Vec<u8>); 9] = [
        ("HTTP/1.1", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec()),
        ("HTTP/1.0", b"POST /v1/traces HTTP/1.0\r\nContent-Length: 5\r\n\r\n{}\r\n\r\n".to_vec()),
        ("TLS", TLS_HELLO.to_vec()),
        ("zeros", vec![0; 10_000]),
        ("noise", noise.clone()),
        ("noise after the preface", [PREFACE, &noise].concat()),
        ("HTTP/1.1 after the preface", [PREFACE, b"GET / HTTP/1.1\r\n\r\n"].concat()),
        ("a frame of 16 MB after the preface", [PREFACE, b"\xff\xff\xff\x00\x00\x00\x00\x00\x01"].concat()),
        (
            "data on a stream that is not open",
            [PREFACE, b"\0\0\0\x04\0\0\0\0\0", b"\0\0\x01\0\0\0\0\0\x01x"].concat(),
        ),
    ];
    let clock = tokio_clock();
    for (case, bytes) in cases {
        let began = clock.monotonic();
        let mut stream = TcpStream::connect(world.server.grpc_address()).await?;
        // It may be ended while it is still being written.
        let _ = stream.write_all(&bytes).await;
        let mut answer = Vec::new();
        let ended = timeout(ENDED_WITHIN, stream.read_to_end(&mut answer)).await;
        assert!(ended.is_ok(), "{case}: the connection stays open");
        println!(
            "other protocols: {case}: ended after {:?}, having said {} bytes",
            clock.monotonic() - began,
            answer.len()
        );
        world.write_neighbour().await?;
    }
    world.finish().await
}
