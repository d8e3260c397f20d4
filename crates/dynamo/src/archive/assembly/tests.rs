use jaeger_dynamodb_core::{self as core, Attribute, Attributes, otlp};
use jaeger_dynamodb_testkit::fixtures::otlp_span;

use super::*;
use crate::size::{MAX_ITEM_BYTES, item_bytes};

const EXPIRY_BYTES: usize = 20;

/// A span that takes about so many bytes, however it is compressed.
fn span_of(bytes: usize) -> Span {
    let mut random = fastrand::Rng::with_seed(1);
    let noise = core::AttributeValue::Bytes((0..bytes).map(|_| random.u8(..)).collect());
    let attributes = Attributes(vec![Attribute { key: "noise".to_owned(), value: noise }]);
    Span::Otlp(otlp::Span { attributes, ..otlp_span(1, 1, "shop") })
}

fn items_of(span: &Span) -> Vec<Item> {
    items(&Tenant::default(), Digest::of_span(span), span.clone())
}

/// The same parts as a version would write them that compresses differently.
fn of_another_version(mut items: Vec<Item>) -> Vec<Item> {
    for item in &mut items {
        let Some(AttributeValue::B(sort)) = item.inner_mut().get_mut(attribute::SORT) else {
            panic!("no key")
        };
        sort[16..32].reverse();
    }
    items
}

/// The spans of items, however they are ordered.
fn assembled(mut items: Vec<Item>) -> Vec<Result<Span, DecodeError>> {
    items.sort_by_key(|item| sort_key(item).unwrap_or_default().to_vec());
    let mut assembly = Assembly::default();
    let packs = items.into_iter().filter_map(|item| assembly.add(item).transpose());
    packs.map(|pack| Ok(pack::decode(&pack?, |_| true)?.remove(0))).collect()
}

#[test]
fn spans_of_every_size_come_back_and_every_item_can_be_put() {
    let tenant = Tenant::new("t".repeat(Tenant::MAX_BYTES)).unwrap();
    for (bytes, parts) in [(0, 1), (MAX_CONTENT_BYTES - 2000, 1), (MAX_CONTENT_BYTES, 2), (5_000_000, 13)] {
        let span = span_of(bytes);
        let items = items(&tenant, Digest::of_span(&span), span.clone());
        assert_eq!(items.len(), parts, "{bytes} bytes");
        assert!(items.iter().all(|item| item_bytes(item) + EXPIRY_BYTES <= MAX_ITEM_BYTES));
        assert_eq!(assembled(items), [Ok(span)]);
    }
}

#[test]
fn a_span_that_lacks_any_part_is_left_out_and_disturbs_no_other() {
    let large = span_of(2 * MAX_CONTENT_BYTES);
    let others = [otlp_span(1, 2, "shop"), otlp_span(1, 3, "shop")].map(Span::Otlp);
    let count = items_of(&large).len();
    assert_eq!(count, 3);
    for missing in 0..count {
        let mut items = items_of(&large);
        items.remove(missing);
        items.extend(others.iter().flat_map(items_of));
        let found = assembled(items);
        assert_eq!(found.len(), 2, "without part {missing}");
        assert!(others.iter().all(|other| found.contains(&Ok(other.clone()))));
    }
}

#[test]
fn parts_of_two_versions_are_never_mixed() {
    let span = span_of(2 * MAX_CONTENT_BYTES);
    let (mine, theirs) = (items_of(&span), of_another_version(items_of(&span)));
    for begun in 0..=mine.len() {
        let both = |whole: &[Item], begun: &[Item]| whole.iter().chain(begun).cloned().collect::<Vec<_>>();
        let copies = if begun == mine.len() { 2 } else { 1 };
        assert_eq!(assembled(both(&mine, &theirs[..begun])), vec![Ok(span.clone()); copies]);
        assert_eq!(assembled(both(&theirs, &mine[..begun])), vec![Ok(span.clone()); copies]);
        for halves in [both(&mine[..begun], &theirs[begun..]), both(&theirs[..begun], &mine[begun..])] {
            assert_eq!(assembled(halves).len(), usize::from(begun == 0 || begun == mine.len()));
        }
    }
}

#[test]
fn damaged_items_are_errors_and_disturb_no_other() {
    let large = span_of(MAX_CONTENT_BYTES);
    let small = Span::Otlp(otlp_span(1, 2, "shop"));
    let damages: [fn(&mut Item); 4] = [
        |item| drop(item.inner_mut().remove(attribute::PACK)),
        |item| drop(item.inner_mut().remove(attribute::PARTS)),
        |item| drop(item.inner_mut().insert(attribute::PARTS.to_owned(), AttributeValue::N("-1".to_owned()))),
        |item| {
            let Some(AttributeValue::B(sort)) = item.inner_mut().get_mut(attribute::SORT) else { return };
            sort.pop();
        },
    ];
    for damage in damages {
        let mut items = items_of(&large);
        damage(&mut items[0]);
        items.extend(items_of(&small));
        let found = assembled(items);
        assert_eq!(found.iter().filter(|span| span.is_err()).count(), 1);
        assert_eq!(found.iter().flatten().collect::<Vec<_>>(), [&small]);
    }
}
