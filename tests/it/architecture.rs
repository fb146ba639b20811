//! The walls between the crates.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use crate::harness::root;

fn metadata() -> serde_json::Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo prints JSON")
}

/// Dependencies of each package, those for tests left out.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    let name = |v: &serde_json::Value| v["name"].as_str().expect("a name").to_owned();
    packages
        .iter()
        .map(|package| {
            let all = package["dependencies"].as_array().expect("dependencies");
            (name(package), all.iter().filter(|d| d["kind"].is_null()).map(name).collect())
        })
        .collect()
}

#[test]
fn arrows_between_our_crates_point_down() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("record", &[][..]),
        ("audio", &["record"]),
        ("kernels", &[]),
        ("asr", &["kernels", "layout", "record"]),
        ("layout", &[]),
        ("models", &["layout", "record"]),
        ("text", &["record"]),
        ("extract", &["record", "text"]),
        ("export", &["record"]),
        // Beside `pipeline`, not below it: an engine that fails must not reach what keeps the sound.
        ("recorder", &["audio", "record"]),
        ("store", &["record"]),
        ("pipeline", &["asr", "audio", "extract", "record", "text"]),
        (
            "kikitori",
            &[
                "asr", "audio", "export", "extract", "models", "pipeline", "record", "recorder", "store",
                "text",
            ],
        ),
        ("fuzz", &["asr", "audio", "export", "extract", "models", "record", "text"]),
    ]);
    let found = dependencies();
    let ours: BTreeSet<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(ours, allowed.keys().copied().collect(), "every crate of the workspace has its row here");
    for (package, dependencies) in &found {
        let down: BTreeSet<&str> =
            dependencies.iter().map(String::as_str).filter(|d| ours.contains(d)).collect();
        let may: BTreeSet<&str> = allowed[package.as_str()].iter().copied().collect();
        assert!(
            down.is_subset(&may),
            "{package} must not depend on {:?}",
            down.difference(&may).collect::<Vec<_>>()
        );
    }
}

#[test]
fn http_engine_and_tensors_have_their_crates() {
    for (package, dependencies) in dependencies() {
        let has = |name: &str| dependencies.contains(name);
        assert_eq!(has("ureq"), package == "models", "only `models` may use the network: {package}");
        assert_eq!(has("whisper-rs"), package == "asr", "only `asr` knows whisper.cpp: {package}");
        // `models` converts weights, `extract` runs the tagger.
        let tensors = has("candle-core") || has("candle-nn");
        assert!(!tensors || ["models", "extract"].contains(&package.as_str()), "tensors in {package}");
        assert_eq!(has("candle-nn"), package == "extract", "only `extract` has a network: {package}");
        assert!(!has("reqwest") && !has("hyper"), "a second HTTP client: {package}");
        assert_eq!(has("sqlx"), package == "store", "only `store` knows databases: {package}");
        assert_eq!(
            has("object_store"),
            package == "store",
            "only `store` reads from object stores: {package}"
        );
    }
}

#[test]
fn unsafe_code_lives_with_whisper_cpp_and_in_the_kernels_alone() {
    let allowed = ["crates/asr/src/whisper", "crates/kernels/"];
    let mut found = Vec::new();
    let mut dirs = vec![root().join("crates")];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(&dir).expect("a directory of crates").map(|e| e.expect("an entry").path()) {
            if entry.is_dir() {
                dirs.push(entry);
            } else if entry.extension().is_some_and(|e| e == "rs") {
                let source = fs::read_to_string(&entry).expect("a source file");
                let path = entry.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
                let code = source.lines().filter(|l| !l.trim_start().starts_with("//"));
                if code.into_iter().any(|l| l.contains("unsafe "))
                    && !allowed.iter().any(|dir| path.starts_with(dir))
                {
                    found.push(path);
                }
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn no_source_names_a_machine_or_an_unfinished_part() {
    let unfinished = ["todo!(", "unimplemented!(", "dbg!("];
    let output =
        Command::new("git").args(["ls-files", "*.rs"]).current_dir(root()).output().expect("git starts");
    for file in String::from_utf8_lossy(&output.stdout).lines().filter(|f| !f.ends_with("architecture.rs")) {
        let Ok(source) = fs::read_to_string(root().join(file)) else { continue };
        assert!(!unfinished.iter().any(|u| source.contains(u)), "unfinished: {file}");
    }
}

/// An object store is asked with an HTTP client of its own, so it is left out unless an office with a fleet asks for it.
#[test]
fn the_program_that_is_built_without_asking_has_one_http_client() {
    let tree = |more: &[&str]| {
        let output = Command::new(env!("CARGO"))
            .args(["tree", "--package", "kikitori", "--edges", "normal", "--prefix", "none", "--offline"])
            .args(more)
            .current_dir(root())
            .output()
            .expect("cargo starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let has = |tree: &str, name: &str| tree.lines().any(|line| line.starts_with(&format!("{name} v")));
    let usual = tree(&[]);
    assert!(has(&usual, "ureq") && !has(&usual, "reqwest") && !has(&usual, "hyper"), "a second HTTP client");
    assert!(has(&tree(&["--features", "s3"]), "reqwest"), "the feature that brings the second one");
}
