//! The requests of the load, made ahead of their time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jaeger_dynamodb_core::UnixNanos;
use jaeger_dynamodb_loadgen::{Arrival, Arrivals, Load, regroup};
use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    due::Due,
    repeat::Repeated,
    settings::{Count, Settings},
};

/// Enough that nobody waits, little enough that it takes some megabytes.
const SPANS_AHEAD: u32 = 16_384;

/// As much of a load is made before the first request is sent, if it is sent as fast as possible: the rest takes
/// from the speed of sending.
const BYTES_BEFOREHAND: usize = 256 << 20;

/// What a collector sends at most.
const LARGEST_REQUEST: Count = Count::of(8_192);

/// A load that is being made.
pub(crate) struct Making {
    pub(crate) requests: mpsc::Receiver<Due>,
    /// Ends when the last request is made, or when nobody receives them any more.
    pub(crate) made: JoinHandle<()>,
}

/// Starts to make the load; it begins now.
pub(crate) fn make(settings: &Settings) -> Making {
    let now = UnixNanos(i128::try_from(since_1970().as_nanos()).unwrap_or(i128::MAX));
    // Deploying the services takes a moment, so it is done before the first request is due.
    let arrivals = arrivals(settings, now);
    let size = settings.batch_spans.unwrap_or(LARGEST_REQUEST);
    let (sender, requests) = mpsc::channel(requests_ahead(size));
    let (is_regrouped, repeat_after) = (settings.batch_spans.is_some(), settings.repeat_after);
    let beforehand = if settings.as_fast_as_possible { BYTES_BEFOREHAND } else { 0 };
    let made = tokio::task::spawn_blocking(move || {
        let arrivals: Box<dyn Iterator<Item = Arrival>> =
            if is_regrouped { Box::new(regroup(arrivals, size.to_usize())) } else { Box::new(arrivals) };
        let requests = arrivals.map(|arrival| Due::of(&arrival));
        match repeat_after {
            Some(after) => hand_over(Repeated::new(requests, after), beforehand, &sender),
            None => hand_over(requests, beforehand, &sender),
        }
    });
    Making { requests, made }
}

/// What a collector would send, from then on.
pub(crate) fn arrivals(settings: &Settings, start: UnixNanos) -> Arrivals {
    let (spans_per_second, duration) = (settings.spans_per_second.get(), settings.duration);
    settings.workload.workload(settings.seed).arrivals(Load { spans_per_second, duration, start })
}

fn hand_over(mut requests: impl Iterator<Item = Due>, beforehand: usize, sender: &mpsc::Sender<Due>) {
    let (mut made, mut bytes) = (Vec::new(), 0);
    while bytes < beforehand
        && !sender.is_closed()
        && let Some(request) = requests.next()
    {
        bytes += request.message.len();
        made.push(request);
    }
    if !made.is_empty() {
        tracing::info!(requests = made.len(), bytes, "made beforehand");
    }
    for request in made.into_iter().chain(requests) {
        if sender.blocking_send(request).is_err() {
            return;
        }
    }
}

/// One at least is made while another is waited for.
fn requests_ahead(size: Count) -> usize {
    Count::of((SPANS_AHEAD / size.get()).max(2)).to_usize().get()
}

#[expect(clippy::disallowed_methods, reason = "real time is what this program is for")]
fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
