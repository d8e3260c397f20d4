//! What a search has to look at, as data: pure functions of a snapshot and a query.
//!
//! A step is the parts of one group of services in one slot of one window, newest first. Nothing in a part starts later
//! than its key says, so a search that has found enough newer traces need not read it.

use std::collections::BTreeSet;
use std::sync::Arc;

use jaeger_dynamodb_core::{Predicate, Range, TraceQuery, UnixNanos};

use super::Snapshot;
use super::snapshot::LogWindow;
use crate::derived::{Manifest, PartKey, Slot, group_of};
use crate::log::{has_indexed_condition, name, newest_start};
use crate::window::WindowItem;

/// What a search looks at.
#[derive(Debug)]
pub(super) struct Plan {
    /// Windows whose logs are read, newest first.
    pub(super) log: Vec<LogWindow>,
    pub(super) steps: Vec<Step>,
    /// Lists are read before entries: they can exclude a part.
    pub(super) reads_lists: bool,
}

/// Parts of one window, slot and group that may hold what is looked for.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) item: Arc<WindowItem>,
    pub(super) manifest: Arc<Manifest>,
    pub(super) group: u16,
    slot: usize,
}

impl Plan {
    pub(super) fn of(snapshot: &Snapshot, query: &TraceQuery) -> Self {
        let mut log: Vec<_> =
            snapshot.in_log().filter(|window| may_hold(&window.item, query.start)).collect();
        log.sort_by_key(|window| std::cmp::Reverse(window.item.window));
        let services = services(&query.predicate);
        let steps = snapshot.derived().rev().flat_map(|item| steps(item, query.start, services.as_ref()));
        Self { log, steps: steps.collect(), reads_lists: has_indexed_condition(&query.predicate) }
    }
}

impl Step {
    /// The keys of the step's parts, newest first.
    pub(super) fn parts(&self) -> &[PartKey] {
        let slot = self.manifest.slots.get(self.slot);
        slot.and_then(|slot| slot.parts.get(&self.group)).map_or(&[], |parts| parts.as_slice())
    }

    /// The latest instant in the range at which something in the part, or in those after it, starts.
    pub(super) fn newest_from(&self, part: usize, range: Range<UnixNanos>) -> Option<UnixNanos> {
        let oldest = self.manifest.slots.get(self.slot)?.oldest;
        newest_start(range, oldest, self.parts().get(part)?.newest)
    }
}

/// Whether a window without a settled manifest may hold a span that starts inside the range.
fn may_hold(item: &WindowItem, range: Range<UnixNanos>) -> bool {
    match item.manifest() {
        // It is not old enough to be read by, but what it says holds.
        Some(manifest) => {
            !manifest.failed.is_empty() || manifest.slots.iter().any(|slot| overlaps(slot, range))
        }
        None => range.min.is_none_or(|min| item.may_start_from(min)),
    }
}

fn overlaps(slot: &Slot, range: Range<UnixNanos>) -> bool {
    newest_start(range, slot.oldest, slot.newest).is_some()
}

fn steps(
    item: &Arc<WindowItem>,
    range: Range<UnixNanos>,
    services: Option<&BTreeSet<&str>>,
) -> impl Iterator<Item = Step> {
    let wanted: Option<BTreeSet<u16>> = item.manifest().zip(services).map(|(manifest, services)| {
        services.iter().map(|service| group_of(&name(service), manifest.group_bits)).collect()
    });
    let slots = item
        .manifest()
        .into_iter()
        .flat_map(|manifest| manifest.slots.iter().enumerate().map(move |slot| (manifest, slot)));
    let slots = slots.filter(move |(_, (_, slot))| overlaps(slot, range));
    slots.flat_map(move |(manifest, (position, slot))| {
        let groups =
            slot.parts.keys().filter(|group| wanted.as_ref().is_none_or(|wanted| wanted.contains(*group)));
        let groups: Vec<_> = groups.copied().collect();
        groups.into_iter().map(move |group| Step {
            item: Arc::clone(item),
            manifest: Arc::clone(manifest),
            group,
            slot: position,
        })
    })
}

/// The services of which a span that satisfies the predicate can be, or `None` if it can be of any.
fn services(predicate: &Predicate) -> Option<BTreeSet<&str>> {
    match predicate {
        Predicate::Service(name) => Some(BTreeSet::from([name.as_str()])),
        Predicate::All(predicates) => {
            predicates.iter().filter_map(services).reduce(|a, b| a.intersection(&b).copied().collect())
        }
        Predicate::Any(predicates) => {
            predicates.iter().map(services).try_fold(BTreeSet::new(), |mut all, services| {
                all.extend(services?);
                Some(all)
            })
        }
        Predicate::Not(_) | Predicate::Operation(_) | Predicate::Duration(_) | Predicate::Attribute(_) => {
            None
        }
    }
}

#[cfg(test)]
mod tests;
