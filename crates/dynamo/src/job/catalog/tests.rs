use std::collections::HashMap;
use std::time::Duration;

use super::*;
use crate::window::{Derived, Window, WindowTerms};

fn operations(names: impl IntoIterator<Item = String>) -> Operations {
    let mut operations = Operations::default();
    names.into_iter().for_each(|name| operations.add(name.into_bytes()));
    operations
}

fn names(range: std::ops::Range<u32>) -> impl Iterator<Item = String> {
    range.map(|number| format!("operation {number:06}"))
}

fn known(names: impl Iterator<Item = String>, dropped: u64, expiry: u64) -> KnownService {
    let set = names.map(String::into_bytes).collect();
    let number = |number: u64| AttributeValue::N(number.to_string());
    KnownCatalog::default().of_item(&Item::from(HashMap::from([
        (attribute::OPERATIONS.to_owned(), AttributeValue::Bs(set)),
        (attribute::DROPPED.to_owned(), number(dropped)),
        (attribute::EXPIRY.to_owned(), number(expiry)),
    ])))
}

#[test]
fn only_what_is_new_is_added() {
    let window = operations(names(0..5));
    let addition = window.beyond(Some(&known(names(0..3), 0, 100)), 100).unwrap();
    assert_eq!(addition.operations.len(), 2);
    assert_eq!(window.beyond(Some(&known(names(0..9), 0, 100)), 100), None);
    assert_eq!(window.beyond(None, 100).unwrap().operations.len(), 5);
}

#[test]
fn a_later_expiry_is_news_and_an_earlier_one_is_not() {
    let window = operations(names(0..5));
    assert!(window.beyond(Some(&known(names(0..5), 0, 100)), 101).is_some());
    assert_eq!(window.beyond(Some(&known(names(0..5), 0, 100)), 99), None);
}

#[test]
fn a_service_without_listed_operations_is_written_all_the_same() {
    let addition = operations([]).beyond(None, 100).unwrap();
    assert_eq!(addition.chunks(), vec![Vec::<Vec<u8>>::new()]);
}

#[test]
fn beyond_the_cap_operations_are_counted_and_not_added() {
    let most = u32::try_from(MOST_OPERATIONS).unwrap();
    let window = operations(names(0..most + 7).chain(names(0..most + 7)));
    assert_eq!((window.kept.len(), window.dropped.len()), (MOST_OPERATIONS, 7));
    let addition = window.beyond(Some(&known(names(most..most + 10), 0, 100)), 100).unwrap();
    assert_eq!(addition.operations.len(), MOST_OPERATIONS - 10);
    assert_eq!(addition.dropped, 7 + 10);
    let full = known(names(0..most), 7, 100);
    assert_eq!(window.beyond(Some(&full), 100), None, "known to be dropped");
}

#[test]
fn long_names_are_capped_by_their_bytes() {
    let window = operations((0..300).map(|number| format!("{number:01000}")));
    assert!(window.bytes <= MOST_OPERATION_BYTES && window.kept.len() == 204, "{}", window.kept.len());
    assert_eq!(window.dropped.len(), 96);
    let chunks = window.beyond(None, 1).unwrap().chunks();
    assert!(chunks.iter().all(|chunk| chunk.iter().map(Vec::len).sum::<usize>() <= CHUNK_BYTES));
    assert_eq!(chunks.iter().map(Vec::len).sum::<usize>(), 204);
}

#[test]
fn the_catalog_of_a_day_outlives_every_window_of_it() {
    let retention = 7 * catalog::DAY;
    for start in [0, catalog::DAY / 2, catalog::DAY - 30] {
        let window = Window::around(start, Duration::from_secs(100));
        let item = WindowItem {
            window,
            terms: WindowTerms { grace: 5, expiry: window.end() + retention },
            lanes: Vec::new(),
            is_sealed: false,
            starts_ahead: false,
            derived: Derived::NotYet,
            log_end: None,
            has_edges: false,
        };
        assert!(expiry(&item) >= item.terms.expiry && expiry(&item) >= catalog::DAY + retention);
    }
}
