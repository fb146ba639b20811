//! What `batch`, `worker` and `jobs` share.

pub(crate) mod board;
pub(crate) mod deliver;
pub(crate) mod groups;
pub(crate) mod report;
pub(crate) mod runner;
pub(crate) mod spec;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use store::JobQueue;

use crate::failure::Failure;

/// The directory of a batch's own files, in that of its results.
const OURS: &str = ".kikitori";
const QUEUE: &str = "jobs.sqlite";

/// Name of this machine.
pub(crate) fn host() -> String {
    let told = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let told = told.or_else(|| std::env::var("COMPUTERNAME").ok()).or_else(|| std::env::var("HOSTNAME").ok());
    told.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).unwrap_or("localhost".to_owned())
}

/// Where a batch keeps what is its own: made where it is not there.
pub(crate) fn own_directory(out: &Path) -> Result<PathBuf, Failure> {
    let dir = out.join(OURS);
    std::fs::create_dir_all(&dir).map_err(|e| Failure::io(&dir, &e))?;
    Ok(dir)
}

/// The queue of a batch, in its directory of results.
pub(crate) fn own_queue(out: &Path) -> Result<Arc<dyn JobQueue>, Failure> {
    Ok(store::open_file(&own_directory(out)?.join(QUEUE))?)
}

/// The queue at an address, or that of a batch.
pub(crate) fn queue(database: Option<&str>, out: Option<&Path>) -> Result<Arc<dyn JobQueue>, Failure> {
    match (database, out) {
        (_, Some(out)) if !out.join(OURS).join(QUEUE).is_file() => Err(Failure::usage(
            format!("ここでは kikitori batch が実行されていません: {}", out.display()),
            format!("no batch has been run here: {}", out.display()),
        )),
        (_, Some(out)) => own_queue(out),
        (Some(database), None) => Ok(store::open(database)?),
        (None, None) => Err(Failure::usage("どのジョブか指定してください", "say which queue").with_hint(
            "--out DIR (kikitori batch の出力先) か --database を付けてください",
            "give --out DIR, where `kikitori batch` wrote, or --database",
        )),
    }
}
