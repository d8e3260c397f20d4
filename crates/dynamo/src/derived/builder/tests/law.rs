//! Every span that matches is found, whatever the query, the cutting, and the order of records.

use jaeger_dynamodb_core::{Predicate, Span, TraceQuery, matching};
use jaeger_dynamodb_testkit::strategies;
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::derived::testing::{commit_of, log, place, stored};
use crate::derived::{TraceHash, group_of};
use crate::log::{PackRef, PackStorage, name, newest_start};

/// The service that all matching spans have, if the predicate says so.
fn required_service(predicate: &Predicate) -> Option<&str> {
    match predicate {
        Predicate::Service(name) => Some(name),
        Predicate::All(predicates) => predicates.iter().find_map(required_service),
        _ => None,
    }
}

/// The parts that a manifest alone does not exclude.
fn parts_to_read<'a>(built: &'a Built, query: &'a TraceQuery) -> impl Iterator<Item = &'a Part> {
    let group =
        required_service(&query.predicate).map(|service| group_of(&name(service), built.plan.group_bits));
    built.parts.iter().filter(move |part| {
        let slot =
            built.slots.iter().find(|slot| (slot.last..=slot.newest).contains(&part.key.newest)).unwrap();
        group.is_none_or(|group| group == part.group)
            && newest_start(query.start, slot.oldest, slot.newest).is_some()
    })
}

/// Whether some part leads to the span.
fn is_found(built: &Built, query: &TraceQuery, with_lists: bool, span: &Span, pack: PackRef) -> bool {
    parts_to_read(built, query).any(|part| {
        let lists = with_lists.then_some(&part.lists);
        let may_match_any = !with_lists || part.lists.may_match_any(&query.predicate);
        let candidates = part.entries.candidates(query, lists);
        assert!(may_match_any || candidates.is_empty());
        assert!(candidates.is_sorted_by(|(_, a), (_, b)| a >= b), "newest first");
        candidates.iter().any(|(entry, newest)| {
            span.start() <= *newest
                && part.entries.trace_byte(*entry) == TraceHash::of(span.trace_id()).byte()
                && part.entries.packs_of_entry(*entry, &log()).contains(&pack)
        })
    })
}

fn check(built: &Built, commits: &[Commit], query: &TraceQuery) {
    for (span, pack) in commits.iter().flat_map(|commit| &commit.spans) {
        if matching::matches(span, query) {
            assert!(is_found(built, query, true, span, *pack), "with lists: {query:?} {span:?}");
            assert!(is_found(built, query, false, span, *pack), "without lists: {query:?} {span:?}");
        }
    }
}

/// Pointers lead to exactly the packs that the records name.
fn check_pointers(built: &Built, commits: &[Commit]) {
    let mut wanted: Vec<(TraceHash, Vec<PackRef>)> = commits
        .iter()
        .flat_map(|Commit { record, .. }| {
            record.record.index.traces().map(|(id, packs)| {
                (TraceHash::of(id), packs.map(|ordinal| record.pack(ordinal).unwrap()).collect())
            })
        })
        .collect();
    let mut found: Vec<_> =
        built.pointers.iter().map(|pointer| (pointer.hash, pointer.packs(&log()))).collect();
    wanted.sort();
    found.sort();
    assert_eq!(found, wanted);
}

/// Commits of the spans: some of them put again, some inside their record, one of a lane that is not listed.
fn commits(batches: Vec<Vec<Span>>) -> Vec<Commit> {
    let commit = |(number, spans): (usize, Vec<Span>)| {
        let sequence = u32::try_from(number).unwrap();
        let own = place(number % 3, sequence);
        match number % 5 {
            0 => stored(spans, own, place(0, 900 + sequence), EXPIRY - 300, PackStorage::Parts(1), 300),
            1 => stored(spans, own, own, EXPIRY, PackStorage::Inline, usize::MAX),
            2 => stored(spans, own, own, EXPIRY, PackStorage::Parts(2), 300),
            3 => {
                let own = crate::keys::Place { lane: crate::keys::Lane(*b"unlisted"), ..own };
                commit_of(spans, own, 300)
            }
            _ => commit_of(spans, own, 300),
        }
    };
    batches.into_iter().filter(|spans| !spans.is_empty()).enumerate().map(commit).collect()
}

proptest! {
    #[test]
    fn whatever_matches_is_found_however_the_window_is_cut(
        (batches, queries) in strategies::batches(1..8).prop_flat_map(|batches| {
            let spans = batches.concat();
            (Just(batches), proptest::collection::vec(strategies::queries_for(&spans), 1..5))
        }),
        part_bytes in prop_oneof![1..200_usize, Just(32 * 1024)],
        bucket_bytes in 1..200_usize,
        group_bits in 0..4_u8,
        partitions in 1..4_u32,
        rotation in any::<Index>(),
    ) {
        let mut commits = commits(batches);
        let mut plan = plan_for(&commits, 256 * 1024 * 1024);
        let as_planned = build(&commits, plan.clone());
        plan = plan.with_sizes(part_bytes, bucket_bytes);
        (plan.group_bits, plan.partitions) = (group_bits, partitions);
        if !commits.is_empty() {
            let by = rotation.index(commits.len());
            commits.rotate_left(by);
        }
        let otherwise = build(&commits, plan);
        for built in [as_planned, otherwise] {
            check_pointers(&built, &commits);
            queries.iter().for_each(|query| check(&built, &commits, query));
        }
    }
}
