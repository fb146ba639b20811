//! Packets to mono samples at the source rate.

use symphonia::core::audio::Channels;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder};
use symphonia::core::errors::Error as Cause;
use symphonia::core::formats::{FormatReader, Track, TrackType};
use symphonia::core::packet::Packet;
use symphonia::core::units::{TimeBase, Timestamp};

use crate::format::{Container, Edit, Opened};
use crate::resample::RATES;
use crate::trim::Trim;
use crate::{Error, ErrorKind, Result, codecs};

/// Opus always decodes to this rate here: its time stamps and its pre-skip count in it (RFC 7845 §4.2).
const OPUS_RATE: u32 = 48_000;
/// Packets in a row that give no sample before the stream counts as broken.
const MAX_BARREN_PACKETS: u32 = 20_000;
/// A jump of the time stamps below this is rounding, in seconds.
const MIN_GAP: f64 = 0.05;
/// A jump above this is a broken time stamp, in seconds.
const MAX_GAP: f64 = 300.0;
/// Silence that time stamps may add to one recording, in seconds.
const MAX_GAPS: f64 = 3_600.0;

/// How many input samples had to be repaired. A sample is one channel's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sanitised {
    /// NaN or infinite samples, set to 0.
    pub non_finite: u64,
    /// Samples beyond ±1.0, clamped. Lossy codecs overshoot a little at full level, so a few are normal.
    pub clipped: u64,
}

impl Sanitised {
    /// All repaired samples.
    #[must_use]
    pub fn total(self) -> u64 {
        self.non_finite + self.clipped
    }
}

/// What a call of [`Decoder::next`] gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    /// Samples at this rate in Hz; there may be none.
    Audio(u32),
    /// The end; the recording is whole or broke off.
    End { partial: bool },
}

/// The decoder of one recording. Panics of the codecs are the caller's to contain.
pub(crate) struct Decoder {
    reader: Box<dyn FormatReader>,
    codec: Box<dyn AudioDecoder>,
    container: Container,
    track: u32,
    time_base: Option<TimeBase>,
    declared: Option<f64>,
    cut_short: bool,
    edit: Edit,
    trim: Option<Trim>,
    codec_name: &'static str,
    channels: usize,
    rate: u32,
    /// Seconds decoded, in time-stamp terms: before trimming, silence for gaps included.
    position: f64,
    first_pts: Option<f64>,
    gaps: f64,
    silence: Option<(u64, Packet)>,
    last_frames: u64,
    barren: u32,
    damaged_packets: u64,
    sanitised: Sanitised,
    interleaved: Vec<f32>,
    mono: Vec<f32>,
}

impl Decoder {
    pub(crate) fn new(opened: Opened) -> Result<Self> {
        let Opened { container, reader, cut_short, edit, codec_hint } = opened;
        let hint = codec_hint.as_deref();
        let (track, params) = sound_track(reader.as_ref(), hint)?;
        let track = track.clone();
        let (params, pre_skip) = plain_params(params);
        let codec = codecs::decoder(&params, hint)?;
        let mut edit = edit.unwrap_or(Edit { start: 0.0, delay: 0.0, len: None });
        if let Some(pre_skip) = pre_skip {
            edit.start += f64::from(pre_skip) / f64::from(OPUS_RATE);
        }
        let declared = declared_seconds(reader.as_ref(), &track, &params);
        if declared.is_some_and(|declared| edit.start >= declared) {
            edit.start = 0.0;
        }
        Ok(Self {
            codec_name: codec.codec_info().short_name,
            channels: params.channels.as_ref().map_or(0, Channels::count),
            rate: params.sample_rate.unwrap_or(0),
            reader,
            codec,
            container,
            track: track.id,
            time_base: track.time_base,
            declared,
            cut_short,
            edit,
            trim: None,
            position: 0.0,
            first_pts: None,
            gaps: 0.0,
            silence: None,
            last_frames: 0,
            barren: 0,
            damaged_packets: 0,
            sanitised: Sanitised::default(),
            interleaved: Vec::new(),
            mono: Vec::new(),
        })
    }

