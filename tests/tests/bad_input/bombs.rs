//! Small messages that become large ones.

use flate2::{Compress, Compression, FlushCompress};
use http_body_util::Full;
use jaeger_dynamodb_tests::AnyError;
use prost::bytes::Bytes;
use tonic::Code;
use tonic::body::Body;
use tonic::codec::CompressionEncoding;

use crate::descriptors::methods;
use crate::raw::{self, frame};
use crate::spans::field;
use crate::world::{EXPORT, WRITE_SPAN, World, assert_refused};

/// What the server may take beyond what it took before, with messages of 64 MiB at most.
const MOST_MORE: u64 = 300_000_000;

/// The same for messages of 4 MB that decode to hundreds.
const MOST_OF_NOTHING: u64 = 64_000_000;

const GIB: usize = 1 << 30;

/// Zeros of 32 GiB in 1 MB: blocks that say of 128 KiB that they are all one byte (RFC 8878).
fn zstd_bomb() -> Vec<u8> {
    const BLOCK: u32 = 128 * 1024;
    const RUN_OF_A_BYTE: u32 = 1;
    // A window of 128 KiB, and no size of the content.
    let mut bomb = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];
    for _ in 0..32 * GIB / BLOCK as usize {
        bomb.extend_from_slice(&(BLOCK << 3 | RUN_OF_A_BYTE << 1).to_le_bytes()[..3]);
        bomb.push(0);
    }
    bomb
}

/// The same of 1 GiB, as deflate has it (RFC 1952): a piece that stands by itself, again and again.
fn gzip_bomb() -> Vec<u8> {
    const PIECE: usize = 1 << 20;
    let mut piece = Vec::with_capacity(8192);
    Compress::new(Compression::best(), false)
        .compress_vec(&vec![0; PIECE], &mut piece, FlushCompress::Full)
        .unwrap();
    let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    [header.to_vec(), piece.repeat(GIB / PIECE)].concat()
}

#[tokio::test]
async fn a_message_that_inflates_to_more_than_a_gigabyte_is_refused_in_little_memory() -> Result<(), AnyError>
{
    let world = World::start("compression bombs", &[]).await?;
    world.write_neighbour().await?;
    let before = world.server.rss_bytes()?;
    for (encoding, bomb) in [("gzip", gzip_bomb()), ("zstd", zstd_bomb())] {
        assert!((900_000..2_000_000).contains(&bomb.len()), "{encoding}: {}", bomb.len());
        let body = frame(1, u32::try_from(bomb.len())?, &bomb);
        for method in methods() {
            let headers: [(&str, &[u8]); 3] = [
                ("content-type", b"application/grpc"),
                ("te", b"trailers"),
                ("grpc-encoding", encoding.as_bytes()),
            ];
            let answer = raw::http(
                &world.channel,
                &method.path,
                &headers,
                Body::new(Full::new(Bytes::from(body.clone()))),
            )
            .await?;
            let status = answer.status.ok_or_else(|| format!("{}: no status", method.path))?;
            let case = format!("{encoding} to {}: {status:?}", method.path);
            // Writers are told not to send it again.
            let writes = [EXPORT, WRITE_SPAN].contains(&method.path.as_str());
            let codes: &[Code] = if writes {
                &[Code::ResourceExhausted]
            } else {
                &[Code::ResourceExhausted, Code::OutOfRange, Code::Unimplemented]
            };
            assert!(codes.contains(&status.code()), "{case}");
            assert!(!status.message().is_empty(), "{case}");
        }
        let more = world.peak_bytes()?.saturating_sub(before);
        println!("compression bombs: {encoding} took {} MB", more / 1_000_000);
        assert!(more < MOST_MORE, "{encoding}: {more}");
        world.write_neighbour().await?;
    }
    world.finish().await
}

/// Each of two bytes is a message of its own, which takes a hundred times as much where it is decoded.
#[tokio::test]
async fn a_message_of_very_many_empty_ones_is_refused_in_little_memory() -> Result<(), AnyError> {
    let world = World::start("empty messages", &["--max-message-size", "4MiB"]).await?;
    world.write_neighbour().await?;
    let before = world.server.rss_bytes()?;
    let many = |number: u32, bytes: usize| field(number, &[]).repeat(bytes / 2);
    let size = 4_000_000;
    let spans = many(2, size);
    let attributes = crate::spans::span(world.number());
    let attributes = [prost::Message::encode_to_vec(&attributes), many(9, size - 100)].concat();
    let cases = [
        ("empty resources", EXPORT, many(1, size)),
        ("empty scopes", EXPORT, field(1, &many(2, size))),
        ("empty spans", EXPORT, field(1, &field(2, &spans))),
        ("empty attributes", EXPORT, field(1, &field(2, &field(2, &attributes)))),
        ("empty tags", WRITE_SPAN, field(1, &many(8, size))),
        ("empty references", WRITE_SPAN, field(1, &many(4, size))),
    ];
    for (case, path, bytes) in cases {
        let sent = raw::unary::<()>(&world.channel, path, bytes, Some(CompressionEncoding::Zstd)).await;
        assert_refused(case, &sent.unwrap_err(), Code::ResourceExhausted, "send smaller batches");
        let more = world.peak_bytes()?.saturating_sub(before);
        println!("empty messages: {case} took {} MB", more / 1_000_000);
        assert!(more < MOST_OF_NOTHING, "{case}: {more}");
        world.write_neighbour().await?;
    }
    world.finish().await
}
