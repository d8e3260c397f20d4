//! The engine over HTTP, for programs that cannot be given a client: real servers.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use aws_smithy_runtime_api::client::result::ConnectorError;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use jaeger_dynamodb_embedded::{Answer, Call};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::{EngineHandle, FaultPlan, TestEngine};

mod control;
mod processes;

use processes::Processes;

/// More than DynamoDB takes, so that the engine answers what is too much.
const MAX_BODY: usize = 17 << 20;

/// Speaks DynamoDB's JSON protocol for a [`TestEngine`] made [on threads](TestEngine::on_threads), on one address.
///
/// Requests signed with one access key are one process: the [`EngineHandle`] of that label. A request whose sender hangs
/// up is carried out all the same. Cut connections are closed without an answer.
///
/// On the same port it is watched and controlled by requests that no client of DynamoDB sends:
///
/// | | |
/// |---|---|
/// | `GET /faults` | the [`FaultRates`](crate::FaultRates) as JSON; `null` if a plan was made in code |
/// | `PUT /faults` | replaces them for all processes by the JSON sent, and answers as `GET` |
/// | `GET`, `PUT /faults?process=KEY` | the same for one process |
/// | `GET /traffic`, `GET /traffic?process=KEY` | requests, items and units by operation and table |
/// | `PUT /outage?for=1m` | the service is gone from now on for so long; `0s` ends it |
///
/// `seed=N` beside it replaces the seed of the chances that `PUT /faults` sets, which is 0 at first.
#[derive(Debug)]
pub struct FaultServer {
    address: SocketAddr,
    processes: Arc<Processes>,
    accepting: JoinHandle<()>,
}

// === impl FaultServer ===

impl FaultServer {
    /// Starts to listen; port 0 takes a free one.
    ///
    /// # Errors
    /// If the address is not to be had.
    pub async fn start(engine: &TestEngine, address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let processes = Arc::new(Processes::new(engine.clone()));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&processes)));
        Ok(Self { address, processes, accepting })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What to give as `--endpoint-url`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The process that signs its requests with this access key, whether it has sent any yet or not.
    pub fn process(&self, access_key: &str) -> EngineHandle {
        self.processes.of(access_key)
    }

    /// Replaces what befalls every process from now on, those not seen yet included.
    pub fn inject(&self, plan: FaultPlan) {
        self.processes.inject(plan);
    }

    /// Stops listening and cuts every connection.
    pub async fn stop(mut self) {
        self.accepting.abort();
        let _aborted = (&mut self.accepting).await;
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, processes: Arc<Processes>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(serve(stream, Arc::clone(&processes)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, processes: Arc<Processes>) {
    let _slower = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(Arc::clone(&processes), request));
    // Ends with an error if either side cut it.
    let _cut = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// An error closes the connection.
async fn answer(
    processes: Arc<Processes>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, ConnectorError> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY).collect().await.map_err(ConnectorError::io)?.to_bytes();
    if head.method != Method::POST {
        return control::answer(&processes, &head, &body);
    }
    let process = Arc::clone(&processes.of(access_key(&head)).process);
    let call = Call::new(header(&head, "x-amz-target"), body);
    // A task of its own goes on when the client hangs up.
    let answer = tokio::spawn(async move { process.send(&call).await }).await;
    as_http(answer.map_err(|error| ConnectorError::other(error.into(), None))??)
}

fn as_http(answer: Answer) -> Result<Response<Full<Bytes>>, ConnectorError> {
    let body = answer.body.clone();
    let response = answer.into_http()?.try_into_http1x();
    let response = response.map_err(|error| ConnectorError::other(error.into(), None))?;
    Ok(response.map(|_| Full::new(body)))
}

/// From `AWS4-HMAC-SHA256 Credential=KEY/20251009/region/dynamodb/aws4_request, …`.
fn access_key(head: &Parts) -> &str {
    let scope = header(head, "authorization").split_once("Credential=").map(|(_, scope)| scope);
    scope.and_then(|scope| scope.split('/').next()).unwrap_or("unsigned")
}

fn header<'a>(head: &'a Parts, name: &str) -> &'a str {
    head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
