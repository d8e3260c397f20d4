//! From an event to an answer.

mod report;
mod work;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jaeger_dynamodb_core::Clock;
use lambda_runtime::{Diagnostic, LambdaEvent};
use opentelemetry::KeyValue;
use opentelemetry::trace::{Span as _, SpanKind, Status};
use opentelemetry_sdk::trace::Span;
use serde_json::Value;

use crate::batch::{Batch, Unnamed};
use crate::budget::{Budget, unix_millis};
use crate::counters::Counters;
use crate::deriver::{DeriveError, Deriver};
use crate::event::{InvalidEvent, Invocation, Range};
use crate::seal::CurrentSpan;
use crate::tally::Tally;
use crate::telemetry::Telemetry;

use self::work::Work;

/// Why an invocation failed. AWS retries what came from a stream or schedule.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The event is none that this function knows; trying again changes nothing.
    #[error(transparent)]
    InvalidEvent(#[from] InvalidEvent),
    /// Nothing could be derived.
    #[error(transparent)]
    Unavailable(#[from] DeriveError),
    /// A record failed that AWS cannot be told of.
    #[error("a record that has no sequence number failed, so all of the batch is tried again")]
    UnnamedRecord,
}

/// Answers events.
#[derive(Debug)]
pub struct Handler<D> {
    deriver: D,
    clock: Arc<dyn Clock>,
    telemetry: Telemetry,
    counters: Counters,
    current_span: CurrentSpan,
    metrics: fn(&str),
    /// No event has come yet.
    is_cold: AtomicBool,
}

/// What a handler is made with.
#[derive(Debug)]
pub struct HandlerParts<D> {
    /// Who derives.
    pub deriver: D,
    /// Time for deadlines.
    pub clock: Arc<dyn Clock>,
    /// Traces of the function.
    pub telemetry: Telemetry,
    /// What the store counts.
    pub counters: Counters,
    /// Where the deriver learns the trace context of the invocation.
    pub current_span: CurrentSpan,
    /// Takes the line of metrics of an invocation.
    pub metrics: fn(&str),
}

/// Sums since the start of the process.
struct Counted {
    edges: u64,
    unmatched: u64,
    write_units: u64,
}

// === impl Failure ===

impl Failure {
    /// What alarms can tell failures apart by.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::InvalidEvent(_) => "InvalidEvent",
            Self::Unavailable(_) => "Unavailable",
            Self::UnnamedRecord => "UnnamedRecord",
        }
    }
}

impl From<Unnamed> for Failure {
    fn from(_: Unnamed) -> Self {
        Self::UnnamedRecord
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self { error_type: failure.name().to_owned(), error_message: failure.to_string() }
    }
}

// === impl Invocation ===

impl Invocation {
    /// <https://opentelemetry.io/docs/specs/semconv/faas/faas-spans/>
    fn trigger(&self) -> &'static str {
        match self {
            Self::Stream(_) => "datasource",
            Self::Schedule => "timer",
            Self::Range(_) => "other",
        }
    }
}

// === impl Handler ===

impl<D: Deriver> Handler<D> {
    /// A handler that has seen no event.
    pub fn new(parts: HandlerParts<D>) -> Self {
        let HandlerParts { deriver, clock, telemetry, counters, current_span, metrics } = parts;
        Self { deriver, clock, telemetry, counters, current_span, metrics, is_cold: AtomicBool::new(true) }
    }

    /// Answers an event: does what it asks, says in metrics and traces what was done, and sends these before it returns.
    ///
    /// # Errors
    /// When the event is unknown, or nothing could be derived.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Failure> {
        let began = self.clock.monotonic();
        let (payload, context) = event.into_parts();
        let is_cold = self.is_cold.swap(false, Ordering::Relaxed);
        let invocation = Invocation::of(payload).inspect_err(|error| {
            tracing::warn!(error = %error, "the event is refused");
        })?;
        let trigger = invocation.trigger();
        let mut span = self.begin(&invocation, &context, is_cold);
        let counted = self.counted();
        let budget = Budget::until(context.deadline, &self.clock);
        let mut tally = Tally::default();

