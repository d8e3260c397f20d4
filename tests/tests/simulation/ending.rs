//! The end of a simulation: all goes well again, everything that is under way arrives, the job does all there is to do,
//! and every server must answer as the executable specification does.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::{FutureExt, TryStreamExt};
use jaeger_dynamodb_core::edges::Edges;
use jaeger_dynamodb_core::{Clock, MemoryStore, Span, TraceId, TraceReader, TraceWriter};
use jaeger_dynamodb_dynamo::{DynamoStore, JobMode};
use jaeger_dynamodb_testkit::fixtures::trace_id;
use jaeger_dynamodb_tests::AnyError;

use super::answers::Answers;
use super::edges;
use super::oracle;
use super::process::Process;
use super::spans;
use super::world::World;

/// Longer than any request is executed late, any claim lasts and any window is open.
const EVERYTHING_ARRIVES: Duration = Duration::from_secs(45 * 60);

/// Longer than claims and the waits after failures last.
const NOBODY_WAITS: Duration = Duration::from_secs(16 * 60);

const MOST_ROUNDS: usize = 12;

/// What is under way ends in so many seconds.
const MOST_SECONDS: usize = 900;

impl World {
    pub(crate) fn end(&mut self) -> Result<(), AnyError> {
        self.journal.note(format_args!("the end begins"));
        self.calm()?;
        self.finish_calls()?;
        self.everybody_writes()?;
        self.pass(EVERYTHING_ARRIVES);
        if self.random.u8(..3) == 0 {
            self.journal.note(format_args!("answers before the job"));
            self.check_answers(false)?;
        }
        self.job_to_the_end()?;
        self.journal.note(format_args!("answers after the job"));
        self.check_answers(true)
    }

    /// Faults stop, everybody goes on.
    fn calm(&mut self) -> Result<(), AnyError> {
        for number in 0..self.processes.len() {
            self.processes[number].suspended = None;
            self.processes[number].faults.end();
            if self.processes[number].is_dead() || self.processes[number].opening_error().is_some() {
                self.restart(number)?;
            }
        }
        Ok(())
    }

    fn finish_calls(&mut self) -> Result<(), AnyError> {
        for _ in 0..MOST_SECONDS {
            let mut busy = 0;
            for number in 0..self.processes.len() {
                self.processes[number].gates.open(u64::MAX);
                self.processes[number].run();
                busy += self.processes[number].busy()?;
                if self.processes[number].opening_error().is_some() {
                    self.restart(number)?;
                    // It has gates of its own to be opened.
                    busy += 1;
                }
            }
            if busy == 0 {
                return Ok(());
            }
            self.pass(Duration::from_secs(1));
        }
        Err("calls do not end".into())
    }

    /// Whatever a server has gone through, it takes spans again.
    fn everybody_writes(&mut self) -> Result<(), AnyError> {
        for number in 0..self.processes.len() {
            let spans = self.batch();
            let numbers = self.oracle.send(&spans);
            self.journal.note(format_args!("{}  writes {numbers:?}", self.processes[number].name));
            self.drive(number, move |store| async move { store.write_spans(&World::tenant(), spans).await })?
                .map_err(|error| format!("a write in good times fails: {}", oracle::error(&error)))?;
            self.oracle.acknowledge(&numbers);
        }
        Ok(())
    }

    /// Whoever runs the job does all there is to do, and waits until it is read by.
    fn job_to_the_end(&mut self) -> Result<(), AnyError> {
        let number = self.random.usize(..self.processes.len());
        for _ in 0..MOST_ROUNDS {
            let report = self
                .drive(number, |store| async move {
                    store.maintenance(JobMode::InProcess, vec![World::tenant()]).round().await
                })?
                .map_err(|error| format!("a round in good times fails: {}", oracle::error(&error)))?;
            self.journal.note(format_args!("{}  {report:?}", self.processes[number].name));
            for (what, count) in [
                ("windows derived", report.derived),
                ("windows with edges", report.edges),
                ("blocks merged", report.merged),
            ] {
                self.journal.count(what, count as u64);
            }
            self.pass(NOBODY_WAITS);
            let done = report.derived + report.edges + report.merged;
            if report.not_done + report.edges_not_done + done == 0 {
                return Ok(());
            }
        }
        Err("the job does not come to an end".into())
    }

    /// Every server answers as the reference does, a new one too.
    fn check_answers(&mut self, has_edges: bool) -> Result<(), AnyError> {
        let new = self.start(0, false)?;
        self.processes.push(new);
        let last = self.processes.len() - 1;
        self.finish_opening(last)?;
        self.processes[last].gates.open(u64::MAX);
        let favourite = self.random.usize(..last);
        for number in 0..=last {
            let found = self.everything_found(number)?;
            if number == last && has_edges && self.setting.has_one_grace() {
                self.same_edges(number, &found)?;
            }
            if number == last || number == favourite && self.random.u8(..4) == 0 {
                self.same_answers(number, found)?;
            }
        }
        self.processes.pop();
        Ok(())
    }

