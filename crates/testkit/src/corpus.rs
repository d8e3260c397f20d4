//! The corpora of fuzz targets (`tests/fuzz/corpus`), as ordinary tests.

use std::panic::{RefUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::{fs, io};

/// Holds every input of the target's corpus to the law, and answers with how many there are.
///
/// # Errors
/// When the corpus cannot be read.
///
/// # Panics
/// When the law does, naming the input.
pub fn hold(target: &str, law: impl Fn(&[u8]) + RefUnwindSafe) -> io::Result<usize> {
    let mut paths: Vec<_> = fs::read_dir(folder(target))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    for path in &paths {
        let input = fs::read(path)?;
        assert!(catch_unwind(|| law(&input)).is_ok(), "{} breaks the law", path.display());
    }
    Ok(paths.len())
}

/// Writes an input of the target's corpus.
///
/// # Errors
/// When it cannot be written.
pub fn add(target: &str, name: &str, input: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder(target))?;
    fs::write(folder(target).join(name), input)
}

/// Whether tests are to write their inputs: `UPDATE_CORPUS` is set.
#[must_use]
pub fn is_updated() -> bool {
    std::env::var_os("UPDATE_CORPUS").is_some()
}

fn folder(target: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fuzz/corpus")).join(target)
}
