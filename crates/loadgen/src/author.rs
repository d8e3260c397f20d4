//! Traces, made by walking an application's call trees.

use fastrand::Rng;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::Span;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::span::{self, SpanKind};

use crate::failure;
use crate::fleet::{Fleet, Pod};
use crate::model::{Attribute, Consumer, Endpoint, Event, Half, Local, Protocol, Request, Scope, Step};
use crate::scene::{Call, Facts, Scene, attributes};

/// Typical way of a request or an answer between two pods.
const NETWORK_NANOS: u64 = 180_000;

/// Typical time that a message lies in a queue.
const QUEUE_NANOS: u64 = 4_000_000;

/// Typical time between two steps.
const BETWEEN_STEPS_NANOS: u64 = 20_000;

/// The trace flags of W3C with `sampled` set, and the bit that says that "parent is remote" is known.
const FLAGS_LOCAL_PARENT: u32 = 0x101;
const FLAGS_REMOTE_PARENT: u32 = 0x301;

/// Makes traces of a fleet.
#[derive(Debug)]
pub(crate) struct Author<'a> {
    fleet: &'a Fleet,
    random: Rng,
    team: usize,
    trace_id: [u8; 16],
    facts: Facts,
    items: u32,
    spans: Vec<Recorded>,
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
#[derive(Clone, Copy)]
struct Frame<'a> {
    pod: &'a Pod,
    parent: Option<usize>,
    is_remote: bool,
}

/// What a span is to be called and to carry.
struct Draft<'a> {
    scope: Scope,
    name: &'static str,
    kind: SpanKind,
    tables: [&'static [Attribute]; 2],
    call: Option<&'a Call<'a>>,
}

// === impl Author ===

impl<'a> Author<'a> {
    pub(crate) fn new(fleet: &'a Fleet, random: Rng) -> Self {
        Self {
            fleet,
            random,
            team: 0,
            trace_id: [0; 16],
            facts: Facts::default(),
            items: 0,
            spans: Vec::new(),
        }
    }

    /// The spans of one trace that starts at this time, in Unix nanoseconds.
    pub(crate) fn trace(&mut self, start: u64) -> Vec<Recorded> {
        let Some(request) = self.pick_request() else { return Vec::new() };
        self.team = self.fleet.pick_team(&mut self.random);
        self.random.fill(&mut self.trace_id);
        self.facts = Facts::of_trace(&mut self.random);
        self.items = self.random.u32(request.items.0..=request.items.1);
        self.call(request.endpoint, None, start);
        let mut spans = std::mem::take(&mut self.spans);
        if self.random.u32(0..1_000) < self.fleet.application.failing_per_mille {
            failure::strike(&mut spans, self.fleet, &mut self.random);
        }
        spans
    }

