//! The differential ring of the translation: random spans are translated by us and by Jaeger's own packages, in a
//! process of its own, and the results must be equal but for the listed [`Deviation`]s.
//!
//! `tests/jaeger/v2/translate.sh` builds that process and runs this. It reads from the environment: `TRANSLATOR`, the
//! binary of that process; `CASES`, how many; `SEED`, to replay a run.
//!
//! Each case is a span of either form. Both are translated, and what either side made of them is translated back.
//!
//! What it does not prove: several spans in one message, where Jaeger takes equal span ids for one span and groups by
//! hashes, in no order; values that do not pass the decoding of messages.

mod deviations;
mod to_otlp;
mod to_v1;
mod translator;

use std::cell::RefCell;

use jaeger_dynamodb_core::translate::{ToOtlp, ToV1};
use jaeger_dynamodb_core::{Span, otlp, v1};
use jaeger_dynamodb_testkit::strategies::{otlp_span_to_translate, v1_span_to_translate};
use jaeger_dynamodb_tests::AnyError;
use proptest::prelude::ProptestConfig;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use crate::deviations::{Deviation, Tally};
use crate::translator::Translator;

const USUAL_CASES: u32 = 20_000;

/// So many cases meet every listed deviation.
const CASES_THAT_MEET_ALL: u32 = 5_000;

/// Our translation, which remembers what neighbours share, next to Jaeger's.
struct Ring {
    translator: Translator,
    to_otlp: ToOtlp,
    to_v1: ToV1,
    tally: Tally,
}

#[test]
fn we_translate_as_jaeger_does() -> Result<(), AnyError> {
    let cases = variable("CASES").map_or(Ok(USUAL_CASES), |text| text.parse())?;
    let seed: u64 = variable("SEED").map_or_else(|| Ok(fastrand::u64(..)), |text| text.parse())?;
    let binary = variable("TRANSLATOR").ok_or("TRANSLATOR must name the binary of Jaeger's translation")?;
    let ring = RefCell::new(Ring {
        translator: Translator::start(binary.as_ref())?,
        to_otlp: ToOtlp::default(),
        to_v1: ToV1::default(),
        tally: Tally::default(),
    });
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed.to_le_bytes().repeat(4));
    let both = (v1_span_to_translate(), otlp_span_to_translate());
    let outcome = TestRunner::new_with_rng(config, rng).run(&both, |(v1, otlp)| {
        let held = ring.borrow_mut().hold(v1, otlp);
        held.map_err(|error| TestCaseError::fail(error.to_string()))
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Abort(reason)) => panic!("{reason}"),
        Err(TestError::Fail(reason, smallest)) => {
            panic!("replay with SEED={seed} CASES={cases}: {reason}\nthe smallest such case is {smallest:#?}")
        }
    }
    let tally = &ring.borrow().tally;
    println!("{cases} cases from SEED={seed}\n{tally}");
    let unmet: Vec<_> = Deviation::ALL.into_iter().filter(|one| tally.count(*one) == 0).collect();
    assert!(
        unmet.is_empty() || cases < CASES_THAT_MEET_ALL,
        "deviations that do not exist must not be listed: {unmet:?}"
    );
    Ok(())
}

impl Ring {
    /// Translates both spans, and what was made of them back.
    fn hold(&mut self, v1: v1::Span, otlp: otlp::Span) -> Result<(), AnyError> {
        let (our_otlp, jaegers_otlp) = self.hold_v1(v1)?;
        let (our_v1, jaegers_v1) = self.hold_otlp(otlp)?;
        self.hold_otlp(our_otlp)?;
        self.hold_v1(our_v1)?;
        if let Some(jaegers_otlp) = jaegers_otlp {
            self.hold_otlp(jaegers_otlp)?;
        }
        self.hold_v1(jaegers_v1)?;
        Ok(())
    }

    /// The translation of the span by us and, unless it panics, by Jaeger.
    fn hold_v1(&mut self, span: v1::Span) -> Result<(otlp::Span, Option<otlp::Span>), AnyError> {
        let ours = self.to_otlp.span(Span::V1(span.clone()));
        let jaegers = self.translator.otlp_of(&span)?;
        let expected = to_otlp::as_jaeger_does(&span, ours.clone(), &mut self.tally);
        let mut actual = jaegers.clone();
        if let (Some(expected), Some(actual)) = (&expected, &mut actual) {
            to_otlp::take_order_of(expected, actual, &mut self.tally);
        }
        expect_equal(&span, &expected, &actual)?;
        Ok((ours, jaegers))
    }

    /// The translation of the span by us and by Jaeger.
    fn hold_otlp(&mut self, span: otlp::Span) -> Result<(v1::Span, v1::Span), AnyError> {
        let ours = self.to_v1.span(Span::Otlp(span.clone()));
        let jaegers = self.translator.v1_of(&span)?;
        let expected = to_v1::as_jaeger_does(&span, ours.clone(), &mut self.tally);
        expect_equal(&span, &expected, &jaegers)?;
        Ok((ours, jaegers))
    }
}

fn expect_equal<I, T>(input: &I, expected: &T, actual: &T) -> Result<(), AnyError>
where
    I: std::fmt::Debug,
    T: std::fmt::Debug + PartialEq,
{
    if expected == actual {
        return Ok(());
    }
    Err(format!(
        "\nof {input:#?}\nJaeger made {actual:#?}\nand we, with all deviations undone, {expected:#?}"
    )
    .into())
}

#[expect(clippy::disallowed_methods, reason = "the settings of a test that no program reads")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}
