//! A receiver of OTLP that answers as a test wants.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use jaeger_dynamodb_proto::google_rpc::{RetryInfo, Status as RpcStatus};
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
    trace_service_server::{TraceService, TraceServiceServer},
};
use prost::Message;
use tokio::{net::TcpListener, sync::Semaphore};
use tonic::{
    Code, Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};

/// Serves until the runtime of the test ends.
pub(crate) struct Receiver {
    url: String,
    state: Arc<State>,
}

#[derive(Clone, Copy)]
pub(crate) enum Answer {
    Accept,
    /// Accept once the test says so.
    AcceptWhenReleased,
    /// Reject so many spans, and accept the others.
    Reject(i64),
    Invalid,
    TryAgainAfter(Duration),
}

struct State {
    answer: fn(usize) -> Answer,
    attempts: AtomicUsize,
    accepted: Mutex<Vec<Vec<u8>>>,
    /// Has a permit for each that waits for its release.
    waiting: Semaphore,
    released: Semaphore,
}

struct Service(Arc<State>);

// === impl Receiver ===

impl Receiver {
    /// Serves on a free port. Attempts are counted from 0, over all connections.
    pub(crate) async fn start(answer: fn(usize) -> Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State {
            answer,
            attempts: AtomicUsize::new(0),
            accepted: Mutex::default(),
            waiting: Semaphore::new(0),
            released: Semaphore::new(0),
        });
        let service = TraceServiceServer::new(Service(Arc::clone(&state)));
        let serving = Server::builder().add_service(service).serve_with_incoming(TcpIncoming::from(listener));
        tokio::spawn(serving);
        Self { url, state }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The ids of all spans acknowledged, as often as they were.
    pub(crate) fn accepted(&self) -> Vec<Vec<u8>> {
        self.state.accepted.lock().unwrap().clone()
    }

    /// Waits until a request waits for its release.
    pub(crate) async fn someone_waits(&self) {
        self.state.waiting.acquire().await.unwrap().forget();
    }

    pub(crate) fn release(&self) {
        self.state.released.add_permits(1);
    }
}

// === impl Service ===

#[tonic::async_trait]
impl TraceService for Service {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let attempt = self.0.attempts.fetch_add(1, Ordering::SeqCst);
        let mut response = ExportTraceServiceResponse::default();
        let mut ids = span_ids(&request.into_inner());
        match (self.0.answer)(attempt) {
            Answer::Accept => {}
            Answer::AcceptWhenReleased => {
                self.0.waiting.add_permits(1);
                self.0.released.acquire().await.unwrap().forget();
            }
            Answer::Reject(rejected_spans) => {
                let error_message = "some are bad".to_owned();
                response.partial_success = Some(ExportTracePartialSuccess { rejected_spans, error_message });
                ids.drain(..usize::try_from(rejected_spans).unwrap());
            }
            Answer::Invalid => return Err(Status::invalid_argument("all are bad")),
            Answer::TryAgainAfter(delay) => return Err(try_again_after(delay)),
        }
        self.0.accepted.lock().unwrap().extend(ids);
        Ok(Response::new(response))
    }
}

fn try_again_after(delay: Duration) -> Status {
    let info = RetryInfo { retry_delay: Some(delay.try_into().unwrap()) };
    let type_url = "type.googleapis.com/google.rpc.RetryInfo".to_owned();
    let details = vec![prost_types::Any { type_url, value: info.encode_to_vec() }];
    Status::with_details(
        Code::Unavailable,
        "full",
        RpcStatus { details, ..RpcStatus::default() }.encode_to_vec().into(),
    )
}

pub(crate) fn span_ids(request: &ExportTraceServiceRequest) -> Vec<Vec<u8>> {
    let scopes = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
    scopes.flat_map(|scope| &scope.spans).map(|span| span.span_id.clone()).collect()
}
