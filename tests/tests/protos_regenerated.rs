//! The committed code of `crates/proto` is what its `.proto` files give.
//!
//! With `UPDATE_PROTOS` set, the test writes the files instead of comparing them (`make protos`).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use prost::Message as _;

/// Folders under `proto/` that `crates/proto` is made from.
const SOURCES: [&str; 2] = ["jaeger", "opentelemetry"];
const DESCRIPTORS: &str = "descriptors.bin";
const BEHIND_FEATURE: &str = "#[cfg(feature = \"grpc\")]";

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

#[test]
fn committed_code_is_what_the_proto_files_give() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let committed = root.join("crates/proto/src/gen");
    let fresh = generate(&root.join("proto")).expect("the .proto files compile");

    if std::env::var_os("UPDATE_PROTOS").is_some() {
        replace(&committed, &fresh).expect("the generated files can be written");
    }
    let present = read_files(&committed).expect("the generated files can be read");
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&present), names(&fresh), "run `make protos`");
    for (name, content) in &fresh {
        assert!(present[name] == *content, "{name} is stale: run `make protos`");
    }
}

/// Name and content of every file that belongs into `crates/proto/src/gen`.
fn generate(include: &Path) -> Fallible<BTreeMap<String, Vec<u8>>> {
    let mut sources = Vec::new();
    for folder in SOURCES {
        collect_protos(&include.join(folder), &mut sources)?;
    }
    sources.sort();
    let mut descriptors = protox::compile(&sources, [include])?;

    let out = tempfile::tempdir()?;
    tonic_prost_build::configure()
        .out_dir(out.path())
        .client_mod_attribute(".", BEHIND_FEATURE)
        .server_mod_attribute(".", BEHIND_FEATURE)
        .compile_fds(descriptors.clone())?;

    // Comments and positions would make reflection's answers several times larger.
    for file in &mut descriptors.file {
        file.source_code_info = None;
    }
    let mut files = read_files(out.path())?;
    files.insert(DESCRIPTORS.to_owned(), descriptors.encode_to_vec());
    Ok(files)
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

fn read_files(folder: &Path) -> Fallible<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?);
    }
    Ok(files)
}

/// Leaves equal files untouched, so that nothing is compiled again without need.
fn replace(folder: &Path, files: &BTreeMap<String, Vec<u8>>) -> Fallible<()> {
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
