//! Writing 16 kHz mono 16-bit FLAC: the same samples as WAV in about half the room.

use std::io::{Seek, Write};

use flac_codec::encode::{FlacSampleWriter, Options};
use record::SAMPLE_RATE;

use crate::{Error, ErrorKind, Result};

/// Writes samples as 16 kHz mono 16-bit FLAC. Memory does not grow with the recording.
pub struct FlacWriter<W: Write + Seek> {
    inner: FlacSampleWriter<W>,
    wide: Vec<i32>,
}

impl<W: Write + Seek> FlacWriter<W> {
    /// Writes exactly so many samples, at least one, to `out`.
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub fn new(out: W, samples: u64) -> Result<Self> {
        let inner = FlacSampleWriter::new(out, Options::default(), SAMPLE_RATE, 16, 1, Some(samples));
        Ok(Self { inner: inner.map_err(error)?, wide: Vec::new() })
    }

    /// Appends samples.
    ///
    /// # Errors
    /// [`ErrorKind::Io`], also where there are more than was said.
    pub fn write_s16(&mut self, samples: &[i16]) -> Result<()> {
        self.wide.clear();
        self.wide.extend(samples.iter().map(|sample| i32::from(*sample)));
        self.inner.write(&self.wide).map_err(error)
    }

    /// Completes the header, with a checksum of all samples. What `out` buffers is the caller's to flush.
    ///
    /// # Errors
    /// [`ErrorKind::Io`], also where there are fewer than was said.
    pub fn finish(self) -> Result<()> {
        self.inner.finalize().map_err(error)
    }
}

fn error(error: flac_codec::Error) -> Error {
    match error {
        flac_codec::Error::Io(error) => Error::io(error),
        error => Error::new(ErrorKind::Io, "writing failed").with_source(error),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;
    use crate::AudioReader;

    /// The samples of a file as the decoder gives them.
    fn decoded(bytes: Vec<u8>) -> Vec<i16> {
        let mut reader = AudioReader::from_reader(Box::new(Cursor::new(bytes)), "a.flac").unwrap();
        assert_eq!((reader.container(), reader.sample_rate(), reader.channels()), ("FLAC", 16_000, 1));
        let mut samples = Vec::new();
        while let Some(block) = reader.next_block().unwrap() {
            samples.extend(block.iter().map(|sample| (sample * 32_768.0) as i16));
        }
        assert!(!reader.is_partial() && reader.damaged_packets() == 0);
        samples
    }

    fn written(samples: &[i16]) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = FlacWriter::new(&mut bytes, samples.len() as u64).unwrap();
        for some in samples.chunks(1_000) {
            writer.write_s16(some).unwrap();
        }
        writer.finish().unwrap();
        bytes.into_inner()
    }

    #[test]
    fn quiet_speech_takes_half_the_room() {
        let tone = |n: i32| ((f64::from(n) * 0.05).sin() * 3_000.0) as i16 + (n % 7) as i16;
        let samples: Vec<i16> = (0..160_000).map(tone).collect();
        let bytes = written(&samples);
        assert!(bytes.len() < samples.len(), "{} bytes", bytes.len());
        assert_eq!(decoded(bytes), samples);
    }

    #[test]
    fn another_number_of_samples_than_was_said_is_an_error() {
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = FlacWriter::new(&mut bytes, 10_000).unwrap();
        writer.write_s16(&vec![1; 9_999]).unwrap();
        assert_eq!(writer.finish().unwrap_err().kind(), ErrorKind::Io);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_decoder_gives_the_samples_back(
            samples in proptest::collection::vec(any::<i16>(), 1..9_000),
            quieter in 0_u32..15,
        ) {
            let samples: Vec<i16> = samples.into_iter().map(|sample| sample >> quieter).collect();
            prop_assert_eq!(decoded(written(&samples)), samples);
        }
    }
}
