//! The law: whatever was acknowledged is found, by id and by every search that matches; whatever is found was sent, as it
//! was sent; and no span is twice in an answer.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use jaeger_dynamodb_core::translate::ToOtlp;
use jaeger_dynamodb_core::{
    AttributeCondition, Predicate, SpanId, StoreError, Tenant, TextForm, TraceChunk, TraceQuery, TraceReader,
    TraceRef, otlp,
};
use jaeger_dynamodb_testkit::GrpcStore;
use jaeger_dynamodb_tests::{AnyError, tokio_clock};

use crate::content::{NUMBER_KEY, SERVICES, SLICE_KEY, answered, number_of, traces};
use crate::ledger::{Fate, Ledger};

/// More traces than a slice has.
const LIMIT: NonZeroUsize = NonZeroUsize::new(1_000).expect("not zero");

/// Slices that are checked at a time.
const AT_A_TIME: usize = 4;

/// A reader of one server that holds its answers against a ledger.
pub(crate) struct Law {
    store: GrpcStore,
    latencies: Vec<Duration>,
}

/// Spans of an answer by their ids, each of which it has once.
type Answer = HashMap<SpanId, otlp::Span>;

// === impl Law ===

impl Law {
    pub(crate) async fn of(server: SocketAddr) -> Result<Self, AnyError> {
        Ok(Self { store: GrpcStore::connect(format!("http://{server}")).await?, latencies: Vec::new() })
    }

    /// Checks everything that was ever sent.
    pub(crate) async fn holds_for_all(&mut self, ledger: &Ledger) -> Result<(), AnyError> {
        self.holds_for(ledger, ledger.slices()).await
    }

    /// Checks what was sent in these slices, also while more is being sent.
    pub(crate) async fn holds_for(
        &mut self,
        ledger: &Ledger,
        slices: impl IntoIterator<Item = u64>,
    ) -> Result<(), AnyError> {
        let this = &*self;
        let checks = slices.into_iter().map(|slice| async move { this.check_slice(ledger, slice).await });
        let took: Vec<_> = stream::iter(checks).buffer_unordered(AT_A_TIME).try_collect().await?;
        self.latencies.extend(took.into_iter().flatten());
        Ok(())
    }

    /// Checks by id only: all that an archive answers.
    pub(crate) async fn holds_by_id(&self, ledger: &Ledger) -> Result<(), AnyError> {
        for slice in ledger.slices() {
            self.check(ledger, slice, Question::ById).await?;
        }
        Ok(())
    }

    /// How long the questions took until all of their answers were there.
    pub(crate) fn latencies(&self) -> &[Duration] {
        &self.latencies
    }

    async fn check_slice(&self, ledger: &Ledger, slice: u64) -> Result<Vec<Duration>, AnyError> {
        let mut took = vec![self.check(ledger, slice, Question::ById).await?];
        for service in SERVICES {
            took.push(self.check(ledger, slice, Question::Service(service)).await?);
        }
        if let Some(number) = single(&ledger.slice(slice)) {
            took.push(self.check(ledger, slice, Question::Number(number)).await?);
        }
        Ok(took)
    }

    async fn check(&self, ledger: &Ledger, slice: u64, question: Question) -> Result<Duration, AnyError> {
        let clock = tokio_clock();
        let began = clock.monotonic();
        let before = ledger.slice(slice);
        let chunks = self.ask(slice, question);
        let found = async { answer(chunks).await?.was_sent(&ledger.slice(slice)) }.await;
        let outcome = found.and_then(|found| question.expects(&before, &found));
        outcome.map_err(|reason| format!("slice {slice}, asked {question:?}: {reason}"))?;
        Ok(clock.monotonic() - began)
    }

    fn ask(&self, slice: u64, question: Question) -> BoxStream<'static, Result<TraceChunk, StoreError>> {
        let tenant = Tenant::default();
        let conditions = match question {
            Question::ById => {
                let all = traces(slice).into_iter().map(TraceRef::from).collect();
                return self.store.get_traces(&tenant, all);
            }
            Question::Service(service) => {
                vec![Predicate::Service(service.to_owned()), tag(SLICE_KEY, slice)]
            }
            Question::Number(number) => vec![tag(NUMBER_KEY, number)],
        };
        let query =
            TraceQuery { predicate: Predicate::All(conditions), limit: LIMIT, ..TraceQuery::default() };
        self.store.find_traces(&tenant, query)
    }
}

