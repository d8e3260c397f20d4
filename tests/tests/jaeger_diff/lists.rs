//! Services and operations.

use std::collections::BTreeSet;

use jaeger_dynamodb_core::{Operation, Span, is_listed};
use jaeger_dynamodb_tests::AnyError;

use crate::differences::Difference;
use crate::ring::{Ring, same};

/// No kind, each kind, and words that are none.
const KINDS: [&str; 8] =
    ["", "internal", "server", "client", "producer", "consumer", "SERVER", "unspecified"];

impl Ring {
    /// Services, and the operations of each, of every kind.
    pub(crate) async fn same_lists(&self, spans: &[Span]) -> Result<(), AnyError> {
        let mut theirs = self.theirs.client.services().await?;
        theirs.sort();
        self.drop_long(&mut theirs, |name| name);
        same("the services, ours and theirs,", &self.ours.client.services().await?, &theirs)?;
        let services: BTreeSet<_> = spans.iter().map(Span::service_name).chain(["", "unknown"]).collect();
        for service in services {
            for kind in KINDS {
                self.same_operations(service, kind).await?;
            }
        }
        Ok(())
    }

    async fn same_operations(&self, service: &str, kind: &str) -> Result<(), AnyError> {
        let ours = self.ours.client.operations(service, kind).await?;
        let mut theirs = self.theirs.client.operations(service, kind).await?;
        theirs.sort();
        self.drop_long(&mut theirs, |operation: &Operation| &operation.name);
        let all = theirs.len();
        theirs.retain(|operation| !operation.name.is_empty());
        self.tally.met(Difference::NamelessOperations, all - theirs.len());
        if !is_listed(service) {
            self.tally.met(Difference::OperationsOfLongServices, theirs.len());
            theirs.clear();
        }
        self.tally.add("operations compared", ours.len());
        same(&format!("the operations of {service:?} of kind {kind:?}, ours and theirs,"), &ours, &theirs)
    }

    fn drop_long<T>(&self, list: &mut Vec<T>, name: impl Fn(&T) -> &String) {
        let all = list.len();
        list.retain(|one| name(one).is_empty() || is_listed(name(one)));
        self.tally.met(Difference::LongNames, all - list.len());
    }
}
