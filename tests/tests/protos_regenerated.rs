//! The committed code of `crates/proto` and `crates/go-plugin` is what their `.proto` files give.
//!
//! With `UPDATE_PROTOS` set, the test writes the files instead of comparing them (`make protos`).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use prost::Message as _;

const DESCRIPTORS: &str = "descriptors.bin";
const BEHIND_FEATURE: &str = "#[cfg(feature = \"grpc\")]";
const IN_TESTS: &str = "#[cfg(test)]";

type Files = BTreeMap<String, Vec<u8>>;
type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

#[test]
fn committed_code_is_what_the_proto_files_give() -> Fallible<()> {
    let builder = tonic_prost_build::configure()
        .client_mod_attribute(".", BEHIND_FEATURE)
        .server_mod_attribute(".", BEHIND_FEATURE);
    expect_committed("crates/proto/src/gen", |include| {
        let (mut files, mut descriptors) = generate(include, &["jaeger", "opentelemetry"], builder)?;
        // Comments and positions would make reflection's answers several times larger.
        for file in &mut descriptors.file {
            file.source_code_info = None;
        }
        files.insert(DESCRIPTORS.to_owned(), descriptors.encode_to_vec());
        Ok(files)
    })
}

#[test]
fn committed_code_of_the_plugin_is_what_its_proto_files_give() -> Fallible<()> {
    let builder = tonic_prost_build::configure().build_transport(false).client_mod_attribute(".", IN_TESTS);
    expect_committed("crates/go-plugin/src/gen", |include| Ok(generate(include, &["plugin"], builder)?.0))
}

fn expect_committed(folder: &str, generate: impl FnOnce(&Path) -> Fallible<Files>) -> Fallible<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let committed = root.join(folder);
    let fresh = generate(&root.join("proto"))?;

    if std::env::var_os("UPDATE_PROTOS").is_some() {
        replace(&committed, &fresh)?;
    }
    let present = read_files(&committed)?;
    let names = |files: &Files| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&present), names(&fresh), "run `make protos`");
    for (name, content) in &fresh {
        assert!(present.get(name) == Some(content), "{name} is stale: run `make protos`");
    }
    Ok(())
}

/// What the folders under `include` give: name and content of every file of code, and the descriptors.
fn generate(
    include: &Path,
    folders: &[&str],
    builder: tonic_prost_build::Builder,
) -> Fallible<(Files, prost_types::FileDescriptorSet)> {
    let mut sources = Vec::new();
    for folder in folders {
        collect_protos(&include.join(folder), &mut sources)?;
    }
    sources.sort();
    let descriptors = protox::compile(&sources, [include])?;
    let out = tempfile::tempdir()?;
    builder.out_dir(out.path()).compile_fds(descriptors.clone())?;
    Ok((read_files(out.path())?, descriptors))
}

fn collect_protos(folder: &Path, found: &mut Vec<PathBuf>) -> Fallible<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect_protos(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            found.push(path);
        }
    }
    Ok(())
}

fn read_files(folder: &Path) -> Fallible<Files> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?);
    }
    Ok(files)
}

/// Leaves equal files untouched, so that nothing is compiled again without need.
fn replace(folder: &Path, files: &Files) -> Fallible<()> {
    fs::create_dir_all(folder)?;
    let present = read_files(folder)?;
    for name in present.keys().filter(|name| !files.contains_key(*name)) {
        fs::remove_file(folder.join(name))?;
    }
    for (name, content) in files.iter().filter(|(name, content)| present.get(*name) != Some(*content)) {
        fs::write(folder.join(name), content)?;
    }
    Ok(())
}
