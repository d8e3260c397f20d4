//! Calls of clients to a process, each a task of its own that tells the oracle what came of it.

use std::sync::atomic::Ordering;

use futures::TryStreamExt;
use jaeger_dynamodb_core::{OperationQuery, Span, StoreError, StoreErrorKind, TraceReader, TraceWriter};
use jaeger_dynamodb_dynamo::DynamoStore;

use super::journal::Journal;
use super::oracle::{self, Oracle};
use super::process::Process;
use super::spans::Question;
use super::world::World;

/// Writes the spans, and counts them as acknowledged if the store does.
pub(crate) fn write(process: &mut Process, oracle: &Oracle, journal: &Journal, spans: Vec<Span>) {
    let Some(opened) = process.opened() else { return };
    let (name, excuse) = (process.name.clone(), process.excuse());
    let (oracle, journal) = (oracle.clone(), journal.clone());
    let numbers = oracle.send(&spans);
    journal.note(format_args!("{name}  writes {numbers:?}"));
    process.spawn(async move {
        let earlier = opened.writes.fetch_add(1, Ordering::Relaxed);
        let outcome = opened.store.write_spans(&World::tenant(), spans).await;
        opened.writes.fetch_sub(1, Ordering::Relaxed);
        match outcome {
            Ok(()) => {
                oracle.acknowledge(&numbers);
                journal.count("writes acknowledged", 1);
                journal.note(format_args!("{name}  acknowledges {numbers:?}"));
            }
            Err(error) => {
                journal.count("writes refused", 1);
                journal.note(format_args!("{name}  refuses {numbers:?}: {}", oracle::error(&error)));
                // What waits for a commit that has trouble makes others be refused.
                let is_behind = error.kind() == StoreErrorKind::Overloaded && earlier > 0;
                if !error.is_retryable() || !(excuse.holds() || is_behind) {
                    oracle.violated(format!("a write fails without need: {}", oracle::error(&error)));
                }
            }
        }
    });
}

/// Asks, and lets the oracle check the answer.
pub(crate) fn ask(process: &mut Process, oracle: &Oracle, journal: &Journal, question: Question) {
    let Some(opened) = process.opened() else { return };
    let (name, excuse) = (process.name.clone(), process.excuse());
    let (oracle, journal) = (oracle.clone(), journal.clone());
    journal.note(format_args!("{name}  is asked for {question:?}"));
    process.spawn(async move {
        match answer(&opened.store, &oracle, &question).await {
            Ok(outcome) => {
                journal.count("queries answered", 1);
                journal.note(format_args!("{name}  answers"));
                oracle.check(&format!("{name} was asked for {question:?}"), outcome);
            }
            Err(error) => {
                journal.count("queries failed", 1);
                journal.note(format_args!("{name}  answers with an error: {}", oracle::error(&error)));
                if !error.is_retryable() || !excuse.holds() {
                    oracle.violated(format!("a query fails without need: {}", oracle::error(&error)));
                }
            }
        }
    });
}

/// One round of the job, unless one is under way.
pub(crate) fn maintain(process: &mut Process, oracle: &Oracle, journal: &Journal) {
    let Some(opened) = process.opened().filter(super::process::Opened::begin_round) else { return };
    let (name, excuse) = (process.name.clone(), process.excuse());
    let (oracle, journal) = (oracle.clone(), journal.clone());
    journal.note(format_args!("{name}  begins a round of the job"));
    process.spawn(async move {
        let outcome = opened.maintenance.round().await;
        opened.end_round();
        match outcome {
            Ok(report) => {
                let counts = [
                    ("windows sealed", report.sealed),
                    ("windows derived", report.derived),
                    ("blocks merged", report.merged),
                    ("runs lost", report.lost),
                ];
                for (what, count) in counts {
                    journal.count(what, count as u64);
                }
                journal.note(format_args!("{name}  has ended a round: {report:?}"));
            }
            Err(error) => {
                journal.note(format_args!("{name}  has failed in a round: {}", oracle::error(&error)));
                if !error.is_retryable() || !excuse.holds() {
                    oracle.violated(format!("a round fails without need: {}", oracle::error(&error)));
                }
            }
        }
    });
}

/// What the oracle says to the store's answer.
pub(crate) async fn answer(
    store: &DynamoStore,
    oracle: &Oracle,
    question: &Question,
) -> Result<Result<(), String>, StoreError> {
    let (tenant, begun) = (World::tenant(), oracle.begin());
    match question {
        Question::ByIds(ids) => {
            let traces = store.get_traces(&tenant, ids.iter().map(|id| (*id).into()).collect());
            let traces = oracle::whole(traces.try_collect().await?);
            Ok(oracle.check_traces(&begun, ids, &traces))
        }
        Question::Search(query) => {
            let traces = store.find_traces(&tenant, query.clone());
            let traces = oracle::whole(traces.try_collect().await?);
            Ok(oracle.check_search(&begun, query, &traces))
        }
        Question::Services => Ok(oracle.check_services(&begun, &store.services(&tenant).await?)),
        Question::Operations(service) => {
            let query = OperationQuery { service: service.clone(), span_kind: String::new() };
            Ok(oracle.check_operations(&begun, service, &store.operations(&tenant, query).await?))
        }
    }
}
