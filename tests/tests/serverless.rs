//! The Lambda's handler under a model of AWS's poller, and on a store.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code, where a panic is a failure"
)]

#[path = "serverless/fake.rs"]
mod fake;
#[path = "serverless/filter.rs"]
mod filter;
#[path = "serverless/poller.rs"]
mod poller;
#[path = "serverless/records.rs"]
mod records;
#[path = "serverless/store.rs"]
mod store;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_core::Clock;
use jaeger_dynamodb_dependency_lambda::{Counters, CurrentSpan, Handler, HandlerParts, Telemetry};
use jaeger_dynamodb_stream::{Change, FILTER_PATTERN, NotForUs, Verdict};
use jaeger_dynamodb_tests::tokio_clock;
use lambda_runtime::LambdaEvent;
use proptest::prelude::*;
use serde_json::{Value, json};

use self::fake::FakeDeriver;
use self::poller::Mapping;
use self::records::{
    block, derived, malformed, meta, record, removal, sealed, ttl_identities, window, with_edges,
    with_log_end,
};

const TIMEOUT: Duration = Duration::from_secs(60);

/// The mapping that is shipped, but for its size of batches.
const MAPPING: Mapping = Mapping {
    pattern: Some(FILTER_PATTERN),
    batch_size: 10,
    bisects: true,
    most_retries: Some(10),
    most_tries_in_its_life: 1000,
};

struct Function {
    clock: Arc<dyn Clock>,
    deriver: FakeDeriver,
    handler: Handler<FakeDeriver>,
}

impl Function {
    fn new() -> Self {
        let clock = tokio_clock();
        let deriver = FakeDeriver::new(Arc::clone(&clock));
        let parts = HandlerParts {
            deriver: deriver.clone(),
            clock: Arc::clone(&clock),
            telemetry: Telemetry::off(),
            counters: Counters::default(),
            current_span: CurrentSpan::default(),
            metrics: |_| {},
        };
        Self { clock, deriver, handler: Handler::new(parts) }
    }

    async fn invoke(&self, event: Value) -> Result<Value, String> {
        let mut context = lambda_runtime::Context::default();
        let now = u64::try_from(self.clock.wall().0 / 1_000_000).unwrap();
        context.deadline = now + u64::try_from(TIMEOUT.as_millis()).unwrap();
        self.handler
            .handle(LambdaEvent::new(event, context))
            .await
            .map_err(|failure| failure.name().to_owned())
    }

    async fn poll(&self, mapping: &Mapping, shard: Vec<Value>) -> poller::Polled {
        mapping.poll(shard, async |event| self.invoke(event).await).await
    }

    fn done(&self) -> Vec<u64> {
        self.deriver.state().done.iter().copied().collect()
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(future)
}

/// All that is ever written to a window's item.
fn life_of(start: u64, number: u64) -> Vec<Value> {
    vec![
        record(number, "INSERT", window(start)),
        record(number + 1, "MODIFY", window(start)),
        record(number + 2, "MODIFY", sealed(start)),
        record(number + 3, "MODIFY", derived(start)),
        record(number + 4, "MODIFY", with_edges(start)),
        removal(number + 5, start, Some(ttl_identities()[0].clone())),
    ]
}

#[test]
fn the_filter_and_the_code_judge_every_kind_of_record_alike() {
    let pattern: Value = serde_json::from_str(FILTER_PATTERN).unwrap();
    let mut all = life_of(300, 1);
    all.extend([record(7, "INSERT", meta()), record(8, "INSERT", block(0)), removal(9, 300, None)]);
    all.extend(ttl_identities().map(|identity| removal(10, 300, Some(identity))));
    let mut edges_first = sealed(300);
    edges_first.extend(with_edges(300).remove_entry("edges"));
    all.push(record(11, "MODIFY", edges_first));
    all.push(record(12, "MODIFY", with_log_end(300)));
    let verdicts: Vec<_> = all
        .iter()
        .map(|record| {
            let verdict = Verdict::of(&Change::from_lambda(record.clone()).unwrap());
            assert_eq!(filter::matches(&pattern, record), matches!(verdict, Verdict::Trigger(_)), "{record}");
            verdict
        })
        .collect();
    assert_eq!(verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Trigger(_))).count(), 1);
    let count = |why| verdicts.iter().filter(|verdict| **verdict == Verdict::NotForUs(why)).count();
    assert_eq!(
        [NotForUs::Deleted, NotForUs::Foreign, NotForUs::NotSealed, NotForUs::Begun].map(count),
        [4, 2, 2, 4]
    );
}

