use std::ffi::OsString;

use jaeger_dynamodb_runtime::exit::Failure;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// To print this and exit.
    Answer(String),
    /// To derive windows, with these arguments; the first is the program.
    Worker(Vec<OsString>),
}

const HELP: &str = "\
Administration of jaeger-dynamodb

Usage: jaeger-dynamodb <COMMAND>

Commands:
  worker   Derives closed windows, beside the servers or instead of them

Each command has its own --help.
";

// === impl Command ===

impl Command {
    pub(crate) fn of_process() -> Result<Self, Failure> {
        Self::of(std::env::args_os())
    }

    fn of(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, Failure> {
        let mut arguments = arguments.into_iter();
        let program = arguments.next().unwrap_or_default();
        let command = arguments.next();
        match command.as_ref().map(|command| command.to_string_lossy()).as_deref() {
            Some("worker") => Ok(Self::Worker(std::iter::once(program).chain(arguments).collect())),
            Some("--help" | "-h" | "help") => Ok(Self::Answer(HELP.to_owned())),
            Some("--version" | "-V") => {
                Ok(Self::Answer(format!("jaeger-dynamodb {}\n", env!("CARGO_PKG_VERSION"))))
            }
            Some(other) => Err(Failure::configuration(format_args!("{other} is no command\n\n{HELP}"))),
            None => Err(Failure::configuration(format_args!("a command is missing\n\n{HELP}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(arguments: &[&str]) -> Result<Command, String> {
        let arguments = std::iter::once(&"jaeger-dynamodb").chain(arguments).map(OsString::from);
        Command::of(arguments).map_err(|failure| failure.report())
    }

    #[test]
    fn a_command_takes_the_arguments_behind_it() {
        let expected = ["jaeger-dynamodb", "--list-parked", "--help"].map(OsString::from).to_vec();
        assert_eq!(of(&["worker", "--list-parked", "--help"]), Ok(Command::Worker(expected)));
    }

    #[test]
    fn what_is_no_command_is_answered_with_the_commands() {
        for arguments in [&[] as &[&str], &["werker"], &["--storage", "aws"]] {
            assert!(of(arguments).unwrap_err().contains("worker   Derives"), "{arguments:?}");
        }
        assert_eq!(of(&["--help"]), Ok(Command::Answer(HELP.to_owned())));
        assert!(
            matches!(of(&["--version"]), Ok(Command::Answer(text)) if text.starts_with("jaeger-dynamodb 0."))
        );
    }
}
