//! The least of HTTP that asks a server on this machine.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::AnyError;

const PATIENCE: Duration = Duration::from_secs(10);

/// Status and content of the answer.
pub(super) async fn get(address: SocketAddr, path: &str) -> Result<(u16, String), AnyError> {
    let answer = tokio::time::timeout(PATIENCE, exchange(address, path)).await??;
    let (head, content) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok());
    Ok((status.ok_or_else(|| format!("{address}{path} answered {answer:?}"))?, content.to_owned()))
}

async fn exchange(address: SocketAddr, path: &str) -> Result<String, AnyError> {
    let mut stream = TcpStream::connect(address).await?;
    // In version 1.0 every answer comes in one piece and ends the connection.
    let request = format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
