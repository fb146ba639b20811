//! The ring between a device's callback and the thread that keeps the sound.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};

use rtrb::{Consumer, Producer, RingBuffer};

/// Sound that the ring holds, in seconds: a slow disk's sync takes less.
const CAPACITY_S: usize = 10;
/// Places where samples are missing that the ring remembers.
const LOSSES: usize = 256;

/// Why a capture gives no more samples, or gives them from somewhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trouble {
    /// The device is gone.
    Lost,
    /// The sound system now takes the sound from another device.
    Switched,
    /// The stream must be opened again.
    Broken,
}

impl Trouble {
    const ALL: [Self; 3] = [Self::Lost, Self::Switched, Self::Broken];
}

/// Samples that were lost.
#[derive(Clone, Copy, Debug)]
struct Loss {
    /// Number of samples in front of it.
    at: u64,
    /// How many.
    samples: u64,
}

#[derive(Debug, Default)]
struct Shared {
    /// 1 + index into [`Trouble::ALL`]; 0: none.
    trouble: AtomicU8,
    overruns: AtomicU32,
    ended: AtomicBool,
}

/// A ring for sound of `channels` interleaved channels at `rate` Hz, empty.
#[must_use]
pub fn ring(rate: u32, channels: u16) -> (CaptureSink, CaptureSignals, CaptureReader) {
    let (samples, samples_out) = RingBuffer::new(rate.max(1) as usize * CAPACITY_S);
    let (losses, losses_out) = RingBuffer::new(LOSSES);
    let shared = Arc::new(Shared::default());
    let signals = CaptureSignals { shared: Arc::clone(&shared) };
    (
        CaptureSink { channels: usize::from(channels.max(1)), samples, losses, written: 0, lost: 0 },
        signals,
        CaptureReader { rate, samples: samples_out, losses: losses_out, read: 0, shared },
    )
}

/// The end of the ring that the callback has.
pub struct CaptureSink {
    channels: usize,
    samples: Producer<f32>,
    losses: Producer<Loss>,
    written: u64,
    /// Samples lost since the last that was written.
    lost: u64,
}

impl CaptureSink {
    /// Takes interleaved samples; `to_f32` brings one to −1.0..=1.0. What is no number becomes 0, what is beyond is
    /// clamped. Channels are averaged. Never blocks and never allocates; a frame that is not whole is left out.
    pub fn push<T: Copy>(&mut self, interleaved: &[T], to_f32: impl Fn(T) -> f32) {
        let frames = interleaved.len() / self.channels;
        let mut fits = frames.min(self.samples.slots());
        if fits > 0 && self.lost > 0 {
            match self.losses.push(Loss { at: self.written, samples: self.lost }) {
                Ok(()) => self.lost = 0,
                // Without its mark the hole would close.
                Err(_) => fits = 0,
            }
        }
        let channels = self.channels as f32;
        let mono = interleaved.chunks_exact(self.channels).take(fits).map(|frame| {
            let sum: f32 = frame.iter().map(|sample| finite(to_f32(*sample))).sum();
            (sum / channels).clamp(-1.0, 1.0)
        });
        let written = self.samples.write_chunk_uninit(fits).map_or(0, |chunk| chunk.fill_from_iter(mono));
        self.written += written as u64;
        self.lost += (frames - written) as u64;
    }

    /// How many samples fit now.
    #[must_use]
    pub fn room(&self) -> usize {
        self.samples.slots()
    }
}

fn finite(sample: f32) -> f32 {
    if sample.is_finite() { sample } else { 0.0 }
}

/// What a device's callbacks say beside samples; as safe there as [`CaptureSink`].
#[derive(Clone, Debug)]
pub struct CaptureSignals {
    shared: Arc<Shared>,
}

impl CaptureSignals {
    /// The stream cannot go on. The first trouble stays.
    pub fn trouble(&self, trouble: Trouble) {
        let code = Trouble::ALL.iter().position(|t| *t == trouble).map_or(0, |i| i as u8 + 1);
        let _ = self.shared.trouble.compare_exchange(0, code, Ordering::AcqRel, Ordering::Acquire);
    }

    /// The system lost samples before the callback, nobody knows how many.
    pub fn overrun(&self) {
        self.shared.overruns.fetch_add(1, Ordering::AcqRel);
    }

    /// All samples have been written: a file is at its end.
    pub fn end(&self) {
        self.shared.ended.store(true, Ordering::Release);
    }
}

