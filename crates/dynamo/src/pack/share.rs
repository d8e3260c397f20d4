//! Making equal parts of spans one, so that a pack holds each once and its record lists each once.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use jaeger_dynamodb_core::{Span, otlp, v1};

/// Replaces equal resources, scopes and processes of the spans by shared ones.
pub(crate) fn share_equal_parts(spans: &mut [Span]) {
    let mut resources = Parts::<otlp::Resource>::default();
    let mut scopes = Parts::<otlp::Scope>::default();
    let mut processes = Parts::<v1::Process>::default();
    for span in spans {
        match span {
            Span::Otlp(span) => {
                resources.share(&mut span.resource);
                scopes.share(&mut span.scope);
            }
            Span::V1(span) => {
                if let Some(process) = &mut span.process {
                    processes.share(process);
                }
            }
        }
    }
}

/// Compares by address first: most spans share their parts already.
struct Parts<T> {
    /// By address, the part itself, which keeps the address taken, and the equal one to use.
    seen: HashMap<*const T, (Arc<T>, Arc<T>)>,
    distinct: HashSet<Arc<T>>,
}

impl<T> Default for Parts<T> {
    fn default() -> Self {
        Self { seen: HashMap::new(), distinct: HashSet::new() }
    }
}

impl<T: Eq + Hash> Parts<T> {
    fn share(&mut self, part: &mut Arc<T>) {
        let shared = match self.seen.get(&Arc::as_ptr(part)) {
            Some((_, shared)) => Arc::clone(shared),
            None => {
                let shared = match self.distinct.get(part) {
                    Some(shared) => Arc::clone(shared),
                    None => {
                        self.distinct.insert(Arc::clone(part));
                        Arc::clone(part)
                    }
                };
                self.seen.insert(Arc::as_ptr(part), (Arc::clone(part), Arc::clone(&shared)));
                shared
            }
        };
        *part = shared;
    }
}
