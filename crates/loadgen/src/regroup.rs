//! The spans of a load in requests of another size.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::time::Duration;

use jaeger_dynamodb_proto::opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
use jaeger_dynamodb_proto::opentelemetry::proto::trace::v1::{ResourceSpans, ScopeSpans};

use crate::path::Arrival;

#[cfg(test)]
mod tests;

/// What [`regroup`] returns.
#[derive(Debug)]
pub struct Regrouped<I> {
    arrivals: I,
    size: NonZeroUsize,
    full: VecDeque<Arrival>,
    open: Group,
}

/// A request that is not full yet.
#[derive(Debug, Default)]
struct Group {
    arrival: Option<Arrival>,
    spans: usize,
    /// Whether the last resource of the request is the one being taken apart.
    has_resource: bool,
}

/// Regroups the spans of requests into requests of `size` spans; the last may have fewer. Spans keep their order,
/// resource and scope. A request arrives when the last of its spans did. Resources are not merged, as a collector's
/// batches do not merge them either.
pub fn regroup<I: IntoIterator<Item = Arrival>>(arrivals: I, size: NonZeroUsize) -> Regrouped<I::IntoIter> {
    Regrouped { arrivals: arrivals.into_iter(), size, full: VecDeque::new(), open: Group::default() }
}

// === impl Regrouped ===

impl<I> Regrouped<I> {
    fn take_apart(&mut self, arrival: Arrival) {
        for mut resource in arrival.request.resource_spans {
            self.open.has_resource = false;
            for mut scope in std::mem::take(&mut resource.scope_spans) {
                let mut spans = std::mem::take(&mut scope.spans).into_iter();
                while spans.len() > 0 {
                    let part = spans.by_ref().take(self.size.get() - self.open.spans).collect();
                    let part = ScopeSpans { spans: part, ..scope.clone() };
                    self.open.add(arrival.at, &resource, part);
                    if self.open.spans == self.size.get() {
                        self.full.extend(self.open.close());
                    }
                }
            }
        }
    }
}

impl<I: Iterator<Item = Arrival>> Iterator for Regrouped<I> {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        loop {
            if let Some(full) = self.full.pop_front() {
                return Some(full);
            }
            match self.arrivals.next() {
                Some(arrival) => self.take_apart(arrival),
                None => return self.open.close(),
            }
        }
    }
}

// === impl Group ===

impl Group {
    fn add(&mut self, at: Duration, of: &ResourceSpans, part: ScopeSpans) {
        let empty = || Arrival { at, request: ExportTraceServiceRequest::default() };
        let arrival = self.arrival.get_or_insert_with(empty);
        arrival.at = at;
        self.spans += part.spans.len();
        let resources = &mut arrival.request.resource_spans;
        match resources.last_mut().filter(|_| self.has_resource) {
            Some(resource) => resource.scope_spans.push(part),
            None => resources.push(ResourceSpans { scope_spans: vec![part], ..of.clone() }),
        }
        self.has_resource = true;
    }

    fn close(&mut self) -> Option<Arrival> {
        std::mem::take(self).arrival
    }
}