#[test]
fn windows_come_once_each_in_the_order_of_their_records() {
    run(async {
        let function = Function::new();
        let starts = [900, 300, 600, 300, 900];
        let shard =
            (0..).zip(starts).map(|(number, start)| record(number, "MODIFY", sealed(start))).collect();
        let polled = function.poll(&MAPPING, shard).await;
        assert_eq!((polled.invocations, polled.errors), (1, 0));
        assert_eq!(function.deriver.state().asked, [900, 300, 600]);
    });
}

#[test]
fn ten_thousand_records_of_all_kinds_leave_no_window_out() {
    run(async {
        for pattern in [Some(FILTER_PATTERN), None] {
            let function = Function::new();
            let mut shard = Vec::new();
            for at in 0..1430_u64 {
                shard.extend(life_of(at * 300, at * 10));
                shard.push(record(at * 10 + 6, "MODIFY", sealed(at * 300)));
            }
            shard.extend(malformed(20_000));
            let mapping = Mapping { pattern, batch_size: 100, ..MAPPING };
            let polled = function.poll(&mapping, shard).await;
            assert_eq!((polled.errors, polled.discarded.len()), (0, 0));
            assert_eq!(function.done(), (0..1430).map(|at| at * 300).collect::<Vec<_>>());
        }
    });
}

#[test]
fn a_window_that_fails_by_itself_never_blocks_the_shard() {
    run(async {
        let function = Function::new();
        function.deriver.state().poison.insert(600);
        function.deriver.state().damaged.insert(900);
        let shard = (0..20).map(|at| record(at, "MODIFY", sealed(at * 300))).collect();
        let polled = function.poll(&MAPPING, shard).await;
        assert_eq!((polled.invocations, polled.errors, polled.discarded.len()), (2, 0, 0));
        assert_eq!(function.done().len(), 18);
    });
}

#[test]
fn an_outage_is_reported_so_that_the_records_come_again_from_the_first_that_failed() {
    run(async {
        let function = Function::new();
        function.deriver.state().outages = vec![(3, 4)];
        let shard: Vec<_> = (0..10).map(|at| record(at, "MODIFY", sealed(at * 300))).collect();
        let response = function.invoke(json!({"Records": shard})).await.unwrap();
        assert_eq!(response, json!({"batchItemFailures": [{"itemIdentifier": "3"}]}));
        // Whoever is out is not asked again in the same invocation.
        assert_eq!(function.deriver.state().asked.len(), 4);
        let polled = function.poll(&MAPPING, shard).await;
        assert_eq!((polled.errors, polled.discarded.len()), (0, 0));
        assert_eq!(function.done().len(), 10);
    });
}

#[test]
fn an_outage_that_outlasts_all_retries_discards_records_for_the_schedule_to_find() {
    run(async {
        let function = Function::new();
        function.deriver.state().outages = vec![(0, usize::MAX / 2)];
        let shard: Vec<_> = (0..2).map(|at| record(at, "MODIFY", sealed(at * 300))).collect();
        let mapping = Mapping { most_retries: Some(2), ..MAPPING };
        let polled = function.poll(&mapping, shard).await;
        assert_eq!(polled.discarded, ["0", "1"]);
        function.deriver.state().outages.clear();
        let schedule = json!({"detail-type": "Scheduled Event", "source": "aws.events"});
        assert_eq!(function.invoke(schedule).await.unwrap()["derived"], 2);
        assert_eq!(function.deriver.state().rounds, 1);
    });
}

