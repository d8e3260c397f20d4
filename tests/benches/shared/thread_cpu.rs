//! CPU of a thread, as Linux counts it.

use std::time::Duration;

use jaeger_dynamodb_tests::AnyError;

/// CPU that this thread has used: the first number of `/proc/thread-self/schedstat`.
pub(crate) fn thread_cpu() -> Result<Duration, AnyError> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanos = text.split(' ').next().ok_or("an empty schedstat")?;
    Ok(Duration::from_nanos(nanos.parse()?))
}
