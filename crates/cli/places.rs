//! Where things are on this machine: XDG directories, overridden by `KIKITORI_*`.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::failure::Failure;

/// The directory of the models: `KIKITORI_MODELS`, else `<data>/kikitori/models`.
pub(crate) fn models() -> Result<PathBuf, Failure> {
    match std::env::var_os("KIKITORI_MODELS").filter(|dir| !dir.is_empty()) {
        Some(dir) => Ok(dir.into()),
        None => Ok(base()?.data_dir().join("kikitori").join("models")),
    }
}

/// The directory of the office's own forms: `<config>/kikitori/templates`.
pub(crate) fn templates() -> Result<PathBuf, Failure> {
    Ok(base()?.config_dir().join("kikitori").join("templates"))
}

/// The office's own terms: `KIKITORI_LEXICON`, else `<config>/kikitori/lexicon.tsv`.
pub(crate) fn lexicon() -> Result<PathBuf, Failure> {
    match std::env::var_os("KIKITORI_LEXICON").filter(|file| !file.is_empty()) {
        Some(file) => Ok(file.into()),
        None => Ok(base()?.config_dir().join("kikitori").join("lexicon.tsv")),
    }
}

/// The instructions that the native engine is to use: `KIKITORI_KERNELS`.
pub(crate) fn kernels() -> Option<String> {
    std::env::var("KIKITORI_KERNELS").ok()
}

/// The folder of the recordings: as said, else `<data>/kikitori/recordings`.
pub(crate) fn recordings(given: Option<&Path>) -> Result<PathBuf, Failure> {
    match given {
        Some(dir) => Ok(dir.to_owned()),
        None => Ok(base()?.data_dir().join("kikitori").join("recordings")),
    }
}

/// Where recordings are while they are made: in their folder, so that saving one never crosses to another disk.
pub(crate) fn inflight(recordings: &Path) -> PathBuf {
    recordings.join("inflight")
}

fn base() -> Result<impl BaseStrategy, Failure> {
    etcetera::choose_base_strategy().map_err(|error| {
        Failure::usage(
            format!("ホームディレクトリがわかりません: {error}"),
            format!("the home directory is unknown: {error}"),
        )
        .with_hint(
            "KIKITORI_MODELS にモデルの場所を入れてください",
            "set KIKITORI_MODELS to the directory of the models",
        )
    })
}
