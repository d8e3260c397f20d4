//! One process that talks to the service: everything that can go wrong goes wrong here, however its requests come.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::result::ConnectorError;
use jaeger_dynamodb_embedded::{Answer, Call, EmbeddedError};

use super::service::Service;
use super::{Fault, FaultPlan, RequestInfo};

#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) label: String,
    pub(crate) service: Arc<Service>,
    plan: Mutex<NumberedPlan>,
    crashed: AtomicBool,
}

#[derive(Debug, Default)]
struct NumberedPlan {
    plan: FaultPlan,
    next: u64,
}

/// When a request was sent, by the service's monotonic clock.
#[derive(Clone, Copy, Debug)]
struct Sent(Duration);

// === impl Process ===

impl Process {
    pub(crate) fn new(label: &str, service: Arc<Service>) -> Self {
        Self { label: label.to_owned(), service, plan: Mutex::default(), crashed: AtomicBool::new(false) }
    }

    pub(crate) fn set_plan(&self, plan: FaultPlan) {
        *self.numbered_plan() = NumberedPlan { plan, next: 0 };
    }

    pub(crate) fn plan(&self) -> FaultPlan {
        self.numbered_plan().plan.clone()
    }

    pub(crate) fn crash(&self) {
        self.crashed.store(true, Ordering::Release);
    }

    pub(crate) fn is_crashed(&self) -> bool {
        self.crashed.load(Ordering::Acquire)
    }

    /// Sends a request. An error is a connection that was cut.
    pub(crate) async fn send(&self, call: &Call) -> Result<Answer, ConnectorError> {
        let sent = Sent(self.service.clock.monotonic());
        self.is_connected_since(sent)?;
        let (request, faults) = self.befall(call);
        let answer = self.answer(request, &faults, sent).await?;
        self.is_connected_since(sent)?;
        Ok(answer)
    }

    async fn answer(
        &self,
        request: RequestInfo,
        faults: &[Fault],
        sent: Sent,
    ) -> Result<Answer, ConnectorError> {
        for fault in faults {
            if let Fault::Hold(duration) = *fault {
                self.wait(duration, sent).await?;
            }
        }
        let settled = faults.iter().copied().find(|fault| fault.settles()).unwrap_or_default();
        let mut answer = self.carry_out(request, settled).await?;
        for fault in faults {
            match *fault {
                Fault::DelayAnswer(duration) => self.wait(duration, sent).await?,
                Fault::ShiftDate(seconds) => answer = with_shifted_date(answer, seconds),
                _ => {}
            }
        }
        Ok(answer)
    }

    /// Does what `settled` lets happen; a fault that settles nothing lets everything happen.
    async fn carry_out(&self, request: RequestInfo, settled: Fault) -> Result<Answer, ConnectorError> {
        let service = &self.service;
        match settled {
            Fault::Refuse(refusal) => Ok(service.refuse(&request, refusal)),
            Fault::ProcessOnly(count) => service.execute_part(&request, count).await.map_err(closed),
            Fault::CutBefore => Err(cut()),
            Fault::CutAfter => {
                service.execute(&request).await.map_err(closed)?;
                Err(cut())
            }
            Fault::CutAndExecuteLater(delay) => {
                service.execute_later(request, delay);
                Err(cut())
            }
            Fault::CrashBefore => {
                self.crash();
                Err(crashed())
            }
            Fault::CrashAfter => {
                service.execute(&request).await.map_err(closed)?;
                self.crash();
                Err(crashed())
            }
            Fault::None | Fault::Hold(_) | Fault::DelayAnswer(_) | Fault::ShiftDate(_) => {
                service.execute(&request).await.map_err(closed)
            }
        }
    }

    /// Numbers the request and asks the plan about it.
    fn befall(&self, call: &Call) -> (RequestInfo, Vec<Fault>) {
        let (plan, index) = {
            let mut numbered = self.numbered_plan();
            let index = numbered.next;
            numbered.next += 1;
            (numbered.plan.clone(), index)
        };
        let at = self.service.clock.wall();
        let request = RequestInfo::new(&self.label, index, &call.operation, &call.body, at);
        let faults = plan.decide(&request);
        (request, faults)
    }

    async fn wait(&self, duration: Duration, sent: Sent) -> Result<(), ConnectorError> {
        self.service.clock.sleep(duration).await;
        self.is_connected_since(sent)
    }

    /// Fails if this process crashed, or if the service was gone at any time since the request was sent.
    fn is_connected_since(&self, sent: Sent) -> Result<(), ConnectorError> {
        if self.is_crashed() {
            return Err(crashed());
        }
        if self.service.gone_until() > sent.0 {
            return Err(ConnectorError::io("the service is gone for a while".into()));
        }
        Ok(())
    }

    fn numbered_plan(&self) -> MutexGuard<'_, NumberedPlan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn with_shifted_date(mut answer: Answer, seconds: i64) -> Answer {
    let by = Duration::from_secs(seconds.unsigned_abs());
    let shifted = if seconds < 0 { answer.date.checked_sub(by) } else { answer.date.checked_add(by) };
    answer.date = shifted.unwrap_or(answer.date);
    answer
}

fn closed(error: EmbeddedError) -> ConnectorError {
    ConnectorError::io(error.into())
}

fn cut() -> ConnectorError {
    ConnectorError::io("the test cut the connection".into())
}

fn crashed() -> ConnectorError {
    ConnectorError::io("the test crashed this process".into())
}
