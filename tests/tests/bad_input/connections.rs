//! Connections without end.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use jaeger_dynamodb_tests::{AnyError, tokio_clock};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::world::World;

const CONNECTIONS: u64 = 10_000;

/// Ours, and what else the test and its server have open.
const FILES: u64 = CONNECTIONS + 1000;

const MOST_BYTES_OF_ONE: u64 = 40_000;

/// The preface of HTTP/2, empty settings, and the acknowledgement of the server's.
const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0";

/// Lets this process open so many files, after its server has started with what it was given.
fn raise_limit() -> Result<(), AnyError> {
    let limit = getrlimit(Resource::Nofile);
    if limit.maximum.is_some_and(|maximum| maximum < FILES) {
        return Err(format!("the machine allows {:?} open files", limit.maximum).into());
    }
    let current = limit.current.map(|current| current.max(FILES));
    Ok(setrlimit(Resource::Nofile, Rlimit { current, ..limit })?)
}

async fn idle(world: &World) -> Result<TcpStream, AnyError> {
    let mut stream = TcpStream::connect(world.server.grpc_address()).await?;
    stream.write_all(HELLO).await?;
    Ok(stream)
}

#[tokio::test]
async fn ten_thousand_idle_connections_keep_nobody_waiting() -> Result<(), AnyError> {
    let world = World::start("idle connections", &[]).await?;
    raise_limit()?;
    world.write_neighbour().await?;
    let before = world.server.rss_bytes()?;
    let opening = (0..CONNECTIONS).map(|_| idle(&world));
    let open: Vec<TcpStream> = futures::stream::iter(opening).buffer_unordered(64).try_collect().await?;
    tokio_clock().sleep(Duration::from_secs(1)).await;
    for _ in 0..10 {
        world.write_neighbour().await?;
    }
    // A client that comes now is served as well.
    let late = world.connect().await?;
    crate::kept::services(&late).await?;
    let more = world.server.rss_bytes()?.saturating_sub(before) / CONNECTIONS;
    println!("idle connections: {CONNECTIONS} take {more} bytes each");
    assert!(more < MOST_BYTES_OF_ONE, "{more}");
    drop(open);
    world.finish().await
}
