//! The only place that calls the AWS SDK: requests in the store's own terms, capacity by table and purpose, the
//! service's time from every response, and what an error means for the caller.

/// Sends a request, notes the `Date` of its response, and says what an error means. The SDK's builders have no trait
/// for what they share.
macro_rules! sent {
    ($request:expr, $date:expr, $table:expr) => {{
        let (request, table) = ($request, &$table);
        async move {
            let sent = request.customize().interceptor($date).send().await;
            sent.map_err(|error| $crate::client::RequestError::of(error, table))
        }
    }};
}

mod date;
mod error;
mod read;
mod retry;
mod tables;
mod write;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::types::ConsumedCapacity;
use jaeger_dynamodb_core::Clock;

pub(crate) use error::RequestError;
pub(crate) use read::{Consistency, Query, SortRange};
pub(crate) use retry::Deadline;
pub(crate) use tables::DescribedTable;
pub(crate) use write::Update;

use retry::LastAnswer;

use crate::capacity::{CapacityMeter, Purpose};
use crate::config::StoreConfig;
use crate::schema::Table;
use crate::service_time::ServiceTime;

/// Requests to DynamoDB, with retries inside a deadline.
#[derive(Debug)]
pub(crate) struct Client {
    sdk: aws_sdk_dynamodb::Client,
    clock: Arc<dyn Clock>,
    table_prefix: String,
    request_timeout: Duration,
    service_time: ServiceTime,
    capacity: Arc<CapacityMeter>,
    random: Mutex<fastrand::Rng>,
    last_answer: LastAnswer,
}

impl Client {
    pub(crate) fn new(
        sdk: aws_sdk_dynamodb::Client,
        clock: Arc<dyn Clock>,
        random: fastrand::Rng,
        config: &StoreConfig,
    ) -> Self {
        Self {
            sdk,
            last_answer: LastAnswer::at(clock.monotonic()),
            clock,
            table_prefix: config.table_prefix.clone(),
            request_timeout: config.request_timeout,
            service_time: ServiceTime::new(config.clock_skew),
            capacity: Arc::default(),
            random: Mutex::new(random),
        }
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    pub(crate) fn capacity(&self) -> &Arc<CapacityMeter> {
        &self.capacity
    }

    pub(crate) fn table_name(&self, table: Table) -> String {
        format!("{}{}", self.table_prefix, table.suffix())
    }

    pub(crate) fn service_time(&self) -> &ServiceTime {
        &self.service_time
    }

    /// The service's present time as far as the process can tell, Unix seconds.
    pub(crate) fn service_seconds(&self) -> u64 {
        self.service_time.estimate(self.clock.monotonic())
    }

    pub(crate) fn random_bytes(&self) -> [u8; 8] {
        self.with_random(|random| random.u64(..)).to_be_bytes()
    }

    fn with_random<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        draw(&mut self.random.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts what a request has consumed, and says how many units that is.
    fn charge(
        &self,
        table: Table,
        purpose: Purpose,
        is_write: bool,
        consumed: Option<&ConsumedCapacity>,
    ) -> f64 {
        let units = consumed.and_then(ConsumedCapacity::capacity_units).unwrap_or_default();
        let (read, write) = if is_write { (0.0, units) } else { (units, 0.0) };
        self.capacity.add(table, purpose, read, write);
        let labels = [("table", table.suffix()), ("purpose", purpose.as_str())];
        metrics::counter!("jaeger_dynamodb_requests_total", &labels).increment(1);
        // Counters are whole numbers; eventually consistent reads cost halves.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "units of one response are small"
        )]
        if is_write {
            metrics::counter!("jaeger_dynamodb_write_units_total", &labels).increment(units.ceil() as u64);
        } else {
            metrics::counter!("jaeger_dynamodb_read_half_units_total", &labels)
                .increment((units * 2.0) as u64);
        }
        units
    }
}
