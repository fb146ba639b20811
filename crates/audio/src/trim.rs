//! Cutting what the encoder added around the recording, at the source rate.

/// An encoder pads the end of its last frame by less than this many samples. More than that after the declared end is
/// sound that a wrong header would make us lose, so it is kept.
const MAX_PADDING: usize = 4_096;

/// Drops `skip` leading samples and, after `len` more, up to 4,095 trailing ones.
#[derive(Debug, Default)]
pub(crate) struct Trim {
    skip: u64,
    left: Option<u64>,
    /// What came after the declared end; dropped if the stream ends soon enough.
    held: Vec<f32>,
}

impl Trim {
    pub(crate) fn new(skip: u64, len: Option<u64>) -> Self {
        Self { skip, left: len, held: Vec::new() }
    }

    /// Appends to `out` what of `samples` belongs to the recording.
    pub(crate) fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        let skipped = self.skip.min(samples.len() as u64);
        self.skip -= skipped;
        let samples = &samples[skipped as usize..];
        let Some(left) = &mut self.left else {
            out.extend_from_slice(samples);
            return;
        };
        let (inside, after) = samples.split_at((*left).min(samples.len() as u64) as usize);
        *left -= inside.len() as u64;
        out.extend_from_slice(inside);
        self.held.extend_from_slice(after);
        if self.held.len() >= MAX_PADDING {
            out.append(&mut self.held);
            self.left = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_the_blocks_the_same_samples_stay(
            total in 0_usize..12_000,
            skip in 0_usize..3_000,
            len in proptest::option::of(0_usize..12_000),
            block in 1_usize..3_000,
        ) {
            let samples: Vec<f32> = (0..total).map(|n| n as f32).collect();
            let mut trim = Trim::new(skip as u64, len.map(|len| len as u64));
            let mut out = Vec::new();
            samples.chunks(block).for_each(|part| trim.push(part, &mut out));
            let rest = &samples[skip.min(total)..];
            let expected = match len {
                Some(len) if rest.len() < len + MAX_PADDING => &rest[..len.min(rest.len())],
                _ => rest,
            };
            prop_assert_eq!(out, expected);
        }
    }
}
