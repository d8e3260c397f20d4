//! Entries as bytes.
//!
//! version (1) · number of entries · names · shapes · commits · a column for each property of entries · the entries of
//! the pairs that the part's lists have, in their order.

use super::super::MAX_ENTRIES;
use super::super::columns::{put_column, read_column};
use super::{EntriesPart, PartEntry, Shape};
use crate::bytes::{DecodeError, Reader, Writer};
use crate::derived::commit_ref::{CommitPacks, CommitRef, read_u32};
use crate::log::{DurationCode, put_names, read_names};

const VERSION: u8 = 1;

const SHAPE_HAS_ERROR: u64 = 1;
const SHAPE_IS_UNINDEXED: u64 = 2;
const SHAPE_FLAG_BITS: u32 = 2;

/// The columns, in the order in which they are stored.
#[derive(Default)]
struct Columns {
    start: Vec<u8>,
    start_width: Vec<u8>,
    duration: Vec<u8>,
    duration_width: Vec<u8>,
    shape: Vec<u8>,
    commit: Vec<u8>,
    first_pack: Vec<u8>,
    more_packs: Vec<u8>,
    trace: Vec<u8>,
}

impl Columns {
    fn each(&mut self) -> [&mut Vec<u8>; 9] {
        [
            &mut self.start,
            &mut self.start_width,
            &mut self.duration,
            &mut self.duration_width,
            &mut self.shape,
            &mut self.commit,
            &mut self.first_pack,
            &mut self.more_packs,
            &mut self.trace,
        ]
    }
}

impl EntriesPart {
    /// The bytes of a part whose tables hold nothing unused (see [`EntriesPart::with_used_tables`]).
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        out.put_count(self.entries.len());
        put_names(&self.services, &self.operations, &mut out);
        put_column(&self.shape_table(), &mut out);
        put_column(&self.commit_table(), &mut out);
        let mut columns = Columns::default();
        let (mut start, mut commit) = (0, 0);
        for entry in &self.entries {
            columns.start.put_signed(entry.start_max.wrapping_sub(start));
            columns.start_width.put_varint(entry.start_max.wrapping_sub(entry.start_min).cast_unsigned());
            columns.duration.push(entry.duration_max.0);
            columns.duration_width.push(entry.duration_max.0.wrapping_sub(entry.duration_min.0));
            columns.shape.put_varint(entry.shape.into());
            columns.commit.put_signed(i64::from(entry.commit) - commit);
            columns.first_pack.put_varint(entry.first_pack.into());
            columns.more_packs.put_varint(u64::from(entry.pack_count).saturating_sub(1));
            columns.trace.push(entry.trace_byte);
            (start, commit) = (entry.start_max, i64::from(entry.commit));
        }
        columns.each().iter().for_each(|column| put_column(column, &mut out));
        out.extend_from_slice(&self.entries_of_pairs);
        out
    }

    fn shape_table(&self) -> Vec<u8> {
        let mut table = Vec::new();
        table.put_count(self.shapes.len());
        for shape in &self.shapes {
            let flags = if shape.has_error { SHAPE_HAS_ERROR } else { 0 }
                | if shape.is_unindexed { SHAPE_IS_UNINDEXED } else { 0 };
            table.put_varint((shape.service as u64) << SHAPE_FLAG_BITS | flags);
            table.put_count(shape.operations.len());
            shape.operations.iter().for_each(|operation| table.put_count(*operation));
        }
        table
    }

    fn commit_table(&self) -> Vec<u8> {
        let mut table = Vec::new();
        table.put_count(self.commits.len());
        let (mut lane, mut sequence) = (0, 0);
        for commit in &self.commits {
            table.put_signed(i64::from(commit.lane) - i64::from(lane));
            table.put_signed(i64::from(commit.sequence) - i64::from(sequence));
            commit.packs.encode(&mut table);
            (lane, sequence) = (commit.lane, commit.sequence);
        }
        table
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        reader.version(VERSION)?;
        let count = reader.index(MAX_ENTRIES + 1)?;
        let (services, operations) = read_names(&mut reader)?;
        let shapes = read_column(&mut reader)?;
        let shapes = read_shapes(Reader::new(&shapes), services.len(), operations.len())?;
        let commits = read_column(&mut reader)?;
        let commits = read_commits(Reader::new(&commits))?;
        let mut columns = Columns::default();
        for column in columns.each() {
            *column = read_column(&mut reader)?;
        }
        let entries = read_entries(count, &columns, shapes.len(), commits.len())?;
        let entries_of_pairs = reader.rest().to_vec();
        Ok(Self { services, operations, shapes, commits, entries, entries_of_pairs })
    }
}

