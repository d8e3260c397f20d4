//! Callers that push large Exports as fast as they are answered, and hardly wait when they are refused.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jaeger_dynamodb_core::{Clock, UnixNanos};
use jaeger_dynamodb_loadgen::{Load, Workload};
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse;
use jaeger_dynamodb_tests::{AnyError, NOW, tokio_clock};
use prost::Message;
use prost::bytes::BufMut;
use tokio::task::JoinSet;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::Bytes;

use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

use crate::exporter::retry_delay;

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// Exports of about a thousand spans each.
const LOAD: Load = Load { spans_per_second: 5_000, duration: Duration::from_secs(8), start: START };
const START: UnixNanos = NOW;

/// As impatient as a client can be that is not mad.
const PAUSE: Duration = Duration::from_millis(100);

const CONNECTIONS: usize = 8;

const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A number of callers.
pub(super) struct Pushers {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

/// What they were told.
#[derive(Debug, Default)]
pub(super) struct Pushed {
    /// How long those took that were taken.
    pub(super) acknowledged: Vec<Duration>,
    /// How long UNAVAILABLE with RetryInfo took.
    pub(super) sent_back: Vec<Duration>,
    pub(super) others: BTreeMap<String, u64>,
}

struct Shared {
    messages: Vec<Bytes>,
    is_stopped: AtomicBool,
    pushed: Mutex<Pushed>,
    clock: Arc<dyn Clock>,
}

/// Sends bytes as they are: encoding them for each attempt would take what the server needs.
#[derive(Clone, Copy, Debug)]
struct Encoded;

// === impl Pushers ===

impl Pushers {
    pub(super) fn start(server: SocketAddr, callers: usize, seed: u64) -> Result<Self, AnyError> {
        let messages =
            Workload::demo(seed).arrivals(LOAD).map(|one| one.request.encode_to_vec().into()).collect();
        let shared = Arc::new(Shared {
            messages,
            is_stopped: AtomicBool::new(false),
            pushed: Mutex::default(),
            clock: tokio_clock(),
        });
        let channels = (0..CONNECTIONS).map(|_| channel(server)).collect::<Result<Vec<_>, _>>()?;
        let mut tasks = JoinSet::new();
        for (caller, channel) in (0..callers).zip(channels.into_iter().cycle()) {
            tasks.spawn(Arc::clone(&shared).run(caller, Grpc::new(channel)));
        }
        Ok(Self { shared, tasks })
    }

    /// How long it takes until a message is acknowledged, of any of them; as long as they can wait if none is.
    pub(super) async fn next_success(&self) -> Duration {
        let clock = tokio_clock();
        let before = self.shared.acknowledged();
        while self.shared.acknowledged() == before && clock.monotonic() < LONGEST_WAIT {
            clock.sleep(Duration::from_millis(5)).await;
        }
        clock.monotonic()
    }

    pub(super) async fn stop(mut self) -> Result<Pushed, AnyError> {
        self.shared.is_stopped.store(true, Ordering::Relaxed);
        while let Some(ended) = self.tasks.join_next().await {
            ended?;
        }
        Ok(std::mem::take(&mut *self.shared.pushed.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

// === impl Shared ===

impl Shared {
    fn acknowledged(&self) -> usize {
        self.pushed.lock().unwrap_or_else(PoisonError::into_inner).acknowledged.len()
    }

    async fn run(self: Arc<Self>, caller: usize, mut client: Grpc<Channel>) {
        for message in self.messages.iter().cycle().skip(caller) {
            if self.is_stopped.load(Ordering::Relaxed) {
                return;
            }
            let began = self.clock.monotonic();
            let outcome = push(&mut client, message.clone()).await;
            let took = self.clock.monotonic() - began;
            if outcome.is_err() {
                self.clock.sleep(PAUSE).await;
            }
            self.pushed.lock().unwrap_or_else(PoisonError::into_inner).note(outcome, took);
        }
    }
}

// === impl Pushed ===

impl Pushed {
    fn note(&mut self, outcome: Result<(), Status>, took: Duration) {
        match outcome {
            Ok(()) => self.acknowledged.push(took),
            Err(status) if status.code() == Code::Unavailable && retry_delay(&status).is_some() => {
                self.sent_back.push(took);
            }
            Err(status) => {
                *self.others.entry(format!("{:?} {}", status.code(), status.message())).or_default() += 1
            }
        }
    }
}

/// A connection that is made when it is needed.
pub(super) fn channel(server: SocketAddr) -> Result<Channel, AnyError> {
    Ok(Endpoint::from_shared(format!("http://{server}"))?.connect_lazy())
}

async fn push(client: &mut Grpc<Channel>, message: Bytes) -> Result<(), Status> {
    client.ready().await.map_err(|error| Status::from_error(error.into()))?;
    client.unary(Request::new(message), PathAndQuery::from_static(EXPORT), Encoded).await.map(drop)
}

// === impl Encoded ===

impl Codec for Encoded {
    type Encode = Bytes;
    type Decode = ExportTraceServiceResponse;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Encoded {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(message);
        Ok(())
    }
}

impl Decoder for Encoded {
    type Item = ExportTraceServiceResponse;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Self::Item>, Status> {
        ExportTraceServiceResponse::decode(buffer)
            .map(Some)
            .map_err(|error| Status::internal(error.to_string()))
    }
}
