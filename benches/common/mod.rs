//! What the benchmarks of single parts share.

use std::path::{Path, PathBuf};
use std::time::Duration;

use criterion::Criterion;

/// Two seconds of measurement for each: all of them together stay within minutes.
pub(crate) fn config() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(20)
}

/// A file of the repository.
pub(crate) fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
