//! Whether there is memory, asked before it is taken: where the system has set a limit, an allocation that fails ends the
//! process.

use kernels::Precision;

use crate::Error;
use crate::error::Cause;
use crate::ggml::{Header, ModelError};

/// Weights in a byte, at most: ggml's smallest type has 84 bytes for 256.
const DENSEST: u64 = 4;

/// The system gives no memory for so many bytes.
#[derive(Debug)]
pub(super) struct Short {
    pub(super) bytes: u64,
}

impl From<Short> for ModelError {
    fn from(short: Short) -> Self {
        Self::Memory { bytes: short.bytes }
    }
}

impl From<Short> for Error {
    fn from(short: Short) -> Self {
        Cause::Memory { bytes: short.bytes }.into()
    }
}

/// Asks for so many bytes at once and gives them back; no memory is touched.
pub(super) fn ask(bytes: u64) -> Result<(), Short> {
    let Ok(count) = usize::try_from(bytes) else { return Err(Short { bytes }) };
    let mut asked = Vec::<u8>::new();
    asked.try_reserve_exact(count).map_err(|_| Short { bytes })?;
    // The compiler may leave out an allocation that nobody uses.
    std::hint::black_box(&mut asked);
    Ok(())
}

/// Bytes that loading a model takes where `kept` of its `stored` bytes are in memory at once: they and the packed weights, of which
/// the one shrinks while the other grows, and the largest tensor as numbers.
///
/// A header that promises more weights than so many bytes hold asks for no more memory.
pub(super) fn loading(header: &Header, stored: u64, kept: u64, precision: Precision) -> u64 {
    let most = stored.saturating_mul(DENSEST);
    let weights = header.parameters().min(most);
    let packed = match precision {
        Precision::Int8 => weights,
        Precision::Float => 4 * weights,
    };
    packed.max(kept) + 4 * (u64::from(header.n_vocab) * u64::from(header.n_text_state)).min(most)
}

/// Bytes that a session takes for the encoder's work on the longest window and the decoder's first step.
pub(super) fn session(header: &Header, places: usize) -> u64 {
    let positions = u64::from(header.n_audio_ctx) * u64::from(header.n_audio_state);
    // The convolution's output, x, queries, keys, values, what they find, keys and values of heads and of the sound.
    let encoder = 4 * positions * (2 + 1 + 3 + 1 + 2 + 2);
    encoder + 4 * places as u64 * u64::from(header.n_vocab)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn what_no_machine_has_is_refused() {
        assert!(ask(1 << 20).is_ok());
        let error: Error = ask(1 << 62).unwrap_err().into();
        assert_eq!(error.kind(), ErrorKind::Memory);
        assert_eq!(error.to_string(), "there is not enough memory: 4611686018427387904 bytes");
    }
}