fn read_shapes(
    mut reader: Reader<'_>,
    services: usize,
    operations: usize,
) -> Result<Vec<Shape>, DecodeError> {
    let mut shapes = Vec::new();
    for _ in 0..reader.index(MAX_ENTRIES + 1)? {
        let head = reader.varint()?;
        let service = usize::try_from(head >> SHAPE_FLAG_BITS).unwrap_or(usize::MAX);
        if service >= services {
            return Err(DecodeError::Invalid("a service outside its table"));
        }
        let count = reader.count()?;
        let operations = (0..count).map(|_| reader.index(operations)).collect::<Result<_, _>>()?;
        let (has_error, is_unindexed) = (head & SHAPE_HAS_ERROR > 0, head & SHAPE_IS_UNINDEXED > 0);
        shapes.push(Shape { service, operations, has_error, is_unindexed });
    }
    Ok(shapes)
}

fn read_commits(mut reader: Reader<'_>) -> Result<Vec<CommitRef>, DecodeError> {
    let mut commits = Vec::new();
    let (mut lane, mut sequence) = (0, 0);
    for _ in 0..reader.index(MAX_ENTRIES + 1)? {
        lane = moved(lane, &mut reader)?;
        sequence = moved(sequence, &mut reader)?;
        commits.push(CommitRef { lane, sequence, packs: CommitPacks::decode(&mut reader)? });
    }
    Ok(commits)
}

/// The number, with a difference added that the reader stands before.
fn moved(number: u32, reader: &mut Reader<'_>) -> Result<u32, DecodeError> {
    let sum = i64::from(number).checked_add(reader.signed()?);
    sum.and_then(|sum| u32::try_from(sum).ok()).ok_or(DecodeError::Invalid("a number has more than 32 bits"))
}

fn read_entries(
    count: usize,
    columns: &Columns,
    shapes: usize,
    commits: usize,
) -> Result<Vec<PartEntry>, DecodeError> {
    let mut starts = Reader::new(&columns.start);
    let mut start_widths = Reader::new(&columns.start_width);
    let mut durations = Reader::new(&columns.duration);
    let mut duration_widths = Reader::new(&columns.duration_width);
    let mut shape_positions = Reader::new(&columns.shape);
    let mut commit_positions = Reader::new(&columns.commit);
    let mut first_packs = Reader::new(&columns.first_pack);
    let mut more_packs = Reader::new(&columns.more_packs);
    let mut traces = Reader::new(&columns.trace);
    let (mut start, mut commit) = (0_i64, 0);
    let is_below = |number: u32, length| usize::try_from(number).is_ok_and(|number| number < length);
    let mut entries = Vec::new();
    for _ in 0..count {
        start = start.wrapping_add(starts.signed()?);
        commit = moved(commit, &mut commit_positions)?;
        let shape = read_u32(&mut shape_positions)?;
        if !is_below(shape, shapes) || !is_below(commit, commits) {
            return Err(DecodeError::Invalid("an index points outside its table"));
        }
        let duration_max = durations.byte()?;
        entries.push(PartEntry {
            start_min: start.wrapping_sub(start_widths.varint()?.cast_signed()),
            start_max: start,
            duration_min: DurationCode(duration_max.wrapping_sub(duration_widths.byte()?)),
            duration_max: DurationCode(duration_max),
            trace_byte: traces.byte()?,
            shape,
            commit,
            first_pack: read_u32(&mut first_packs)?,
            pack_count: read_u32(&mut more_packs)?.saturating_add(1),
        });
    }
    Ok(entries)
}
