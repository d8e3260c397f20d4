//! The spans of one trace, as they are recorded.

use fastrand::Rng;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::Span;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::span::{self, SpanKind};

use crate::model::{Attribute, Event, Half, Local, Scope};
use crate::pod::Pod;
use crate::scene::{Call, Facts, Scene, attributes};

/// The trace flags of W3C with `sampled` set, and the bit that says that "parent is remote" is known.
const FLAGS_LOCAL_PARENT: u32 = 0x101;
const FLAGS_REMOTE_PARENT: u32 = 0x301;

/// A trace as far as it is recorded.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    trace_id: [u8; 16],
    pub(crate) facts: Facts,
    pub(crate) spans: Vec<Recorded>,
}

/// A span and who recorded it.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) pod: usize,
    pub(crate) scope: Scope,
    /// Position of its parent within the trace.
    pub(crate) parent: Option<usize>,
    pub(crate) span: Span,
}

/// Where something happens: in which pod, under which span.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'a> {
    pub(crate) pod: &'a Pod,
    pub(crate) parent: Option<usize>,
    pub(crate) is_remote: bool,
}

/// What a span is to be called and to carry.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    scope: Scope,
    name: &'static str,
    kind: SpanKind,
    tables: [&'static [Attribute]; 2],
    call: Option<&'a Call<'a>>,
}

// === impl Recording ===

impl Recording {
    pub(crate) fn of_trace(random: &mut Rng) -> Self {
        let mut trace_id = [0; 16];
        random.fill(&mut trace_id);
        Self { trace_id, facts: Facts::of_trace(random), spans: Vec::new() }
    }

    /// Returns the position of the new span.
    pub(crate) fn open(&mut self, frame: Frame<'_>, draft: &Draft<'_>, at: u64, random: &mut Rng) -> usize {
        let scene = Scene { facts: &self.facts, own: frame.pod, call: draft.call };
        let mut span_id = [0; 8];
        random.fill(&mut span_id);
        let parent = frame.parent.and_then(|parent| self.spans.get(parent));
        let span = Span {
            trace_id: self.trace_id.to_vec(),
            span_id: span_id.to_vec(),
            parent_span_id: parent.map(|parent| parent.span.span_id.clone()).unwrap_or_default(),
            flags: if parent.is_some() && frame.is_remote { FLAGS_REMOTE_PARENT } else { FLAGS_LOCAL_PARENT },
            name: scene.expand(draft.name),
            kind: draft.kind.into(),
            start_time_unix_nano: at - at % frame.pod.runtime.tick_nanos,
            attributes: attributes(&draft.tables, &scene, random),
            ..Span::default()
        };
        self.spans.push(Recorded { pod: frame.pod.number, scope: draft.scope, parent: frame.parent, span });
        self.spans.len() - 1
    }

    pub(crate) fn close(&mut self, position: usize, pod: &Pod, end: u64, events: &[Event], random: &mut Rng) {
        let scene = Scene { facts: &self.facts, own: pod, call: None };
        let Some(Recorded { span, .. }) = self.spans.get_mut(position) else { return };
        let tick = pod.runtime.tick_nanos;
        span.end_time_unix_nano = end.div_ceil(tick) * tick;
        let mut times: Vec<u64> =
            events.iter().map(|_| random.u64(span.start_time_unix_nano..=span.end_time_unix_nano)).collect();
        times.sort_unstable();
        for (event, time) in events.iter().zip(times) {
            span.events.push(span::Event {
                time_unix_nano: time - (time - span.start_time_unix_nano) % tick,
                name: event.name.to_owned(),
                attributes: attributes(&[event.attributes], &scene, random),
                dropped_attributes_count: 0,
            });
        }
    }
}

// === impl Frame ===

impl Frame<'_> {
    pub(crate) fn inside(self, span: usize) -> Self {
        Self { parent: Some(span), is_remote: false, ..self }
    }
}

// === impl Draft ===

impl Half {
    pub(crate) fn draft<'c>(
        &self,
        kind: SpanKind,
        own: &'static [Attribute],
        call: &'c Call<'c>,
    ) -> Draft<'c> {
        Draft { scope: self.scope, name: self.name, kind, tables: [self.attributes, own], call: Some(call) }
    }
}

impl Local {
    pub(crate) fn draft(&self) -> Draft<'static> {
        Draft {
            scope: self.scope,
            name: self.name,
            kind: self.kind,
            tables: [self.attributes, &[]],
            call: None,
        }
    }
}