    fn pick_request(&mut self) -> Option<&'static Request> {
        let requests = self.fleet.application.requests;
        let total: u32 = requests.iter().map(|request| request.weight).sum();
        let mut left = self.random.u32(0..total.max(1));
        requests.iter().find(|request| {
            let is_it = left < request.weight;
            left = left.saturating_sub(request.weight);
            is_it
        })
    }

    /// A call to the endpoint; without a caller it comes from outside, where no span is recorded. Returns its end.
    fn call(&mut self, endpoint: &'static Endpoint, caller: Option<Frame<'a>>, at: u64) -> u64 {
        let Some(server) = self.fleet.pick_pod(self.team, endpoint.service.role, &mut self.random) else {
            return at;
        };
        let own = caller.map_or(server, |caller| caller.pod);
        let path = match endpoint.protocol {
            Protocol::Grpc { .. } => String::new(),
            Protocol::Http { path, .. } => Scene { facts: &self.facts, own, call: None }.expand(path),
        };
        let call = Call { endpoint, path, client: caller.map(|caller| caller.pod), server };
        let Some(caller) = caller else { return self.serve(&call, None, at) };
        let half = match endpoint.protocol {
            Protocol::Grpc { .. } => &caller.pod.runtime.grpc_client,
            Protocol::Http { .. } => &caller.pod.runtime.http_client,
        };
        let client = self.open(caller, &half.draft(SpanKind::Client, &[], &call), at);
        let arrived = at + self.about(NETWORK_NANOS);
        let answered = self.serve(&call, Some(client), arrived);
        let end = answered + self.about(NETWORK_NANOS);
        self.close(client, caller.pod, end, &[]);
        end
    }

    fn serve(&mut self, call: &Call<'a>, parent: Option<usize>, at: u64) -> u64 {
        let endpoint = call.endpoint;
        let half = match endpoint.protocol {
            Protocol::Grpc { .. } => &call.server.runtime.grpc_server,
            Protocol::Http { .. } => &call.server.runtime.http_server,
        };
        let frame = Frame { pod: call.server, parent, is_remote: true };
        let span = self.open(frame, &half.draft(SpanKind::Server, endpoint.attributes, call), at);
        let end = self.work(frame.inside(span), endpoint.micros, endpoint.steps, at);
        self.close(span, frame.pod, end, endpoint.events);
        end
    }

    fn local(&mut self, local: &'static Local, frame: Frame<'a>, at: u64) -> u64 {
        let draft = Draft {
            scope: local.scope,
            name: local.name,
            kind: local.kind,
            tables: [local.attributes, &[]],
            call: None,
        };
        let span = self.open(frame, &draft, at);
        let end = self.work(frame.inside(span), local.micros, local.steps, at);
        self.close(span, frame.pod, end, local.events);
        end
    }

    /// Half of the own work, the steps, the other half.
    fn work(&mut self, frame: Frame<'a>, micros: u64, steps: &'static [Step], at: u64) -> u64 {
        let own = self.about(micros * 1_000);
        let end = self.steps(steps, frame, at + own / 2);
        end + (own - own / 2)
    }

    fn steps(&mut self, steps: &'static [Step], frame: Frame<'a>, mut at: u64) -> u64 {
        for step in steps {
            at += self.about(BETWEEN_STEPS_NANOS);
            at = match step {
                Step::Call(endpoint) => self.call(endpoint, Some(frame), at),
                Step::Do(local) => self.local(local, frame, at),
                Step::ForEachItem(steps) => self.repeat(self.items, steps, frame, at),
                Step::Repeat(fewest, most, steps) => {
                    let times = self.random.u32(*fewest..=*most);
                    self.repeat(times, steps, frame, at)
                }
                Step::Publish(local, consumers) => self.publish(local, consumers, frame, at),
            };
        }
        at
    }

    fn repeat(&mut self, times: u32, steps: &'static [Step], frame: Frame<'a>, mut at: u64) -> u64 {
        for _ in 0..times {
            self.facts.next_item(&mut self.random);
            at = self.steps(steps, frame, at);
        }
        at
    }

    fn publish(
        &mut self,
        local: &'static Local,
        consumers: &'static [Consumer],
        frame: Frame<'a>,
        at: u64,
    ) -> u64 {
        let producer = self.spans.len();
        let end = self.local(local, frame, at);
        for consumer in consumers {
            let Some(pod) = self.fleet.pick_pod(self.team, consumer.service.role, &mut self.random) else {
                continue;
            };
            let taken = end + self.about(QUEUE_NANOS);
            self.local(&consumer.local, Frame { pod, parent: Some(producer), is_remote: true }, taken);
        }
        end
    }

    fn open(&mut self, frame: Frame<'a>, draft: &Draft<'_>, at: u64) -> usize {
        let scene = Scene { facts: &self.facts, own: frame.pod, call: draft.call };
        let mut span_id = [0; 8];
        self.random.fill(&mut span_id);
        let parent = frame.parent.and_then(|parent| self.spans.get(parent));
        let span = Span {
            trace_id: self.trace_id.to_vec(),
            span_id: span_id.to_vec(),
            parent_span_id: parent.map(|parent| parent.span.span_id.clone()).unwrap_or_default(),
            flags: if parent.is_some() && frame.is_remote { FLAGS_REMOTE_PARENT } else { FLAGS_LOCAL_PARENT },
            name: scene.expand(draft.name),
            kind: draft.kind.into(),
            start_time_unix_nano: at - at % frame.pod.runtime.tick_nanos,
            attributes: attributes(&draft.tables, &scene, &mut self.random),
            ..Span::default()
        };
        self.spans.push(Recorded { pod: frame.pod.number, scope: draft.scope, parent: frame.parent, span });
        self.spans.len() - 1
    }

    fn close(&mut self, position: usize, pod: &Pod, end: u64, events: &[Event]) {
        let scene = Scene { facts: &self.facts, own: pod, call: None };
        let Some(Recorded { span, .. }) = self.spans.get_mut(position) else { return };
        let tick = pod.runtime.tick_nanos;
        span.end_time_unix_nano = end.div_ceil(tick) * tick;
        let mut times: Vec<u64> = events
            .iter()
            .map(|_| self.random.u64(span.start_time_unix_nano..=span.end_time_unix_nano))
            .collect();
        times.sort_unstable();
        for (event, time) in events.iter().zip(times) {
            span.events.push(span::Event {
                time_unix_nano: time - (time - span.start_time_unix_nano) % tick,
                name: event.name.to_owned(),
                attributes: attributes(&[event.attributes], &scene, &mut self.random),
                dropped_attributes_count: 0,
            });
        }
    }

    /// A duration like those that are measured: a product of chances, so nearly log-normal, with a long tail. Whole
    /// numbers only, so that every machine gets the same.
    fn about(&mut self, typical_nanos: u64) -> u64 {
        let spread = |value: u64, random: &mut Rng| value.saturating_mul(random.u64(550..1_650)) / 1_000;
        let value = (0..4).fold(typical_nanos, |value, _| spread(value, &mut self.random));
        let stall = if self.random.u32(0..100) == 0 { 8 } else { 1 };
        value.saturating_mul(stall).saturating_add(self.random.u64(0..1_000))
    }
}

impl<'a> Frame<'a> {
    fn inside(self, span: usize) -> Self {
        Self { parent: Some(span), is_remote: false, ..self }
    }
}

impl Half {
    fn draft<'c>(&self, kind: SpanKind, own: &'static [Attribute], call: &'c Call<'c>) -> Draft<'c> {
        Draft { scope: self.scope, name: self.name, kind, tables: [self.attributes, own], call: Some(call) }
    }
}
