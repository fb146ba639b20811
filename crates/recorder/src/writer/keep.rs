//! What becomes of each sample: it is kept, held while paused, and told to the listener.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use record::SAMPLE_RATE;

use super::{PRE_ROLL, gap};
use crate::notes::GapCause;
use crate::recorder::Heard;
use crate::spool::Spool;
use crate::status::Level;
use crate::timeline::Timeline;
use crate::{Result, clock};

/// Sound that a pause holds in memory, in samples: whoever waits for a word to go on is some seconds behind the voice.
const HELD: usize = 20 * SAMPLE_RATE as usize;
/// How long a clipped sample stays in the level.
const CLIPPED: Duration = Duration::from_secs(1);
/// What is left of the level at the next look, 40 ms later.
const DECAY: f32 = 0.8;
/// Samples from here on are at full scale.
const FULL_SCALE: i16 = 32_700;

pub(super) struct Kept {
    pub(super) spool: Spool,
    pub(super) timeline: Timeline,
    /// Samples of the recording's time: sound, gaps and pauses.
    pub(super) position: u64,
    pub(super) gaps: usize,
    pub(super) marks: usize,
    pub(super) listener_missed: bool,
    /// When the last sample came that was not zero.
    pub(super) last_sound: Duration,
    clipped: Option<Duration>,
    peak: f32,
    paused: bool,
    /// The last sound of a pause.
    held: VecDeque<i16>,
    listener: Option<SyncSender<Heard>>,
    /// Samples that the listener did not get.
    missed: u64,
    samples: Vec<i16>,
}

impl Kept {
    pub(super) fn new(spool: Spool, listener: Option<SyncSender<Heard>>, now: Duration) -> Self {
        Self {
            spool,
            timeline: Timeline::default(),
            position: 0,
            gaps: 0,
            marks: 0,
            listener_missed: false,
            last_sound: now,
            clipped: None,
            peak: 0.0,
            paused: false,
            held: VecDeque::new(),
            listener,
            missed: 0,
            samples: Vec::new(),
        }
    }

    pub(super) fn has_begun(&self) -> bool {
        self.position > 0
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused
    }

