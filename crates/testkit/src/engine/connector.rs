//! The transport of one handle: everything that can go wrong goes wrong here.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::config::{HttpClient, RuntimeComponents};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use jaeger_dynamodb_embedded::{Answer, Call, EmbeddedError};

use super::service::Service;
use super::{Fault, FaultPlan, RequestInfo};

#[derive(Clone, Debug)]
pub(crate) struct FaultyConnector(pub(crate) Arc<Process>);

/// One simulated process that talks to the service.
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

// === impl Process ===

impl Process {
    pub(crate) fn new(label: &str, service: Arc<Service>) -> Self {
        Self { label: label.to_owned(), service, plan: Mutex::default(), crashed: AtomicBool::new(false) }
    }

    pub(crate) fn set_plan(&self, plan: FaultPlan) {
        *self.plan.lock().unwrap_or_else(PoisonError::into_inner) = NumberedPlan { plan, next: 0 };
    }

    pub(crate) fn crash(&self) {
        self.crashed.store(true, Ordering::Release);
    }

    pub(crate) fn is_crashed(&self) -> bool {
        self.crashed.load(Ordering::Acquire)
    }

    async fn send(&self, call: &Call) -> Result<Answer, ConnectorError> {
        self.still_runs()?;
        let (request, fault) = self.befall(call);
        let answer = self.answer(request, fault).await?;
        self.still_runs()?;
        Ok(answer)
    }

    async fn answer(&self, request: RequestInfo, fault: Fault) -> Result<Answer, ConnectorError> {
        let service = &self.service;
        match fault {
            Fault::None => service.execute(&request).await.map_err(closed),
            Fault::Hold(duration) => {
                self.wait(duration).await?;
                service.execute(&request).await.map_err(closed)
            }
            Fault::DelayAnswer(duration) => {
                let answer = service.execute(&request).await.map_err(closed)?;
                self.wait(duration).await?;
                Ok(answer)
            }
            Fault::ShiftDate(seconds) => {
                let answer = service.execute(&request).await.map_err(closed)?;
                Ok(with_shifted_date(answer, seconds))
            }
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
                Err(gone())
            }
            Fault::CrashAfter => {
                service.execute(&request).await.map_err(closed)?;
                self.crash();
                Err(gone())
            }
        }
    }

    /// Numbers the request and asks the plan about it.
    fn befall(&self, call: &Call) -> (RequestInfo, Fault) {
        let (plan, index) = {
            let mut numbered = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
            let index = numbered.next;
            numbered.next += 1;
            (numbered.plan.clone(), index)
        };
        let at = self.service.clock.wall();
        let request = RequestInfo::new(&self.label, index, &call.operation, &call.body, at);
        let fault = plan.decide(&request);
        (request, fault)
    }

    async fn wait(&self, duration: Duration) -> Result<(), ConnectorError> {
        self.service.clock.sleep(duration).await;
        self.still_runs()
    }

    fn still_runs(&self) -> Result<(), ConnectorError> {
        if self.is_crashed() { Err(gone()) } else { Ok(()) }
    }
}

// === impl FaultyConnector ===

impl HttpConnector for FaultyConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let process = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move {
            let call = Call::from_http(&request)?;
            process.send(&call).await?.into_http()
        })
    }
}

impl HttpClient for FaultyConnector {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
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

fn gone() -> ConnectorError {
    ConnectorError::io("the test crashed this process".into())
}
