//! What a store answers to a few questions, to be held against another store's answers.

use std::collections::HashSet;

use futures::TryStreamExt;
use jaeger_dynamodb_core::{Operation, OperationQuery, Span, StoreError, TraceId, TraceQuery, TraceReader};

use super::oracle;
use super::world::World;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answers {
    services: Vec<String>,
    operations: Vec<Operation>,
    found: Vec<Vec<(TraceId, HashSet<Span>)>>,
}

impl Answers {
    pub(crate) async fn of(store: &dyn TraceReader, queries: &[TraceQuery]) -> Result<Self, StoreError> {
        let tenant = World::tenant();
        let services = store.services(&tenant).await?;
        let service = services.first().cloned().unwrap_or_default();
        let operations = OperationQuery { service, span_kind: String::new() };
        let operations = store.operations(&tenant, operations).await?;
        let mut found = Vec::new();
        for query in queries {
            let chunks = store.find_traces(&tenant, query.clone()).try_collect().await?;
            let traces = oracle::whole(chunks).into_iter();
            found.push(traces.map(|(id, spans)| (id, spans.into_iter().collect())).collect());
        }
        Ok(Self { services, operations, found })
    }

    /// Says what is different.
    pub(crate) fn must_be(&self, expected: &Self, queries: &[TraceQuery]) -> Result<(), String> {
        if self.services != expected.services {
            return Err(format!("services {:?}, not {:?}", self.services, expected.services));
        }
        if self.operations != expected.operations {
            return Err(format!("operations {:?}, not {:?}", self.operations, expected.operations));
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
