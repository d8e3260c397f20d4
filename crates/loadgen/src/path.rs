//! The way of spans to the server: pods export, collectors merge. A simulation by events in order of time.

use std::time::Duration;

use fastrand::Rng;
use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;

use crate::agenda::Agenda;
use crate::author::Author;
use crate::fleet::Fleet;
use crate::load::Load;
use crate::recording::Recorded;
use crate::request::request;

const EXPORT_INTERVAL: u64 = 5_000_000_000;
const EXPORT_SPANS: usize = 512;
const MERGE_NANOS: u64 = 200_000_000;
const MERGE_SPANS: usize = 8_192;
const SPANS_PER_COLLECTOR: u32 = 25_000;

/// A request that arrives at the server.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// When, counted from the start of the load.
    pub at: Duration,
    /// What a collector sends.
    pub request: ExportTraceServiceRequest,
}

/// The requests of a load, in order of time.
#[derive(Debug)]
pub struct Arrivals {
    fleet: Fleet,
    random: Rng,
    /// All times are nanoseconds since the start of the load; spans carry Unix time.
    start: u64,
    spans_per_second: u64,
    duration: u64,
    next_trace: u64,
    agenda: Agenda<What>,
    exporters: Vec<Exporter>,
    collectors: Vec<Collector>,
}

/// The part of a pod's SDK that waits for a batch.
#[derive(Debug)]
struct Exporter {
    phase: u64,
    waiting: Vec<Recorded>,
    is_timer_set: bool,
}

#[derive(Debug, Default)]
struct Collector {
    waiting: Vec<Recorded>,
    /// Counts what was sent, so that the timer of an earlier request does nothing.
    sent: u64,
}

#[derive(Debug)]
enum What {
    SpanEnds(Box<Recorded>),
    PodExports(usize),
    CollectorSends { collector: usize, sent: u64 },
}

// === impl Arrival ===

impl Arrival {
    /// Spans in the request.
    #[must_use]
    pub fn span_count(&self) -> usize {
        self.request
            .resource_spans
            .iter()
            .flat_map(|resource| &resource.scope_spans)
            .map(|scope| scope.spans.len())
            .sum()
    }
}

// === impl Arrivals ===

impl Arrivals {
    pub(crate) fn new(fleet: Fleet, load: Load, mut random: Rng) -> Self {
        let exporter =
            |_| Exporter { phase: random.u64(0..EXPORT_INTERVAL), waiting: Vec::new(), is_timer_set: false };
        let exporters = (0..fleet.pods.len()).map(exporter).collect();
        let collectors =
            (0..load.spans_per_second.div_ceil(SPANS_PER_COLLECTOR)).map(|_| Collector::default());
        Self {
            exporters,
            collectors: collectors.collect(),
            fleet,
            random,
            start: u64::try_from(load.start.0.max(0)).unwrap_or(u64::MAX / 2),
            spans_per_second: u64::from(load.spans_per_second),
            duration: u64::try_from(load.duration.as_nanos()).unwrap_or(u64::MAX / 2),
            next_trace: 0,
            agenda: Agenda::new(),
        }
    }

    /// Traces come as fast as their spans make up the rate.
    fn start_trace(&mut self) {
        let spans = Author::new(&self.fleet, self.random.fork()).trace(self.start + self.next_trace);
        let mean_gap = (spans.len().max(1) as u64).saturating_mul(1_000_000_000) / self.spans_per_second;
        for recorded in spans {
            self.agenda
                .plan(recorded.span.end_time_unix_nano - self.start, What::SpanEnds(Box::new(recorded)));
        }
        self.next_trace += self.random.u64(0..=mean_gap * 2);
    }

    fn happen(&mut self, what: What, at: u64) -> Option<Arrival> {
        match what {
            What::SpanEnds(recorded) => self.record(*recorded, at),
            What::PodExports(pod) => {
                if let Some(exporter) = self.exporters.get_mut(pod) {
                    exporter.is_timer_set = false;
                }
                self.export(pod, at)
            }
            What::CollectorSends { collector, sent } => {
                let is_same = self.collectors.get(collector).is_some_and(|collector| collector.sent == sent);
                if is_same { self.send(collector, at) } else { None }
            }
        }
    }

    fn record(&mut self, recorded: Recorded, at: u64) -> Option<Arrival> {
        let pod = recorded.pod;
        let exporter = self.exporters.get_mut(pod)?;
        exporter.waiting.push(recorded);
        if exporter.waiting.len() >= EXPORT_SPANS {
            return self.export(pod, at);
        }
        if !exporter.is_timer_set {
            exporter.is_timer_set = true;
            let since_phase = (at + EXPORT_INTERVAL - exporter.phase) % EXPORT_INTERVAL;
            self.agenda.plan(at + EXPORT_INTERVAL - since_phase, What::PodExports(pod));
        }
        None
    }

    fn export(&mut self, pod: usize, at: u64) -> Option<Arrival> {
        let mut spans = std::mem::take(&mut self.exporters.get_mut(pod)?.waiting);
        if spans.is_empty() {
            return None;
        }
        let number = pod % self.collectors.len().max(1);
        let collector = self.collectors.get_mut(number)?;
        let is_first = collector.waiting.is_empty();
        collector.waiting.append(&mut spans);
        let (is_full, sent) = (collector.waiting.len() >= MERGE_SPANS, collector.sent);
        if is_full {
            return self.send(number, at);
        }
        if is_first {
            self.agenda.plan(at + MERGE_NANOS, What::CollectorSends { collector: number, sent });
        }
        None
    }

    fn send(&mut self, collector: usize, at: u64) -> Option<Arrival> {
        let collector = self.collectors.get_mut(collector)?;
        collector.sent += 1;
        let spans = std::mem::take(&mut collector.waiting);
        Some(Arrival { at: Duration::from_nanos(at), request: request(spans, &self.fleet.pods) })
    }
}

impl Iterator for Arrivals {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        loop {
            // Nothing of a trace happens before the trace starts.
            while self.next_trace < self.duration
                && self.agenda.next_at().is_none_or(|at| at >= self.next_trace)
            {
                self.start_trace();
            }
            let (at, what) = self.agenda.take_next()?;
            if let Some(arrival) = self.happen(what, at) {
                return Some(arrival);
            }
        }
    }
}
