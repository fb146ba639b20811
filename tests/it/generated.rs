//! Completions and manual pages are made from the argument definitions.

use crate::harness::Dir;

#[test]
fn every_shell_gets_a_completion_script() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = Dir::new().kikitori(["completions", shell]).ok();
        assert!(script.contains("transcribe"), "{shell}");
    }
}

#[test]
fn every_command_gets_a_manual_page() {
    let dir = Dir::new();
    std::fs::create_dir(dir.path("man")).unwrap();
    dir.kikitori(["man", "--dir", "man"]).ok();
    for page in [
        "kikitori.1",
        "kikitori-record.1",
        "kikitori-models-pull.1",
        "kikitori-lexicon-check.1",
        "kikitori-templates-check.1",
    ] {
        assert!(dir.path("man").join(page).is_file(), "{page}");
    }
}
