use std::sync::Arc;

use super::*;
use crate::window::WindowTerms;

const GRACE: u64 = 5;

fn block() -> Block {
    Block::of(Window::around(1_440_000_000, Duration::from_secs(30)))
}

fn done(number: u64) -> WindowItem {
    let window = Window::around(block().0.start() + number * 30, Duration::from_secs(30));
    let manifest = Manifest {
        run: Run([7; 8]),
        published: window.end(),
        lanes: Vec::new(),
        last_sequences: Vec::new(),
        failed: Vec::new(),
        group_bits: 0,
        slots: Vec::new(),
        pointer_buckets: 3,
    };
    WindowItem {
        window,
        terms: WindowTerms { grace: GRACE, expiry: window.end() + 1_000_000 },
        lanes: Vec::new(),
        is_sealed: true,
        starts_ahead: false,
        derived: Derived::Done(Arc::new(manifest)),
        log_end: None,
        has_edges: true,
    }
}

fn not_done(number: u64) -> WindowItem {
    WindowItem { derived: Derived::NotYet, ..done(number) }
}

fn unreadable(number: u64) -> WindowItem {
    WindowItem { derived: Derived::Unreadable, ..done(number) }
}

#[test]
fn a_block_waits_until_its_windows_are_closed() {
    let closed = block().end() + GRACE;
    let windows = [done(0), done(47)];
    assert!(matches!(choose(&windows, block(), closed - 1), Err(BlockStep::Wait(until)) if until == closed));
    assert_eq!(choose(&windows, block(), closed).unwrap().len(), 2);
}

#[test]
fn a_window_that_is_not_done_is_waited_for_but_not_for_ever() {
    let closed = block().end() + GRACE;
    for late in [not_done(3), unreadable(3)] {
        let windows = [done(0), done(1), late];
        assert!(matches!(choose(&windows, block(), closed), Err(BlockStep::Wait(_))));
        assert_eq!(choose(&windows, block(), closed + LATECOMERS_WAIT).unwrap().len(), 2);
    }
}

#[test]
fn a_single_window_is_not_merged() {
    let closed = block().end() + GRACE;
    assert!(matches!(choose(&[done(0)], block(), closed), Err(BlockStep::Over)));
    assert!(matches!(choose(&[], block(), closed), Err(BlockStep::Over)));
    let long_after = closed + LATECOMERS_WAIT;
    assert!(matches!(choose(&[done(0), not_done(1)], block(), long_after), Err(BlockStep::Wait(_))));
    assert!(matches!(choose(&[done(0), unreadable(1)], block(), long_after), Err(BlockStep::Over)));
}

#[test]
fn what_is_read_at_a_time_fits_the_memory() {
    let memory = 256 * 1024 * 1024;
    let buckets = usize::try_from(page_items(memory, 48)).unwrap() * 48;
    assert!(buckets * BUCKET_MEMORY <= memory / 2 && buckets > 1000);
    assert_eq!(page_items(16 * 1024 * 1024, 48), 4);
}
