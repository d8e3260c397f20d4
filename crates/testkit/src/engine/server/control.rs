//! The requests that no client of DynamoDB sends.

use aws_smithy_runtime_api::client::result::ConnectorError;
use bytes::Bytes;
use http_body_util::Full;
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::processes::Processes;
use crate::engine::{FaultPlan, FaultRates, Traffic};

/// What stands behind the question mark.
#[derive(Debug, Default)]
struct Options<'a> {
    process: Option<&'a str>,
    seed: Option<u64>,
    duration: Option<std::time::Duration>,
}

/// Why a request was not obeyed.
type Refused = (StatusCode, String);

pub(super) fn answer(
    processes: &Processes,
    head: &Parts,
    body: &[u8],
) -> Result<Response<Full<Bytes>>, ConnectorError> {
    let (status, text) = match obey(processes, head, body) {
        Ok(document) => (StatusCode::OK, format!("{document:#}\n")),
        Err((status, why)) => (status, format!("{why}\n")),
    };
    let response = Response::builder().status(status).body(Full::from(text));
    response.map_err(|error| ConnectorError::other(error.into(), None))
}

fn obey(processes: &Processes, head: &Parts, body: &[u8]) -> Result<Value, Refused> {
    let options = Options::parse(head.uri.query().unwrap_or_default()).map_err(bad_request)?;
    match (&head.method, head.uri.path()) {
        (&Method::GET, "/faults") => faults(processes, &options),
        (&Method::PUT, "/faults") => {
            let rates = FaultRates::from_json(body).map_err(bad_request)?;
            set_faults(processes, &options, rates);
            faults(processes, &options)
        }
        (&Method::GET, "/traffic") => Ok(traffic(processes, &options)),
        (&Method::PUT, "/outage") => {
            let duration = options.duration.ok_or_else(|| bad_request("for how long? for=1m".to_owned()))?;
            processes.engine().go_away(duration);
            Ok(Value::Null)
        }
        (method, path) => Err((
            StatusCode::NOT_FOUND,
            format!("there is no {method} {path}: GET or PUT /faults, GET /traffic, PUT /outage?for=1m"),
        )),
    }
}

fn faults(processes: &Processes, options: &Options<'_>) -> Result<Value, Refused> {
    let plan = match options.process {
        Some(process) => processes.of(process).process.plan(),
        None => processes.plan(),
    };
    let rates = plan.drawn_from().map(|(_, rates)| rates);
    serde_json::to_value(rates).map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
}

fn set_faults(processes: &Processes, options: &Options<'_>, rates: FaultRates) {
    let seed = options.seed.or(processes.plan().drawn_from().map(|(seed, _)| seed)).unwrap_or_default();
    let plan = FaultPlan::seeded(seed, rates);
    match options.process {
        Some(process) => processes.of(process).inject(plan),
        None => processes.inject(plan),
    }
}

fn traffic(processes: &Processes, options: &Options<'_>) -> Value {
    let traffic: Traffic = match options.process {
        Some(process) => processes.of(process).traffic(),
        None => processes.engine().traffic(),
    };
    let tally = |(operation, table, tally): (&str, &str, crate::Tally)| {
        json!({
            "operation": operation,
            "table": table,
            "requests": tally.requests,
            "items": tally.items,
            "read_units": tally.read_units,
            "write_units": tally.write_units,
        })
    };
    json!({ "requests": traffic.requests(), "operations": traffic.tallies().map(tally).collect::<Vec<_>>() })
}

fn bad_request(why: String) -> Refused {
    (StatusCode::BAD_REQUEST, why)
}

// === impl Options ===

impl<'a> Options<'a> {
    fn parse(query: &'a str) -> Result<Self, String> {
        let mut options = Self::default();
        for option in query.split('&').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("process", key)) => options.process = Some(key),
                Some(("seed", seed)) => {
                    options.seed = Some(seed.parse().map_err(|_| format!("{seed:?} is no seed"))?);
                }
                Some(("for", text)) => {
                    let duration = humantime::parse_duration(text);
                    options.duration = Some(duration.map_err(|error| format!("for={text}: {error}"))?);
                }
                _ => return Err(format!("there is no {option:?}: process=KEY, seed=N, for=1m")),
            }
        }
        Ok(options)
    }
}