    /// Appends the next samples to `out`.
    pub(crate) fn next(&mut self, out: &mut Vec<f32>) -> Result<Step> {
        if let Some((frames, packet)) = self.silence.take() {
            let now = frames.min(u64::from(self.rate));
            self.emit_silence(now, out);
            if frames > now {
                self.silence = Some((frames - now, packet));
                return Ok(Step::Audio(self.rate));
            }
            return self.decode(&packet, out);
        }
        let packet = match self.reader.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => return Ok(self.end(false)),
            Err(Cause::ResetRequired) => {
                self.reset()?;
                return Ok(Step::Audio(self.rate));
            }
            Err(Cause::IoError(error)) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
                return Err(Error::io(error));
            }
            // The end of a stream of unknown length looks like this. Whether a Matroska file was cut off shows in its
            // declared duration; WAV has its own check.
            Err(Cause::IoError(_)) if matches!(self.container, Container::Wav | Container::Mkv) => {
                return Ok(self.end(false));
            }
            Err(_) => return Ok(self.end(true)),
        };
        if packet.track_id != self.track {
            return Ok(self.barren());
        }
        match self.gap_before(&packet) {
            0 => self.decode(&packet, out),
            gap => {
                self.silence = Some((gap, packet));
                Ok(Step::Audio(self.rate))
            }
        }
    }

    fn decode(&mut self, packet: &Packet, out: &mut Vec<f32>) -> Result<Step> {
        match self.codec.decode(packet) {
            Ok(buffer) => {
                let (rate, channels) = (buffer.spec().rate(), buffer.spec().channels().count());
                buffer.copy_to_vec_interleaved(&mut self.interleaved);
                if !RATES.contains(&rate) || channels == 0 {
                    let detail = format!("impossible sound format: {rate} Hz, {channels} channels");
                    return Err(Error::new(ErrorKind::Damaged, detail)
                        .in_japanese(format!("{rate} Hz、{channels}チャンネル")));
                }
                if self.rate != rate {
                    // What is still to be trimmed was counted at the other rate.
                    self.trim = self.trim.take().map(|_| Trim::default());
                }
                (self.rate, self.channels) = (rate, channels);
                if self.interleaved.is_empty() {
                    return Ok(self.barren());
                }
                self.barren = 0;
                self.last_frames = (self.interleaved.len() / channels) as u64;
                self.position += self.last_frames as f64 / f64::from(rate);
                self.mix_down();
                self.emit(out);
                Ok(Step::Audio(rate))
            }
            Err(Cause::IoError(error)) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
                Err(Error::io(error))
            }
            Err(Cause::ResetRequired) => {
                self.reset()?;
                Ok(Step::Audio(self.rate))
            }
            Err(_) => {
                self.damaged_packets += 1;
                // Silence of the same length, so that what follows keeps its time.
                if self.last_frames > 0 {
                    self.emit_silence(self.last_frames, out);
                }
                Ok(self.barren())
            }
        }
    }

    /// The track list changed (chained Ogg, for one): a new decoder for the new sound track.
    fn reset(&mut self) -> Result<()> {
        let (track, params) = sound_track(self.reader.as_ref(), None)?;
        (self.track, self.time_base) = (track.id, track.time_base);
        let (params, pre_skip) = plain_params(params);
        self.codec = codecs::decoder(&params, None)?;
        self.trim = pre_skip.map(|skip| Trim::new(u64::from(skip), None)).or_else(|| Some(Trim::default()));
        self.first_pts = None;
        self.barren += 1;
        Ok(())
    }

    fn barren(&mut self) -> Step {
        self.barren += 1;
        if self.barren > MAX_BARREN_PACKETS { self.end(true) } else { Step::Audio(self.rate) }
    }

    fn end(&self, broke: bool) -> Step {
        let missing = self.declared.is_some_and(|declared| {
            declared - self.position > f64::max(0.25, declared * 0.01) && self.declared_is_exact()
        });
        Step::End { partial: broke || self.cut_short || missing }
    }

    /// Whether the declared length was counted by the writer; for an MP3 file it is usually guessed from its size.
    fn declared_is_exact(&self) -> bool {
        match self.container {
            Container::Flac | Container::Mkv | Container::Mp4 => true,
            Container::Mp3 => self.reader.tracks().first().is_some_and(|track| track.delay.is_some()),
            // WAV and Ogg answer by `cut_short`.
            Container::Wav | Container::Ogg | Container::Adts => false,
        }
    }

    /// Frames of silence that the time stamps ask for before `packet`. Only Matroska has them: a browser's recording
    /// has holes where the page was asleep, and players keep them.
    fn gap_before(&mut self, packet: &Packet) -> u64 {
        let Some(time_base) = self.time_base.filter(|_| self.container == Container::Mkv) else { return 0 };
        let pts = seconds(time_base, packet.pts);
        let first = *self.first_pts.get_or_insert(pts - self.position);
        let gap = pts - first - self.position;
        if gap.abs() < MIN_GAP || self.rate == 0 {
            return 0;
        }
        if !(0.0..=MAX_GAP).contains(&gap) || self.gaps + gap > MAX_GAPS {
            self.first_pts = Some(pts - self.position);
            return 0;
        }
        self.gaps += gap;
        (gap * f64::from(self.rate)).round() as u64
    }

    fn emit_silence(&mut self, frames: u64, out: &mut Vec<f32>) {
        self.position += frames as f64 / f64::from(self.rate.max(1));
        self.mono.clear();
        self.mono.resize(frames as usize, 0.0);
        self.emit(out);
    }

    /// Means over the channels, repaired.
    fn mix_down(&mut self) {
        let channels = self.channels;
        let scale = 1.0 / channels as f32;
        let sanitised = &mut self.sanitised;
        let mut repaired = |sample: f32| {
            if !sample.is_finite() {
                sanitised.non_finite += 1;
                return 0.0;
            }
            if sample.abs() > 1.0 {
                sanitised.clipped += 1;
            }
            sample.clamp(-1.0, 1.0)
        };
        self.mono.clear();
        let frames = self.interleaved.chunks_exact(channels);
        self.mono.extend(frames.map(|frame| {
            let mean = frame.iter().map(|sample| repaired(*sample)).sum::<f32>() * scale;
            // Denormal numbers make filters slow.
            if mean.abs() < 1e-20 { 0.0 } else { mean }
        }));
    }

    fn emit(&mut self, out: &mut Vec<f32>) {
        let trim = match &mut self.trim {
            Some(trim) => trim,
            none => {
                let frames = |seconds: f64| (seconds * f64::from(self.rate)).round() as u64;
                out.resize(out.len() + frames(self.edit.delay.min(MAX_GAP)) as usize, 0.0);
                none.insert(Trim::new(frames(self.edit.start), self.edit.len.map(frames)))
            }
        };
        trim.push(&self.mono, out);
    }

    /// Length in seconds as the file declares it.
    pub(crate) fn declared(&self) -> Option<f64> {
        let whole = || self.declared.map(|declared| declared - self.edit.start);
        self.edit.len.map(|len| len + self.edit.delay).or_else(whole)
    }

    pub(crate) fn sanitised(&self) -> Sanitised {
        self.sanitised
    }

    pub(crate) fn damaged_packets(&self) -> u64 {
        self.damaged_packets
    }

    pub(crate) fn channels(&self) -> usize {
        self.channels
    }

    pub(crate) fn rate(&self) -> u32 {
        self.rate
    }

    pub(crate) fn codec_name(&self) -> &'static str {
        self.codec_name
    }

    pub(crate) fn container(&self) -> Container {
        self.container
    }
}

