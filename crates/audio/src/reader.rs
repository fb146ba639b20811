//! A recording as 16 kHz mono blocks.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use record::{SAMPLE_RATE, samples_to_ms};

use crate::decode::{self, Decoder, Sanitised, Step};
use crate::guard::guarded;
use crate::resample::Resampler;
use crate::source::Bytes;
use crate::{Error, ErrorKind, Result};

/// Longest block, in samples: 1 s.
pub const MAX_BLOCK: usize = SAMPLE_RATE as usize;
/// Decoding goes on until this many samples are there.
const TARGET_BLOCK: usize = MAX_BLOCK / 2;

/// Something that gives 16 kHz mono samples block by block.
///
/// # For implementations
///
/// * Blocks are not empty and at most [`MAX_BLOCK`] samples long; samples are finite and in −1.0..=1.0.
/// * After `Ok(None)` or an error, all further calls give `Ok(None)`.
pub trait SampleSource {
    /// The next block, or `None` at the end.
    fn next_block(&mut self) -> Result<Option<&[f32]>>;
}

impl<S: SampleSource + ?Sized> SampleSource for &mut S {
    fn next_block(&mut self) -> Result<Option<&[f32]>> {
        (**self).next_block()
    }
}

impl<S: SampleSource + ?Sized> SampleSource for Box<S> {
    fn next_block(&mut self) -> Result<Option<&[f32]>> {
        (**self).next_block()
    }
}

/// A recording, decoded, mixed down and resampled to 16 kHz while it is read.
///
/// Sample `n` of the output is the recording at `n / 16000` s: encoder delays and the resampler's own are cut off. Memory
/// is bounded whatever the length of the recording and whatever its header declares. Channels are averaged.
///
/// A recording that breaks off keeps what could be decoded ([`is_partial`](Self::is_partial)); a packet that cannot be
/// decoded becomes silence of the same length ([`damaged_packets`](Self::damaged_packets)).
pub struct AudioReader {
    name: String,
    /// `None` when the end was reached or the decoder failed.
    decoder: Option<Decoder>,
    resampler: Option<Resampler>,
    mono: Vec<f32>,
    /// Decoded samples; those before `given` were returned.
    out: Vec<f32>,
    given: usize,
    decoded: u64,
    partial: bool,
    info: Info,
}

/// What stays known after the decoder is gone.
#[derive(Clone, Copy, Debug, Default)]
struct Info {
    declared: Option<f64>,
    sanitised: Sanitised,
    damaged_packets: u64,
    channels: usize,
    rate: u32,
    codec: &'static str,
    container: &'static str,
}

