//! Recording to windows, in bounded memory.

use crate::Result;
use crate::pack::{PackConfig, PackedWindow, Packer};
use crate::reader::SampleSource;
use crate::vad::Vad;

/// Packs the speech of `source`, which is recording number `file` of the job, into windows.
///
/// Nothing is read before the first window is asked for. After an error the windows of what was read until then follow,
/// then the iterator ends.
///
/// # Errors
/// [`Config`](crate::ErrorKind::Config).
pub fn windows<S: SampleSource, V: Vad>(
    source: S,
    vad: V,
    config: PackConfig,
    file: usize,
) -> Result<Windows<S, V>> {
    let packer = Packer::new(config, vad.frame_len(), file)?;
    Ok(Windows { source, vad, packer, probabilities: Vec::new(), samples: 0, finished: false })
}

/// Iterator over a recording's windows; see [`windows`].
pub struct Windows<S, V> {
    source: S,
    vad: V,
    packer: Packer,
    probabilities: Vec<f32>,
    samples: u64,
    finished: bool,
}

impl<S: SampleSource, V: Vad> Windows<S, V> {
    /// Numbers the windows from `index`, for the second and later recordings of a job.
    #[must_use]
    pub fn starting_at(mut self, index: usize) -> Self {
        self.packer = self.packer.starting_at(index);
        self
    }

    /// The source, for its progress and its state at the end.
    #[must_use]
    pub fn source(&self) -> &S {
        &self.source
    }

    /// Samples held by the packer at this moment; at most two windows and a few seconds.
    #[must_use]
    pub fn buffered_samples(&self) -> usize {
        self.packer.buffered_samples()
    }

    fn advance(&mut self) -> Result<()> {
        self.probabilities.clear();
        match self.source.next_block() {
            Ok(Some(block)) => {
                self.vad.push(block, &mut self.probabilities);
                self.samples += block.len() as u64;
                self.packer.push(block, &self.probabilities);
                Ok(())
            }
            end => {
                // The last frame is judged with silence after it.
                let frame_len = self.vad.frame_len();
                let rest = (self.samples % frame_len as u64) as usize;
                if rest > 0 {
                    self.vad.push(&vec![0.0; frame_len - rest], &mut self.probabilities);
                    self.packer.push(&[], &self.probabilities);
                }
                self.packer.finish();
                self.finished = true;
                end.map(|_| ())
            }
        }
    }
}

impl<S: SampleSource, V: Vad> Iterator for Windows<S, V> {
    type Item = Result<PackedWindow>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(window) = self.packer.pop() {
                return Some(Ok(window));
            }
            if self.finished {
                return None;
            }
            if let Err(error) = self.advance() {
                return Some(Err(error));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vad::{Earshot, Energy};
    use crate::{Error, ErrorKind};

    /// Seconds of a 200 Hz buzz: `on` of them, then `off` of silence, and so on.
    struct Bursts {
        at: u64,
        len: u64,
        on: u64,
        off: u64,
        buzz: Vec<f32>,
        silence: Vec<f32>,
        fail_at: Option<u64>,
    }

    impl Bursts {
        fn new(seconds: u64, on: u64, off: u64) -> Self {
            let buzz = (0..16_000).map(|n| if n % 80 < 8 { 0.4 } else { -0.02 }).collect();
            let silence = vec![0.0; 16_000];
            Self { at: 0, len: seconds * 16_000, on, off, buzz, silence, fail_at: None }
        }
    }

    impl SampleSource for Bursts {
        fn next_block(&mut self) -> Result<Option<&[f32]>> {
            if self.fail_at.is_some_and(|fail_at| self.at >= fail_at) {
                self.len = self.at;
                self.fail_at = None;
                return Err(Error::new(ErrorKind::Io, "reading failed"));
            }
            let len = (self.len - self.at).min(16_000);
            let second = self.at / 16_000;
            self.at += len;
            let block = if second % (self.on + self.off) < self.on { &self.buzz } else { &self.silence };
            Ok((len > 0).then_some(&block[..len as usize]))
        }
    }

    /// Speech where a frame has sound. Hours pass in a second with it.
    struct Loud(usize);

    impl Vad for Loud {
        fn push(&mut self, samples: &[f32], probabilities: &mut Vec<f32>) {
            let frames = (self.0 + samples.len()) / 160 - self.0 / 160;
            self.0 += samples.len();
            let probability = if samples.first().is_some_and(|s| *s != 0.0) { 0.9 } else { 0.0 };
            probabilities.extend(std::iter::repeat_n(probability, frames));
        }

        fn frame_len(&self) -> usize {
            160
        }
    }

    #[test]
    fn eight_hours_pass_through_bounded_memory() {
        for (hours, on, off) in [(8, 40, 20), (1, 1, 0), (1, 0, 1), (1, 3, 2)] {
            let source = Bursts::new(hours * 3_600, on, off);
            let mut windows = windows(source, Loud(0), PackConfig::default(), 0).unwrap();
            let (mut packed, mut most) = (0_u64, 0);
            while let Some(window) = windows.next() {
                let window = window.unwrap().window;
                assert!(window.samples.len() <= 28 * 16_000);
                packed += window.samples.len() as u64;
                most = most.max(windows.buffered_samples());
            }
            assert!(most < 70 * 16_000, "{on}/{off}: {most} samples were held");
            let spoken = hours * 3_600 * 16_000 * on / (on + off);
            let PackConfig { joint_ms, regions, .. } = PackConfig::default();
            let around = u64::from(joint_ms + regions.lead_ms + regions.trail_ms) * 16;
            let most = spoken + around * (hours * 3_600 / (on + off) + 1);
            assert!((spoken..=most).contains(&packed), "{on}/{off}: {packed} of {spoken} samples");
        }
    }

    #[test]
    fn a_minute_of_silence_has_no_window() {
        for vad in [Box::new(Earshot::new()) as Box<dyn Vad>, Box::new(Energy::new())] {
            let source = Bursts::new(60, 0, 1);
            assert_eq!(windows(source, vad, PackConfig::default(), 0).unwrap().count(), 0);
        }
    }

    #[test]
    fn what_was_read_before_an_error_is_kept() {
        let mut source = Bursts::new(60, 5, 1);
        source.fail_at = Some(10 * 16_000);
        let outcome: Vec<_> = windows(source, Loud(0), PackConfig::default(), 0).unwrap().collect();
        assert_eq!(outcome.len(), 2);
        assert_eq!(outcome[0].as_ref().unwrap_err().kind(), ErrorKind::Io);
        assert!(outcome[1].as_ref().unwrap().window.samples.len() > 8 * 16_000);
    }

    #[test]
    fn speech_up_to_the_last_sample_is_kept() {
        let source = Bursts { len: 16_000 * 3 + 100, ..Bursts::new(3, 60, 1) };
        let all: Vec<_> = windows(source, Loud(0), PackConfig::default(), 0).unwrap().collect();
        let window = &all[0].as_ref().unwrap().window;
        assert_eq!(window.map.to_file_sample(window.samples.len() as u64), 16_000 * 3 + 100);
    }
}
