//! A store against the executable specification.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use jaeger_dynamodb_core::{MemoryStore, SpanKind, Tenant, TraceQuery, TraceReader, TraceRef};

use super::answers::{Answers, Trace};
use super::expect::{Outcome, same, same_spans};
use super::failure::{CaseFailure, ConformanceFailure};

/// More traces than any test writes, and few enough for every interface's type of limits.
const EVERYTHING: NonZeroUsize = NonZeroUsize::new(1_000_000).expect("not zero");

/// Expects the store to answer the tenant exactly as the reference does: each query at its own limit and round
/// the number of its results, every trace by id, services and operations. Order and summaries must be the same;
/// the order of spans within a trace is free.
///
/// # Errors
/// [`ConformanceFailure`] with the first difference.
pub async fn assert_same_answers(
    reference: &MemoryStore,
    store: &dyn TraceReader,
    tenant: &Tenant,
    queries: &[TraceQuery],
) -> Result<(), ConformanceFailure> {
    let pair = Pair {
        reference: Answers::new(reference, tenant.clone()),
        store: Answers::new(store, tenant.clone()),
    };
    let outcome = pair.compare(queries).await;
    let failures = outcome.err().map(|reason| CaseFailure { case: "the answers of the reference", reason });
    ConformanceFailure::unless_empty(1, failures.into_iter().collect())
}

struct Pair<'a> {
    reference: Answers<'a>,
    store: Answers<'a>,
}

impl Pair<'_> {
    async fn compare(&self, queries: &[TraceQuery]) -> Outcome {
        self.same_by_id().await?;
        self.same_lists().await?;
        for query in queries {
            self.same_search(query).await?;
        }
        Ok(())
    }

    async fn same_by_id(&self) -> Outcome {
        let all = self.reference.find(&TraceQuery { limit: EVERYTHING, ..TraceQuery::default() }).await?;
        let ids: Vec<_> = all.iter().rev().map(|trace| TraceRef::from(trace.id)).collect();
        let expected = self.reference.get(ids.clone()).await?;
        same_traces("get_traces", &self.store.get(ids).await?, &expected)
    }

    async fn same_lists(&self) -> Outcome {
        let services = self.reference.services().await?;
        same("services", &self.store.services().await?, &services)?;
        let kinds = ["", SpanKind::Server.as_str(), SpanKind::Client.as_str()];
        for service in services.iter().map(String::as_str).chain(["", "unknown"]) {
            for kind in kinds {
                let expected = self.reference.operations(service, kind).await?;
                let actual = self.store.operations(service, kind).await?;
                same(&format!("{kind} operations of {service:?}"), &actual, &expected)?;
            }
        }
        Ok(())
    }

    async fn same_search(&self, query: &TraceQuery) -> Outcome {
        let all = self.reference.find(&TraceQuery { limit: EVERYTHING, ..query.clone() }).await?.len();
        let limits = [1, all / 2, all.saturating_sub(1), all, all + 1, query.limit.get()];
        let limits: BTreeSet<_> = limits.into_iter().filter_map(NonZeroUsize::new).collect();
        for limit in limits {
            let query = TraceQuery { limit, ..query.clone() };
            let expected = self.reference.find(&query).await?;
            let actual =
                self.store.find(&query).await.map_err(|reason| format!("{reason}; asked {query:?}"))?;
            same_traces(&format!("asked {query:?}"), &actual, &expected)?;
        }
        Ok(())
    }
}

/// The same traces in the same order, each with the same spans.
fn same_traces(what: &str, actual: &[Trace], expected: &[Trace]) -> Outcome {
    let ids = |traces: &[Trace]| traces.iter().map(|trace| trace.id).collect::<Vec<_>>();
    same(what, &ids(actual), &ids(expected))?;
    for (actual, expected) in actual.iter().zip(expected) {
        same_spans(&format!("{what}: trace {}", actual.id), &actual.spans, &expected.spans)?;
    }
    Ok(())
}
