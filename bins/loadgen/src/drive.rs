//! When requests are sent.

use std::{future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{
    sync::{Semaphore, mpsc},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::{
    due::Due,
    export::Outcome,
    settings::{Count, Settings},
    tally::SharedTally,
};

#[cfg(test)]
mod tests;

/// Sends requests, and keeps a tally of what became of them.
#[derive(Debug)]
pub(crate) struct Driver<'a> {
    /// Whether a request waits until it is due.
    pub(crate) keeps_time: bool,
    pub(crate) max_in_flight: Count,
    pub(crate) stop: &'a CancellationToken,
    pub(crate) tally: SharedTally,
}

/// How long a run took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// From the moment that there was something to send to the last answer.
    pub(crate) elapsed: Duration,
    pub(crate) is_interrupted: bool,
}

// === impl Driver ===

impl<'a> Driver<'a> {
    pub(crate) fn new(settings: &Settings, stop: &'a CancellationToken, tally: SharedTally) -> Self {
        let (keeps_time, max_in_flight) = (!settings.as_fast_as_possible, settings.max_in_flight);
        Self { keeps_time, max_in_flight, stop, tally }
    }

    /// Sends what it receives until the end or until it is to stop; then waits for the answers. A request that finds
    /// as many in flight as allowed waits, and is sent late.
    pub(crate) async fn drive<A>(
        self,
        mut requests: mpsc::Receiver<Due>,
        mut send: impl FnMut(Bytes) -> A,
    ) -> Run
    where
        A: Future<Output = Outcome> + Send + 'static,
    {
        let free = Arc::new(Semaphore::new(self.max_in_flight.to_usize().get()));
        let first = self.stop.run_until_cancelled(requests.recv()).await.flatten();
        let start = Instant::now();
        let sending = async {
            let mut upcoming = first;
            while let Some(Due { at, spans, message }) = upcoming {
                let due = start + at;
                if self.keeps_time {
                    sleep_until(due).await;
                }
                let slot = Arc::clone(&free).acquire_owned().await.ok()?;
                // A wait that ends together with the run has ended first.
                if self.stop.is_cancelled() {
                    return None;
                }
                let delay = if self.keeps_time { due.elapsed() } else { Duration::ZERO };
                self.tally.lock().sent(spans, at, delay);
                let (answer, tally) = (send(message), self.tally.clone());
                tokio::spawn(async move {
                    let outcome = answer.await;
                    tally.lock().ended(spans, outcome);
                    drop(slot);
                });
                upcoming = self.next(&mut requests).await;
            }
            Some(())
        };
        let is_interrupted = self.stop.run_until_cancelled(sending).await.flatten().is_none();
        if is_interrupted {
            tracing::info!("nothing more is sent, waiting for answers");
        }
        // With every slot in hand nothing is in flight.
        let _every_slot = free.acquire_many(self.max_in_flight.get()).await;
        Run { elapsed: start.elapsed(), is_interrupted }
    }

    async fn next(&self, requests: &mut mpsc::Receiver<Due>) -> Option<Due> {
        let since = Instant::now();
        let request = requests.recv().await;
        self.tally.lock().waited_for_load(since.elapsed());
        request
    }
}
