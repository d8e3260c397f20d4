use std::time::Duration;

use super::*;
use crate::window::WindowTerms;

const NOW: u64 = 48 * 30 * 1_000_000;

fn item(number: u64, derived: Derived) -> WindowItem {
    let window = Window::around(NOW + number * 30, Duration::from_secs(30));
    let terms = WindowTerms { grace: 5, expiry: window.end() + 100_000 };
    WindowItem {
        window,
        terms,
        lanes: Vec::new(),
        is_sealed: true,
        starts_ahead: false,
        derived,
        log_end: None,
        has_edges: true,
    }
}

fn items(numbers: std::ops::Range<u64>) -> Vec<WindowItem> {
    numbers.map(|number| item(number, Derived::NotYet)).collect()
}

#[test]
fn closed_windows_without_a_manifest_are_due_oldest_first() {
    let mut backlog = Backlog::default();
    let mut listed = items(0..4);
    listed[1].derived = Derived::Unreadable;
    // The third is closed, the fourth is not.
    let now = NOW + 95;
    assert!(backlog.learn(&listed, now, now).is_empty());
    assert_eq!(backlog.due_windows(now, 0), [listed[0].window, listed[2].window]);
    assert_eq!(backlog.oldest_age(now), Some(60));
    assert_eq!(backlog.due_windows(now, 60), [listed[0].window], "who takes over waits");
    backlog.postpone_window(listed[0].window, now + 10);
    assert_eq!(backlog.due_windows(now, 0), [listed[2].window]);
    assert_eq!(backlog.due_windows(now + 10, 0).len(), 2);
}

#[test]
fn windows_are_listed_again_until_they_are_closed_and_sealed() {
    let mut backlog = Backlog::default();
    let mut listed = items(0..60);
    listed[2].is_sealed = false;
    let now = NOW + 60 * 30;
    assert_eq!(backlog.learn(&listed, now, now), [listed[2].window]);
    assert_eq!(backlog.listed_before, listed[2].window.start());
    backlog.learn(&items(0..60), now, now);
    assert_eq!(backlog.listed_before, now - MAX_OPEN_SECONDS);
    let mut long = item(0, Derived::NotYet);
    long.terms.grace = 100_000;
    backlog.learn(&[long.clone()], now, now);
    assert_eq!(backlog.listed_before, long.window.start(), "it claims to be open still");
}

#[test]
fn a_window_that_another_has_derived_or_that_has_expired_is_no_backlog() {
    let mut backlog = Backlog::default();
    let now = NOW + 1000;
    backlog.learn(&items(0..2), now, now);
    backlog.learn_window(&item(0, Derived::Unreadable), now);
    assert_eq!(backlog.windows.len(), 1);
    let expired = now + 200_000;
    backlog.learn(&[], expired, expired);
    assert_eq!(backlog.oldest_age(expired), None);
    backlog.learn(&items(0..2), expired, expired);
    assert_eq!(backlog.oldest_age(expired), None);
}

#[test]
fn a_block_is_due_once_its_windows_are_closed_and_never_after_it_is_finished() {
    let mut backlog = Backlog::default();
    let block = Block::of(item(0, Derived::NotYet).window);
    let closed = block.end() + 5;
    backlog.learn(&items(0..48), closed, closed);
    assert!(backlog.due_blocks(closed - 1, 0).is_empty());
    assert_eq!(backlog.due_blocks(closed, 0), [block]);
    assert!(backlog.due_blocks(closed + 899, 900).is_empty(), "who takes over waits");
    assert_eq!(backlog.due_blocks(closed + 900, 900), [block]);
    backlog.postpone_block(block, closed + 60);
    assert!(backlog.due_blocks(closed, 0).is_empty());
    assert_eq!(backlog.due_blocks(closed + 60, 0), [block]);
    backlog.finish_block(block);
    backlog.learn(&items(40..48), closed + 1, closed + 1);
    assert!(backlog.due_blocks(closed + 100, 0).is_empty());
}

#[test]
fn edges_are_due_by_themselves_and_hold_up_the_sums_over_their_hours() {
    let mut backlog = Backlog::default();
    let mut listed = items(0..3);
    listed[1].has_edges = false;
    let now = NOW + 200;
    backlog.learn(&listed, now, now);
    let window = listed[1].window;
    assert_eq!(backlog.due_edges(now, 0), [window]);
    backlog.postpone_edges(window, now + 10);
    assert!(backlog.due_edges(now, 0).is_empty());
    backlog.learn(&listed, now, now);
    assert!(backlog.due_edges(now, 0).is_empty(), "a listing does not make it due");
    let hours = (Level::FourHours, Level::FourHours.floor(NOW));
    let over = hours.1 + Level::FourHours.seconds() + MAX_OPEN_SECONDS;
    assert!(backlog.due_periods(Level::FourHours, over, 0).is_empty(), "not all of it is counted");
    listed[1].has_edges = true;
    backlog.learn_window(&listed[1], over);
    assert!(backlog.due_periods(Level::FourHours, over - 1, 0).is_empty(), "a window may still come");
    assert_eq!(backlog.due_periods(Level::FourHours, over, 0), [hours]);
    let day = (Level::Day, Level::Day.floor(NOW));
    let over = day.1 + Level::Day.seconds() + MAX_OPEN_SECONDS;
    backlog.postpone_period(hours, over + 60);
    assert!(backlog.due_periods(Level::Day, over, 0).is_empty(), "nor before its hours");
    backlog.finish_period(hours);
    assert_eq!(backlog.due_periods(Level::Day, over, 0), [day]);
    backlog.finish_period(day);
    backlog.learn(&listed, over, over);
    assert!(backlog.due_periods(Level::Day, over, 0).is_empty());
    assert_eq!(backlog.oldest_period(), None);
}