    /// What the server finds by id: all that was acknowledged, nothing that was not sent.
    fn everything_found(&mut self, number: usize) -> Result<Vec<Span>, AnyError> {
        let ids: Vec<TraceId> = (1..=self.setting.traces).map(trace_id).collect();
        let begun = self.oracle.begin();
        let asked = ids.clone();
        let traces = self
            .drive(number, move |store| async move {
                let asked = asked.into_iter().map(Into::into).collect();
                store.get_traces(&World::tenant(), asked).try_collect::<Vec<_>>().await
            })?
            .map_err(|error| format!("a lookup in good times fails: {}", oracle::error(&error)))?;
        let traces = oracle::whole(traces);
        let outcome = self.oracle.check_traces(&begun, &ids, &traces);
        outcome.map_err(|why| format!("{}, asked for everything: {why}", self.processes[number].name))?;
        Ok(traces.into_iter().flat_map(|(_, spans)| spans).collect())
    }

    /// The calls between services are those of the spans that are found.
    fn same_edges(&mut self, number: usize, found: &[Span]) -> Result<(), AnyError> {
        let stored = self
            .drive(number, move |store| async move { store.edges(&World::tenant(), &edges::always()).await })?
            .map_err(|error| format!("asking for edges in good times fails: {}", oracle::error(&error)))?;
        let outcome = edges::must_be(&stored, &Edges::of_spans(found));
        let calls = outcome.map_err(|why| format!("{}: {why}", self.processes[number].name))?;
        self.journal.count("calls between services", calls);
        Ok(())
    }

    /// Mostly a few questions; now and then all that there are.
    fn same_answers(&mut self, number: usize, found: Vec<Span>) -> Result<(), AnyError> {
        let now = self.clock.wall();
        let is_thorough = self.random.u8(..40) == 0;
        let (questions, lists) = if is_thorough { (8, usize::MAX) } else { (1, 1) };
        let queries: Vec<_> = (0..questions).map(|_| spans::search(&mut self.random, now)).collect();
        let services: BTreeSet<_> = found.iter().map(|span| span.service_name().to_owned()).collect();
        let services: Vec<_> = services.into_iter().take(lists).collect();
        let asked = (services.clone(), queries.clone());
        let answers = self
            .drive(number, move |store| async move { Answers::of(&*store, &asked.0, &asked.1).await })?
            .map_err(|error| format!("a query in good times fails: {}", oracle::error(&error)))?;
        let reference = MemoryStore::new();
        let expected = async {
            reference.write_spans(&World::tenant(), found).await?;
            Answers::of(&reference, &services, &queries).await
        };
        let expected = expected.now_or_never().ok_or("the reference waits for something")??;
        let begun = self.oracle.begin();
        let listed = answers.operations.iter();
        let listed = listed.map(|(service, listed)| self.oracle.check_operations(&begun, service, listed));
        answers
            .must_be(&expected, &queries)
            .and_then(|()| self.oracle.check_services(&begun, &answers.services))
            .and_then(|()| listed.collect())
            .map_err(|why| {
                format!("{} does not answer as the reference: {why}", self.processes[number].name).into()
            })
    }

    /// Runs a call to its end, while time passes as it needs.
    fn drive<F, T>(&mut self, number: usize, call: impl FnOnce(Arc<DynamoStore>) -> F) -> Result<T, AnyError>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + Sync + 'static,
    {
        let process = &mut self.processes[number];
        let opened = process.opened().ok_or_else(|| format!("{} is not open", process.name))?;
        let done: Arc<OnceLock<T>> = Arc::default();
        let call = call(opened.store);
        process.spawn({
            let done = Arc::clone(&done);
            async move {
                // Nobody else sets it.
                let _ = done.set(call.await);
            }
        });
        for _ in 0..MOST_SECONDS * 4 {
            run_on(&mut self.processes[number])?;
            if self.processes[number].busy()? == 0 {
                break;
            }
            self.pass(Duration::from_millis(250));
        }
        let done = Arc::into_inner(done).and_then(OnceLock::into_inner);
        done.ok_or_else(|| format!("a call to {} does not end", self.processes[number].name).into())
    }
}

/// Lets a process do all it can do at this instant.
fn run_on(process: &mut Process) -> Result<(), AnyError> {
    for _ in 0..20 {
        process.run();
        if process.busy()? == 0 {
            break;
        }
    }
    Ok(())
}
