use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use jaeger_dynamodb_core::edges::{Edge, EdgeBucket, EdgeSource, EdgeTotals, Edges, LatencyHistogram};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::period::{EPOCH_SECONDS, Level, Reach, epochs};
use crate::window::{MAX_OPEN_SECONDS, Window};

const DAY: u64 = 24 * 3600;
const HOUR: u64 = 3600;

/// How far back of its end a window counts at most: from the horizon of the longest window at its own horizon, in a
/// bucket that may begin before that.
const FURTHEST: u64 = 2 * HOUR + MAX_OPEN_SECONDS + 300;

type Row = (u32, usize, u8, u8, i64, i64, Vec<(u16, i64)>);

fn edges(rows: &[Row]) -> Edges {
    let mut edges = Edges::default();
    for (bucket, source, parent, child, calls, errors, counts) in rows {
        let mut latency = LatencyHistogram::default();
        counts.iter().for_each(|(bucket, count)| latency.add(*bucket, *count));
        let [parent, child] = [parent, child].map(|number| Arc::from(format!("service {number}")));
        let edge = Edge { bucket: EdgeBucket(*bucket), source: EdgeSource::ALL[*source], parent, child };
        edges.merge_edge(edge, &EdgeTotals { calls: *calls, errors: *errors, latency }, 1);
    }
    edges
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (
        prop_oneof![0_u32..100, any::<u32>()],
        0_usize..3,
        0_u8..20,
        0_u8..20,
        prop_oneof![-5_i64..100, any::<i64>()],
        -5_i64..5,
        vec((79_u16..344, -3_i64..100), 0..6),
    );
    vec(row, 0..60)
}

proptest! {
    #[test]
    fn what_is_encoded_comes_back(rows in rows()) {
        let edges = edges(&rows);
        let mut back = Edges::default();
        for what in [What::Calls, What::Latencies] {
            for chunk in chunks(&edges, what) {
                merge_chunk(&chunk.0, &mut back, Some).unwrap();
            }
        }
        prop_assert_eq!(back, edges);
    }

    #[test]
    fn damaged_bytes_are_errors_and_add_nothing_by_halves(rows in rows(), at in any::<prop::sample::Index>(), flip in 1_u8..) {
        for chunk in chunks(&edges(&rows), What::Calls) {
            let mut bytes = Head { run: Run([7; 8]), call_parts: 1, latency_parts: 2, first: chunk }.encode();
            *at.get_mut(&mut bytes) ^= flip;
            if let Ok(head) = Head::decode(&bytes) {
                let mut sum = Edges::default();
                if merge_chunk(&head.first.0, &mut sum, Some).is_err() {
                    prop_assert!(sum.is_zero());
                }
            }
        }
    }

    /// Windows contribute somewhere within their reach; whatever of them is summed up, the sum over a time is the same.
    #[test]
    fn every_plan_takes_each_call_of_its_time_once_and_no_other(
        windows in vec((0_u64..3 * DAY / 300, 0..FURTHEST), 1..40),
        summed in vec(any::<bool>(), 30),
        (from, to) in (0_u64..3 * DAY / 300, 0_u64..3 * DAY / 300),
    ) {
        let base = 20_000 * DAY;
        let reach = Reach::new(Duration::from_secs(HOUR));
        let windows: Vec<_> = windows.iter().map(|(number, back)| {
            let window = Window::around(base + number * 300, Duration::from_secs(300));
            (window.start(), EdgeBucket::of_seconds((window.end() - 1).saturating_sub(*back)))
        }).collect();
        let time = base + from.min(to) * 300..base + (from.max(to) + 1) * 300;
        let expected = windows.iter().filter(|(_, bucket)| time.contains(&bucket.start())).count();
        prop_assert_eq!(taken(&windows, &summed, base, time, reach), expected);
    }
}

