//! Queries built from the very spans they are asked of, so that they mostly find something.

use std::num::NonZeroUsize;
use std::sync::Arc;

use jaeger_dynamodb_core::{
    AttributeCondition, Predicate, Range, Span, StatusCode, TextForm, TraceQuery, UnixNanos, matching,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Queries of any shape over facts of the spans: both text forms, special keys, bounds at existing values and
/// next to them, trees of conditions, limits from 1 to 20.
pub fn queries_for(spans: &[Span]) -> BoxedStrategy<TraceQuery> {
    let tree = (vec((leaf(), knot()), 0..4), prop_oneof![8 => Just(true), 1 => Just(false)]);
    let spans: Arc<[Span]> = spans.into();
    (any::<Index>(), tree, any::<StartPick>(), limit())
        .prop_map(move |(home, (leaves, all), start, limit)| {
            let leaves = leaves
                .iter()
                .filter_map(|(pick, knot)| Some(knot.tie(pick.predicate(&spans, &home)?)))
                .collect();
            let predicate = if all { Predicate::All(leaves) } else { Predicate::Any(leaves) };
            TraceQuery { start: start.range(&spans), predicate, limit }
        })
        .boxed()
}

/// Queries that the parameters of Jaeger's APIs can carry: all of at most one service, one operation and one
/// range of durations above zero, and of conditions on different keys in the API's own text form.
pub fn parameter_queries_for(spans: &[Span], form: TextForm) -> BoxedStrategy<TraceQuery> {
    let spans: Arc<[Span]> = spans.into();
    (any::<Index>(), vec(leaf(), 0..5), any::<StartPick>(), limit())
        .prop_map(move |(home, leaves, start, limit)| {
            let mut all: Vec<Predicate> = Vec::new();
            for pick in leaves {
                let leaf = LeafPick { form, ..pick }.predicate(&spans, &home).and_then(as_parameter);
                all.extend(leaf.filter(|leaf| !all.iter().any(|other| same_parameter(leaf, other))));
            }
            let start = start.range(&spans);
            let start =
                Range { min: start.min.filter(can_be_parameter), max: start.max.filter(can_be_parameter) };
            TraceQuery { start, predicate: Predicate::All(all), limit }
        })
        .boxed()
}

/// Which fact of which span a leaf asks for.
#[derive(Debug, Clone)]
struct LeafPick {
    what: What,
    which: Index,
    /// Another span than the one that the query is built round.
    stranger: Option<Index>,
    form: TextForm,
    slack: (Option<i128>, Option<i128>),
}

#[derive(Debug, Clone, Copy)]
enum What {
    Service,
    Operation,
    Duration,
    Attribute,
    AbsentText,
    SpecialKey(&'static str),
}

/// What becomes of a leaf in the tree.
#[derive(Debug, Clone, Copy)]
enum Knot {
    Plain,
    Not,
    AnyWithNothing,
    NotNot,
}

/// Bounds at or next to the starts of two spans.
#[derive(Debug, Clone)]
struct StartPick(Option<(Index, i128)>, Option<(Index, i128)>);

fn leaf() -> impl Strategy<Value = LeafPick> {
    let what = prop_oneof![
        4 => Just(What::Service),
        3 => Just(What::Operation),
        2 => Just(What::Duration),
        8 => Just(What::Attribute),
        1 => Just(What::AbsentText),
        3 => select(&["error", "span.kind", "span.status", "scope.name", "scope.version", "resource."][..])
            .prop_map(What::SpecialKey),
    ];
    let form = prop_oneof![Just(TextForm::V1), Just(TextForm::V2)];
    let slack = (option::of(-1_i128..3), option::of(-1_i128..3));
    (what, any::<Index>(), option::weighted(0.15, any::<Index>()), form, slack)
        .prop_map(|(what, which, stranger, form, slack)| LeafPick { what, which, stranger, form, slack })
}

fn knot() -> impl Strategy<Value = Knot> {
    prop_oneof![8 => Just(Knot::Plain), 1 => Just(Knot::Not), 1 => Just(Knot::AnyWithNothing), 1 => Just(Knot::NotNot)]
}

fn limit() -> impl Strategy<Value = NonZeroUsize> {
    (1_usize..=20).prop_filter_map("a limit is not zero", NonZeroUsize::new)
}

// === impl LeafPick ===

impl LeafPick {
    fn predicate(&self, spans: &[Span], home: &Index) -> Option<Predicate> {
        if spans.is_empty() {
            return None;
        }
        let span = self.stranger.as_ref().unwrap_or(home).get(spans);
        Some(match self.what {
            What::Service => Predicate::Service(span.service_name().to_owned()),
            What::Operation => Predicate::Operation(span.operation_name().to_owned()),
            What::Duration => Predicate::Duration(Range {
                min: self.slack.0.map(|slack| span.duration_nanos() - slack),
                max: self.slack.1.map(|slack| span.duration_nanos() + slack),
            }),
            What::Attribute => self.attribute(self.fact(span)?),
            What::AbsentText => self.attribute((self.fact(span)?.0, "absent".to_owned())),
            What::SpecialKey(key) => self.special(span, key)?,
        })
    }

    fn attribute(&self, (key, text): (String, String)) -> Predicate {
        Predicate::Attribute(AttributeCondition { key, text, form: self.form })
    }

    /// One of the pairs of key and text of the span and of what it shares with others.
    fn fact(&self, span: &Span) -> Option<(String, String)> {
        let mut facts = Vec::new();
        let mut keep = |key: &str, text: &str| facts.push((key.to_owned(), text.to_owned()));
        matching::pairs_of_span(span, &mut keep);
        match span {
            Span::Otlp(span) => {
                matching::pairs_of_resource(&span.resource, &mut keep);
                matching::pairs_of_scope(&span.scope, &mut keep);
            }
            Span::V1(span) => {
                span.process.iter().for_each(|process| matching::pairs_of_process(process, &mut keep))
            }
        }
        (!facts.is_empty()).then(|| self.which.get(&facts).clone())
    }

    fn special(&self, span: &Span, key: &str) -> Option<Predicate> {
        let text = match key {
            "error" => self.which.get(&["true", "false", "1", "F", "maybe", ""]),
            "span.kind" => self.which.get(&[span.kind().as_str(), "SERVER", "unspecified"]),
            "span.status" => match span.status() {
                StatusCode::Ok => self.which.get(&["ok", "OK"]),
                StatusCode::Error => self.which.get(&["error", "Error"]),
                StatusCode::Unset | StatusCode::Unrecognized(_) => self.which.get(&["unset", ""]),
            },
            "scope.name" | "scope.version" => scope_text(span, key),
            prefix => {
                let (key, text) = self.fact(span)?;
                return Some(self.attribute((format!("{prefix}{key}"), text)));
            }
        };
        Some(self.attribute((key.to_owned(), (*text).to_owned())))
    }
}

fn scope_text<'a>(span: &'a Span, key: &str) -> &'a str {
    match span {
        Span::Otlp(span) if key == "scope.name" => &span.scope.name,
        Span::Otlp(span) => &span.scope.version,
        Span::V1(span) => {
            span.tags.get(&format!("otel.{key}")).and_then(|value| value.as_str()).unwrap_or_default()
        }
    }
}

