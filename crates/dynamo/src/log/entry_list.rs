//! Lists of entries, by position.

use crate::bytes::{DecodeError, Reader, Writer};

/// Entries in rising order: as gaps, or as a bitmap where that is shorter.
pub(crate) fn put_list(list: &[usize], out: &mut Vec<u8>) {
    let bitmap_bytes = list.last().map_or(0, |last| last / 8 + 1);
    if bitmap_bytes < list.len() {
        let mut bitmap = vec![0_u8; bitmap_bytes];
        for entry in list {
            if let Some(byte) = bitmap.get_mut(entry / 8) {
                *byte |= 1 << (entry % 8);
            }
        }
        out.put_count(bitmap_bytes << 1 | 1);
        out.extend_from_slice(&bitmap);
    } else {
        out.put_count(list.len() << 1);
        let mut last = 0;
        for entry in list {
            out.put_count(entry - last);
            last = *entry;
        }
    }
}

/// A list as [`put_list`] writes it, of entries below `entries`.
pub(crate) fn read_list(entries: usize, reader: &mut Reader<'_>) -> Result<Vec<usize>, DecodeError> {
    let head = reader.varint()?;
    let count = usize::try_from(head >> 1).map_err(|_| DecodeError::Truncated)?;
    let mut list = Vec::new();
    if head & 1 == 1 {
        for (position, byte) in reader.take(count)?.iter().enumerate() {
            list.extend((0..8).filter(|bit| byte >> bit & 1 == 1).map(|bit| position * 8 + bit));
        }
        if list.last().is_some_and(|last| *last >= entries) {
            return Err(DecodeError::Invalid("a list names an entry that is not there"));
        }
    } else {
        let mut last = 0;
        for _ in 0..count {
            last += reader.index(entries.saturating_sub(last))?;
            list.push(last);
        }
    }
    Ok(list)
}