    /// Takes sound, at 16 kHz.
    pub(super) fn sound(&mut self, sound: &[f32], now: Duration) -> Result<()> {
        if sound.is_empty() {
            return Ok(());
        }
        let mut samples = std::mem::take(&mut self.samples);
        samples.clear();
        // A 16-bit microphone's samples come back as they were.
        samples.extend(sound.iter().map(|sample| (sample * 32_768.0).round() as i16));
        let peak = samples.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0);
        if peak > 0 {
            self.last_sound = now;
        }
        if peak >= FULL_SCALE.unsigned_abs() {
            self.clipped = Some(now);
        }
        // Falls slowly, so that the eye can follow.
        self.peak = (f32::from(peak) / 32_768.0).max(self.peak * DECAY);
        if self.paused {
            self.held.extend(&samples);
            self.held.drain(..self.held.len().saturating_sub(HELD));
        } else {
            self.spool.append(&samples)?;
        }
        self.position += samples.len() as u64;
        self.tell(Heard::Sound(samples.clone()), samples.len() as u64);
        self.samples = samples;
        Ok(())
    }

    /// Sound is missing.
    pub(super) fn gap(&mut self, cause: GapCause, samples: u64) -> Result<()> {
        if self.paused {
            // What is held would lose its time.
            self.held.clear();
        } else {
            self.spool.note(gap(self.position, samples, cause))?;
            self.spool.append_silence(samples)?;
            self.gaps += 1;
        }
        self.position += samples;
        // A gap is no microphone that gives zeros.
        self.last_sound = clock::now();
        self.tell(Heard::Silence(samples), samples);
        Ok(())
    }

    pub(super) fn pause(&mut self) {
        self.paused = true;
        self.held.clear();
    }

    /// Keeps again: from `from_ms` of the recording, or with the usual pre-roll.
    pub(super) fn resume(&mut self, from_ms: Option<u64>) -> Result<()> {
        if !self.paused {
            return Ok(());
        }
        let since = |ms: u64| self.position.saturating_sub(ms * u64::from(SAMPLE_RATE) / 1_000);
        let back = from_ms.map_or(PRE_ROLL, since).min(self.held.len() as u64);
        let (at, silent) = (self.spool.samples(), self.position - back - self.spool.samples());
        self.paused = false;
        if silent > 0 {
            self.spool.note(gap(at, silent, GapCause::Pause))?;
            self.spool.append_silence(silent)?;
        }
        let held: Vec<i16> = self.held.drain(..).collect();
        self.spool.append(&held[held.len() - back as usize..])
    }

    /// The recording is over; for so long there was no sound before.
    pub(super) fn end(&mut self, missing: Option<(GapCause, u64)>) -> Result<()> {
        let at = self.spool.samples();
        if self.paused && self.position > at {
            self.spool.note(gap(at, self.position - at, GapCause::Pause))?;
        } else if let Some((cause, samples)) = missing {
            self.spool.note(gap(at, samples, cause))?;
        }
        Ok(())
    }

    pub(super) fn level(&self, now: Duration) -> Level {
        let clipped = self.clipped.is_some_and(|at| now.saturating_sub(at) < CLIPPED);
        Level { peak: self.peak, clipped }
    }

    /// Tells the listener, who is not waited for. What it misses becomes silence for it, so that its time stays right.
    fn tell(&mut self, heard: Heard, samples: u64) {
        let Some(listener) = &self.listener else { return };
        if self.missed > 0 && listener.try_send(Heard::Silence(self.missed)).is_ok() {
            self.missed = 0;
        }
        if self.missed > 0 || listener.try_send(heard).is_err() {
            self.missed += samples;
            self.listener_missed = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;
    use crate::notes::{Gap, Keep, Note, SoundFormat};
    use crate::recorder::RecorderConfig;

    const SECOND: usize = SAMPLE_RATE as usize;

    fn kept(dir: &tempfile::TempDir, listener: Option<SyncSender<Heard>>) -> Kept {
        let (inflight, folder) = (dir.path().join("inflight"), dir.path().to_owned());
        let config = RecorderConfig { inflight, folder, keep: Keep::Always, format: SoundFormat::Wav };
        let spool = Spool::create(&config, "test").unwrap();
        Kept::new(spool, listener, Duration::ZERO)
    }

    /// A second of sound of this level.
    fn second(level: f32) -> Vec<f32> {
        vec![level; SECOND]
    }

    fn written(kept: &Kept) -> Vec<i16> {
        let bytes = std::fs::read(&kept.spool.sound_path).unwrap();
        bytes.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect()
    }

    #[test]
    fn a_pause_is_silent_and_ends_a_second_before_the_word_to_go_on() {
        let dir = tempfile::tempdir().unwrap();
        let mut kept = kept(&dir, None);
        for (level, pause) in [(0.25, false), (0.5, true), (0.5, false), (0.125, false)] {
            if pause {
                kept.pause();
            }
            kept.sound(&second(level), Duration::ZERO).unwrap();
        }
        kept.resume(None).unwrap();
        kept.sound(&second(0.75), Duration::ZERO).unwrap();
        let written = written(&kept);
        assert_eq!(written.len() as u64, kept.position);
        let levels: Vec<i16> = written.chunks(SECOND).map(|s| s[SECOND / 2]).collect();
        assert_eq!(levels, [8_192, 0, 0, 4_096, 24_576]);
        let ended = kept.spool.end();
        assert_eq!(ended.notes, [Note::Gap(Gap { at_ms: 1_000, length_ms: 2_000, cause: GapCause::Pause })]);
    }

    #[test]
    fn a_word_heard_late_brings_back_what_was_said_after_it() {
        let dir = tempfile::tempdir().unwrap();
        let mut kept = kept(&dir, None);
        kept.sound(&second(0.25), Duration::ZERO).unwrap();
        kept.pause();
        for _ in 0..40 {
            kept.sound(&second(0.5), Duration::ZERO).unwrap();
        }
        // The word ended three seconds ago.
        kept.resume(Some(38_000)).unwrap();
        let written = written(&kept);
        assert_eq!(written.len(), 41 * SECOND);
        assert!(written[SECOND..38 * SECOND].iter().all(|s| *s == 0));
        assert!(written[38 * SECOND..].iter().all(|s| *s == 16_384));
    }

    #[test]
    fn a_slow_listener_loses_sound_and_no_time_and_holds_up_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (listener, heard) = sync_channel(2);
        let mut kept = kept(&dir, Some(listener));
        for _ in 0..5 {
            kept.sound(&second(0.5), Duration::ZERO).unwrap();
        }
        assert!(kept.listener_missed);
        let mut length = heard.try_iter().count() * SECOND;
        kept.sound(&second(0.5), Duration::ZERO).unwrap();
        for heard in heard.try_iter() {
            length += match heard {
                Heard::Sound(samples) => samples.len(),
                Heard::Silence(samples) => samples as usize,
            };
        }
        assert_eq!(length, 6 * SECOND);
        assert_eq!(written(&kept).len(), 6 * SECOND, "the recording has it all");
    }

    #[test]
    fn sixteen_bits_come_back_as_they_were() {
        let dir = tempfile::tempdir().unwrap();
        let mut kept = kept(&dir, None);
        let all: Vec<i16> = (i16::MIN..=i16::MAX).collect();
        let sound: Vec<f32> = all.iter().map(|s| f32::from(*s) / 32_768.0).collect();
        kept.sound(&sound, Duration::ZERO).unwrap();
        assert_eq!(written(&kept), all);
        assert!(kept.level(Duration::ZERO).clipped);
    }
}
