//! A model file over HTTP, continued where an earlier download stopped.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
    sync::mpsc::{self, RecvTimeoutError, SyncSender},
    thread,
    time::Duration,
};

use ureq::{Agent, http::header};

use super::PullOptions;
use crate::{
    Result,
    error::{Error, Problem},
    progress::{Meter, Stage},
};

const CHUNK: usize = 256 << 10;
/// How often a broken connection is taken up again; each must have brought something.
const RECONNECTIONS: usize = 8;
/// How long a wait for bytes may hide a set cancel flag.
const TICK: Duration = Duration::from_millis(200);

enum Message {
    /// The body begins at this byte of the file.
    Start(u64),
    Chunk(Vec<u8>),
    End,
    /// The server has nothing from the asked byte on.
    NothingThere,
    Failed(Error),
}

/// Downloads `url`, a file of `size` bytes, to `part`. Returns whether bytes of an earlier run were kept.
pub(super) fn fetch(
    url: &str,
    part: &Path,
    size: u64,
    options: &PullOptions,
    meter: &mut Meter<'_>,
) -> Result<bool> {
    let write_failed = || Error::io("write", part);
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(part)
        .map_err(write_failed())?;
    let mut have = file.metadata().map_err(write_failed())?.len();
    if have > size {
        file.set_len(0).map_err(write_failed())?;
        have = 0;
    }
    let mut resumed = have > 0;
    let mut reconnections = 0;
    while have < size {
        let before = have;
        match attempt(url, &mut file, part, &mut have, size, options, meter) {
            Ok(from) => resumed &= from > 0,
            Err(e) if e.is_transient() && have > before && reconnections < RECONNECTIONS => {
                tracing::debug!(error = %e, have, "the download continues");
                reconnections += 1;
            }
            Err(e) => return Err(e),
        }
    }
    file.sync_all().map_err(write_failed())?;
    Ok(resumed)
}

/// One request. Returns the byte that its body began at.
fn attempt(
    url: &str,
    file: &mut File,
    part: &Path,
    have: &mut u64,
    size: u64,
    options: &PullOptions,
    meter: &mut Meter<'_>,
) -> Result<u64> {
    // A read can block for `idle_timeout`: it happens on a thread that ends by itself once nobody listens.
    let (sender, receiver) = mpsc::sync_channel(4);
    let request = Request { url: url.to_owned(), from: *have, size, options: options.clone() };
    thread::spawn(move || request.run(&sender));
    let mut from = *have;
    loop {
        meter.bytes(Stage::Downloading, *have, size)?;
        let message = match receiver.recv_timeout(TICK) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return Err(short(url, *have, size)),
        };
        match message {
            Message::Start(at) => {
                from = at;
                *have = at;
                file.set_len(at)
                    .and_then(|()| file.seek(SeekFrom::Start(at)))
                    .map_err(Error::io("write", part))?;
            }
            Message::Chunk(bytes) => {
                if *have + bytes.len() as u64 > size {
                    let what = url.to_owned();
                    return Err(
                        Problem::Size { what, expected: size, actual: *have + bytes.len() as u64 }.into()
                    );
                }
                file.write_all(&bytes).map_err(Error::io("write", part))?;
                *have += bytes.len() as u64;
            }
            Message::End if *have == size => return Ok(from),
            Message::End => return Err(short(url, *have, size)),
            Message::NothingThere => {
                file.set_len(0).map_err(Error::io("write", part))?;
                *have = 0;
                return Ok(0);
            }
            Message::Failed(e) => return Err(e),
        }
    }
}

fn short(url: &str, have: u64, size: u64) -> Error {
    let source = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
    remote(url, format!("the connection ended at byte {have} of {size}"), Some(Box::new(source)))
}

fn remote(url: &str, reason: String, source: Option<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Problem::Remote { place: url.to_owned(), reason, source }.into()
}

struct Request {
    url: String,
    from: u64,
    size: u64,
    options: PullOptions,
}

impl Request {
    fn run(&self, sender: &SyncSender<Message>) {
        let last = self.transfer(sender).unwrap_or_else(Message::Failed);
        // A listener that is gone needs no answer.
        let _ = sender.send(last);
    }

    fn agent(&self) -> Agent {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .https_only(self.url.starts_with("https://"))
            .timeout_resolve(Some(self.options.connect_timeout))
            .timeout_connect(Some(self.options.connect_timeout))
            .timeout_recv_response(Some(self.options.idle_timeout))
            .timeout_per_read(Some(self.options.idle_timeout))
            .user_agent(concat!("kikitori/", env!("CARGO_PKG_VERSION")));
        if self.url.starts_with("http://") {
            // A loopback address; the environment's proxy is for others.
            config = config.proxy(None);
        }
        config.build().new_agent()
    }

    fn transfer(&self, sender: &SyncSender<Message>) -> Result<Message> {
        let failed = |e: ureq::Error| remote(&self.url, e.to_string(), Some(Box::new(e)));
        let mut request = self.agent().get(&self.url).header(header::ACCEPT_ENCODING, "identity");
        if self.from > 0 {
            request = request.header(header::RANGE, format!("bytes={}-", self.from));
        }
        let response = request.call().map_err(failed)?;
        let header = |name| response.headers().get(name).and_then(|v| v.to_str().ok());
        let (at, total) = match response.status().as_u16() {
            200 => (0, header(header::CONTENT_LENGTH).and_then(|v| v.parse().ok())),
            206 => content_range(header(header::CONTENT_RANGE).unwrap_or_default())
                .filter(|(at, _)| *at <= self.from)
                .ok_or_else(|| remote(&self.url, "an answer to another range".to_owned(), None))?,
            416 if self.from > 0 => return Ok(Message::NothingThere),
            status => return Err(remote(&self.url, format!("status {status}"), None)),
        };
        if let Some(total) = total.filter(|t| *t != self.size) {
            return Err(Problem::Size { what: self.url.clone(), expected: self.size, actual: total }.into());
        }
        if sender.send(Message::Start(at)).is_err() {
            return Ok(Message::End);
        }
        let mut body = response.into_body().into_with_config().limit(self.size + 1).reader();
        loop {
            let mut chunk = vec![0; CHUNK];
            let n = body.read(&mut chunk).map_err(|e| remote(&self.url, e.to_string(), Some(Box::new(e))))?;
            chunk.truncate(n);
            if n == 0 || sender.send(Message::Chunk(chunk)).is_err() {
                return Ok(Message::End);
            }
        }
    }
}

/// First byte and total size of a `Content-Range: bytes 7-99/100`.
fn content_range(value: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = value.strip_prefix("bytes ")?.split_once('/')?;
    let at = range.split_once('-')?.0.trim().parse().ok()?;
    Some((at, total.trim().parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read() {
        assert_eq!(content_range("bytes 7-99/100"), Some((7, Some(100))));
        assert_eq!(content_range("bytes 7-99/*"), Some((7, None)));
        for bad in ["", "7-99/100", "bytes */100", "bytes x-9/10"] {
            assert_eq!(content_range(bad), None, "{bad}");
        }
    }
}
