//! Results: to standard output, to a file that appears whole or not at all, or into a device or a named pipe.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::args::OutputArgs;
use crate::failure::Failure;

/// Says early, before minutes of work, that the output cannot be written.
pub(crate) fn check(args: &OutputArgs) -> Result<(), Failure> {
    let Some(path) = args.file() else { return Ok(()) };
    if is_stream(path) {
        return Ok(());
    }
    if path.exists() && !args.force {
        return Err(Failure::exists(path));
    }
    let probe = beside(&followed(path));
    File::create(&probe).map_err(|e| missing_directory(path, &e))?;
    fs::remove_file(&probe).map_err(|e| Failure::io(&probe, &e))
}

/// Writes the result with `write`.
pub(crate) fn write(
    args: &OutputArgs,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<(), Failure> {
    match args.file() {
        None => to_stdout(write),
        Some(path) if path.exists() && !is_stream(path) && !args.force => Err(Failure::exists(path)),
        Some(path) => to_file(path, write),
    }
}

/// Writes to standard output; a reader that went away is not an error.
pub(crate) fn to_stdout(write: impl FnOnce(&mut dyn Write) -> Result<(), Failure>) -> Result<(), Failure> {
    let mut pipe = Pipe { out: BufWriter::new(io::stdout().lock()), broken: false };
    let outcome = write(&mut pipe);
    let flushed = pipe.flush();
    if pipe.broken {
        return Ok(());
    }
    outcome?;
    flushed.map_err(|e| Failure::io(Path::new("-"), &e))
}

/// Writes beside the target, syncs, and renames; a symbolic link goes on pointing where it did. A device or a named pipe
/// is written into: a rename would put a file in its place.
pub(crate) fn to_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if is_stream(path) {
        let stream = OpenOptions::new().write(true).open(path).map_err(|e| Failure::io(path, &e))?;
        let mut out = BufWriter::new(stream);
        write(&mut out)?;
        return out.flush().map_err(|e| Failure::io(path, &e));
    }
    let target = followed(path);
    let part = beside(&target);
    let outcome = (|| {
        let file = File::create(&part).map_err(|e| missing_directory(path, &e))?;
        let mut out = BufWriter::new(file);
        write(&mut out)?;
        let file = out.into_inner().map_err(|e| Failure::io(path, e.error()))?;
        file.sync_all().map_err(|e| Failure::io(path, &e))?;
        fs::rename(&part, &target).map_err(|e| Failure::io(path, &e))
    })();
    if outcome.is_err() {
        // What was written is not usable; the target is as it was.
        let _ = fs::remove_file(&part);
    }
    outcome
}

/// Where an interrupted job keeps its transcript: `out.json` → `out.json.partial.json`, or, where earlier ones are kept,
/// `out.json.partial-2.json` and so on.
pub(crate) fn partial(path: &Path) -> PathBuf {
    let named = |ending: &str| {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(ending);
        path.with_file_name(name)
    };
    let numbered = (2..).map(|n: u32| named(&format!(".partial-{n}.json")));
    std::iter::once(named(".partial.json")).chain(numbered).find(|path| !path.exists()).unwrap_or_default()
}

/// Whether `path` is something that is written into and never replaced.
fn is_stream(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// The file that `path` leads to, through symbolic links.
fn followed(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn beside(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}

fn missing_directory(path: &Path, error: &io::Error) -> Failure {
    match path.parent() {
        Some(dir) if error.kind() == io::ErrorKind::NotFound => Failure::io(dir, error)
            .with_hint("出力先のフォルダを作ってください", "create the output directory first"),
        _ => Failure::io(path, error),
    }
}

struct Pipe<W> {
    out: W,
    broken: bool,
}

impl<W: Write> Pipe<W> {
    fn note<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        self.broken |= matches!(&result, Err(e) if e.kind() == io::ErrorKind::BrokenPipe);
        result
    }
}

impl<W: Write> Write for Pipe<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.out.write(bytes);
        self.note(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.out.flush();
        self.note(result)
    }
}
