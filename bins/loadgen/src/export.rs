//! How a request is sent: again, as long as the server asks for that.

use std::{collections::VecDeque, future::Future, time::Duration};

use bytes::Bytes;
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse;
use jaeger_dynamodb_runtime::exit::Failure;
use tokio::time::Instant;
use tonic::{Code, Status, transport::Endpoint};

use crate::settings::Settings;

mod client;
mod retry_info;

use client::Client;

/// Those of OTLP's exporters.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Sends requests to one endpoint.
#[derive(Debug)]
pub(crate) struct Exporter {
    client: Client,
    /// Takes its turn next.
    others: VecDeque<Client>,
    retry: Duration,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) answer: Answer,
    /// From the first attempt to the last answer.
    pub(crate) latency: Duration,
    pub(crate) retries: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The server has the spans.
    Acknowledged,
    /// The server has the spans but for so many.
    PartlyRefused(u64, String),
    /// The server judged the request and does not want it.
    Refused(String),
    /// Whether the server has the spans is not known.
    Failed(String),
}

// === impl Exporter ===

impl Exporter {
    /// Opens the connections.
    pub(crate) async fn connect(settings: &Settings) -> Result<Self, Failure> {
        let client = connect(settings).await?;
        let mut others = VecDeque::new();
        for _ in 1..settings.connections.get() {
            others.push_back(connect(settings).await?);
        }
        Ok(Self { client, others, retry: settings.retry })
    }

    /// Sends the request on the connection whose turn it is.
    pub(crate) fn send(&mut self, message: Bytes) -> impl Future<Output = Outcome> + Send + use<> {
        if let Some(next) = self.others.pop_front() {
            self.others.push_back(std::mem::replace(&mut self.client, next));
        }
        export(self.client.clone(), message, self.retry)
    }
}

async fn connect(settings: &Settings) -> Result<Client, Failure> {
    let url = settings.endpoint.as_str();
    let connecting = async {
        let endpoint = Endpoint::from_shared(url.to_owned())?;
        endpoint.connect_timeout(CONNECT_TIMEOUT).timeout(ANSWER_TIMEOUT).connect().await
    };
    match connecting.await {
        Ok(channel) => Ok(Client::new(channel)),
        Err(error) => Err(Failure::runtime(format_args!("cannot connect to --endpoint {url}"), error)),
    }
}

#[expect(clippy::disallowed_methods, reason = "real time is what this program is for")]
async fn export(mut client: Client, message: Bytes, retry: Duration) -> Outcome {
    let start = Instant::now();
    let mut retries = 0;
    loop {
        let answer = match client.export(message.clone()).await {
            Ok(response) => Answer::of_response(response),
            Err(status) => match retry_info::delay(&status) {
                Some(delay) if start.elapsed().saturating_add(delay) <= retry => {
                    tokio::time::sleep(delay).await;
                    retries += 1;
                    continue;
                }
                Some(_) => Answer::Failed(reason(&status)),
                None => Answer::of_status(&status),
            },
        };
        return Outcome { answer, latency: start.elapsed(), retries };
    }
}

// === impl Answer ===

impl Answer {
    /// Zero refused spans with a message are a warning.
    fn of_response(response: ExportTraceServiceResponse) -> Self {
        let partial = response.partial_success.unwrap_or_default();
        match u64::try_from(partial.rejected_spans) {
            Ok(0) | Err(_) => Self::Acknowledged,
            Ok(refused) => Self::PartlyRefused(refused, partial.error_message),
        }
    }

    fn of_status(status: &Status) -> Self {
        let why = reason(status);
        match status.code() {
            Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::Unauthenticated
            | Code::FailedPrecondition
            | Code::OutOfRange
            | Code::ResourceExhausted
            | Code::Unimplemented => Self::Refused(why),
            Code::Ok
            | Code::Cancelled
            | Code::Unknown
            | Code::DeadlineExceeded
            | Code::Aborted
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss => Self::Failed(why),
        }
    }
}

fn reason(status: &Status) -> String {
    format!("{:?}: {}", status.code(), status.message())
}