/// The end of the ring that the recorder has.
pub struct CaptureReader {
    rate: u32,
    samples: Consumer<f32>,
    losses: Consumer<Loss>,
    read: u64,
    shared: Arc<Shared>,
}

impl CaptureReader {
    /// Sample rate in Hz.
    #[must_use]
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Samples that can be read now.
    #[must_use]
    pub fn available(&self) -> usize {
        self.samples.slots()
    }

    /// Appends the samples up to the next hole, all that are there where there is none. How many samples are missing
    /// behind them; 0: read on later.
    pub fn read(&mut self, out: &mut Vec<f32>) -> u64 {
        // In this order: a hole is announced before the samples behind it.
        let there = self.samples.slots();
        let next = self.losses.peek().ok().copied();
        let before = next.map_or(u64::MAX, |loss| loss.at - self.read);
        let wanted = there.min(usize::try_from(before).unwrap_or(usize::MAX));
        if let Ok(chunk) = self.samples.read_chunk(wanted) {
            let (first, second) = chunk.as_slices();
            out.extend_from_slice(first);
            out.extend_from_slice(second);
            chunk.commit_all();
            self.read += wanted as u64;
        }
        match next {
            Some(loss) if loss.at == self.read => {
                let _ = self.losses.pop();
                loss.samples
            }
            _ => 0,
        }
    }

    /// Why there will be no more samples, or only wrong ones.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        let code = self.shared.trouble.load(Ordering::Acquire);
        Trouble::ALL.get(usize::from(code).wrapping_sub(1)).copied()
    }

    /// How often the system has lost samples, since this was last asked.
    #[must_use]
    pub fn take_overruns(&self) -> u32 {
        self.shared.overruns.swap(0, Ordering::AcqRel)
    }

    /// Whether the source is at its end and everything was read.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.shared.ended.load(Ordering::Acquire) && self.samples.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_averaged_and_nonsense_is_silenced() {
        let (mut sink, _, mut reader) = ring(8_000, 2);
        sink.push(&[0.5, -0.1, f32::NAN, 1.0, 9.0, 9.0, 0.3], |s| s);
        let mut out = Vec::new();
        assert_eq!(reader.read(&mut out), 0);
        assert_eq!(out, [0.2, 0.5, 1.0], "the odd sample belongs to no frame");
    }

    #[test]
    fn what_does_not_fit_is_counted_at_its_place() {
        let (mut sink, _, mut reader) = ring(100, 1);
        sink.push(&[0.1; 990], |s| s);
        sink.push(&[0.2; 40], |s| s);
        let mut out = Vec::new();
        assert_eq!(reader.read(&mut out), 0, "not known before sound comes again");
        assert_eq!(out.len(), 1_000);
        sink.push(&[0.3; 5], |s| s);
        out.clear();
        assert_eq!(reader.read(&mut out), 30);
        assert!(out.is_empty());
        assert_eq!(reader.read(&mut out), 0);
        assert_eq!(out, [0.3; 5]);
    }

    #[test]
    fn nothing_is_lost_or_doubled_between_two_threads() {
        let (mut sink, signals, mut reader) = ring(1_000, 1);
        let total = 200_000_u32;
        let writer = std::thread::spawn(move || {
            let mut next = 0;
            while next < total {
                let block: Vec<f32> = (next..total.min(next + 37)).map(|n| n as f32 / 1e6).collect();
                next += block.len() as u32;
                sink.push(&block, |s| s);
            }
            // Without sound behind it the last hole stays unknown.
            while sink.room() < 10 {
                std::thread::yield_now();
            }
            sink.push(&[1.0], |s| s);
            signals.end();
        });
        let (mut at, mut out) = (0_u64, Vec::new());
        while !reader.is_ended() {
            out.clear();
            let lost = reader.read(&mut out);
            for sample in &out {
                let expected = if at == u64::from(total) { 1.0 } else { at as f32 / 1e6 };
                assert!((sample - expected).abs() < 1e-9, "{sample} at {at}");
                at += 1;
            }
            at += lost;
        }
        writer.join().unwrap();
        assert_eq!(at, u64::from(total) + 1);
    }

    #[test]
    fn the_first_trouble_stays() {
        let (_, signals, reader) = ring(16_000, 1);
        assert_eq!(reader.trouble(), None);
        signals.trouble(Trouble::Lost);
        signals.trouble(Trouble::Broken);
        signals.overrun();
        assert_eq!(reader.trouble(), Some(Trouble::Lost));
        assert_eq!((reader.take_overruns(), reader.take_overruns()), (1, 0));
    }
}