#[test]
fn what_does_not_fit_the_time_of_an_invocation_is_left_to_the_next() {
    run(async {
        let function = Function::new();
        function.deriver.state().takes = Duration::from_secs(25);
        let shard: Vec<_> = (0..5).map(|at| record(at, "MODIFY", sealed(at * 300))).collect();
        let response = function.invoke(json!({"Records": shard})).await.unwrap();
        assert_eq!(response["batchItemFailures"][0]["itemIdentifier"], "2");
        assert_eq!(function.done(), [0, 300]);
        let polled = function.poll(&MAPPING, shard).await;
        assert_eq!((function.done().len(), polled.discarded.len()), (5, 0));

        let response = function.invoke(json!({"from": 0, "to": 36_000})).await.unwrap();
        assert_eq!((&response["stopped"], &response["continue_from"]), (&json!("deadline"), &json!(7200)));
    });
}

#[test]
fn a_window_that_is_closed_for_others_is_waited_for_but_not_for_ever() {
    run(async {
        let function = Function::new();
        function.deriver.state().looks_too_early = 3;
        let event = json!({"Records": [record(1, "MODIFY", sealed(300))]});
        assert_eq!(function.invoke(event.clone()).await, Ok(json!({"batchItemFailures": []})));
        assert_eq!((function.done(), function.deriver.state().asked.len()), (vec![300], 4));

        let function = Function::new();
        function.deriver.state().looks_too_early = usize::MAX;
        let response = function.invoke(event).await.unwrap();
        assert_eq!(response["batchItemFailures"][0]["itemIdentifier"], "1");
    });
}

#[test]
fn who_cannot_begin_reports_all_and_asks_for_none() {
    run(async {
        let function = Function::new();
        function.deriver.state().begins_in_vain = 3;
        let shard: Vec<_> = (5..8).map(|at| record(at, "MODIFY", sealed(at * 300))).collect();
        let response = function.invoke(json!({"Records": shard})).await.unwrap();
        assert_eq!(response["batchItemFailures"], json!([{"itemIdentifier": "5"}]));
        let schedule = json!({"detail-type": "Scheduled Event", "source": "aws.events"});
        assert_eq!(function.invoke(schedule).await, Err("Unavailable".to_owned()));
        assert_eq!(function.invoke(json!({"from": 0, "to": 300})).await, Err("Unavailable".to_owned()));
        assert_eq!(function.deriver.state().asked, [0; 0]);
        assert_eq!(function.deriver.state().rounds, 0);
        // A batch without windows asks for no store.
        function.deriver.state().begins_in_vain = 1;
        let event = json!({"Records": [record(9, "INSERT", window(300))]});
        assert_eq!(function.invoke(event).await, Ok(json!({"batchItemFailures": []})));
    });
}

#[test]
fn one_window_may_take_most_of_an_invocation_and_not_all_of_it() {
    run(async {
        let function = Function::new();
        function.invoke(json!({"from": 0, "to": 300})).await.unwrap();
        let longest = function.deriver.state().longest_run;
        assert!((TIMEOUT / 2..TIMEOUT * 3 / 4).contains(&longest), "{longest:?}");
    });
}

#[test]
fn a_failed_record_without_a_number_fails_the_whole_batch() {
    run(async {
        let function = Function::new();
        function.deriver.state().outages = vec![(0, 1)];
        let mut unnamed = record(1, "MODIFY", sealed(300));
        unnamed["dynamodb"].as_object_mut().unwrap().remove("SequenceNumber");
        let event = json!({"Records": [unnamed]});
        assert_eq!(function.invoke(event.clone()).await, Err("UnnamedRecord".to_owned()));
        assert_eq!(function.invoke(event).await, Ok(json!({"batchItemFailures": []})));
    });
}

