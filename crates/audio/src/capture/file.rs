//! A recording at the speed at which it was spoken, as if a microphone heard it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use record::SAMPLE_RATE;

use super::{Capture, CaptureSink, CaptureSource, Trouble, ring};
use crate::{AudioReader, Error, ErrorKind, Result};

/// Samples of a pretended callback: 10 ms.
const BLOCK: usize = SAMPLE_RATE as usize / 100;
/// How long a source that is read as fast as possible waits for room.
const WAIT: Duration = Duration::from_millis(1);

/// A file that is played into a capture.
#[derive(Clone, Debug)]
pub struct FileSource {
    path: PathBuf,
    name: String,
    speed: f64,
}

impl FileSource {
    /// `speed` 1.0 is as it was spoken; 0.0 is as fast as it can be taken, without loss.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, speed: f64) -> Self {
        let path = path.into();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self { path, name, speed }
    }
}

impl CaptureSource for FileSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn open(&self) -> Result<Capture> {
        let mut reader = AudioReader::open_named(&self.path, &self.name)?;
        let (mut sink, signals, out) = ring(SAMPLE_RATE, 1);
        let playing = Arc::new(AtomicBool::new(true));
        let (wanted, speed) = (Arc::clone(&playing), self.speed);
        thread::Builder::new()
            .name("capture-file".into())
            .spawn(move || {
                match play(&mut reader, &mut sink, speed, &wanted) {
                    Ok(()) => signals.end(),
                    // A file that cannot be read on is a microphone that was unplugged.
                    Err(_) => signals.trouble(Trouble::Lost),
                }
            })
            .map_err(|e| Error::new(ErrorKind::Device, "no thread for the file").with_source(e))?;
        Ok(Capture::new(out, Box::new(Playing(playing))))
    }
}

/// Stops the thread when dropped.
struct Playing(Arc<AtomicBool>);

impl Drop for Playing {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

fn play(reader: &mut AudioReader, sink: &mut CaptureSink, speed: f64, wanted: &AtomicBool) -> Result<()> {
    let (start, mut played) = (Instant::now(), 0_u64);
    while let Some(samples) = reader.next_block()? {
        for block in samples.chunks(BLOCK) {
            played += block.len() as u64;
            if speed > 0.0 {
                let due = Duration::from_secs_f64(played as f64 / f64::from(SAMPLE_RATE) / speed);
                thread::sleep((start + due).saturating_duration_since(Instant::now()));
            }
            while speed == 0.0 && sink.room() < block.len() && wanted.load(Ordering::Acquire) {
                thread::sleep(WAIT);
            }
            if !wanted.load(Ordering::Acquire) {
                return Ok(());
            }
            sink.push(block, |sample| sample);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wav::WavWriter;

    fn file(dir: &tempfile::TempDir, seconds: usize) -> PathBuf {
        let path = dir.path().join("a.wav");
        let mut writer = WavWriter::create(&path).unwrap();
        writer.write(&vec![0.25; seconds * 16_000]).unwrap();
        writer.finish().unwrap();
        path
    }

    #[test]
    fn a_file_comes_whole_however_fast_it_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let path = file(&dir, 30);
        let mut capture = FileSource::new(&path, 0.0).open().unwrap();
        let mut out = Vec::new();
        while !capture.reader.is_ended() {
            assert_eq!(capture.reader.read(&mut out), 0, "nothing is lost");
            assert_eq!(capture.reader.trouble(), None);
        }
        assert_eq!(out.len(), 30 * 16_000);
    }

    #[test]
    fn a_file_takes_its_time() {
        let dir = tempfile::tempdir().unwrap();
        let capture = FileSource::new(file(&dir, 10), 1.0).open().unwrap();
        thread::sleep(Duration::from_millis(300));
        let (mut reader, closed) = capture.close();
        closed.recv_timeout(Duration::from_secs(1)).unwrap();
        let mut out = Vec::new();
        reader.read(&mut out);
        // A busy machine wakes late, never early.
        assert!((160..=6_400).contains(&out.len()), "{}", out.len());
    }

    #[test]
    fn a_file_that_is_none_is_told_so() {
        let error = FileSource::new("missing.wav", 1.0).open().err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Io);
    }
}
