//! The spans of one pass: of all traces whose hashes lie in one range, which gives way when memory ends.

use std::ops::Range;

use jaeger_dynamodb_core::TraceId;
use jaeger_dynamodb_core::edges::EdgeSpan;

use crate::derived::TraceHash;

const SLOTS: u64 = 64;

/// A pass is over at least so many of all hashes, one in so many: each reads all packs again.
const NARROWEST: u64 = 4096;

/// What is always spent, so that a small limit does not make many passes.
const LEAST_BYTES: usize = 1024 * 1024;

/// All hashes there are.
pub(super) const ALL_HASHES: Range<u64> = 0..1 << TraceHash::BITS;

/// A span of the window, or of one before it.
#[derive(Debug)]
pub(super) struct HeldSpan {
    pub(super) trace: TraceId,
    pub(super) is_before: bool,
    pub(super) span: EdgeSpan,
}

/// Spans by ranges of their traces' hashes, of which the last are dropped, for a later pass, when there are too many.
#[derive(Debug)]
pub(super) struct HeldSpans {
    first: u64,
    slot_width: u64,
    slots: Vec<Vec<HeldSpan>>,
    bytes: usize,
    most_bytes: usize,
    /// What the names take that the spans stand for.
    name_bytes: usize,
}

impl HeldSpans {
    /// For the traces of these hashes, as many as fit.
    pub(super) fn new(hashes: &Range<u64>, most_bytes: usize) -> Self {
        let slot_width = (hashes.end - hashes.start).div_ceil(SLOTS).max(ALL_HASHES.end / NARROWEST);
        let count = (hashes.end - hashes.start).div_ceil(slot_width);
        let slots = (0..count).map(|_| Vec::new()).collect();
        let most_bytes = most_bytes.max(LEAST_BYTES);
        Self { first: hashes.start, slot_width, slots, bytes: 0, most_bytes, name_bytes: 0 }
    }

    /// The hashes whose traces are held.
    pub(super) fn hashes(&self) -> Range<u64> {
        let end = self.first + self.slot_width * self.slots.len() as u64;
        self.first..end.min(ALL_HASHES.end)
    }

    /// How many hashes the next pass should try, as dense as these: one trace that fills memory by itself must not make
    /// all passes after it narrow.
    pub(super) fn next_width(&self) -> u64 {
        let hashes = self.hashes();
        let times = self.most_bytes / (self.bytes + self.name_bytes).max(1);
        (hashes.end - hashes.start).saturating_mul(u64::try_from(times.max(1)).unwrap_or(u64::MAX))
    }

    /// Says how much all names take that have been read so far.
    pub(super) fn note_names(&mut self, bytes: usize) {
        self.name_bytes = bytes;
    }

    pub(super) fn holds(&self, trace: TraceId) -> bool {
        self.hashes().contains(&TraceHash::of(trace).bits())
    }

    /// Takes a span, unless its trace is left to a later pass. One range is always kept, however much it takes.
    pub(super) fn push(&mut self, held: HeldSpan) {
        let Some(offset) = TraceHash::of(held.trace).bits().checked_sub(self.first) else { return };
        let slot = usize::try_from(offset / self.slot_width).ok().and_then(|slot| self.slots.get_mut(slot));
        let Some(slot) = slot else { return };
        self.bytes += bytes(&held);
        slot.push(held);
        while self.bytes + self.name_bytes > self.most_bytes && self.slots.len() > 1 {
            let dropped = self.slots.pop().unwrap_or_default();
            self.bytes -= dropped.iter().map(bytes).sum::<usize>();
        }
    }

    /// Hashes of all traces that are held, in order.
    pub(super) fn trace_hashes(&self) -> Vec<TraceHash> {
        let hashes = self.slots.iter().flatten().map(|held| TraceHash::of(held.trace));
        let mut hashes: Vec<_> = hashes.collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes
    }

    /// The spans, a range of hashes at a time.
    pub(super) fn into_slots(self) -> impl Iterator<Item = Vec<HeldSpan>> {
        self.slots.into_iter()
    }
}

/// Growing takes half as much again as what is held, on average.
fn bytes(held: &HeldSpan) -> usize {
    (size_of::<HeldSpan>() - size_of::<EdgeSpan>() + held.span.memory_bytes()) * 3 / 2
}

#[cfg(test)]
mod tests {
    use jaeger_dynamodb_core::Span;
    use jaeger_dynamodb_core::edges::EdgeSpanReader;
    use jaeger_dynamodb_testkit::fixtures::{otlp_span, trace_id};

    use super::*;

    /// Several times as many as fit.
    const TRACES: u64 = 40_000;

    #[test]
    fn passes_take_every_span_once_and_no_more_than_fit() {
        let mut reader = EdgeSpanReader::default();
        let mut read = |trace| reader.read(&Span::Otlp(otlp_span(trace, 1, "shop")));
        let (mut from, mut passes, mut taken) = (0, 0, Vec::new());
        while from < ALL_HASHES.end {
            let mut held = HeldSpans::new(&(from..ALL_HASHES.end), 0);
            for trace in 0..TRACES {
                let id = trace_id(trace);
                held.push(HeldSpan { trace: id, is_before: false, span: read(trace) });
            }
            assert!(held.bytes <= LEAST_BYTES);
            from = held.hashes().end;
            taken.extend(held.into_slots().flatten().map(|held| held.trace));
            passes += 1;
        }
        assert!((5..10).contains(&passes), "{passes}");
        taken.sort_unstable();
        assert_eq!(taken, (0..TRACES).map(trace_id).collect::<Vec<_>>());
    }

    #[test]
    fn a_trace_that_fills_memory_by_itself_does_not_make_the_passes_after_it_narrow() {
        let mut reader = EdgeSpanReader::default();
        let giant = trace_id(7);
        let at = TraceHash::of(giant).bits();
        let (mut from, mut width, mut passes) = (0, ALL_HASHES.end, 0);
        while from < ALL_HASHES.end {
            let mut held = HeldSpans::new(&(from..from.saturating_add(width).min(ALL_HASHES.end)), 0);
            if held.holds(giant) {
                for span in 0..20_000 {
                    let span = reader.read(&Span::Otlp(otlp_span(7, span, "shop")));
                    held.push(HeldSpan { trace: giant, is_before: false, span });
                }
            }
            (from, width) = (held.hashes().end, held.next_width());
            passes += 1;
        }
        assert!(passes < 10, "{passes} passes with one giant trace at {at:x}");
    }
}
