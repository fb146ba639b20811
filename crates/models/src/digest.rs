//! SHA-256 of files.

use std::{
    fmt::Write as _,
    fs::{File, Metadata},
    io::{Read, Write},
    path::Path,
};

use sha2::{Digest as _, Sha256};

use crate::{
    Result,
    error::{Error, Problem},
    progress::{Meter, Stage},
};

const CHUNK: usize = 1 << 20;

/// Opens a regular file for reading; a directory, a pipe or a device is an error and never blocks.
pub(crate) fn open_regular(path: &Path) -> Result<(File, Metadata)> {
    let meta = match std::fs::metadata(path) {
        Ok(meta) => meta,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(Problem::NoSuchFile { path: path.to_owned() }.into());
        }
        Err(e) => return Err(Error::io("read", path)(e)),
    };
    if !meta.is_file() {
        return Err(Error::format(path, "not a regular file"));
    }
    if meta.len() == 0 {
        return Err(Error::format(path, "the file is empty"));
    }
    let file = File::open(path).map_err(Error::io("open", path))?;
    Ok((file, meta))
}

/// SHA-256 of a regular file, in lower-case hexadecimal. Streamed; memory does not grow with the file.
pub(crate) fn file_sha256(path: &Path, meter: &mut Meter<'_>) -> Result<String> {
    let (mut file, meta) = open_regular(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; CHUNK];
    let mut done = 0;
    loop {
        meter.bytes(Stage::Verifying, done, meta.len())?;
        let n = file.read(&mut buffer).map_err(Error::io("read", path))?;
        if n == 0 {
            return Ok(hex(&hasher.finalize()));
        }
        hasher.update(&buffer[..n]);
        done += n as u64;
    }
}

/// Fails with `Corrupt` unless `actual` is one of `accepted`.
pub(crate) fn expect(what: &str, actual: &str, accepted: &[String]) -> Result<()> {
    if accepted.iter().any(|a| a == actual) {
        return Ok(());
    }
    let (what, expected, actual) = (what.to_owned(), accepted.join(" or "), actual.to_owned());
    Err(Problem::Digest { what, expected, actual }.into())
}

/// Whether `text` is a SHA-256 in lower-case hexadecimal.
pub(crate) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// SHA-256 of bytes, as of a file.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, b| {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{b:02x}");
        text
    })
}

/// Passes bytes on and digests them on the way.
pub(crate) struct DigestWriter<W> {
    inner: W,
    hasher: Sha256,
    written: u64,
}

impl<W: Write> DigestWriter<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, hasher: Sha256::new(), written: 0 }
    }

    /// Bytes written so far.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// The inner writer and the digest of everything written.
    pub(crate) fn finish(self) -> (W, String) {
        (self.inner, hex(&self.hasher.finalize()))
    }
}

impl<W: Write> Write for DigestWriter<W> {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        let n = self.inner.write(buf)?;
        self.hasher.update(&buf[..n]);
        self.written += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}
