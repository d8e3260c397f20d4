//! Sums as bytes, in chunks that each fit an item and can be read by themselves.
//!
//! | bytes | content |
//! |---|---|
//! | varint | length of the rest before compression |
//! | rest | zstd frame: names once each, then one row for each edge |
//!
//! A row: bucket (distance from the one before), source, parent and child (positions of names), calls, errors, and the
//! counts of latencies, each with its distance from the bucket before.

use std::collections::HashMap;
use std::sync::Arc;

use jaeger_dynamodb_core::edges::{Edge, EdgeBucket, EdgeSource, EdgeTotals, Edges, LatencyHistogram};

use crate::bytes::{DecodeError, Reader, Writer};
use crate::compression::{compress, decompress};

/// Uncompressed bytes of a chunk, about: compressed or not it fits an item.
const CHUNK_BYTES: usize = 256 * 1024;

/// One row more than fits, of the longest names and all latencies there are, is far below this.
const MOST_CHUNK_BYTES: usize = 2 * CHUNK_BYTES;

const COMPRESSION_LEVEL: i32 = 3;

/// Some rows as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chunk(pub(crate) Vec<u8>);

/// Which half of the sums: Jaeger's answer needs no latencies, which take most of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Calls,
    Latencies,
}

/// Rows of a chunk in the making.
#[derive(Default)]
struct Builder<'a> {
    positions: HashMap<&'a str, usize>,
    names: Vec<u8>,
    rows: Vec<u8>,
    count: usize,
    bucket: u32,
}

/// One half of the sums, in chunks.
pub(crate) fn chunks(edges: &Edges, what: What) -> Vec<Chunk> {
    let (mut chunks, mut builder) = (Vec::new(), Builder::default());
    for (edge, totals) in edges.iter() {
        let is_there = match what {
            What::Calls => totals.calls != 0 || totals.errors != 0,
            What::Latencies => totals.latency.iter().len() > 0,
        };
        if !is_there {
            continue;
        }
        builder.add(edge, totals, what);
        if builder.names.len() + builder.rows.len() >= CHUNK_BYTES {
            chunks.push(std::mem::take(&mut builder).finish());
        }
    }
    if builder.count > 0 {
        chunks.push(builder.finish());
    }
    chunks
}

impl<'a> Builder<'a> {
    fn add(&mut self, edge: &'a Edge<Arc<str>>, totals: &EdgeTotals, what: What) {
        let [parent, child] = [&edge.parent, &edge.child].map(|name| self.position(name));
        // Edges come in the order of their buckets.
        self.rows.put_varint(edge.bucket.0.saturating_sub(self.bucket).into());
        self.bucket = edge.bucket.0;
        let source = EdgeSource::ALL.iter().position(|source| *source == edge.source);
        self.rows.put_count(source.unwrap_or_default());
        self.rows.put_count(parent);
        self.rows.put_count(child);
        let (calls, errors) = if what == What::Calls { (totals.calls, totals.errors) } else { (0, 0) };
        self.rows.put_signed(calls);
        self.rows.put_signed(errors);
        self.put_latencies((what == What::Latencies).then_some(&totals.latency));
        self.count += 1;
    }

    fn put_latencies(&mut self, latency: Option<&LatencyHistogram>) {
        self.rows.put_count(latency.map_or(0, |latency| latency.iter().len()));
        let mut before = 0;
        for (bucket, count) in latency.into_iter().flat_map(LatencyHistogram::iter) {
            self.rows.put_varint(u64::from(bucket - before));
            self.rows.put_signed(count);
            before = bucket;
        }
    }

    fn position(&mut self, name: &'a str) -> usize {
        let next = self.positions.len();
        *self.positions.entry(name).or_insert_with(|| {
            self.names.put_bytes(name.as_bytes());
            next
        })
    }

    fn finish(self) -> Chunk {
        let mut raw = Vec::with_capacity(self.names.len() + self.rows.len() + 8);
        raw.put_count(self.positions.len());
        raw.extend_from_slice(&self.names);
        raw.put_count(self.count);
        raw.extend_from_slice(&self.rows);
        let mut bytes = Vec::new();
        bytes.put_count(raw.len());
        bytes.extend_from_slice(&compress(&raw, COMPRESSION_LEVEL));
        Chunk(bytes)
    }
}

/// The rows of all of these chunks.
pub(crate) fn merge_chunks<'a>(
    chunks: impl IntoIterator<Item = &'a [u8]>,
    place: impl Fn(EdgeBucket) -> Option<EdgeBucket>,
) -> Result<Edges, DecodeError> {
    let mut edges = Edges::default();
    chunks.into_iter().try_for_each(|chunk| merge_chunk(chunk, &mut edges, &place))?;
    Ok(edges)
}

/// Adds the rows of a chunk, each in the bucket that `place` says, if it says one.
pub(crate) fn merge_chunk(
    chunk: &[u8],
    edges: &mut Edges,
    place: impl Fn(EdgeBucket) -> Option<EdgeBucket>,
) -> Result<(), DecodeError> {
    if chunk.is_empty() {
        return Ok(());
    }
    let mut reader = Reader::new(chunk);
    let length = usize::try_from(reader.varint()?).map_err(|_| DecodeError::Truncated)?;
    if length > MOST_CHUNK_BYTES {
        return Err(DecodeError::Invalid("a contribution claims to be larger than any is"));
    }
    let raw = decompress(reader.rest(), length)
        .ok_or(DecodeError::Invalid("the compressed part of a contribution is damaged"))?;
    let mut reader = Reader::new(&raw);
    let mut names: Vec<Arc<str>> = Vec::new();
    for _ in 0..reader.count()? {
        let name = std::str::from_utf8(reader.bytes()?);
        names.push(Arc::from(name.map_err(|_| DecodeError::Invalid("a service's name is not UTF-8"))?));
    }
    // Only all of it or nothing is added.
    let (mut rows, mut bucket) = (Vec::new(), 0);
    for _ in 0..reader.count()? {
        let (edge, totals) = row(&mut reader, &names, &mut bucket)?;
        if let Some(bucket) = place(edge.bucket) {
            rows.push((Edge { bucket, ..edge }, totals));
        }
    }
    rows.into_iter().for_each(|(edge, totals)| edges.merge_edge(edge, &totals, 1));
    Ok(())
}

const OUTSIDE: DecodeError = DecodeError::Invalid("a number of a contribution is too large");

fn row(
    reader: &mut Reader<'_>,
    names: &[Arc<str>],
    bucket: &mut u32,
) -> Result<(Edge<Arc<str>>, EdgeTotals), DecodeError> {
    let step = u32::try_from(reader.varint()?).map_err(|_| OUTSIDE)?;
    *bucket = bucket.checked_add(step).ok_or(OUTSIDE)?;
    let source = reader.index(EdgeSource::ALL.len())?;
    let source = EdgeSource::ALL.get(source).copied().ok_or(OUTSIDE)?;
    let mut name = || names.get(reader.index(names.len())?).cloned().ok_or(OUTSIDE);
    let (parent, child) = (name()?, name()?);
    let (calls, errors) = (reader.signed()?, reader.signed()?);
    let mut latency = LatencyHistogram::default();
    let mut before = 0_u16;
    for _ in 0..reader.count()? {
        let step = u16::try_from(reader.varint()?).map_err(|_| OUTSIDE)?;
        before = before.checked_add(step).ok_or(OUTSIDE)?;
        latency.add(before, reader.signed()?);
    }
    Ok((Edge { bucket: EdgeBucket(*bucket), source, parent, child }, EdgeTotals { calls, errors, latency }))
}
