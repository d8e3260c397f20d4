//! Requests as core queries.
//!
//! The parameters of a search mean what Jaeger's in-memory stores make of them:
//!
//! - Everything that is set must hold on one span.
//! - A time that is absent or in the first second of year 1, as Go sends an unset time, is no bound; a duration of
//!   zero is none either. Bounds are inclusive, so reversed ones hold on no span and the answer is empty.
//! - A number of traces of zero or less is Jaeger's default of 100.

pub(crate) mod v1;
pub(crate) mod v2;

use std::num::NonZeroUsize;

use jaeger_dynamodb_core::edges::EdgeSources;
use jaeger_dynamodb_core::{
    AttributeCondition, DependencyQuery, InvalidId, Predicate, Range, SearchCapabilities, TraceQuery,
    UnixNanos,
};
use jaeger_dynamodb_proto::convert::{self, YEAR_ONE};
use prost_types::{Duration, Timestamp};
use thiserror::Error;
use tonic::Status;

/// Why a request is no query.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum InvalidQuery {
    #[error("the query is missing")]
    Missing,
    #[error("invalid trace id: {0}")]
    TraceId(InvalidId),
    #[error("{0}: nanoseconds out of range")]
    Nanos(&'static str),
    #[error("a structured filter is not supported")]
    Filter,
    #[error("whole traces come without pages: pagination is for FindTraceIDs and FindTraceSummaries")]
    PagesOfTraces,
    #[error("search_depth and pagination exclude each other")]
    DepthAndPages,
    #[error("a page has at least one trace: page_size is zero")]
    EmptyPage,
    #[error("unknown page token: only the first page is served")]
    PageToken,
    #[error("a search needs a service name")]
    ServiceName,
}

impl From<InvalidQuery> for Status {
    fn from(invalid: InvalidQuery) -> Self {
        Self::invalid_argument(invalid.to_string())
    }
}

/// The parameters of a search that both APIs have.
struct Parameters {
    service_name: String,
    operation_name: String,
    start_time_min: Option<Timestamp>,
    start_time_max: Option<Timestamp>,
    duration_min: Option<Duration>,
    duration_max: Option<Duration>,
}

impl Parameters {
    fn query(
        self,
        attributes: impl Iterator<Item = AttributeCondition>,
        limit: NonZeroUsize,
    ) -> Result<TraceQuery, InvalidQuery> {
        let start = Range {
            min: instant("start_time_min", self.start_time_min)?,
            max: instant("start_time_max", self.start_time_max)?,
        };
        let duration = Range {
            min: duration("duration_min", self.duration_min)?,
            max: duration("duration_max", self.duration_max)?,
        };
        let named = |name: String| Some(name).filter(|name| !name.is_empty());
        let conditions = named(self.service_name)
            .map(Predicate::Service)
            .into_iter()
            .chain(named(self.operation_name).map(Predicate::Operation))
            .chain((duration != Range::default()).then_some(Predicate::Duration(duration)))
            .chain(attributes.map(Predicate::Attribute));
        Ok(TraceQuery { start, predicate: Predicate::All(conditions.collect()), limit })
    }
}

/// The query if a store with these capabilities can answer it.
pub(crate) fn searchable(query: TraceQuery, can: SearchCapabilities) -> Result<TraceQuery, InvalidQuery> {
    let names_service = match &query.predicate {
        Predicate::All(conditions) => conditions.iter().any(|one| matches!(one, Predicate::Service(_))),
        _ => false,
    };
    if names_service || can.without_service_name { Ok(query) } else { Err(InvalidQuery::ServiceName) }
}

/// The range for which dependencies are asked; an end that is not set is as far away as a `Timestamp` can be.
pub(crate) fn of_dependencies(
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    sources: EdgeSources,
) -> Result<DependencyQuery, InvalidQuery> {
    const YEAR_10000: UnixNanos = UnixNanos::from_secs(253_402_300_800);
    Ok(DependencyQuery {
        start: instant("start_time", start)?.unwrap_or(YEAR_ONE),
        end: instant("end_time", end)?.unwrap_or(YEAR_10000),
        sources,
    })
}

/// When the spans of a trace that is asked for probably start.
fn time_hint(start: Option<Timestamp>, end: Option<Timestamp>) -> Result<Range<UnixNanos>, InvalidQuery> {
    Ok(Range { min: instant("start_time", start)?, max: instant("end_time", end)? })
}

fn limit(number: i32) -> NonZeroUsize {
    usize::try_from(number).ok().and_then(NonZeroUsize::new).unwrap_or(TraceQuery::DEFAULT_LIMIT)
}

fn instant(field: &'static str, timestamp: Option<Timestamp>) -> Result<Option<UnixNanos>, InvalidQuery> {
    let Some(timestamp) = timestamp else { return Ok(None) };
    let instant = convert::unix_nanos(timestamp).map_err(|_| InvalidQuery::Nanos(field))?;
    Ok(Some(instant).filter(|_| i128::from(timestamp.seconds) > YEAR_ONE.secs_floor()))
}

fn duration(field: &'static str, duration: Option<Duration>) -> Result<Option<i128>, InvalidQuery> {
    let nanos = duration.map(convert::duration_nanos).transpose().map_err(|_| InvalidQuery::Nanos(field))?;
    Ok(nanos.filter(|nanos| *nanos != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_without_bounds_are_asked_for_all_time() {
        let query = of_dependencies(None, None, EdgeSources::default()).unwrap();
        assert!(query.start <= YEAR_ONE && query.end > UnixNanos::from_secs(253_402_300_799));
    }

    #[test]
    fn a_store_that_needs_a_service_name_is_asked_with_one_only() {
        let weakest = SearchCapabilities::default();
        let with = |conditions| TraceQuery { predicate: Predicate::All(conditions), ..TraceQuery::default() };
        let operation = || Predicate::Operation("o".to_owned());
        let refused = searchable(with(vec![operation()]), weakest);
        assert_eq!(refused, Err(InvalidQuery::ServiceName));
        assert!(searchable(with(vec![operation(), Predicate::Service("s".to_owned())]), weakest).is_ok());
        let strong = SearchCapabilities { without_service_name: true, ..weakest };
        assert!(searchable(with(vec![operation()]), strong).is_ok());
    }
}
