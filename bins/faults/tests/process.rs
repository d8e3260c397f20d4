//! The built binary, as somebody at a terminal uses it.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Killed when dropped.
struct Faults {
    child: Child,
    address: String,
}

impl Faults {
    fn start(flags: &[&str]) -> Outcome<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_jaeger-dynamodb-faults"))
            .env_clear()
            .arg("--listen=127.0.0.1:0")
            .args(flags)
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("no stdout")?;
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            let url = line.split(' ').skip_while(|word| *word != "--endpoint-url").nth(1);
            if let Some(address) = url.and_then(|url| url.strip_prefix("http://")) {
                return Ok(Self { child, address: address.to_owned() });
            }
        }
        Err("it does not say how to start a server against it".into())
    }

    fn ask(&self, request: &str, body: &str) -> Outcome<(String, String)> {
        let mut stream = TcpStream::connect(&self.address)?;
        let length = body.len();
        write!(stream, "{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n")?;
        write!(stream, "x-amz-target: DynamoDB_20120810.ListTables\r\n\r\n{body}")?;
        let mut response = String::new();
        stream.read_to_string(&mut response)?;
        let (head, body) = response.split_once("\r\n\r\n").unwrap_or_default();
        Ok((head.lines().next().unwrap_or_default().to_owned(), body.to_owned()))
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _reaped = self.child.wait();
    }
}

#[test]
fn the_flags_are_the_faults_until_they_are_replaced() -> Outcome {
    let faults = Faults::start(&["--http-500=100", "--delay=1ms", "--seed=3"])?;
    let (status, json) = faults.ask("GET /faults", "")?;
    let shown: Value = serde_json::from_str(&json)?;
    assert_eq!(status, "HTTP/1.1 200 OK");
    assert_eq!(
        (&shown["http_500"], &shown["delay"], &shown["throttle"]),
        (&json!(100), &json!("1ms"), &json!(0))
    );
    assert_eq!(faults.ask("POST /", "{}")?.0, "HTTP/1.1 500 Internal Server Error");

    let (status, reason) = faults.ask("PUT /faults", r#"{"http500": 0}"#)?;
    assert!(status.contains(" 400 ") && reason.contains("unknown field `http500`"), "{status} {reason}");
    assert_eq!(faults.ask("PUT /faults", r#"{"cut_before": 100}"#)?.0, "HTTP/1.1 200 OK");
    assert_eq!(faults.ask("POST /", "{}")?, Default::default(), "no answer at all");
    assert_eq!(faults.ask("PUT /faults", "{}")?.0, "HTTP/1.1 200 OK");
    let (status, tables) = faults.ask("POST /", "{}")?;
    assert_eq!((status.as_str(), tables.as_str()), ("HTTP/1.1 200 OK", r#"{"TableNames":[]}"#));

    let traffic: Value = serde_json::from_str(&faults.ask("GET /traffic", "")?.1)?;
    assert_eq!(traffic["operations"][0]["operation"], "ListTables");
    assert_eq!(traffic["requests"], 2, "what was cut before did not arrive");
    Ok(())
}

#[test]
fn sigterm_ends_it_with_0() -> Outcome {
    let mut faults = Faults::start(&[])?;
    Command::new("kill").args(["-TERM", &faults.child.id().to_string()]).status()?;
    assert_eq!(faults.child.wait()?.code(), Some(0));
    Ok(())
}

#[test]
fn a_directory_keeps_the_tables() -> Outcome {
    let directory = std::env::temp_dir().join(format!("faults-{}", std::process::id()));
    let flag = format!("--data-dir={}", directory.display());
    let table = json!({
        "TableName": "kept", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "B" }],
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
    });
    let faults = Faults::start(&[&flag])?;
    let mut stream = TcpStream::connect(&faults.address)?;
    let body = table.to_string();
    write!(stream, "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n", body.len())?;
    write!(stream, "x-amz-target: DynamoDB_20120810.CreateTable\r\n\r\n{body}")?;
    stream.read_to_string(&mut String::new())?;
    drop(faults);
    let (_, tables) = Faults::start(&[&flag])?.ask("POST /", "{}")?;
    std::fs::remove_dir_all(&directory)?;
    assert_eq!(tables, r#"{"TableNames":["kept"]}"#);
    Ok(())
}
