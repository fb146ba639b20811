//! The model directory: what is listed, verified, resolved and imported.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use common::{ggml, manifest, names, never, sha256, silent, write_ct2, write_hf};
use models::{ErrorKind, Event, Format, ImportOptions, Result, State, Store, VerifiedModel};
use record::{Explain, Lang};
use tempfile::TempDir;

const SOURCE: &str = r#"{ kind = "hub", url = "http://127.0.0.1:9/none" }"#;

/// A store that lists the synthetic model in f16, and that model in each form.
struct World {
    dir: TempDir,
    bytes: Vec<u8>,
    store: Store,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        write_ct2(&dir.path().join("ct2"));
        write_hf(&dir.path().join("hf"), false);
        let bytes = ggml(&dir.path().join("ct2"), Format::F16);
        fs::write(dir.path().join("model.bin"), &bytes).unwrap();
        let store = Store::with_manifest(dir.path().join("store"), manifest(&bytes, SOURCE, ""));
        Self { dir, bytes, store }
    }

    fn input(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn installed(&self) -> PathBuf {
        self.store.dir().join("ggml-synthetic.bin")
    }

    fn import(&self, input: &str, options: &ImportOptions) -> Result<VerifiedModel> {
        self.store.import(&self.input(input), options, &never(), &mut silent())
    }

    fn verify(&self, name: &str) -> Result<VerifiedModel> {
        self.store.verify(name, &never(), &mut silent())
    }

    fn put(&self, bytes: &[u8]) {
        fs::create_dir_all(self.store.dir()).unwrap();
        fs::write(self.installed(), bytes).unwrap();
    }
}

fn unverified(format: Format) -> ImportOptions {
    ImportOptions { format: Some(format), allow_unverified: true, ..ImportOptions::default() }
}

#[test]
fn a_fresh_store_lists_its_models_as_missing_and_creates_nothing() {
    let world = World::new();
    let list = world.store.list().unwrap();
    assert_eq!(list.len(), 1);
    assert_eq!(list[0].state, State::Missing);
    let error = world.store.path("synthetic").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotInstalled);
    assert!(error.hint(Lang::Ja).unwrap().contains("kikitori models pull synthetic"));
    assert_eq!(world.store.path("other").unwrap_err().kind(), ErrorKind::NotFound);
    assert!(!world.store.dir().exists());
}

#[test]
fn each_form_of_a_listed_model_is_imported_as_the_listed_file() {
    for input in ["model.bin", "ct2", "hf"] {
        let world = World::new();
        let model = world.import(input, &ImportOptions::default()).unwrap();
        assert_eq!((model.name.as_str(), model.listed), ("synthetic", true), "{input}");
        assert_eq!(model.sha256, sha256(&world.bytes));
        assert_eq!(fs::read(&model.path).unwrap(), world.bytes);
        assert_eq!(names(world.store.dir()), ["ggml-synthetic.bin"]);
        assert_eq!(world.verify("synthetic").unwrap(), model);
        assert_eq!(world.store.list().unwrap()[0].state, State::Installed);
    }
}

#[test]
fn an_unlisted_model_needs_the_users_word_and_then_has_a_name() {
    let world = World::new();
    let options = ImportOptions { format: Some(Format::Q8_0), ..ImportOptions::default() };
    let error = world.import("ct2", &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unverified);
    assert!(error.hint(Lang::Ja).unwrap().contains("--allow-unverified-model"));
    assert_eq!(names(world.store.dir()), [""; 0], "nothing stays behind");

    let model = world.import("ct2", &unverified(Format::Q8_0)).unwrap();
    assert_eq!((model.name.as_str(), model.listed), ("ct2-q8_0", false));
    assert_eq!(world.store.path("ct2-q8_0").unwrap(), model.path);
    let entry = &world.store.list().unwrap()[1];
    assert_eq!((entry.name.as_str(), entry.state), ("ct2-q8_0", State::Installed));
    assert!(entry.model.is_none());

    assert_eq!(world.store.resolve("ct2-q8_0", false).unwrap_err().kind(), ErrorKind::Unverified);
    assert_eq!(world.store.resolve("ct2-q8_0", true).unwrap(), model);
    assert_eq!(world.verify("ct2-q8_0").unwrap_err().kind(), ErrorKind::Unverified);
}

#[test]
fn an_f16_file_is_quantised_on_import() {
    let world = World::new();
    let model = world.import("model.bin", &unverified(Format::Q8_0)).unwrap();
    assert_eq!(fs::read(model.path).unwrap(), ggml(&world.input("ct2"), Format::Q8_0));
}

