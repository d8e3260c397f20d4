//! Numbers of so many bits, and rising lists in as few bits as their shape allows.

use crate::bytes::DecodeError;

/// Appends bits, the highest of each number first.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// Bits not yet appended, and how many.
    held: u64,
    count: u32,
}

impl BitWriter {
    /// Appends the lowest bits of the number, at most 32.
    fn put(&mut self, number: u64, bits: u32) {
        self.held = self.held << bits | (number & ((1 << bits) - 1));
        self.count += bits;
        while self.count >= 8 {
            self.count -= 8;
            self.bytes.push((self.held >> self.count).to_le_bytes()[0]);
        }
    }

    /// Rice's code: the number without its lowest bits as so many ones, then these.
    fn put_rice(&mut self, number: u64, low_bits: u32) {
        for _ in 0..number >> low_bits {
            self.put(1, 1);
        }
        self.put(0, 1);
        self.put(number, low_bits);
    }

    /// Elias's gamma code of a number above zero: its length in zeros, then the number.
    fn put_gamma(&mut self, number: u64) {
        let length = number.max(1).ilog2();
        self.put(0, length);
        self.put(number, length + 1);
    }

    /// The bytes, filled up with zeros.
    fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.put(0, 8 - self.count);
        }
        self.bytes
    }
}

/// Reads what a [`BitWriter`] wrote.
#[derive(Debug)]
struct BitReader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl BitReader<'_> {
    /// The next bits from the highest on, at least 57 of them; zeros after the end.
    fn peek(&self) -> u64 {
        let rest = self.bytes.get(self.position / 8..).unwrap_or_default();
        let word = match rest.first_chunk() {
            Some(word) => u64::from_be_bytes(*word),
            None => rest.iter().zip(0..).fold(0, |word, (byte, at)| word | u64::from(*byte) << (56 - 8 * at)),
        };
        word << (self.position % 8)
    }

    fn skip(&mut self, bits: u32) -> Result<(), DecodeError> {
        self.position += usize::try_from(bits).unwrap_or(usize::MAX);
        if self.position <= 8 * self.bytes.len() { Ok(()) } else { Err(DecodeError::Truncated) }
    }

    /// So many bits, at most 57.
    fn bits(&mut self, count: u32) -> Result<u64, DecodeError> {
        let bits = if count == 0 { 0 } else { self.peek() >> (64 - count) };
        self.skip(count)?;
        Ok(bits)
    }

    fn rice(&mut self, low_bits: u32) -> Result<u64, DecodeError> {
        let mut high = 0_u64;
        loop {
            let ones = self.peek().leading_ones().min(32);
            high += u64::from(ones);
            self.skip(ones)?;
            if ones < 32 {
                break;
            }
        }
        self.skip(1)?;
        Ok(high << low_bits | self.bits(low_bits)?)
    }

    fn gamma(&mut self) -> Result<u64, DecodeError> {
        let length = self.peek().leading_zeros();
        if length > 32 {
            return Err(DecodeError::Invalid("a number has more than 32 bits"));
        }
        self.skip(length)?;
        self.bits(length + 1)
    }
}

const GAPS: u64 = 0;
const RUNS: u64 = 1;

/// A list of numbers below `length` in rising order, in the shorter of two forms: the gaps between them in Rice's code,
/// or the lengths of stretches without and with members in gamma code. Form (1 bit), count (gamma), numbers.
pub(super) fn encode_list(list: &[u32], length: usize) -> Vec<u8> {
    let runs = runs(list);
    let runs_bits: u64 = runs.iter().map(|run| gamma_bits(*run)).sum();
    let low_bits = low_bits(length, list.len() as u64);
    let gap_bits: u64 = gaps(list).map(|gap| (gap >> low_bits) + 1 + u64::from(low_bits)).sum();
    let mut writer = BitWriter::default();
    if runs_bits < gap_bits {
        writer.put(RUNS, 1);
        writer.put_gamma(runs.len() as u64 + 1);
        runs.iter().for_each(|run| writer.put_gamma(*run));
    } else {
        writer.put(GAPS, 1);
        writer.put_gamma(list.len() as u64 + 1);
        gaps(list).for_each(|gap| writer.put_rice(gap, low_bits));
    }
    writer.finish()
}

