use aws_sdk_dynamodb::config::Credentials;
use aws_sdk_dynamodb::operation::RequestId;
use jaeger_dynamodb_embedded::sdk_config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::FaultServer;

const FREE_PORT: std::net::SocketAddr =
    std::net::SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

async fn server_with_table(stale: Option<StaleReads>) -> (TestEngine, FaultServer) {
    let engine = TestEngine::on_threads(Arc::new(TokioClock::starting_at(START)), stale).unwrap();
    create_table(&engine).await;
    let server = FaultServer::start(&engine, FREE_PORT).await.unwrap();
    (engine, server)
}

/// A real client of a process with this access key.
fn client(server: &FaultServer, access_key: &str) -> Client {
    let transport = aws_smithy_http_client::Builder::new().build_http();
    let config = sdk_config(transport)
        .endpoint_url(server.url())
        .credentials_provider(Credentials::new(access_key, "secret", None, None, "test"));
    Client::from_conf(config.build())
}

fn is_cut<E>(error: &SdkError<E>) -> bool {
    matches!(error, SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_other())
}

#[tokio::test]
async fn a_real_client_writes_and_reads() {
    let (engine, server) = server_with_table(None).await;
    let client = client(&server, "a");
    for k in ["x", "y"] {
        put(&client, k).await.unwrap();
    }
    assert!(
        sees(&client, "x", true).await && sees(&client, "y", false).await && !sees(&client, "z", true).await
    );
    assert_eq!(server.process("a").traffic().operation("PutItem").write_units, 2.0);
    assert_eq!(engine.traffic().operation("PutItem").requests, 2);
    let tables = client.list_tables().send().await.unwrap();
    assert!(tables.request_id().unwrap().starts_with("EMBEDDED"));
}

#[tokio::test]
async fn what_the_engine_refuses_is_an_error_of_the_service() {
    let (_engine, server) = server_with_table(None).await;
    let client = client(&server, "a");
    let missing = client.get_item().table_name("none").set_key(Some(item("x"))).send().await.unwrap_err();
    assert_eq!(missing.code(), Some("ResourceNotFoundException"));
    let large = client.put_item().table_name("spans").set_item(Some(item("x")));
    let large = large.item("v", AttributeValue::S("v".repeat(17 << 20))).send().await.unwrap_err();
    assert!(is_cut(&large), "more than 17 MB are not even read: {large:?}");
}

#[tokio::test]
async fn connections_are_cut_without_an_answer_and_the_next_request_takes_a_new_one() {
    let (engine, server) = server_with_table(None).await;
    let client = client(&server, "a");
    server.inject(FaultPlan::script([(1, Fault::CutBefore), (3, Fault::CutAfter)]));
    for (k, is_answered, stored) in
        [("0", true, true), ("1", false, false), ("2", true, true), ("3", false, true), ("4", true, true)]
    {
        let sent = put(&client, k).await;
        assert_eq!(sent.is_ok(), is_answered, "{k}: {sent:?}");
        assert!(sent.err().is_none_or(|error| is_cut(&error)), "{k}");
        assert_eq!(is_stored(&engine, k).await, stored, "{k}");
    }
}

#[tokio::test]
async fn refusals_and_dates_arrive_as_the_service_sends_them() {
    let (_engine, server) = server_with_table(None).await;
    let client = client(&server, "a");
    server.inject(FaultPlan::script([
        (0, Fault::Refuse(Refusal::InternalServerError)),
        (1, Fault::Refuse(Refusal::Throttling)),
        (2, Fault::ShiftDate(-180)),
    ]));
    let failed = put(&client, "x").await.unwrap_err();
    assert_eq!(
        (failed.raw_response().unwrap().status().as_u16(), failed.code()),
        (500, Some("InternalServerError"))
    );
    let throttled = put(&client, "x").await.unwrap_err().into_service_error();
    let PutItemError::ThrottlingException(throttled) = throttled else { panic!("{throttled:?}") };
    assert_eq!(throttled.throttling_reasons()[0].reason(), Some("TableWriteKeyRangeThroughputExceeded"));
    assert!(date_of_a_failed_call(&client).await.starts_with("Thu, 09 Oct 2025 08:50:2"));
}

#[tokio::test]
async fn processes_are_told_apart_by_their_access_key() {
    let (engine, server) = server_with_table(None).await;
    server.inject(FaultPlan::new(|_| Fault::CutBefore));
    server.process("b").inject(FaultPlan::none());
    assert!(put(&client(&server, "a"), "x").await.is_err());
    put(&client(&server, "b"), "y").await.unwrap();
    assert!(put(&client(&server, "c"), "z").await.is_err(), "one that comes later has the plan of all");
    server.inject(FaultPlan::none());
    put(&client(&server, "a"), "x").await.unwrap();
    let puts = |key: &str| server.process(key).traffic().operation("PutItem").requests;
    assert_eq!((puts("a"), puts("b"), puts("c")), (1, 1, 0));
    assert_eq!(engine.traffic().operation("PutItem").requests, 2);
}