#[test]
fn failures_have_names() {
    run(async {
        let function = Function::new();
        assert_eq!(
            function.invoke(json!({"Records": [{"eventSource": "aws:s3"}]})).await,
            Err("InvalidEvent".into())
        );
        function.deriver.state().outages = vec![(0, 1)];
        let schedule = json!({"detail-type": "Scheduled Event", "source": "aws.scheduler"});
        assert_eq!(function.invoke(schedule).await, Err("Unavailable".into()));
    });
}

#[test]
fn records_that_ministack_made_are_read() {
    let captured: Vec<Value> = serde_json::from_str(include_str!("serverless/ministack.json")).unwrap();
    let pattern: Value = serde_json::from_str(FILTER_PATTERN).unwrap();
    assert_eq!(captured.iter().filter(|record| filter::matches(&pattern, record)).count(), 5);
    let verdicts: Vec<_> =
        captured.into_iter().map(|record| Verdict::of(&Change::from_lambda(record).unwrap())).collect();
    let announced = verdicts.iter().filter_map(|verdict| match verdict {
        Verdict::Trigger(trigger) => Some(trigger.window),
        _ => None,
    });
    let announced: Vec<_> = announced.collect();
    // All that was ever written to five windows.
    assert_eq!((announced.len(), BTreeSet::from_iter(&announced).len()), (5, 5), "{verdicts:?}");
    let count = |why| verdicts.iter().filter(|verdict| **verdict == Verdict::NotForUs(why)).count();
    assert_eq!([NotForUs::Foreign, NotForUs::NotSealed, NotForUs::Begun].map(count), [1, 5, 10]);
}

#[derive(Debug, Clone)]
struct Script {
    records: Vec<(u64, u8)>,
    mapping: Mapping,
    outages: Vec<(usize, usize)>,
    poison: BTreeSet<u64>,
    takes: u64,
}

fn scripts() -> impl Strategy<Value = Script> {
    let records = prop::collection::vec((0..12_u64, 0..8_u8), 0..60);
    let outages = prop::collection::vec((0..40_usize, 1..4_usize), 0..4);
    let poison = prop::collection::btree_set(0..12_u64, 0..3);
    (records, outages, poison, 0..40_u64, 1..20_usize, any::<bool>(), any::<bool>()).prop_map(
        |(records, outages, poison, takes, batch_size, bisects, filters)| Script {
            records,
            mapping: Mapping { pattern: filters.then_some(FILTER_PATTERN), batch_size, bisects, ..MAPPING },
            outages,
            poison: poison.into_iter().map(|at| at * 300).collect(),
            takes,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_announced_window_is_done_or_parked_and_no_other(script in scripts()) {
        run(async {
            let function = Function::new();
            {
                let mut state = function.deriver.state();
                state.outages = script.outages;
                state.poison = script.poison.clone();
                state.takes = Duration::from_secs(script.takes);
            }
            let mut announced = BTreeSet::new();
            let shard = (0..).zip(script.records).map(|(number, (at, kind))| {
                let start = at * 300;
                match kind {
                    0 => record(number, "INSERT", window(start)),
                    1 => record(number, "MODIFY", derived(start)),
                    2 => removal(number, start, None),
                    3 => malformed(number).swap_remove(usize::try_from(at % 7).unwrap()),
                    _ => {
                        announced.insert(start);
                        record(number, "MODIFY", sealed(start))
                    }
                }
            });
            let polled = function.poll(&script.mapping, shard.collect()).await;
            prop_assert_eq!(polled.discarded, Vec::<String>::new());
            let expected: Vec<u64> = announced.difference(&script.poison).copied().collect();
            prop_assert_eq!(function.done(), expected);
            Ok(())
        })?;
    }
}
