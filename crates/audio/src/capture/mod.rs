//! Sound as it is spoken: from a device's callback to the thread that keeps it.
//!
//! ```text
//! device ─ callback ─▶ CaptureSink ─▶ lock-free ring ─▶ CaptureReader ─ the recorder's thread
//!          any sample   mono f32 at    10 s             samples, and how many are missing where
//!          format       the device's
//!                       own rate
//! ```
//!
//! The callback converts, mixes down and writes into the ring: it neither allocates nor locks nor waits. What does not fit
//! is counted and stands at its place among the samples, so time never shrinks.
//!
//! A [`CaptureSource`] is where sound comes from: a microphone ([`Microphone`], feature `mic`) or a file at the speed at
//! which it was spoken ([`FileSource`]). Opening and closing go through [`open`] and [`Capture::close`], on threads of their
//! own, because drivers hang in both.

#[cfg(feature = "mic")]
mod device;
mod file;
mod ring;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

#[cfg(feature = "mic")]
pub use device::Microphone;
pub use file::FileSource;
pub use ring::{CaptureReader, CaptureSignals, CaptureSink, Trouble, ring};

use crate::{Error, ErrorKind, Result};

/// Where sound comes from while it is spoken.
///
/// # For implementations
///
/// * `open` starts the flow of samples into a [`CaptureSink`]; dropping the capture's stream ends it.
/// * `open` may be called again after a capture broke down. It opens the same device and never another.
pub trait CaptureSource: Send + Sync {
    /// Name for people.
    fn name(&self) -> &str;

    /// Starts the flow. May block for as long as a driver likes; see [`open`].
    ///
    /// # Errors
    /// [`ErrorKind::NoDevice`] where the device is not there, [`ErrorKind::Device`] where it refuses, and of a file what
    /// [`AudioReader::open`](crate::AudioReader::open) says.
    fn open(&self) -> Result<Capture>;
}

/// An open flow of samples.
pub struct Capture {
    /// The samples.
    pub reader: CaptureReader,
    stream: Box<dyn Send>,
}

impl Capture {
    /// A flow that ends when `stream` is dropped.
    #[must_use]
    pub fn new(reader: CaptureReader, stream: Box<dyn Send>) -> Self {
        Self { reader, stream }
    }

    /// Ends the flow on a thread of its own, where a driver that hangs harms nobody. What is in the ring can still be read;
    /// the receiver hears when the stream is closed.
    #[must_use]
    pub fn close(self) -> (CaptureReader, Receiver<()>) {
        let (done, closed) = channel();
        let stream = self.stream;
        let closing = thread::Builder::new().name("capture-close".into()).spawn(move || {
            drop(stream);
            let _ = done.send(());
        });
        if closing.is_err() {
            tracing::warn!("no thread to close a stream on");
        }
        (self.reader, closed)
    }
}

/// Opens `source` on a thread of its own; the receiver gets what came of it. Where nobody waits any more, the capture is
/// closed at once.
///
/// # Errors
/// [`ErrorKind::Device`] where there is no thread to be had; what is received, as [`CaptureSource::open`] says.
pub fn open(source: &Arc<dyn CaptureSource>) -> Result<Receiver<Result<Capture>>> {
    let (opened, wait) = channel();
    let source = Arc::clone(source);
    thread::Builder::new()
        .name("capture-open".into())
        .spawn(move || {
            let _ = opened.send(source.open());
        })
        .map_err(|e| Error::new(ErrorKind::Device, "no thread for the sound system").with_source(e))?;
    Ok(wait)
}

/// [`open`]s `source` and waits at most `limit`.
///
/// # Errors
/// Those of [`CaptureSource::open`], and [`ErrorKind::Device`] when nothing came of it in time.
pub fn open_within(source: &Arc<dyn CaptureSource>, limit: Duration) -> Result<Capture> {
    match open(source)?.recv_timeout(limit) {
        Ok(outcome) => outcome,
        Err(RecvTimeoutError::Timeout) => {
            Err(Error::new(ErrorKind::Device, "the device does not answer").in_japanese("機器が応答しません"))
        }
        Err(RecvTimeoutError::Disconnected) => Err(Error::new(ErrorKind::Device, "the sound system failed")
            .in_japanese("音声の機能が異常終了しました")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    struct Hangs;

    impl CaptureSource for Hangs {
        fn name(&self) -> &'static str {
            "hangs"
        }

        fn open(&self) -> Result<Capture> {
            thread::sleep(Duration::from_mins(1));
            Err(Error::new(ErrorKind::Device, "woke up"))
        }
    }

    struct HangsInDrop;

    impl Drop for HangsInDrop {
        fn drop(&mut self) {
            thread::sleep(Duration::from_mins(1));
        }
    }

    #[test]
    fn a_driver_that_hangs_is_left_alone_in_time() {
        let start = Instant::now();
        let limit = Duration::from_millis(100);
        let source: Arc<dyn CaptureSource> = Arc::new(Hangs);
        assert_eq!(open_within(&source, limit).err().map(|e| e.kind()), Some(ErrorKind::Device));

        let (mut sink, _, reader) = ring(16_000, 1);
        sink.push(&[0.5_f32; 10], |s| s);
        let (mut reader, closed) = Capture::new(reader, Box::new(HangsInDrop)).close();
        assert!(closed.recv_timeout(limit).is_err());
        let mut samples = Vec::new();
        reader.read(&mut samples);
        assert_eq!(samples.len(), 10, "what was captured is there");
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    }
}
