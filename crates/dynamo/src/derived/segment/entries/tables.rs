//! Tables that hold nothing unused.

use std::collections::HashMap;

use super::EntriesPart;

impl EntriesPart {
    /// The same entries, with tables that hold only what these use: what is frequent has a small number, and commits
    /// are in order.
    pub(in crate::derived) fn with_used_tables(mut self) -> Self {
        let entries = &mut self.entries;
        let mut shapes = Used::of(&self.shapes, entries.iter().map(|entry| index(entry.shape)));
        entries.iter_mut().for_each(|entry| entry.shape = shapes.moved(entry.shape));
        let mut commits = Used::of(&self.commits, entries.iter().map(|entry| index(entry.commit)));
        commits.sort();
        entries.iter_mut().for_each(|entry| entry.commit = commits.moved(entry.commit));
        let services = Used::of(&self.services, shapes.table.iter().map(|shape| shape.service));
        let operations = Used::of(
            &self.operations,
            shapes.table.iter().flat_map(|shape| shape.operations.iter().copied()),
        );
        for shape in &mut shapes.table {
            shape.service = services.position(shape.service);
            shape.operations.iter_mut().for_each(|operation| *operation = operations.position(*operation));
            shape.operations.sort_unstable();
        }
        self.services = services.table;
        self.operations = operations.table;
        self.shapes = shapes.table;
        self.commits = commits.table;
        self
    }
}

fn index(position: u32) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

/// A table without what is not used, and where each position of the old one has gone.
struct Used<T> {
    table: Vec<T>,
    positions: HashMap<usize, usize>,
}

impl<T: Clone> Used<T> {
    fn of(table: &[T], uses: impl Iterator<Item = usize>) -> Self {
        let mut counts: HashMap<usize, usize> = HashMap::new();
        uses.for_each(|position| *counts.entry(position).or_default() += 1);
        let mut used: Vec<_> = counts.into_iter().collect();
        used.sort_unstable_by_key(|(position, count)| (std::cmp::Reverse(*count), *position));
        let positions = used.iter().enumerate().map(|(new, (old, _))| (*old, new)).collect();
        Self { table: used.iter().filter_map(|(old, _)| table.get(*old).cloned()).collect(), positions }
    }

    fn position(&self, old: usize) -> usize {
        self.positions.get(&old).copied().unwrap_or_default()
    }

    fn moved(&self, old: u32) -> u32 {
        u32::try_from(self.position(index(old))).unwrap_or_default()
    }
}

impl<T: Clone + Ord> Used<T> {
    fn sort(&mut self) {
        let mut order: Vec<_> = self.table.iter().cloned().enumerate().collect();
        order.sort_by(|(_, a), (_, b)| a.cmp(b));
        let moved: HashMap<_, _> = order.iter().enumerate().map(|(new, (old, _))| (*old, new)).collect();
        self.positions
            .values_mut()
            .for_each(|position| *position = moved.get(position).copied().unwrap_or_default());
        self.table = order.into_iter().map(|(_, value)| value).collect();
    }
}
