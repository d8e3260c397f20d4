//! The service behind every handle: it never fails by itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jaeger_dynamodb_core::{Clock, UnixNanos};
use jaeger_dynamodb_embedded::{Answer, EmbeddedEngine, EmbeddedError, ServiceClock};
use serde_json::Value;

use super::batch::SplitBatch;
use super::fault::Refusal;
use super::replica::Replica;
use super::request::Effect;
use super::{RequestInfo, Traffic};

const CAPACITY: &str = "ReturnConsumedCapacity";

#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) primary: EmbeddedEngine,
    pub(crate) replica: Option<Replica>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Requests of a cut connection that are still under way, by the monotonic time of arrival.
    under_way: Mutex<Vec<(Duration, RequestInfo)>>,
    traffic: Mutex<BTreeMap<String, Traffic>>,
    /// By the monotonic clock.
    gone_until: Mutex<Duration>,
}

impl Service {
    pub(crate) fn new(primary: EmbeddedEngine, replica: Option<Replica>, clock: Arc<dyn Clock>) -> Self {
        Self {
            primary,
            replica,
            clock,
            under_way: Mutex::default(),
            traffic: Mutex::default(),
            gone_until: Mutex::default(),
        }
    }

    pub(crate) fn go_away(&self, duration: Duration) {
        *locked(&self.gone_until) = self.clock.monotonic().saturating_add(duration);
    }

    /// When the service was last gone, or will be back.
    pub(crate) fn gone_until(&self) -> Duration {
        *locked(&self.gone_until)
    }

    /// Carries out a request, after those that arrived meanwhile from cut connections.
    pub(crate) async fn execute(&self, request: &RequestInfo) -> Result<Answer, EmbeddedError> {
        for late in self.arrived() {
            self.carry_out(&late, &late.body, None).await?;
        }
        self.carry_out(request, &request.body, None).await
    }

    /// Carries out a request after `delay`, when the next one comes after that.
    pub(crate) fn execute_later(&self, request: RequestInfo, delay: Duration) {
        let arrival = self.clock.monotonic().saturating_add(delay);
        locked(&self.under_way).push((arrival, request));
    }

    /// Processes the first `count` items of a batch, and any other request wholly.
    pub(crate) async fn execute_part(
        &self,
        request: &RequestInfo,
        count: usize,
    ) -> Result<Answer, EmbeddedError> {
        match SplitBatch::new(&request.operation, &request.body, count) {
            None => self.execute(request).await,
            Some(batch) if batch.processes_nothing() => Ok(self.refuse(request, Refusal::ThroughputExceeded)),
            Some(batch) => {
                let processed = batch.processed.clone();
                self.carry_out(request, &processed, Some(batch)).await
            }
        }
    }

    pub(crate) fn refuse(&self, request: &RequestInfo, refusal: Refusal) -> Answer {
        locked(&self.traffic).entry(request.handle.clone()).or_default().count_refused(request);
        let (status, document) = refusal.answer(request);
        Answer {
            status,
            date: system_time(self.clock.wall()),
            request_id: format!("REFUSED{:045}", request.index),
            body: document.to_string().into(),
        }
    }

    pub(crate) fn traffic_of(&self, handle: &str) -> Traffic {
        locked(&self.traffic).get(handle).cloned().unwrap_or_default()
    }

    pub(crate) fn traffic(&self) -> Traffic {
        let mut sum = Traffic::default();
        locked(&self.traffic).values().for_each(|traffic| sum.merge(traffic));
        sum
    }

    fn arrived(&self) -> Vec<RequestInfo> {
        let now = self.clock.monotonic();
        let mut under_way = locked(&self.under_way);
        under_way.sort_by_key(|(arrival, _)| *arrival);
        let arrived = under_way.partition_point(|(arrival, _)| *arrival <= now);
        under_way.drain(..arrived).map(|(_, request)| request).collect()
    }

    /// Executes `body` in the name of `request` and counts it. The capacity is asked for even if the
    /// client does not want to know, so that nothing escapes the count; then the answer hides it.
    async fn carry_out(
        &self,
        request: &RequestInfo,
        body: &Value,
        batch: Option<SplitBatch>,
    ) -> Result<Answer, EmbeddedError> {
        let counted = matches!(request.effect(), Effect::Reads | Effect::Writes) && body.is_object();
        let wanted = body[CAPACITY].as_str().is_some_and(|wanted| wanted != "NONE");
        let mut body = body.clone();
        if counted && !wanted {
            body[CAPACITY] = "TOTAL".into();
        }
        let mut answer = self.route(request, body.to_string().into()).await?;
        let mut traffic = locked(&self.traffic);
        let traffic = traffic.entry(request.handle.clone()).or_default();
        if !answer.is_success() {
            traffic.count_refused(request);
            return Ok(answer);
        }
        let mut json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let partial = batch.is_some();
        if let Some(batch) = batch {
            batch.complete(&mut json);
        }
        traffic.count(request, &json);
        if counted && !wanted {
            json.as_object_mut().and_then(|json| json.remove("ConsumedCapacity"));
        }
        if partial || (counted && !wanted) {
            answer.body = json.to_string().into();
        }
        Ok(answer)
    }

    async fn route(&self, request: &RequestInfo, body: bytes::Bytes) -> Result<Answer, EmbeddedError> {
        let operation = &request.operation;
        if let Some(replica) = &self.replica {
            match request.effect() {
                Effect::Writes => {
                    return replica.write(&self.primary, operation, body, self.clock.monotonic()).await;
                }
                Effect::Shapes => return replica.shape(&self.primary, operation, body).await,
                Effect::Reads if request.is_eventually_consistent() => {
                    let stale = replica.read(operation, &body, self.clock.monotonic()).await?;
                    if let Some(stale) = stale {
                        return Ok(stale);
                    }
                }
                Effect::Reads | Effect::Describes => {}
            }
        }
        self.primary.execute(operation, body).await
    }
}

/// The engine's view of a test's clock.
pub(crate) fn service_clock(clock: &Arc<dyn Clock>) -> ServiceClock {
    let clock = Arc::clone(clock);
    ServiceClock::new(move || system_time(clock.wall()))
}

/// Saturates at 1970, before which no service has answered.
pub(crate) fn system_time(time: UnixNanos) -> SystemTime {
    let seconds = u64::try_from(time.secs_floor()).unwrap_or_default();
    let nanos = u32::try_from(time.0.rem_euclid(1_000_000_000)).unwrap_or_default();
    UNIX_EPOCH + Duration::new(seconds, nanos)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