        let outcome = self.work(invocation, &span, &budget, &mut tally).await;

        tally.add_counted(counted, self.counted());
        tally.duration_ms = self.clock.monotonic().saturating_sub(began).as_secs_f64() * 1000.0;
        let function = &context.env_config.function_name;
        (self.metrics)(&tally.line(function, &context.request_id, trigger, unix_millis(&*self.clock)));
        if let Err(failure) = &outcome {
            tracing::error!(error = %failure, "the invocation failed");
            span.set_attribute(KeyValue::new("error.type", failure.name()));
            span.set_status(Status::error(failure.to_string()));
        }
        span.end();
        self.telemetry.flush().await;
        outcome
    }

    async fn work(
        &self,
        invocation: Invocation,
        span: &Span,
        budget: &Budget,
        tally: &mut Tally,
    ) -> Result<Value, Failure> {
        let work = Work {
            deriver: &self.deriver,
            telemetry: &self.telemetry,
            clock: &*self.clock,
            span,
            budget,
            tally,
        };
        match invocation {
            Invocation::Stream(records) => work.stream(Batch::of(records)).await,
            Invocation::Schedule => work.schedule().await,
            Invocation::Range(Range { from, to }) => work.range(from, to).await,
        }
    }

    /// <https://opentelemetry.io/docs/specs/semconv/faas/aws-lambda/>
    fn begin(&self, invocation: &Invocation, context: &lambda_runtime::Context, is_cold: bool) -> Span {
        let arn = &context.invoked_function_arn;
        let mut attributes = vec![
            KeyValue::new("faas.trigger", invocation.trigger()),
            KeyValue::new("faas.invocation_id", context.request_id.clone()),
            KeyValue::new("faas.coldstart", is_cold),
            KeyValue::new("aws.lambda.invoked_arn", arn.clone()),
            KeyValue::new("cloud.resource_id", arn.clone()),
        ];
        attributes.extend(
            arn.split(':').nth(4).map(|account| KeyValue::new("cloud.account.id", account.to_owned())),
        );
        let kind = match invocation {
            Invocation::Stream(records) => {
                attributes.extend(of_batch(records));
                SpanKind::Consumer
            }
            Invocation::Schedule | Invocation::Range(_) => SpanKind::Server,
        };
        let span = self.telemetry.invocation(&context.env_config.function_name, kind, attributes);
        self.current_span.set(span.span_context());
        span
    }

    fn counted(&self) -> Counted {
        Counted {
            edges: self.counters.sum("jaeger_dynamodb_edges_total"),
            unmatched: self.counters.sum("jaeger_dynamodb_edges_unmatched_total"),
            write_units: self.counters.sum("jaeger_dynamodb_write_units_total"),
        }
    }
}

/// What is known of a batch; its records themselves are nobody's business.
fn of_batch(records: &[Value]) -> Vec<KeyValue> {
    let count = i64::try_from(records.len()).unwrap_or(i64::MAX);
    let mut attributes = vec![
        KeyValue::new("messaging.system", "aws.dynamodb_streams"),
        KeyValue::new("messaging.operation.type", "process"),
        KeyValue::new("messaging.operation.name", "process"),
        KeyValue::new("messaging.batch.message_count", count),
        KeyValue::new("faas.document.operation", "edit"),
    ];
    let stream = records.first().and_then(|record| record.get("eventSourceARN")?.as_str());
    if let Some(arn) = stream {
        attributes.push(KeyValue::new("messaging.destination.name", arn.to_owned()));
        let table = arn.split('/').nth(1).map(str::to_owned);
        attributes.extend(table.map(|table| KeyValue::new("faas.document.collection", table)));
    }
    attributes
}

impl Tally {
    fn add_counted(&mut self, before: Counted, after: Counted) {
        self.edges = after.edges - before.edges;
        self.unmatched = after.unmatched - before.unmatched;
        self.write_units = after.write_units - before.write_units;
    }
}
