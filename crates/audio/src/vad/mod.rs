//! Voice activity: how probable it is, frame by frame, that somebody speaks.

mod conformance;
mod earshot;
mod energy;
mod regions;

pub use conformance::conformance;
pub use earshot::Earshot;
pub use energy::Energy;
#[cfg(test)]
pub(crate) use regions::reference as regions_reference;
pub use regions::{RegionConfig, RegionEvent, Regions};

use crate::{Error, ErrorKind, Result};

/// Samples per frame of a [`Vad`] that does not say otherwise: 16 ms.
pub const FRAME_LEN: usize = 256;

/// A voice activity detector for one stream.
///
/// # For implementations
///
/// * Frame `n` is the samples `n * frame_len()..(n + 1) * frame_len()` of the stream; its probability is in 0.0..=1.0 and
///   is appended as soon as the frame is complete. An incomplete frame is kept for the next call.
/// * The probabilities do not depend on how the stream is cut into calls.
/// * Only the past is used; a late detector is the reader's to compensate (padding).
/// * Samples are at 16 kHz, finite and in −1.0..=1.0.
/// * Add the implementation to the registry and run [`conformance`] in its tests.
pub trait Vad: Send {
    /// Feeds samples and appends the probabilities of the frames that they complete.
    fn push(&mut self, samples: &[f32], probabilities: &mut Vec<f32>);

    /// Samples per frame; the same during the detector's life.
    fn frame_len(&self) -> usize {
        FRAME_LEN
    }
}

impl<V: Vad + ?Sized> Vad for Box<V> {
    fn push(&mut self, samples: &[f32], probabilities: &mut Vec<f32>) {
        (**self).push(samples, probabilities);
    }

    fn frame_len(&self) -> usize {
        (**self).frame_len()
    }
}

/// Makes a detector for a new stream.
type Make = fn() -> Box<dyn Vad>;

const REGISTRY: &[(&str, Make)] =
    &[("earshot", || Box::new(Earshot::new())), ("energy", || Box::new(Energy::new()))];

/// Name of the detector to use where nobody chose.
pub const DEFAULT: &str = "earshot";

/// Names of the registered detectors.
pub fn names() -> impl Iterator<Item = &'static str> {
    REGISTRY.iter().map(|(name, _)| *name)
}

/// A detector for a new stream, by its name.
///
/// # Errors
/// [`ErrorKind::UnknownName`]; the message lists the known names.
pub fn by_name(name: &str) -> Result<Box<dyn Vad>> {
    let make = REGISTRY.iter().find(|(known, _)| *known == name).map(|(_, make)| make);
    make.map(|make| make()).ok_or_else(|| {
        let known = names().collect::<Vec<_>>().join(", ");
        Error::new(ErrorKind::UnknownName, format!("unknown voice activity detector, known are {known}"))
            .named(name)
    })
}

/// Cuts a stream into whole frames.
#[derive(Debug)]
struct Framer<const LEN: usize> {
    pending: [f32; LEN],
    filled: usize,
}

impl<const LEN: usize> Framer<LEN> {
    fn new() -> Self {
        Self { pending: [0.0; LEN], filled: 0 }
    }

    fn push(&mut self, mut samples: &[f32], mut frame: impl FnMut(&[f32; LEN])) {
        if self.filled > 0 {
            let taken = samples.len().min(LEN - self.filled);
            self.pending[self.filled..self.filled + taken].copy_from_slice(&samples[..taken]);
            self.filled += taken;
            samples = &samples[taken..];
            if self.filled < LEN {
                return;
            }
            frame(&self.pending);
            self.filled = 0;
        }
        let (frames, rest) = samples.as_chunks::<LEN>();
        frames.iter().for_each(&mut frame);
        self.pending[..rest.len()].copy_from_slice(rest);
        self.filled = rest.len();
    }
}

#[cfg(test)]
mod tests {
    use record::{Explain as _, Lang};

    use super::*;

    #[test]
    fn every_registered_detector_keeps_the_contract() {
        for (name, make) in REGISTRY {
            conformance(name, make);
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let error = by_name("silero").err().unwrap();
        assert_eq!(error.kind(), ErrorKind::UnknownName);
        assert_eq!(
            error.explain(Lang::En),
            "unknown voice activity detector, known are earshot, energy: silero"
        );
        assert!(by_name(DEFAULT).is_ok());
    }
}