/// The first sound track and its parameters.
fn sound_track<'a>(
    reader: &'a dyn FormatReader,
    hint: Option<&str>,
) -> Result<(&'a Track, &'a AudioCodecParameters)> {
    let known = reader.default_track(TrackType::Audio).or_else(|| reader.first_track(TrackType::Audio));
    let track = known.ok_or_else(|| match hint {
        Some(codec) => {
            Error::new(ErrorKind::Unsupported, format!("codec {codec}")).in_japanese(codec.to_owned())
        }
        None if reader.tracks().is_empty() => Error::new(ErrorKind::NoAudio, "no sound track"),
        None => Error::new(ErrorKind::Unsupported, "no sound track with a known codec"),
    })?;
    match &track.codec_params {
        Some(CodecParameters::Audio(params)) => Ok((track, params)),
        _ => Err(Error::new(ErrorKind::NoAudio, "no sound track")),
    }
}

/// The parameters as the decoder wants them, and for Opus its pre-skip in 48 kHz samples.
///
/// The Opus adapter cuts the pre-skip from the first packet only, which is too little when an encoder asks for 80 ms; we
/// cut it ourselves. Matroska may name the rate before encoding, which libopus refuses.
fn plain_params(params: &AudioCodecParameters) -> (AudioCodecParameters, Option<u16>) {
    let mut params = params.clone();
    if params.codec != CODEC_ID_OPUS {
        return (params, None);
    }
    let head = params.extra_data.take();
    let pre_skip =
        head.as_deref().and_then(|head| head.get(10..12)).map_or(0, |b| u16::from_le_bytes([b[0], b[1]]));
    params.sample_rate = Some(OPUS_RATE);
    (params, Some(pre_skip))
}

fn declared_seconds(reader: &dyn FormatReader, track: &Track, params: &AudioCodecParameters) -> Option<f64> {
    let from_track = || Some(track.duration?.get() as f64 * f64::from(track.time_base?));
    let from_frames =
        || Some(track.num_frames? as f64 / f64::from(params.sample_rate.filter(|rate| *rate > 0)?));
    let info = reader.media_info();
    let from_media = || Some(info.duration?.get() as f64 * f64::from(info.time_base?));
    let seconds = from_track().or_else(from_frames).or_else(from_media)?;
    (seconds > 0.0 && seconds.is_finite()).then_some(seconds)
}

fn seconds(time_base: TimeBase, at: Timestamp) -> f64 {
    at.get() as f64 * f64::from(time_base)
}

/// Opens a recording's container and its decoder.
pub(crate) fn open(bytes: crate::source::Bytes) -> Result<Decoder> {
    Decoder::new(crate::format::open(bytes)?)
}