// === impl Knot ===

impl Knot {
    fn tie(self, leaf: Predicate) -> Predicate {
        let not = |predicate| Predicate::Not(Box::new(predicate));
        match self {
            Self::Plain => leaf,
            Self::Not => not(leaf),
            Self::AnyWithNothing => Predicate::Any(vec![Predicate::Any(Vec::new()), leaf]),
            Self::NotNot => not(Predicate::All(vec![not(leaf)])),
        }
    }
}

// === impl StartPick ===

impl Arbitrary for StartPick {
    type Parameters = ();
    type Strategy = BoxedStrategy<Self>;

    fn arbitrary_with((): ()) -> Self::Strategy {
        let bound = || option::weighted(0.4, (any::<Index>(), -1_i128..=1));
        (bound(), bound()).prop_map(|(min, max)| Self(min, max)).boxed()
    }
}

impl StartPick {
    fn range(&self, spans: &[Span]) -> Range<UnixNanos> {
        let bound = |pick: &Option<(Index, i128)>| {
            let (which, slack) = pick.as_ref().filter(|_| !spans.is_empty())?;
            Some(UnixNanos(which.get(spans).start().0 + slack))
        };
        match (bound(&self.0), bound(&self.1)) {
            (Some(min), Some(max)) if max < min => Range { min: Some(max), max: Some(min) },
            (min, max) => Range { min, max },
        }
    }
}

/// The leaf if a parameter can say it: zero durations and empty names there mean "any".
fn as_parameter(leaf: Predicate) -> Option<Predicate> {
    let above_zero = |bound: Option<i128>| bound.filter(|nanos| *nanos > 0);
    match leaf {
        Predicate::Service(name) | Predicate::Operation(name) if name.is_empty() => None,
        Predicate::Duration(range) => {
            Some(Predicate::Duration(Range { min: above_zero(range.min), max: above_zero(range.max) }))
        }
        leaf => Some(leaf),
    }
}

/// The first instant of a timestamp means "unbounded" there.
fn can_be_parameter(bound: &UnixNanos) -> bool {
    *bound > UnixNanos::from_secs(super::times::FIRST_SECOND)
}

fn same_parameter(one: &Predicate, other: &Predicate) -> bool {
    match (one, other) {
        (Predicate::Attribute(one), Predicate::Attribute(other)) => one.key == other.key,
        (one, other) => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}