#[tokio::test]
async fn a_request_is_carried_out_even_if_its_sender_hangs_up() {
    let (engine, server) = server_with_table(None).await;
    server.inject(FaultPlan::new(|_| Fault::Hold(Duration::from_millis(100))));
    let waiting = client(&server, "a");
    let sent = tokio::time::timeout(Duration::from_millis(50), put(&waiting, "x")).await;
    assert!(sent.is_err(), "{sent:?}");
    while !is_stored(&engine, "x").await {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn while_the_service_is_gone_everything_is_cut() {
    let (engine, server) = server_with_table(None).await;
    let client = client(&server, "a");
    put(&client, "x").await.unwrap();
    engine.go_away(seconds(3_600));
    assert!(is_cut(&put(&client, "y").await.unwrap_err()));
    engine.go_away(Duration::ZERO);
    put(&client, "z").await.unwrap();
    assert!(!is_stored(&engine, "y").await);
}

#[tokio::test]
async fn reads_are_stale_over_http_too() {
    let (_engine, server) =
        server_with_table(Some(StaleReads { lag: seconds(3_600), ..StaleReads::default() })).await;
    let client = client(&server, "a");
    put(&client, "x").await.unwrap();
    assert!(sees(&client, "x", true).await && !sees(&client, "x", false).await);
}

#[tokio::test]
async fn a_stopped_server_refuses_connections() {
    let (_engine, server) = server_with_table(None).await;
    let client = client(&server, "a");
    put(&client, "x").await.unwrap();
    server.stop().await;
    let error = put(&client, "y").await.unwrap_err();
    assert!(matches!(&error, SdkError::DispatchFailure(_)), "{error:?}");
}

/// Sends a request that no SDK sends: status and text of the answer.
async fn control(server: &FaultServer, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = tokio::net::TcpStream::connect(server.address()).await.unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    let (head, text) = response.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), text.to_owned())
}

async fn rates(server: &FaultServer, path: &str) -> Result<FaultRates, String> {
    let (status, json) = control(server, "GET", path, "").await;
    assert_eq!(status, 200, "{json}");
    FaultRates::from_json(json.as_bytes())
}

#[tokio::test]
async fn faults_are_shown_and_replaced_over_http() {
    let (_engine, server) = server_with_table(None).await;
    assert_eq!(rates(&server, "/faults").await, Ok(FaultRates::ZERO));
    let (status, answer) = control(&server, "PUT", "/faults", r#"{"http_500": 100}"#).await;
    let expected = FaultRates { http_500: 100, ..FaultRates::ZERO };
    assert_eq!((status, FaultRates::from_json(answer.as_bytes())), (200, Ok(expected)));
    assert_eq!(put(&client(&server, "a"), "x").await.unwrap_err().code(), Some("InternalServerError"));

    let (status, _) = control(&server, "PUT", "/faults?process=b&seed=7", "{}").await;
    assert_eq!(status, 200);
    assert_eq!(rates(&server, "/faults?process=b").await, Ok(FaultRates::ZERO));
    assert_eq!(rates(&server, "/faults?process=a").await, Ok(expected));
    put(&client(&server, "b"), "x").await.unwrap();
    assert!(put(&client(&server, "a"), "x").await.is_err());

    server.inject(FaultPlan::script([]));
    assert_eq!(control(&server, "GET", "/faults", "").await, (200, "null\n".to_owned()));
}

#[tokio::test]
async fn what_control_does_not_understand_is_refused_and_changes_nothing() {
    let (_engine, server) = server_with_table(None).await;
    for (method, path, body, status, reason) in [
        ("PUT", "/faults", r#"{"throttel": 30}"#, 400, "unknown field `throttel`"),
        ("PUT", "/faults", r#"{"throttle": 101}"#, 400, "their sum is 101"),
        ("PUT", "/faults?proces=a", "{}", 400, "process=KEY"),
        ("PUT", "/faults?seed=x", "{}", 400, "is no seed"),
        ("PUT", "/outage", "", 400, "for how long?"),
        ("PUT", "/outage?for=ever", "", 400, "for=ever"),
        ("PUT", "/traffic", "", 404, "there is no PUT /traffic"),
        ("GET", "/", "", 404, "GET or PUT /faults"),
    ] {
        let (seen, text) = control(&server, method, path, body).await;
        assert!(seen == status && text.contains(reason), "{method} {path} {body}: {seen} {text}");
    }
    assert_eq!(rates(&server, "/faults").await, Ok(FaultRates::ZERO));
}

#[tokio::test]
async fn traffic_is_told_by_operation_and_process() {
    let (_engine, server) = server_with_table(None).await;
    for (process, k) in [("a", "x"), ("a", "y"), ("b", "z")] {
        put(&client(&server, process), k).await.unwrap();
    }
    let (_, json) = control(&server, "GET", "/traffic?process=a", "").await;
    let seen: serde_json::Value = serde_json::from_str(&json).unwrap();
    let put_item = serde_json::json!({
        "operation": "PutItem", "table": "spans", "requests": 2, "items": 2, "read_units": 0.0, "write_units": 2.0,
    });
    assert_eq!(seen, serde_json::json!({ "requests": 2, "operations": [put_item] }));
    let (_, json) = control(&server, "GET", "/traffic", "").await;
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&json).unwrap()["requests"],
        4,
        "creating the table too"
    );
}

#[tokio::test]
async fn an_outage_is_begun_and_ended_over_http() {
    let (_engine, server) = server_with_table(None).await;
    assert_eq!(control(&server, "PUT", "/outage?for=1h", "").await.0, 200);
    assert!(put(&client(&server, "a"), "x").await.is_err());
    assert_eq!(control(&server, "PUT", "/outage?for=0s", "").await.0, 200);
    put(&client(&server, "a"), "x").await.unwrap();
}