/// The list that [`encode_list`] wrote.
pub(super) fn decode_list(bytes: &[u8], length: usize) -> Result<Vec<usize>, DecodeError> {
    let mut reader = BitReader { bytes, position: 0 };
    let form = reader.bits(1)?;
    let count = reader.gamma()? - 1;
    let mut list = Vec::new();
    let mut next = 0_usize;
    if form == RUNS {
        for number in 0..count {
            let run = usize::try_from(reader.gamma()?).unwrap_or(usize::MAX);
            // The first gap may be empty, so it is written one longer.
            let run = if number == 0 { run - 1 } else { run };
            let end = next.checked_add(run).filter(|end| *end <= length).ok_or(OUTSIDE)?;
            if number % 2 == 1 {
                list.extend(next..end);
            }
            next = end;
        }
    } else {
        let low_bits = low_bits(length, count);
        for _ in 0..count {
            let gap = usize::try_from(reader.rice(low_bits)?).unwrap_or(usize::MAX);
            let member = next.checked_add(gap).filter(|member| *member < length).ok_or(OUTSIDE)?;
            list.push(member);
            next = member + 1;
        }
    }
    Ok(list)
}

/// Numbers below `limit` that never fall, as the differences between them.
pub(super) fn encode_rising(numbers: &[u32], limit: usize) -> Vec<u8> {
    let low_bits = low_bits(limit, numbers.len() as u64);
    let mut writer = BitWriter::default();
    let mut last = 0;
    for number in numbers {
        writer.put_rice(u64::from(number - last), low_bits);
        last = *number;
    }
    writer.finish()
}

/// So many numbers that [`encode_rising`] wrote.
pub(super) fn decode_rising(bytes: &[u8], limit: usize, count: usize) -> Result<Vec<u32>, DecodeError> {
    let low_bits = low_bits(limit, count as u64);
    let mut reader = BitReader { bytes, position: 0 };
    let mut numbers = Vec::new();
    let mut last = 0_u64;
    for _ in 0..count {
        last = last.saturating_add(reader.rice(low_bits)?);
        numbers.push(u32::try_from(last).map_err(|_| OUTSIDE)?);
    }
    Ok(numbers)
}

/// Numbers below `limit` in as many bits each as the largest needs.
pub(super) fn encode_positions(positions: &[u32], limit: usize) -> Vec<u8> {
    let mut writer = BitWriter::default();
    positions.iter().for_each(|position| writer.put((*position).into(), width(limit)));
    writer.finish()
}

/// The number at `index` of those that [`encode_positions`] wrote.
pub(super) fn position_at(bytes: &[u8], index: usize, limit: usize) -> Option<usize> {
    let width = width(limit);
    let position = index.checked_mul(usize::try_from(width).ok()?)?;
    let position = BitReader { bytes, position }.bits(width).ok()?;
    usize::try_from(position).ok().filter(|position| *position < limit)
}

fn width(limit: usize) -> u32 {
    usize::BITS - limit.saturating_sub(1).leading_zeros()
}

/// With how many low bits gaps take fewest bits, if so many numbers are spread at random.
fn low_bits(length: usize, count: u64) -> u32 {
    let gap = (length as u64).saturating_mul(7) / 10 / count.max(1);
    gap.checked_ilog2().unwrap_or(0)
}

const OUTSIDE: DecodeError = DecodeError::Invalid("a list names an entry that is not there");

/// Lengths of stretches, in turn without and with members; one is added to the first.
fn runs(list: &[u32]) -> Vec<u64> {
    let mut runs = Vec::new();
    let mut end = 0;
    for member in list {
        match runs.last_mut() {
            Some(run) if *member == end => *run += 1,
            _ => runs.extend([u64::from(*member - end) + u64::from(runs.is_empty()), 1]),
        }
        end = member + 1;
    }
    runs
}

/// How many numbers lie between a member and the one before.
fn gaps(list: &[u32]) -> impl Iterator<Item = u64> {
    let mut next = 0;
    list.iter().map(move |member| {
        let gap = member - next;
        next = member + 1;
        gap.into()
    })
}

fn gamma_bits(number: u64) -> u64 {
    2 * u64::from(number.max(1).ilog2()) + 1
}
