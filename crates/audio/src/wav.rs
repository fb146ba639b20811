//! Writing 16 kHz mono 16-bit WAV.

use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::path::Path;

use record::SAMPLE_RATE;

use crate::{Error, ErrorKind, Result};

/// Writes samples as 16 kHz mono 16-bit PCM.
///
/// [`finish`](Self::finish) completes the header; a file that was dropped before can still be read, by its real length.
pub struct WavWriter<W: Write + Seek> {
    inner: hound::WavWriter<W>,
}

impl WavWriter<BufWriter<File>> {
    /// Creates or overwrites a file.
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).map_err(Error::io)?;
        Self::new(BufWriter::new(file))
    }
}

impl<W: Write + Seek> WavWriter<W> {
    /// Writes to `out`.
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub fn new(out: W) -> Result<Self> {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: SAMPLE_RATE,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        Ok(Self { inner: hound::WavWriter::new(out, spec).map_err(error)? })
    }

    /// Appends samples, nominally in −1.0..=1.0; what is beyond is clamped, NaN becomes 0.
    ///
    /// # Errors
    /// [`ErrorKind::Io`], also when the file would pass the format's 4 GiB (37 h).
    pub fn write(&mut self, samples: &[f32]) -> Result<()> {
        samples.iter().try_for_each(|sample| self.inner.write_sample(to_s16(*sample))).map_err(error)
    }

    /// Appends 16-bit samples as they are.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_s16(&mut self, samples: &[i16]) -> Result<()> {
        samples.iter().try_for_each(|sample| self.inner.write_sample(*sample)).map_err(error)
    }

    /// Writes what is buffered and brings the header up to date, so that a crash later loses nothing before this.
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub fn flush(&mut self) -> Result<()> {
        self.inner.flush().map_err(error)
    }

    /// Completes the header.
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub fn finish(self) -> Result<()> {
        self.inner.finalize().map_err(error)
    }
}

/// The nearest 16-bit sample; ±1.0 is ±32,767.
fn to_s16(sample: f32) -> i16 {
    (sample * 32_767.0).round() as i16
}

fn error(error: hound::Error) -> Error {
    match error {
        hound::Error::IoError(error) => Error::io(error),
        error => Error::new(ErrorKind::Io, "writing failed").with_source(error),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn samples_come_back_from_the_file() {
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = WavWriter::new(&mut bytes).unwrap();
        writer.write(&[0.0, 0.5, -1.0, 2.0, f32::NAN]).unwrap();
        writer.finish().unwrap();
        let mut reader = hound::WavReader::new(Cursor::new(bytes.into_inner())).unwrap();
        assert_eq!(reader.spec().sample_rate, 16_000);
        let samples: Vec<i16> = reader.samples().map(Result::unwrap).collect();
        assert_eq!(samples, [0, 16_384, -32_767, 32_767, 0]);
    }
}
