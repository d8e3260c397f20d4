use std::time::Duration;

use jaeger_dynamodb_runtime::telemetry::{LogFilter, LogFormat};

mod check;
mod value;

pub(crate) use value::{Count, EndpointUrl, Kind};

jaeger_dynamodb_runtime::settings! {
    /// What the user decides.
    pub(crate) struct Settings {
        /// Where to send spans: any receiver of OTLP over gRPC, without TLS
        endpoint: EndpointUrl = EndpointUrl::local(),
        /// What to send: traces of a web shop, of 3 spans, of 20000 spans (batch), or of 500 small services
        workload: Kind = Kind::Demo,
        /// How many spans a second the workload makes, on average
        spans_per_second: Count = Count::of(1000),
        /// How long new traces start; the last spans are exported some seconds later
        duration: Duration = Duration::from_secs(60),
        /// Equal seeds make equal spans, but for their times
        seed: u64 = 1,
        /// How many connections the requests take turns on
        connections: Count = Count::of(1),
        /// How many requests may wait for their answer; what is due beyond that is sent late, and counted
        max_in_flight: Count = Count::of(8),
        /// Until which age a request is sent again if the server asks for that (UNAVAILABLE with RetryInfo)
        retry: Duration = Duration::from_secs(30),
        /// Send the same spans, made beforehand, as fast as --max-in-flight requests are answered
        as_fast_as_possible: bool = false,
        /// Send requests of so many spans, instead of what a collector would send
        batch_spans: Option<Count> = None,
        /// Send every request once more, so much later, as exporters do whose answer was lost
        repeat_after: Option<Duration> = None,
        /// Send nothing; print how often which service calls which in this load, in JSON
        print_calls: bool = false,
        /// What to log
        log_level: LogFilter = LogFilter::info(),
        /// How to log, to stderr
        log_format: LogFormat = LogFormat::Text,
    }
}

// === impl Settings ===

impl Settings {
    /// How to log.
    pub(crate) fn logging(&self) -> (&LogFilter, LogFormat) {
        (&self.log_level, self.log_format)
    }
}
