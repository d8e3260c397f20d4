//! Exporters as OTLP has them: they send, and once more after the pause that the server asks for.

mod answer;
mod tally;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jaeger_dynamodb_core::{Clock, Span};
use jaeger_dynamodb_proto::convert;
use jaeger_dynamodb_proto::jaeger::storage::v1::WriteSpanRequest;
use jaeger_dynamodb_proto::jaeger::storage::v1::span_writer_plugin_client::SpanWriterPluginClient;
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::trace_service_client::TraceServiceClient;
use jaeger_dynamodb_tests::{AnyError, tokio_clock};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use crate::content::spans;
use crate::ledger::Ledger;

pub(crate) use answer::retry_delay;
pub(crate) use tally::Tally;

/// That of OTLP's exporters.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Some exporters that send message after message to the servers of a [`Target`].
pub(crate) struct Exporters {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

/// How many there are and how they go about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) exporters: usize,
    /// Each of them waits so long after an answer.
    pub(crate) pause: Duration,
    /// All together stop after so many messages.
    pub(crate) messages: u64,
}

/// The servers that take messages now. None makes the exporters wait.
#[derive(Clone, Debug)]
pub(crate) struct Target(Arc<watch::Sender<Vec<Channel>>>);

struct Shared {
    ledger: Arc<Ledger>,
    servers: watch::Receiver<Vec<Channel>>,
    pace: Pace,
    is_stopped: AtomicBool,
    clock: Arc<dyn Clock>,
    tally: Mutex<Tally>,
}

// === impl Target ===

impl Target {
    pub(crate) fn none() -> Self {
        Self(Arc::new(watch::Sender::new(Vec::new())))
    }

    /// From now on messages go to these.
    pub(crate) fn set(&self, servers: &[SocketAddr]) -> Result<(), AnyError> {
        let channel = |server: &SocketAddr| {
            Ok::<_, AnyError>(Endpoint::from_shared(format!("http://{server}"))?.connect_lazy())
        };
        self.0.send_replace(servers.iter().map(channel).collect::<Result<_, _>>()?);
        Ok(())
    }
}

// === impl Exporters ===

impl Exporters {
    pub(crate) fn start(ledger: &Arc<Ledger>, target: &Target, pace: Pace) -> Self {
        let shared = Arc::new(Shared {
            ledger: Arc::clone(ledger),
            servers: target.0.subscribe(),
            pace,
            is_stopped: AtomicBool::new(false),
            clock: tokio_clock(),
            tally: Mutex::default(),
        });
        let mut tasks = JoinSet::new();
        for number in 0..pace.exporters {
            tasks.spawn(Arc::clone(&shared).run(number));
        }
        Self { shared, tasks }
    }

    /// Takes what has happened since it was asked the last time.
    pub(crate) fn take_tally(&self) -> Tally {
        std::mem::take(&mut *self.shared.tally.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Lets all of them finish what they are at.
    pub(crate) async fn stop(self) -> Result<Tally, AnyError> {
        self.shared.is_stopped.store(true, Ordering::Relaxed);
        self.finish().await
    }

    /// Waits until all messages of their pace are sent.
    pub(crate) async fn finish(mut self) -> Result<Tally, AnyError> {
        while let Some(ended) = self.tasks.join_next().await {
            ended?;
        }
        Ok(self.take_tally())
    }
}

// === impl Shared ===

impl Shared {
    async fn run(self: Arc<Self>, exporter: usize) {
        let mut servers = self.servers.clone();
        while !self.is_stopped.load(Ordering::Relaxed) && self.ledger.sent() < self.pace.messages {
            let number = self.ledger.next();
            let began = self.clock.monotonic();
            let outcome = self.send_twice(&mut servers, exporter, number).await;
            if outcome.is_ok() {
                self.ledger.acknowledge(number);
            }
            let took = self.clock.monotonic() - began;
            self.count(|tally| tally.ended(&outcome, took));
            self.clock.sleep(self.pace.pause).await;
        }
    }

    async fn send_twice(
        &self,
        servers: &mut watch::Receiver<Vec<Channel>>,
        exporter: usize,
        number: u64,
    ) -> Result<(), Status> {
        let began = self.clock.monotonic();
        let Err(first) = self.send(servers, exporter, number).await else { return Ok(()) };
        let took = self.clock.monotonic() - began;
        let Some(pause) = answer::pause_before_retry(&first) else { return Err(first) };
        self.count(|tally| tally.retried(&first, took));
        self.clock.sleep(pause).await;
        self.send(servers, exporter, number).await
    }

    async fn send(
        &self,
        servers: &mut watch::Receiver<Vec<Channel>>,
        exporter: usize,
        number: u64,
    ) -> Result<(), Status> {
        let channel = {
            let all = servers.wait_for(|servers| !servers.is_empty()).await;
            all.ok().and_then(|all| all.get(exporter % all.len()).cloned())
        };
        let channel = channel.ok_or_else(|| Status::unavailable("no server"))?;
        let sent = send(channel, spans(number));
        tokio::time::timeout(ANSWER_TIMEOUT, sent).await.unwrap_or_else(|_| Err(answer::none_in_time()))
    }

    fn count(&self, count: impl FnOnce(&mut Tally)) {
        count(&mut self.tally.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Sends the spans of one message in the API of their form.
pub(crate) async fn send(channel: Channel, mut spans: Vec<Span>) -> Result<(), Status> {
    if let [Span::V1(_)] = *spans {
        let Some(Span::V1(span)) = spans.pop() else { return Ok(()) };
        let request = WriteSpanRequest { span: Some(span.into()) };
        return SpanWriterPluginClient::new(channel).write_span(request).await.map(drop);
    }
    let spans: Vec<_> = spans.into_iter().filter_map(as_otlp).collect();
    let request = ExportTraceServiceRequest { resource_spans: convert::resource_spans(&spans) };
    let answer = TraceServiceClient::new(channel).export(Request::new(request)).await?.into_inner();
    match answer.partial_success {
        Some(partial) if partial.rejected_spans > 0 => Err(Status::invalid_argument(partial.error_message)),
        _ => Ok(()),
    }
}

fn as_otlp(span: Span) -> Option<jaeger_dynamodb_core::otlp::Span> {
    match span {
        Span::Otlp(span) => Some(span),
        Span::V1(_) => None,
    }
}