/// How spans of a slice are looked for.
#[derive(Clone, Copy, Debug)]
enum Question {
    ById,
    /// By the service and the tag of the slice.
    Service(&'static str),
    /// By the tag that only this message has.
    Number(u64),
}

impl Question {
    /// Expects that all is found that was acknowledged and is asked for.
    fn expects(self, sent: &BTreeMap<u64, Fate>, found: &Answer) -> Result<(), AnyError> {
        let acknowledged = sent.iter().filter(|(_, fate)| **fate == Fate::Acknowledged);
        for (number, _) in acknowledged {
            for (service, span) in answered(*number) {
                let is_asked_for = match self {
                    Self::ById => true,
                    Self::Service(wanted) => wanted == service,
                    Self::Number(wanted) => wanted == *number,
                };
                if is_asked_for && !found.contains_key(&span.span_id) {
                    return Err(format!(
                        "the span of {service} in message {number} is acknowledged and lost"
                    )
                    .into());
                }
            }
        }
        Ok(())
    }
}

/// Answers that were not yet held against what was sent.
struct Unchecked(Answer);

impl Unchecked {
    fn was_sent(self, sent: &BTreeMap<u64, Fate>) -> Result<Answer, AnyError> {
        for span in self.0.values() {
            let number = number_of(span.span_id);
            if !sent.contains_key(&number) {
                return Err(format!("a span of message {number} is found that was not sent").into());
            }
            if !answered(number).any(|(_, expected)| expected == *span) {
                return Err(format!(
                    "a span of message {number} is found otherwise than it was sent: {span:?}"
                )
                .into());
            }
        }
        Ok(self.0)
    }
}

async fn answer(
    mut chunks: BoxStream<'static, Result<TraceChunk, StoreError>>,
) -> Result<Unchecked, AnyError> {
    let mut found = HashMap::new();
    let mut to_otlp = ToOtlp::default();
    while let Some(chunk) = chunks.try_next().await? {
        for span in chunk.into_spans() {
            let span = to_otlp.span(span);
            let id = span.span_id;
            if found.insert(id, span).is_some() {
                return Err(format!("a span of message {} is twice in one answer", number_of(id)).into());
            }
        }
    }
    Ok(Unchecked(found))
}

/// One message of a slice that is looked for by itself: which one depends on the slice.
fn single(sent: &BTreeMap<u64, Fate>) -> Option<u64> {
    let (first, _) = sent.first_key_value()?;
    let nth = usize::try_from(first * 7).ok()? % sent.len();
    sent.keys().nth(nth).copied()
}

fn tag(key: &str, value: u64) -> Predicate {
    let (key, text) = (key.to_owned(), value.to_string());
    Predicate::Attribute(AttributeCondition { key, text, form: TextForm::V2 })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jaeger_dynamodb_tests::ServerProcess;

    use super::*;
    use crate::exporter::{Exporters, Pace, Target};

    const PACE: Pace = Pace { exporters: 2, pause: Duration::ZERO, messages: 30 };

    async fn with_some_messages() -> Result<(ServerProcess, Arc<Ledger>), AnyError> {
        let server = ServerProcess::start(&["--data-dir", ":memory:"]).await?;
        let (ledger, target) = (Arc::new(Ledger::default()), Target::none());
        target.set(&[server.grpc_address()])?;
        Exporters::start(&ledger, &target, PACE).finish().await?;
        Law::of(server.grpc_address()).await?.holds_for_all(&ledger).await?;
        Ok((server, ledger))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_acknowledged_and_not_there_breaks_the_law() -> Result<(), AnyError> {
        let (server, ledger) = with_some_messages().await?;
        let lost = ledger.next();
        let mut law = Law::of(server.grpc_address()).await?;
        law.holds_for_all(&ledger).await?;
        ledger.acknowledge(lost);
        let broken = law.holds_for_all(&ledger).await.err().ok_or("it holds")?;
        assert!(broken.to_string().contains("is acknowledged and lost"), "{broken}");
        Ok(())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_there_and_was_not_sent_breaks_the_law() -> Result<(), AnyError> {
        let (server, _) = with_some_messages().await?;
        let nothing_but_one = Ledger::default();
        nothing_but_one.next();
        let mut law = Law::of(server.grpc_address()).await?;
        let broken = law.holds_for_all(&nothing_but_one).await.err().ok_or("it holds")?;
        assert!(broken.to_string().contains("was not sent"), "{broken}");
        Ok(())
    }
}
