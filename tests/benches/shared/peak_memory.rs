//! Memory of a process, as Linux counts it.

use std::path::Path;

use jaeger_dynamodb_tests::AnyError;

/// Most memory that a process ever had, in MiB: `VmHWM`.
pub(crate) fn peak_memory(process: &str) -> Result<f64, AnyError> {
    let text = std::fs::read_to_string(Path::new("/proc").join(process).join("status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes / 1024.0)
}
