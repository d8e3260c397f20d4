//! Memory of a process, as Linux counts it (`proc_pid_status(5)`).

use crate::AnyError;

/// The KiB that the process takes now: `VmRSS`.
///
/// # Errors
/// When it has ended.
pub fn resident_kibibytes(pid: u32) -> Result<u64, AnyError> {
    status(pid, "VmRSS:")
}

/// The most KiB that the process ever took: `VmHWM`.
///
/// # Errors
/// When it has ended.
pub fn peak_kibibytes(pid: u32) -> Result<u64, AnyError> {
    status(pid, "VmHWM:")
}

fn status(pid: u32, name: &str) -> Result<u64, AnyError> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kibibytes = status.lines().find_map(|line| line.strip_prefix(name)?.strip_suffix("kB"));
    Ok(kibibytes.ok_or("the process has no memory any more")?.trim().parse()?)
}
