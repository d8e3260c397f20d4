//! What keeps a server alive and answering when it is asked for more than it can do: whoever comes too many is refused
//! at once, and whoever stops in the middle is given up.

mod answer_body;
mod budget;
mod deadline;
mod kind;
mod request_body;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use jaeger_dynamodb_core::Clock;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tower::{Layer, Service};

use crate::GrpcConfig;
use crate::connections::Connected;
use crate::refusal::Refusal;
use answer_body::Watch;
use budget::Budget;
use kind::Kind;
use request_body::CountedBody;

pub(crate) use budget::Hold;

/// Requests that cost little pass, however much is written: a query is smaller than this.
const FREE_BYTES: usize = 64 * 1024;

/// The limits of a process: routers that share them share what there is.
#[derive(Debug, Clone)]
pub struct Limits(Arc<Shared>);

/// Holds every RPC to the limits.
#[derive(Debug, Clone)]
pub struct LimitsLayer {
    limits: Limits,
    clock: Arc<dyn Clock>,
}

/// A service whose RPCs are held to the limits.
#[derive(Debug, Clone)]
pub struct Limited<S> {
    inner: S,
    limits: Limits,
    clock: Arc<dyn Clock>,
}

#[derive(Debug)]
struct Shared {
    bytes: Arc<Budget>,
    queries: Arc<Semaphore>,
    slow_reader_timeout: Duration,
    slow_sender_timeout: Duration,
}

/// An RPC that may go on.
struct Admitted {
    request: Request<Body>,
    hold: Hold,
    permit: Option<OwnedSemaphorePermit>,
    watch: Watch,
}

// === impl Limits ===

impl Limits {
    /// The limits that the settings name.
    #[must_use]
    pub fn new(config: &GrpcConfig) -> Self {
        Self(Arc::new(Shared {
            bytes: Arc::new(Budget::new(config.max_inflight_bytes)),
            queries: Arc::new(Semaphore::new(config.max_concurrent_queries.min(Semaphore::MAX_PERMITS))),
            slow_reader_timeout: config.slow_reader_timeout,
            slow_sender_timeout: config.slow_sender_timeout,
        }))
    }

    /// A layer that holds RPCs to them, by this clock.
    #[must_use]
    pub fn layer(&self, clock: Arc<dyn Clock>) -> LimitsLayer {
        LimitsLayer { limits: self.clone(), clock }
    }

    fn admit(&self, request: Request<Body>, clock: &Arc<dyn Clock>) -> Result<Admitted, Status> {
        let kind = Kind::of(request.uri().path());
        let is_write = matches!(kind, Kind::Write | Kind::WriteStream);
        if is_write && self.0.bytes.is_full() {
            return Err(Refusal::InflightBytes.status());
        }
        let permit = match kind {
            Kind::Query => Some(self.query()?),
            _ => None,
        };
        let hold = Hold::new(&self.0.bytes, if is_write { 0 } else { FREE_BYTES });
        let watch = Watch {
            clock: Arc::clone(clock),
            slow_after: self.0.slow_reader_timeout,
            deadline: deadline::of(request.headers()).map(|timeout| clock.monotonic() + timeout),
            connection: request.extensions().get::<Connected>().cloned(),
        };
        let mut request = request.map(|inner| {
            Body::new(CountedBody {
                inner,
                hold: hold.clone(),
                is_stream: kind == Kind::WriteStream,
                slow_after: self.0.slow_sender_timeout,
                clock: Arc::clone(clock),
                slow: None,
                progress: 0,
            })
        });
        request.extensions_mut().insert(hold.clone());
        Ok(Admitted { request, hold, permit, watch })
    }

    fn query(&self) -> Result<OwnedSemaphorePermit, Status> {
        let permit = Arc::clone(&self.0.queries).try_acquire_owned();
        permit.map_err(|_| Refusal::ConcurrentQueries.status())
    }
}

// === impl LimitsLayer ===

impl<S> Layer<S> for LimitsLayer {
    type Service = Limited<S>;

    fn layer(&self, inner: S) -> Limited<S> {
        Limited { inner, limits: self.limits.clone(), clock: Arc::clone(&self.clock) }
    }
}

// === impl Limited ===

impl<S> Service<Request<Body>> for Limited<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match self.limits.admit(request, &self.clock) {
            Ok(Admitted { request, hold, permit, watch }) => {
                let answer = self.inner.call(request);
                Box::pin(async move {
                    let answer = watch.until_deadline(answer).await?;
                    drop(hold);
                    Ok(match permit {
                        Some(permit) => answer.map(|body| watch.over(body, permit)),
                        None => answer,
                    })
                })
            }
            Err(refused) => Box::pin(async move { Ok(refused.into_http()) }),
        }
    }
}

// === impl Admitted ===

impl fmt::Debug for Admitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admitted").field("hold", &self.hold).finish_non_exhaustive()
    }
}
