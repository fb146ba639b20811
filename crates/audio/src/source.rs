//! Where the bytes of a recording come from.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use symphonia::core::io::MediaSource;

use crate::{Error, ErrorKind, Result};

/// A recording's bytes: a seekable file and its length.
pub(crate) struct Bytes {
    file: File,
    len: u64,
}

impl Bytes {
    /// Opens a file. What is not a regular file (a pipe, `/dev/stdin`) is spooled first.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        Self::from_file(File::open(path).map_err(Error::io)?)
    }

    /// Copies a stream into an unnamed temporary file: memory stays bounded and the decoders can seek. The operating
    /// system removes the file when it is closed, also after a crash.
    pub(crate) fn spool(mut stream: impl Read) -> Result<Self> {
        let mut file = tempfile::tempfile().map_err(Error::io)?;
        let len = io::copy(&mut stream, &mut file).map_err(Error::io)?;
        Self::checked(file, len)
    }

    /// An open file; a pipe is spooled.
    pub(crate) fn from_file(file: File) -> Result<Self> {
        let metadata = file.metadata().map_err(Error::io)?;
        if metadata.is_dir() {
            return Err(Error::io(io::Error::from(io::ErrorKind::IsADirectory)));
        }
        if !metadata.is_file() {
            return Self::spool(file);
        }
        Self::checked(file, metadata.len())
    }

    fn checked(file: File, len: u64) -> Result<Self> {
        if len == 0 {
            return Err(Error::new(ErrorKind::Empty, "file is empty"));
        }
        Ok(Self { file, len })
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Up to `len` bytes from `at`; fewer at the end of the file.
    pub(crate) fn read_at(&mut self, at: u64, len: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(len.min(1 << 20));
        self.file.seek(SeekFrom::Start(at)).map_err(Error::io)?;
        self.file.by_ref().take(len as u64).read_to_end(&mut bytes).map_err(Error::io)?;
        Ok(bytes)
    }

    /// Exactly `N` bytes from `at`, or `None` where the file is too short.
    pub(crate) fn array_at<const N: usize>(&mut self, at: u64) -> Result<Option<[u8; N]>> {
        Ok(self.read_at(at, N)?.try_into().ok())
    }

    /// The bytes from `start`, `len` of them, with `prefix` in front.
    pub(crate) fn section(self, prefix: Vec<u8>, start: u64, len: u64) -> Section {
        let len = len.min(self.len.saturating_sub(start));
        Section { file: self.file, prefix, start, len, claimed: 0, at: 0, synced: false, seekable: true }
    }
}

/// A part of a file behind a prefix, as one seekable stream.
pub(crate) struct Section {
    file: File,
    prefix: Vec<u8>,
    start: u64,
    len: u64,
    /// Length that the stream is said to have, where it is more than it has.
    claimed: u64,
    /// Position in the stream; may lie past the end.
    at: u64,
    /// Whether the file's own position is the one that `at` asks for.
    synced: bool,
    seekable: bool,
}

impl Section {
    /// Claims that it cannot seek and has no known length, as a stream.
    pub(crate) fn forward_only(mut self) -> Self {
        self.seekable = false;
        self
    }

    /// Claims a length of at least `len` bytes; reading past the bytes that are there finds the end.
    pub(crate) fn claiming(mut self, len: u64) -> Self {
        self.claimed = len;
        self
    }

    fn total(&self) -> u64 {
        (self.prefix.len() as u64 + self.len).max(self.claimed)
    }
}

impl Read for Section {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let prefix_len = self.prefix.len() as u64;
        let read = if self.at < prefix_len {
            let mut rest = &self.prefix[self.at as usize..];
            rest.read(buf)?
        } else {
            let offset = self.at - prefix_len;
            let left = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
            let wanted = buf.len().min(left);
            if wanted == 0 {
                return Ok(0);
            }
            if !self.synced {
                self.file.seek(SeekFrom::Start(self.start + offset))?;
                self.synced = true;
            }
            self.file.read(&mut buf[..wanted])?
        };
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Section {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(delta) => self.total().checked_add_signed(delta),
            SeekFrom::Current(delta) => self.at.checked_add_signed(delta),
        };
        self.at = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        self.synced = false;
        Ok(self.at)
    }
}

impl MediaSource for Section {
    fn is_seekable(&self) -> bool {
        self.seekable
    }

    fn byte_len(&self) -> Option<u64> {
        self.seekable.then(|| self.total())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_empty_stream_is_empty() {
        assert_eq!(Bytes::spool(io::empty()).err().unwrap().kind(), ErrorKind::Empty);
    }

    proptest! {
        #[test]
        fn a_section_reads_and_seeks_like_its_bytes(
            prefix in proptest::collection::vec(any::<u8>(), 0..40),
            body in proptest::collection::vec(any::<u8>(), 1..200),
            start in 0_u64..220,
            len in 0_u64..300,
            steps in proptest::collection::vec((0_u64..400, 0_usize..64), 1..12),
        ) {
            let from = (start as usize).min(body.len());
            let to = (from + len as usize).min(body.len());
            let expected: Vec<u8> = [prefix.as_slice(), &body[from..to]].concat();
            let mut section = Bytes::spool(body.as_slice()).unwrap().section(prefix, start, len);
            prop_assert_eq!(section.byte_len(), Some(expected.len() as u64));
            for (at, count) in steps {
                section.seek(SeekFrom::Start(at)).unwrap();
                let mut buf = vec![0; count];
                let mut filled = 0;
                while let n @ 1.. = section.read(&mut buf[filled..]).unwrap() {
                    filled += n;
                }
                let at = (at as usize).min(expected.len());
                let end = (at + count).min(expected.len());
                prop_assert_eq!(&buf[..filled], &expected[at..end]);
            }
        }
    }
}
