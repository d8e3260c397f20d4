//! How a process ends: exit codes, and errors a person can read.

use std::{
    error::Error,
    fmt,
    future::Future,
    io::{self, Write as _},
    process::ExitCode,
    time::Duration,
};

/// Blocking work that is still running when the main future has ended gets this long.
const LINGER: Duration = Duration::from_secs(1);

type Cause = Box<dyn Error + Send + Sync>;

/// Why a process ends before its time.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    message: String,
    cause: Option<Cause>,
}

// === impl Failure ===

impl Failure {
    /// The user has to change the configuration: exit code 2.
    pub fn configuration(message: impl fmt::Display) -> Self {
        Self { code: 2, message: message.to_string(), cause: None }
    }

    /// Something failed while starting or running: exit code 1.
    pub fn runtime(message: impl fmt::Display, cause: impl Into<Cause>) -> Self {
        Self { code: 1, message: message.to_string(), cause: Some(cause.into()) }
    }

    /// The whole chain of causes as one block of lines.
    #[must_use]
    pub fn report(&self) -> String {
        let mut lines = vec![self.message.clone()];
        let mut cause = self.cause.as_ref().map(|cause| cause.as_ref() as &dyn Error);
        while let Some(error) = cause {
            let text = error.to_string();
            // Many errors repeat their source in their own text.
            if !lines.last().is_some_and(|last| last.ends_with(&text)) {
                lines.push(text);
            }
            cause = error.source();
        }
        format!("error: {}", lines.join("\n  caused by: "))
    }
}

/// Runs a binary: its main future to the end, then the process in bounded time.
pub fn run(main: impl Future<Output = Result<(), Failure>>) -> ExitCode {
    run_reporting(main, |report| {
        // Without stderr only the code is left to tell.
        let _ = writeln!(io::stderr(), "{report}");
    })
}

/// As [`run`], where a failure is told in another way than as text on stderr.
pub fn run_reporting(main: impl Future<Output = Result<(), Failure>>, tell: impl FnOnce(&str)) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return end(Err(Failure::runtime("cannot start the threads of the process", error)), tell);
        }
    };
    let result = runtime.block_on(main);
    runtime.shutdown_timeout(LINGER);
    end(result, tell)
}

/// Answers on stdout. Whoever closed the pipe does not want the rest.
///
/// # Errors
///
/// When stdout cannot be written.
pub fn answer(text: &str) -> Result<(), Failure> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::runtime("cannot write to stdout", error))
        }
        _ => Ok(()),
    }
}

fn end(result: Result<(), Failure>, tell: impl FnOnce(&str)) -> ExitCode {
    let Err(failure) = result else { return ExitCode::SUCCESS };
    tell(&failure.report());
    ExitCode::from(failure.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Layer {
        text: &'static str,
        source: Option<Box<Layer>>,
    }

    fn layers(texts: &[&'static str]) -> Option<Box<Layer>> {
        let (text, deeper) = texts.split_first()?;
        Some(Box::new(Layer { text, source: layers(deeper) }))
    }

    #[test]
    fn a_report_holds_the_whole_chain_and_repeats_nothing() {
        let cause = layers(&["cannot connect", "dispatch failure: refused", "refused", "errno 111"]).unwrap();
        let report = Failure::runtime("cannot open the store", cause).report();
        let expected = "error: cannot open the store\n  caused by: cannot connect\n  \
                        caused by: dispatch failure: refused\n  caused by: errno 111";
        assert_eq!(report, expected);
    }

    #[test]
    fn exit_codes_tell_configuration_from_runtime() {
        assert_eq!(run(async { Ok(()) }), ExitCode::SUCCESS);
        assert_eq!(run(async { Err(Failure::configuration("bad flag")) }), ExitCode::from(2));
        assert_eq!(run(async { Err(Failure::runtime("bad luck", "no network")) }), ExitCode::from(1));
    }

    #[test]
    fn blocking_work_does_not_hold_the_process() {
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let code = run(async {
            tokio::task::spawn_blocking(move || wait.recv());
            Ok(())
        });
        assert_eq!(code, ExitCode::SUCCESS);
        drop(release);
    }
}
