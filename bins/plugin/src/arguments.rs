use std::{ffi::OsString, path::PathBuf};

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arguments {
    /// To copy this program into a folder.
    Install(PathBuf),
    /// To run, or to tell about itself, with these arguments.
    Settings(Vec<OsString>),
}

// === impl Arguments ===

impl Arguments {
    pub(crate) fn of_process() -> Self {
        Self::of(std::env::args_os())
    }

    /// Jaeger always gives `--config`, with nothing where no file is configured (`plugin/storage/grpc/config/config.go`).
    fn of(arguments: impl IntoIterator<Item = OsString>) -> Self {
        let mut arguments: Vec<OsString> = arguments.into_iter().collect();
        if let [_, command, folder] = arguments.as_slice()
            && command == "install"
        {
            return Self::Install(folder.into());
        }
        let nowhere = arguments.windows(2).position(|pair| pair == ["--config", ""]);
        if let Some(index) = nowhere {
            arguments.drain(index..index + 2);
        }
        Self::Settings(arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(arguments: &[&str]) -> Arguments {
        Arguments::of(std::iter::once("plugin").chain(arguments.iter().copied()).map(OsString::from))
    }

    #[test]
    fn a_configuration_that_is_nowhere_is_none() {
        let settings = |arguments: &[&str]| {
            Arguments::Settings(
                std::iter::once("plugin").chain(arguments.iter().copied()).map(Into::into).collect(),
            )
        };
        assert_eq!(of(&["--config", ""]), settings(&[]));
        assert_eq!(of(&["--config", "a.yaml"]), settings(&["--config", "a.yaml"]));
        assert_eq!(of(&["--storage", "aws", "--config", ""]), settings(&["--storage", "aws"]));
        assert_eq!(of(&["install"]), settings(&["install"]));
    }

    #[test]
    fn a_folder_to_install_into_is_taken_as_it_is() {
        assert_eq!(of(&["install", "/plugin"]), Arguments::Install("/plugin".into()));
    }
}