impl AudioReader {
    /// Opens a file; the format is found by its content. A pipe is spooled to a temporary file first.
    ///
    /// # Errors
    /// By kind: [`Empty`](ErrorKind::Empty), [`NoAudio`](ErrorKind::NoAudio), [`NotAudio`](ErrorKind::NotAudio),
    /// [`Damaged`](ErrorKind::Damaged), [`Unsupported`](ErrorKind::Unsupported), [`Io`](ErrorKind::Io). The first samples
    /// are decoded here, so a file without any sound is refused here.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_named(path, &path.file_name().unwrap_or(path.as_os_str()).to_string_lossy())
    }

    /// Opens a file that messages call `name`.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_named(path: &Path, name: &str) -> Result<Self> {
        Bytes::open(path).and_then(|bytes| Self::new(bytes, name)).map_err(|error| error.named(name))
    }

    /// Reads a stream that cannot seek, such as standard input, through an unnamed temporary file. `name` is for messages.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_reader(stream: Box<dyn Read + Send>, name: &str) -> Result<Self> {
        Bytes::spool(stream).and_then(|bytes| Self::new(bytes, name)).map_err(|error| error.named(name))
    }

    /// Reads an open file from its start.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_file(file: File, name: &str) -> Result<Self> {
        Bytes::from_file(file).and_then(|bytes| Self::new(bytes, name)).map_err(|error| error.named(name))
    }

    fn new(bytes: Bytes, name: &str) -> Result<Self> {
        let decoder = guarded(|| decode::open(bytes))?;
        let mut reader = Self {
            name: name.to_owned(),
            decoder: Some(decoder),
            resampler: None,
            mono: Vec::new(),
            out: Vec::new(),
            given: 0,
            decoded: 0,
            partial: false,
            info: Info::default(),
        };
        reader.fill()?;
        if reader.out.is_empty() {
            let broken = reader.partial || reader.info.damaged_packets > 0;
            return Err(if broken {
                Error::new(ErrorKind::Damaged, "no part of the sound could be decoded")
            } else {
                Error::new(ErrorKind::NoAudio, "no sound in the file")
            });
        }
        tracing::debug!(
            container = reader.info.container,
            codec = reader.info.codec,
            rate = reader.info.rate,
            channels = reader.info.channels,
            "opened a recording"
        );
        Ok(reader)
    }

    /// The next samples at 16 kHz in −1.0..=1.0, at most [`MAX_BLOCK`] of them; `None` at the end.
    ///
    /// # Errors
    /// [`Io`](ErrorKind::Io) when reading fails. A stream that breaks is not an error once sound came from it.
    pub fn next_block(&mut self) -> Result<Option<&[f32]>> {
        if self.given == self.out.len() {
            self.out.clear();
            self.given = 0;
            self.fill().map_err(|error| error.named(&self.name))?;
        }
        let end = self.out.len().min(self.given + MAX_BLOCK);
        let block = &self.out[self.given..end];
        self.decoded += block.len() as u64;
        self.given = end;
        Ok((!block.is_empty()).then_some(block))
    }

    /// Decodes until there is a block or the end.
    fn fill(&mut self) -> Result<()> {
        while self.out.len() < TARGET_BLOCK {
            let Some(mut decoder) = self.decoder.take() else { break };
            self.mono.clear();
            // A decoder that panicked is dropped with the closure, inside the guard.
            let mono = &mut self.mono;
            let outcome = guarded(|| decoder.next(mono).map(|step| (step, decoder)));
            let (step, decoder) = match outcome {
                Ok(done) => done,
                Err(error) if error.kind() == ErrorKind::Io || self.decoded == 0 && self.out.is_empty() => {
                    self.partial = true;
                    return Err(error);
                }
                Err(error) => {
                    tracing::warn!(%error, "the recording breaks off");
                    self.partial = true;
                    self.flush()?;
                    break;
                }
            };
            self.info = Info {
                declared: decoder.declared(),
                sanitised: decoder.sanitised(),
                damaged_packets: decoder.damaged_packets(),
                channels: decoder.channels(),
                rate: decoder.rate(),
                codec: decoder.codec_name(),
                container: decoder.container().name(),
            };
            match step {
                Step::Audio(rate) => {
                    self.decoder = Some(decoder);
                    self.resample(rate)?;
                }
                Step::End { partial } => {
                    self.partial |= partial;
                    self.flush()?;
                }
            }
        }
        Ok(())
    }

    fn resample(&mut self, rate: u32) -> Result<()> {
        if self.mono.is_empty() {
            return Ok(());
        }
        if self.resampler.as_ref().is_some_and(|resampler| resampler.rate() != rate) {
            self.flush()?;
        }
        let resampler = match &mut self.resampler {
            Some(resampler) => resampler,
            none => none.insert(Resampler::new(rate)?),
        };
        resampler.push(&self.mono, &mut self.out)
    }

    fn flush(&mut self) -> Result<()> {
        match self.resampler.take() {
            Some(mut resampler) => resampler.finish(&mut self.out),
            None => Ok(()),
        }
    }

    /// Name for messages: the file's, without its directory.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Length that the file declares, in milliseconds. For progress only: headers lie.
    #[must_use]
    pub fn declared_duration_ms(&self) -> Option<u64> {
        self.info.declared.map(|seconds| (seconds * 1000.0) as u64)
    }

    /// Length of what was returned so far, in milliseconds.
    #[must_use]
    pub fn decoded_ms(&self) -> u64 {
        samples_to_ms(self.decoded)
    }

    /// Whether the recording broke off: its bytes end before its header says, or turn into rubbish. Final at the end.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.partial
    }

    /// Input samples that were repaired so far: see [`Sanitised`].
    #[must_use]
    pub fn sanitised(&self) -> Sanitised {
        self.info.sanitised
    }

    /// Number of input samples that were repaired so far.
    #[must_use]
    pub fn sanitised_samples(&self) -> u64 {
        self.info.sanitised.total()
    }

    /// Packets so far that could not be decoded and became silence.
    #[must_use]
    pub fn damaged_packets(&self) -> u64 {
        self.info.damaged_packets
    }

    /// Number of channels before the mix-down.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.info.channels
    }

    /// Sample rate before resampling, in Hz.
    #[must_use]
    pub fn sample_rate(&self) -> u32 {
        self.info.rate
    }

    /// Short name of the codec: `opus`, `aac`, `mp3`, `pcm_s16le` and so on.
    #[must_use]
    pub fn codec(&self) -> &'static str {
        self.info.codec
    }

    /// Name of the container: `WAV`, `MP4`, `Ogg` and so on.
    #[must_use]
    pub fn container(&self) -> &'static str {
        self.info.container
    }

    /// Samples held at this moment; bounded by one packet and one block.
    #[must_use]
    pub fn buffered_samples(&self) -> usize {
        self.out.len() + self.mono.len()
    }
}

impl SampleSource for AudioReader {
    fn next_block(&mut self) -> Result<Option<&[f32]>> {
        Self::next_block(self)
    }
}
