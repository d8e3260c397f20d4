//! Plans, written out.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use jaeger_dynamodb_core::{AttributeCondition, TextForm};

use super::*;
use crate::derived::FailedRecord;
use crate::keys::{Lane, Run};
use crate::read::known::Known;
use crate::window::{Derived, Window, WindowTerms};

/// Windows of 5 minutes; times are seconds after this.
const START: u64 = 1_760_000_100;
const LANE: Lane = Lane(*b"lane 001");

fn window(number: u64) -> Window {
    Window::around(START + number * 300, Duration::from_secs(300))
}

fn millis(seconds: i64) -> i64 {
    (START.cast_signed() + seconds) * 1000
}

fn at(seconds: i64) -> UnixNanos {
    UnixNanos::from_secs(START.cast_signed() + seconds)
}

fn item(number: u64, derived: Derived) -> Arc<WindowItem> {
    Arc::new(WindowItem {
        window: window(number),
        terms: WindowTerms { grace: 60, expiry: START + 700_000 },
        lanes: vec![LANE],
        is_sealed: true,
        log_end: None,
        has_edges: false,
        starts_ahead: false,
        derived,
    })
}

/// A slot from its oldest to its newest start, with parts that are newest at these seconds, by service.
fn slot(oldest: i64, newest: i64, parts: &[(&str, &[i64])]) -> Slot {
    let mut by_group: BTreeMap<u16, Vec<PartKey>> = BTreeMap::new();
    for (service, starts) in parts {
        let keys = starts.iter().zip(0..).map(|(start, part)| PartKey { newest: millis(*start), part });
        by_group.entry(group_of(&name(service), 8)).or_default().extend(keys);
    }
    Slot { newest: millis(newest), last: millis(oldest), oldest: millis(oldest), parts: by_group }
}

fn done(number: u64, slots: Vec<Slot>) -> Arc<WindowItem> {
    let manifest = Manifest {
        run: Run([7; 8]),
        published: START,
        lanes: vec![LANE],
        last_sequences: vec![Some(9)],
        failed: Vec::new(),
        group_bits: 8,
        slots,
        pointer_buckets: 1,
    };
    item(number, Derived::Done(Arc::new(manifest)))
}

/// Two derived windows, one closed but not derived, one open.
fn snapshot() -> Snapshot {
    let derived = [
        done(0, vec![slot(0, 299, &[("shop", &[299, 150]), ("cart", &[280])])]),
        done(
            1,
            vec![
                slot(290, 599, &[("shop", &[599, 450]), ("cart", &[590])]),
                slot(-90_000, -86_400, &[("late", &[-86_400])]),
            ],
        ),
    ];
    let known = Known {
        settled: Arc::new(derived.into_iter().map(|item| (item.window, item)).collect()),
        unsettled: BTreeMap::from([(window(2), item(2, Derived::NotYet))]),
        open: vec![item(3, Derived::NotYet)],
        ..Known::default()
    };
    Snapshot::of(known)
}

fn written(snapshot: &Snapshot, query: &TraceQuery) -> String {
    let plan = Plan::of(snapshot, query);
    let mut text = format!("{}\n", if plan.reads_lists { "lists first" } else { "entries only" });
    for window in &plan.log {
        let _ = writeln!(text, "log of {}s", window.item.window.start() - START);
    }
    let services = ["shop", "cart", "late"];
    for step in &plan.steps {
        let service = services.iter().find(|service| group_of(&name(service), 8) == step.group).unwrap();
        let newest = (0..step.parts().len()).filter_map(|part| step.newest_from(part, query.start));
        let newest: Vec<_> = newest.map(|newest| newest.secs_floor() - i128::from(START)).collect();
        let _ = writeln!(text, "{service} in {}s, newest {newest:?}", step.item.window.start() - START);
    }
    text
}

fn query(min: Option<i64>, max: Option<i64>, predicates: Vec<Predicate>) -> TraceQuery {
    TraceQuery {
        start: Range { min: min.map(at), max: max.map(at) },
        predicate: Predicate::All(predicates),
        ..TraceQuery::default()
    }
}

fn service(name: &str) -> Predicate {
    Predicate::Service(name.to_owned())
}

fn attribute() -> Predicate {
    let (key, text) = ("http.method".to_owned(), "GET".to_owned());
    Predicate::Attribute(AttributeCondition { key, text, form: TextForm::V2 })
}

#[test]
fn without_conditions_everything_is_looked_at() {
    assert_eq!(
        written(&snapshot(), &query(None, None, Vec::new())),
        "entries only\nlog of 900s\nlog of 600s\ncart in 300s, newest [590]\nshop in 300s, newest [599, 450]\n\
         late in 300s, newest [-86400]\ncart in 0s, newest [280]\nshop in 0s, newest [299, 150]\n"
    );
}

#[test]
fn a_service_needs_only_its_group() {
    assert_eq!(
        written(&snapshot(), &query(None, None, vec![service("shop"), attribute()])),
        "lists first\nlog of 900s\nlog of 600s\nshop in 300s, newest [599, 450]\nshop in 0s, newest [299, 150]\n"
    );
}

#[test]
fn services_that_exclude_each_other_leave_only_the_logs() {
    assert_eq!(
        written(&snapshot(), &query(None, None, vec![service("shop"), service("cart")])),
        "entries only\nlog of 900s\nlog of 600s\n"
    );
}

#[test]
fn nothing_starts_later_than_the_range_ends() {
    assert_eq!(
        written(&snapshot(), &query(Some(100), Some(295), vec![service("shop")])),
        "entries only\nlog of 900s\nlog of 600s\nshop in 300s, newest [295, 295]\nshop in 0s, newest [295, 150]\n"
    );
}

#[test]
fn a_window_that_is_not_derived_is_left_out_if_its_spans_start_too_early() {
    // The log of 600s ends at 900s, is open for 60s more, and its spans start at most 15 minutes later.
    let latest = 900 + 60 + 900;
    assert_eq!(
        written(&snapshot(), &query(Some(latest), None, Vec::new())),
        "entries only\nlog of 900s\nlog of 600s\n"
    );
    assert_eq!(
        written(&snapshot(), &query(Some(latest + 1), None, Vec::new())),
        "entries only\nlog of 900s\n"
    );
}

#[test]
fn an_attribute_that_one_branch_does_without_needs_no_lists() {
    let either = |other| vec![Predicate::Any(vec![attribute(), other])];
    assert!(Plan::of(&snapshot(), &query(None, None, either(attribute()))).reads_lists);
    assert!(!Plan::of(&snapshot(), &query(None, None, either(service("shop")))).reads_lists);
}

#[test]
fn records_that_could_not_be_derived_keep_an_unsettled_window_in_every_search() {
    let with = |failed: Vec<FailedRecord>| {
        let Derived::Done(manifest) = done(2, Vec::new()).derived.clone() else { unreachable!() };
        let manifest = Manifest { failed, ..(*manifest).clone() };
        let item = item(2, Derived::Done(Arc::new(manifest)));
        let known = Known { unsettled: BTreeMap::from([(window(2), item)]), ..Known::default() };
        written(&Snapshot::of(known), &query(None, None, Vec::new()))
    };
    assert_eq!(with(vec![FailedRecord { lane: 0, sequence: 3 }]), "entries only\nlog of 600s\n");
    assert_eq!(with(Vec::new()), "entries only\n");
}
