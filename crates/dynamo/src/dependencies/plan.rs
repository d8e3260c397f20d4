//! From the time that is asked for to the items that tell of it: days where whole days are asked for, four hours where
//! whole four hours are, windows for the rest and wherever sums are not made yet. Pure; reading is up to `read`.

use std::collections::BTreeSet;
use std::ops::Range;

use jaeger_dynamodb_core::edges::EdgeBucket;

use crate::period::{Level, Reach};

/// What is asked for, and which sums turned out to be missing.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    reach: Reach,
    /// Nothing begins later than this.
    now: u64,
    days: Vec<Range<u64>>,
    hours: Vec<Range<u64>>,
    buckets: Vec<Range<u64>>,
    missing_days: BTreeSet<u64>,
    missing_hours: BTreeSet<u64>,
}

/// Starts of the periods that have to be read at a level, in order and apart.
pub(crate) type Wanted = Vec<Range<u64>>;

impl Plan {
    /// The plan for the time from the start of a bucket to the end of one, Unix seconds.
    pub(crate) fn new(time: Range<u64>, reach: Reach, now: u64) -> Self {
        let whole = |level: Level, within: &Range<u64>| {
            let whole = level.ceil(within.start)..level.floor(within.end);
            if whole.is_empty() { within.start..within.start } else { whole }
        };
        let days = whole(Level::Day, &time);
        let (mut hours, mut buckets) = (Vec::new(), Vec::new());
        for rest in [time.start..days.start, days.end..time.end] {
            let of_rest = whole(Level::FourHours, &rest);
            buckets.extend([rest.start..of_rest.start, of_rest.end..rest.end]);
            hours.push(of_rest);
        }
        let filled = |ranges: Vec<Range<u64>>| ranges.into_iter().filter(|range| !range.is_empty()).collect();
        let (missing_days, missing_hours) = (BTreeSet::new(), BTreeSet::new());
        Self {
            reach,
            now,
            days: filled(vec![days]),
            hours: filled(hours),
            buckets: filled(buckets),
            missing_days,
            missing_hours,
        }
    }

    /// The days to be read.
    pub(crate) fn days(&self) -> Wanted {
        self.starts(&self.days, Level::Day)
    }

    /// Says which of the days there are; the others are read in smaller pieces.
    pub(crate) fn found_days(&mut self, found: &BTreeSet<u64>) {
        self.missing_days = periods(&self.days(), Level::Day).filter(|day| !found.contains(day)).collect();
    }

    /// The stretches of four hours to be read.
    pub(crate) fn hours(&self) -> Wanted {
        let of_days = self.starts(&self.days, Level::FourHours);
        let of_missing = of_days.into_iter().flat_map(|range| {
            let missing =
                move |day: &u64| (range.start.max(*day))..(range.end.min(day + Level::Day.seconds()));
            self.missing_days.iter().map(missing).collect::<Vec<_>>()
        });
        apart(self.starts(&self.hours, Level::FourHours).into_iter().chain(of_missing))
    }

    /// Says which of the four hours there are.
    pub(crate) fn found_hours(&mut self, found: &BTreeSet<u64>) {
        let all = periods(&self.hours(), Level::FourHours);
        self.missing_hours = all.filter(|period| !found.contains(period)).collect();
    }

    /// The windows to be read, by their starts.
    pub(crate) fn windows(&self) -> Wanted {
        let of_missing = self.missing_hours.iter().map(|start| *start..start + Level::FourHours.seconds());
        let of_buckets = self.buckets.iter().map(|time| self.reach.starts_for(time));
        apart(of_buckets.chain(of_missing).map(|range| self.until_now(range)))
    }

    /// Whether calls that an item has in the bucket are to be taken from it, given the start of what it sums up.
    pub(crate) fn takes(&self, level: Level, start: u64, bucket: EdgeBucket) -> bool {
        let is_in = |ranges: &[Range<u64>]| ranges.iter().any(|range| range.contains(&bucket.start()));
        let day_is_missing = || self.missing_days.contains(&Level::Day.floor(start));
        let as_hours = || is_in(&self.hours) || is_in(&self.days) && day_is_missing();
        match level {
            Level::Day => is_in(&self.days),
            Level::FourHours => as_hours(),
            Level::Window => {
                let hours_are_missing = self.missing_hours.contains(&Level::FourHours.floor(start));
                is_in(&self.buckets) || hours_are_missing && as_hours()
            }
        }
    }

    fn starts(&self, times: &[Range<u64>], level: Level) -> Wanted {
        let starts = times.iter().map(|time| {
            let starts = self.until_now(self.reach.starts_for(time));
            level.floor(starts.start)..level.ceil(starts.end)
        });
        apart(starts)
    }

    fn until_now(&self, range: Range<u64>) -> Range<u64> {
        range.start..range.end.min(self.now.saturating_add(1))
    }
}

fn periods(ranges: &[Range<u64>], level: Level) -> impl Iterator<Item = u64> + use<> {
    let step = usize::try_from(level.seconds()).unwrap_or(usize::MAX);
    let ranges = ranges.to_vec();
    ranges.into_iter().flat_map(move |range| range.step_by(step))
}

/// The same starts in ranges that neither overlap nor touch.
fn apart(ranges: impl Iterator<Item = Range<u64>>) -> Wanted {
    let mut ranges: Vec<_> = ranges.filter(|range| !range.is_empty()).collect();
    ranges.sort_by_key(|range| range.start);
    let mut apart: Wanted = Vec::new();
    for range in ranges {
        match apart.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => apart.push(range),
        }
    }
    apart
}
