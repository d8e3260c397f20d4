//! Where a process's requests wait until the scheduler lets them go on: before they reach the service, and before the
//! process sees the answer. Between any two of them the process may be suspended or killed, others may act, and time
//! may pass.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::config::{HttpClient, RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use futures::channel::oneshot;

/// The gates of one process.
#[derive(Debug, Default)]
pub(crate) struct Gates(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    waiting: Vec<oneshot::Sender<()>>,
    /// So many may pass without waiting.
    free: u64,
}

/// A transport with gates before and behind it.
#[derive(Clone, Debug)]
pub(crate) struct Gated {
    pub(crate) inner: SharedHttpClient,
    pub(crate) gates: Arc<Gates>,
}

#[derive(Debug)]
struct GatedConnector {
    inner: SharedHttpConnector,
    gates: Arc<Gates>,
}

impl Gates {
    /// Lets one of those that wait go on. False if nobody waits.
    pub(crate) fn release(&self, random: &mut fastrand::Rng) -> bool {
        let mut state = self.lock();
        state.waiting.retain(|go| !go.is_canceled());
        if state.waiting.is_empty() {
            return false;
        }
        let chosen = random.usize(..state.waiting.len());
        state.waiting.remove(chosen).send(()).is_ok()
    }

    /// Lets all that wait go on, and so many after them.
    pub(crate) fn open(&self, free: u64) {
        let mut state = self.lock();
        state.free = free;
        for go in state.waiting.drain(..) {
            // Whoever has given up waiting does not mind.
            let _ = go.send(());
        }
    }

    async fn pass(&self) {
        let opened = {
            let mut state = self.lock();
            if state.free > 0 {
                state.free -= 1;
                return;
            }
            let (go, opened) = oneshot::channel();
            state.waiting.push(go);
            opened
        };
        if opened.await.is_err() {
            // The simulation is over.
            futures::future::pending::<()>().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpClient for Gated {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(GatedConnector { inner, gates: Arc::clone(&self.gates) })
    }
}

impl HttpConnector for GatedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (inner, gates) = (self.inner.clone(), Arc::clone(&self.gates));
        HttpConnectorFuture::new(async move {
            gates.pass().await;
            let answer = inner.call(request).await;
            gates.pass().await;
            answer
        })
    }
}
