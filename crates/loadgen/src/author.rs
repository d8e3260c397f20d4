//! Traces, made by walking an application's call trees.

use fastrand::Rng;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::span::SpanKind;

use crate::failure;
use crate::fleet::Fleet;
use crate::model::{Consumer, Endpoint, Local, Protocol, Request, Step};
use crate::recording::{Frame, Recorded, Recording};
use crate::scene::{Call, Scene};

/// Typical way of a request or an answer between two pods.
const NETWORK_NANOS: u64 = 180_000;

/// Typical time that a message lies in a queue.
const QUEUE_NANOS: u64 = 4_000_000;

/// Typical time between two steps.
const BETWEEN_STEPS_NANOS: u64 = 20_000;

/// Makes traces of a fleet.
#[derive(Debug)]
pub(crate) struct Author<'a> {
    fleet: &'a Fleet,
    random: Rng,
    team: usize,
    items: u32,
    recording: Recording,
}

// === impl Author ===

impl<'a> Author<'a> {
    pub(crate) fn new(fleet: &'a Fleet, random: Rng) -> Self {
        Self { fleet, random, team: 0, items: 0, recording: Recording::default() }
    }

    /// The spans of one trace that starts at this time, in Unix nanoseconds.
    pub(crate) fn trace(&mut self, start: u64) -> Vec<Recorded> {
        let Some(request) = self.pick_request() else { return Vec::new() };
        self.team = self.fleet.pick_team(&mut self.random);
        self.recording = Recording::of_trace(&mut self.random);
        self.items = self.random.u32(request.items.0..=request.items.1);
        self.call(request.endpoint, None, start);
        let mut spans = std::mem::take(&mut self.recording.spans);
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
            Protocol::Http { path, .. } => {
                Scene { facts: &self.recording.facts, own, call: None }.expand(path)
            }
        };
        let call = Call { endpoint, path, client: caller.map(|caller| caller.pod), server };
        let Some(caller) = caller else { return self.serve(&call, None, at) };
        let half = match endpoint.protocol {
            Protocol::Grpc { .. } => &caller.pod.runtime.grpc_client,
            Protocol::Http { .. } => &caller.pod.runtime.http_client,
        };
        let client =
            self.recording.open(caller, &half.draft(SpanKind::Client, &[], &call), at, &mut self.random);
        let arrived = at + self.about(NETWORK_NANOS);
        let answered = self.serve(&call, Some(client), arrived);
        let end = answered + self.about(NETWORK_NANOS);
        self.recording.close(client, caller.pod, end, &[], &mut self.random);
        end
    }

    fn serve(&mut self, call: &Call<'a>, parent: Option<usize>, at: u64) -> u64 {
        let endpoint = call.endpoint;
        let half = match endpoint.protocol {
            Protocol::Grpc { .. } => &call.server.runtime.grpc_server,
            Protocol::Http { .. } => &call.server.runtime.http_server,
        };
        let frame = Frame { pod: call.server, parent, is_remote: true };
        let span = self.recording.open(
            frame,
            &half.draft(SpanKind::Server, endpoint.attributes, call),
            at,
            &mut self.random,
        );
        let end = self.work(frame.inside(span), endpoint.micros, endpoint.steps, at);
        self.recording.close(span, frame.pod, end, endpoint.events, &mut self.random);
        end
    }

    fn local(&mut self, local: &'static Local, frame: Frame<'a>, at: u64) -> u64 {
        let span = self.recording.open(frame, &local.draft(), at, &mut self.random);
        let end = self.work(frame.inside(span), local.micros, local.steps, at);
        self.recording.close(span, frame.pod, end, local.events, &mut self.random);
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
            self.recording.facts.next_item(&mut self.random);
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
        let producer = self.recording.spans.len();
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

    /// A duration like those that are measured: a product of chances, so nearly log-normal, with a long tail. Whole
    /// numbers only, so that every machine gets the same.
    fn about(&mut self, typical_nanos: u64) -> u64 {
        let spread = |value: u64, random: &mut Rng| value.saturating_mul(random.u64(550..1_650)) / 1_000;
        let value = (0..4).fold(typical_nanos, |value, _| spread(value, &mut self.random));
        let stall = if self.random.u32(0..100) == 0 { 8 } else { 1 };
        value.saturating_mul(stall).saturating_add(self.random.u64(0..1_000))
    }
}
