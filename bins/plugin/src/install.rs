use std::{io, path::Path};

use jaeger_dynamodb_runtime::exit::Failure;

/// Copies this program into the folder, under its own name. A container image without a shell has no `cp`, and Jaeger's
/// operator shares plugins between containers through a folder.
pub(crate) fn install(folder: &Path) -> Result<(), Failure> {
    copy_into(folder).map_err(|error| {
        Failure::runtime(format_args!("cannot copy this program to {}", folder.display()), error)
    })
}

/// By a rename, so that whoever starts the copy meanwhile starts a whole one.
fn copy_into(folder: &Path) -> io::Result<()> {
    let program = std::env::current_exe()?;
    let name = program.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let mut unfinished = name.to_owned();
    unfinished.push(".unfinished");
    let unfinished = folder.join(unfinished);
    // Permissions are copied along.
    std::fs::copy(&program, &unfinished)?;
    std::fs::rename(&unfinished, folder.join(name))
}
