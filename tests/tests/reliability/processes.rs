//! That the tests of this target see a server as it is.

use jaeger_dynamodb_tests::{AnyError, ServerProcess};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_starts_answers_and_stops() -> Result<(), AnyError> {
    let mut server = ServerProcess::start(&["--data-dir", ":memory:"]).await?;
    assert_eq!(server.ready().await?, (200, "ready\n".to_owned()));
    assert_eq!(server.live().await?, (200, "live\n".to_owned()));
    assert!(server.metric("jaeger_dynamodb_requests_total").await? > 0.0);
    assert!(server.rss_bytes()? > 1 << 20);
    assert!(server.log()?.contains("storage is open"), "{}", server.log_tail());
    server.signal("STOP")?;
    assert!(server.is_alive()?);
    server.signal("CONT")?;
    server.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_start_tells_why() -> Result<(), AnyError> {
    let failed = ServerProcess::start(&["--window", "soon"]).await.err().ok_or("it started")?;
    assert!(failed.to_string().contains("expects a duration"), "{failed}");
    Ok(())
}