#[test]
fn a_hugging_face_directory_is_used_as_it_is_at_the_users_word() {
    let world = World::new();
    let weights = world.input("hf").join("model.safetensors");
    for (input, name) in [(world.input("hf"), "hf"), (weights.clone(), "model")] {
        let path = input.to_str().unwrap();
        assert_eq!(world.store.resolve(path, false).unwrap_err().kind(), ErrorKind::Unverified);
        let model = world.store.resolve(path, true).unwrap();
        assert_eq!((&model.path, model.name.as_str(), model.listed), (&input, name, false));
        assert_eq!(model.sha256, sha256(&fs::read(&weights).unwrap()));
    }
    write_hf(&world.input("shards"), true);
    let digest = || world.store.resolve(world.input("shards").to_str().unwrap(), true).unwrap().sha256;
    let before = digest();
    let shard = names(&world.input("shards")).into_iter().find(|name| name.ends_with(".safetensors"));
    let shard = world.input("shards").join(shard.unwrap());
    let mut bytes = fs::read(&shard).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&shard, bytes).unwrap();
    assert_ne!(digest(), before, "a weight of a shard");
    assert_eq!(
        world.store.resolve(world.dir.path().to_str().unwrap(), true).unwrap_err().kind(),
        ErrorKind::Unsupported
    );
}

#[test]
fn an_imported_name_neither_hides_a_listed_model_nor_leaves_the_directory() {
    let world = World::new();
    for name in ["synthetic", "ggml-synthetic", "../x", "", ".x", "a b", "名前"] {
        let options = ImportOptions { name: Some(name.to_owned()), ..unverified(Format::Q8_0) };
        assert_eq!(world.import("ct2", &options).unwrap_err().kind(), ErrorKind::Conflict, "{name:?}");
    }
    assert_eq!(names(world.store.dir()), [""; 0]);
}

#[test]
fn an_imported_model_is_replaced_only_by_force() {
    let world = World::new();
    let options = ImportOptions { name: Some("mine".to_owned()), ..unverified(Format::Q8_0) };
    world.import("ct2", &options).unwrap();
    let other = ImportOptions { format: Some(Format::Q5_1), ..options };
    assert_eq!(world.import("ct2", &other).unwrap_err().kind(), ErrorKind::Conflict);
    let forced = ImportOptions { force: true, ..other };
    let model = world.import("ct2", &forced).unwrap();
    assert_eq!(fs::read(model.path).unwrap(), ggml(&world.input("ct2"), Format::Q5_1));
}

