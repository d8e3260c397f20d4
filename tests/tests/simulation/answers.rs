//! What a store answers to a few questions, to be held against another store's answers.

use std::collections::HashSet;

use futures::TryStreamExt;
use jaeger_dynamodb_core::{Operation, OperationQuery, Span, StoreError, TraceId, TraceQuery, TraceReader};

use super::oracle;
use super::world::World;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answers {
    pub(crate) services: Vec<String>,
    pub(crate) operations: Vec<(String, Vec<Operation>)>,
    found: Vec<Vec<(TraceId, HashSet<Span>)>>,
}

impl Answers {
    /// Asks for the operations of `services`, and for what the queries find.
    pub(crate) async fn of(
        store: &dyn TraceReader,
        services: &[String],
        queries: &[TraceQuery],
    ) -> Result<Self, StoreError> {
        let tenant = World::tenant();
        let mut operations = Vec::new();
        for service in services {
            let query = OperationQuery { service: service.clone(), span_kind: String::new() };
            operations.push((service.clone(), store.operations(&tenant, query).await?));
        }
        let mut found = Vec::new();
        for query in queries {
            let chunks = store.find_traces(&tenant, query.clone()).try_collect().await?;
            let traces = oracle::whole(chunks).into_iter();
            found.push(traces.map(|(id, spans)| (id, spans.into_iter().collect())).collect());
        }
        Ok(Self { services: store.services(&tenant).await?, operations, found })
    }

    /// Says what is missing, or found otherwise. More names may be listed: the catalog keeps those of a write that was
    /// refused and arrived after its window was closed, and that only some of the runs of the job have seen.
    pub(crate) fn must_be(&self, expected: &Self, queries: &[TraceQuery]) -> Result<(), String> {
        if let Some(missing) = expected.services.iter().find(|name| !self.services.contains(name)) {
            return Err(format!("service {missing:?} is not among {:?}", self.services));
        }
        for ((service, listed), (_, expected)) in self.operations.iter().zip(&expected.operations) {
            if let Some(missing) = expected.iter().find(|operation| !listed.contains(operation)) {
                return Err(format!("{missing:?} of {service:?} is not among {listed:?}"));
            }
        }
        for ((query, found), expected) in queries.iter().zip(&self.found).zip(&expected.found) {
            if found != expected {
                let ids = |traces: &[(TraceId, HashSet<Span>)]| {
                    traces.iter().map(|(id, spans)| format!("{id} ({})", spans.len())).collect::<Vec<_>>()
                };
                return Err(format!("{:?}, not {:?}, asked {query:?}", ids(found), ids(expected)));
            }
        }
        Ok(())
    }
}