/// How many calls a reader takes that finds the chosen sums.
fn taken(windows: &[(u64, EdgeBucket)], summed: &[bool], base: u64, time: Range<u64>, reach: Reach) -> usize {
    let sums = |level: Level, flags: &[bool]| {
        let mut sums: BTreeMap<u64, Vec<EdgeBucket>> = BTreeMap::new();
        for (start, bucket) in windows {
            let period = level.floor(*start);
            let number = usize::try_from((period - base) / level.seconds()).unwrap();
            if flags[number] {
                sums.entry(period).or_default().push(level.bucket(*bucket));
            }
        }
        sums
    };
    let (hours, days) = (sums(Level::FourHours, &summed[..18]), sums(Level::Day, &summed[18..]));
    let within = |wanted: &Wanted, start: &u64| wanted.iter().any(|range| range.contains(start));
    let mut plan = Plan::new(time, reach, base + 4 * DAY);
    let mut count = 0;
    let mut take = |plan: &Plan, level, start, buckets: &[EdgeBucket]| {
        count += buckets.iter().filter(|bucket| plan.takes(level, start, **bucket)).count();
    };
    let found = |sums: &BTreeMap<u64, Vec<EdgeBucket>>, wanted: &Wanted| {
        sums.keys().copied().filter(|start| within(wanted, start)).collect::<std::collections::BTreeSet<_>>()
    };
    let of_days = found(&days, &plan.days());
    of_days.iter().for_each(|day| take(&plan, Level::Day, *day, &days[day]));
    plan.found_days(&of_days);
    let of_hours = found(&hours, &plan.hours());
    of_hours.iter().for_each(|start| take(&plan, Level::FourHours, *start, &hours[start]));
    plan.found_hours(&of_hours);
    let wanted = plan.windows();
    for (start, bucket) in windows.iter().filter(|(start, _)| within(&wanted, start)) {
        take(&plan, Level::Window, *start, &[*bucket]);
    }
    count
}

#[test]
fn a_week_is_six_days_and_the_rest_of_the_first_and_last() {
    let base = 20_000 * DAY;
    let (now, reach) = (base + 7 * DAY + 14 * HOUR, Reach::new(Duration::from_secs(3600)));
    let mut plan = Plan::new(now - 7 * DAY..now, reach, now);
    assert_eq!(plan.days(), vec![base + DAY..base + 8 * DAY]);
    plan.found_days(&(1..7).map(|day| base + day * DAY).collect());
    let last = base + 7 * DAY;
    assert_eq!(plan.hours(), [base + 16 * HOUR..base + DAY + 4 * HOUR, last..last + 16 * HOUR]);
    plan.found_hours(&[16, 20, 24, 168, 172, 176].map(|hour| base + hour * HOUR).into_iter().collect());
    let first = base + 14 * HOUR - 900..base + 18 * HOUR + 1200;
    assert_eq!(plan.windows(), [first, last + 12 * HOUR..now + 1]);
}

#[test]
fn a_window_counts_within_its_reach_and_is_asked_for_all_of_it() {
    let reach = Reach::new(Duration::from_secs(3600));
    for (start, length) in [(20_000 * DAY, 300), (20_000 * DAY - 7, 7), (20_000 * DAY + 599, 900)] {
        let window = Window::around(start, Duration::from_secs(length));
        let lengths = [7, 300, 900].map(Duration::from_secs).into_iter();
        let windows =
            lengths.flat_map(|length| (0..6000).map(move |back| Window::around(start - back, length)));
        for before in windows.filter(|before| reach.is_before(*before, window)) {
            assert!(reach.starts_before(window).contains(&before.start()));
            let buckets = [reach.buckets(before), reach.buckets(window)];
            for bucket in buckets.iter().flat_map(|range| [range.start(), range.end()]) {
                let time = bucket.start()..bucket.start() + 300;
                let is_asked = reach.starts_for(&time).contains(&window.start());
                assert!(is_asked, "{window:?} {bucket:?}");
            }
        }
    }
}

#[test]
fn epochs_cut_a_range_at_their_bounds() {
    let parts: Vec<_> = epochs(&(EPOCH_SECONDS - 5..2 * EPOCH_SECONDS + 5)).collect();
    let expected = [
        (0, EPOCH_SECONDS - 5..EPOCH_SECONDS),
        (1, EPOCH_SECONDS..2 * EPOCH_SECONDS),
        (2, 2 * EPOCH_SECONDS..2 * EPOCH_SECONDS + 5),
    ];
    assert_eq!(parts, expected);
    assert_eq!(epochs(&(7..7)).count(), 0);
}