#[test]
fn a_damaged_installed_model_is_refused_even_when_unverified_models_are_allowed() {
    let world = World::new();
    let mut damaged = world.bytes.clone();
    *damaged.last_mut().unwrap() ^= 1;
    world.put(&damaged);
    for allow in [false, true] {
        let error = world.store.resolve("synthetic", allow).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        let text = error.explain(Lang::Ja);
        assert!(text.contains("ggml-synthetic.bin") && text.contains(&sha256(&world.bytes)), "{text}");
    }
    assert_eq!(world.verify("synthetic").unwrap_err().kind(), ErrorKind::Corrupt);

    world.put(&world.bytes[..100]);
    assert_eq!(world.store.list().unwrap()[0].state, State::Damaged { bytes: 100 });
    assert_eq!(world.store.resolve("synthetic", false).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn a_path_is_resolved_by_its_digest() {
    let world = World::new();
    let path = world.input("model.bin");
    let model = world.store.resolve(path.to_str().unwrap(), false).unwrap();
    assert_eq!((model.name.as_str(), model.path), ("synthetic", path));
    let none = world.input("none.bin");
    assert_eq!(world.store.resolve(none.to_str().unwrap(), true).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn whatever_is_not_a_model_is_refused_and_never_waited_for() {
    let world = World::new();
    let empty = world.input("empty.bin");
    fs::write(&empty, b"").unwrap();
    let text = world.input("text.bin");
    fs::write(&text, "これはモデルではない").unwrap();
    let mut refused = vec![empty, text, world.input("")];
    #[cfg(unix)]
    {
        let pipe = world.input("pipe.bin");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        refused.push(pipe);
        refused.push(PathBuf::from("/dev/zero"));
    }
    for path in refused {
        let resolved = world.store.resolve(path.to_str().unwrap(), true).unwrap_err();
        assert_eq!(resolved.kind(), ErrorKind::Unsupported, "{}", path.display());
        let imported = world.store.import(&path, &unverified(Format::F16), &never(), &mut silent());
        assert_eq!(imported.unwrap_err().kind(), ErrorKind::Unsupported, "{}", path.display());
    }
    assert_eq!(names(world.store.dir()), [""; 0]);
}

#[test]
fn a_cancelled_or_failed_import_leaves_the_store_as_it_was() {
    let world = World::new();
    world.put(b"old");
    let cancel = AtomicBool::new(false);
    let mut reports = 0;
    let mut stop_soon = |_: &Event<'_>| {
        reports += 1;
        cancel.store(reports > 3, std::sync::atomic::Ordering::Relaxed);
    };
    let error = world
        .store
        .import(&world.input("ct2"), &ImportOptions::default(), &cancel, &mut stop_soon)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);

    let bin = world.input("ct2").join("model.bin");
    let bytes = fs::read(&bin).unwrap();
    fs::write(&bin, &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(world.import("ct2", &ImportOptions::default()).unwrap_err().kind(), ErrorKind::Unsupported);

    assert_eq!(names(world.store.dir()), ["ggml-synthetic.bin"]);
    assert_eq!(fs::read(world.installed()).unwrap(), b"old");
}

#[test]
fn what_a_killed_process_left_is_swept_by_the_next() {
    let world = World::new();
    world.put(b"old");
    fs::write(world.store.dir().join(".tmp-abc"), b"half").unwrap();
    fs::create_dir(world.store.dir().join(".tmp-dir")).unwrap();
    world.import("model.bin", &ImportOptions::default()).unwrap();
    assert_eq!(names(world.store.dir()), ["ggml-synthetic.bin"]);
}

#[test]
fn two_writers_do_not_meet() {
    let world = World::new();
    world.put(b"old");
    let lock = fs::File::create(world.store.dir().join(".lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(world.import("ct2", &ImportOptions::default()).unwrap_err().kind(), ErrorKind::Conflict);
    drop(lock);
    world.import("ct2", &ImportOptions::default()).unwrap();
}

#[cfg(unix)]
#[test]
fn installed_models_are_readable_for_every_user() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let model = world.import("ct2", &ImportOptions::default()).unwrap();
    assert_eq!(fs::metadata(model.path).unwrap().permissions().mode() & 0o777, 0o644);
}

#[test]
fn every_error_has_a_sentence_in_both_languages() {
    let world = World::new();
    let errors = [
        world.store.path("synthetic").unwrap_err(),
        world.store.path("other").unwrap_err(),
        world.import("none", &ImportOptions::default()).unwrap_err(),
        world.store.resolve(Path::new("/dev/null").to_str().unwrap(), true).unwrap_err(),
        Format::by_name("q3_k").unwrap_err(),
    ];
    for error in errors {
        let ja = error.explain(Lang::Ja);
        assert!(ja.chars().any(|c| ('ぁ'..='ん').contains(&c)), "{ja}");
        assert!(!ja.ends_with('。') && !error.to_string().ends_with('.'), "{ja}");
        assert!(error.explain(Lang::En).is_ascii());
        assert!(error.hint(Lang::Ja).is_some() && error.hint(Lang::En).is_some(), "{error}");
    }
}

/// An adapter for one matrix of the synthetic model, of rank 1, in which every number is `value`.
fn adapter(world: &World, value: f32) -> PathBuf {
    let column = value.to_le_bytes().repeat(common::dims().state);
    let view = |rows, columns| {
        safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![rows, columns], &column).unwrap()
    };
    let (n, name) = (common::dims().state, "decoder.blocks.0.attn.query.weight");
    let tensors = [(format!("{name}.up"), view(n, 1)), (format!("{name}.down"), view(1, n))];
    let path = world.input("adapter.safetensors");
    fs::write(&path, safetensors::serialize(tensors, None).unwrap()).unwrap();
    path
}

#[test]
fn an_adapter_changes_what_is_imported_and_one_of_zeros_does_not() {
    let world = World::new();
    let with = |value| ImportOptions { adapter: Some(adapter(&world, value)), ..ImportOptions::default() };
    for input in ["ct2", "model.bin"] {
        let unchanged = world.import(input, &with(0.0)).unwrap();
        assert!(unchanged.listed, "{input}");
        assert_eq!(fs::read(&unchanged.path).unwrap(), world.bytes);
        assert_eq!(world.import(input, &with(0.5)).unwrap_err().kind(), ErrorKind::Unverified);
    }
    let options = ImportOptions { allow_unverified: true, name: Some("tuned".into()), ..with(0.5) };
    let tuned = fs::read(world.import("ct2", &options).unwrap().path).unwrap();
    assert_eq!(tuned.len(), world.bytes.len());
    let changed = tuned.iter().zip(&world.bytes).filter(|(a, b)| a != b).count();
    assert!(
        changed > 0 && changed <= 2 * common::dims().state.pow(2),
        "{changed} bytes of one matrix in f16"
    );
}

#[test]
fn a_file_that_is_no_adapter_is_refused_by_its_name() {
    let world = World::new();
    let path = world.input("notes.txt");
    fs::write(&path, "no adapter").unwrap();
    let error =
        world.import("ct2", &ImportOptions { adapter: Some(path), ..ImportOptions::default() }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("notes.txt"), "{error}");
}
