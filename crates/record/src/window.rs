//! A stretch of speech as an engine takes it, and its way back to the recording.

/// Sample rate of all audio inside kikitori, in Hz.
pub const SAMPLE_RATE: u32 = 16_000;

/// Milliseconds of `samples` at [`SAMPLE_RATE`], rounded down.
#[must_use]
pub fn samples_to_ms(samples: u64) -> u64 {
    samples * 1000 / u64::from(SAMPLE_RATE)
}

/// Mono speech of at most 30 s, packed from one recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Position among the windows of the job, from 0.
    pub index: usize,
    /// Which recording of the job, from 0.
    pub file: usize,
    /// Samples at [`SAMPLE_RATE`], nominally in −1.0..=1.0, all finite.
    pub samples: Vec<f32>,
    /// Where each sample was in the recording.
    pub map: TimeMap,
}

impl Window {
    /// Length in milliseconds, the joints' silence included.
    #[must_use]
    pub fn duration_ms(&self) -> u64 {
        samples_to_ms(self.samples.len() as u64)
    }
}

/// One run of samples copied from the recording into a window. All numbers are samples at [`SAMPLE_RATE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// First sample in the window.
    pub window_start: u64,
    /// First sample in the recording.
    pub file_start: u64,
    /// Number of samples, more than 0.
    pub len: u64,
}

/// Piecewise map from a window's time to the recording's.
///
/// Between two pieces lies silence that the packer inserted; a moment in it maps to the nearest edge in the recording,
/// so the map is monotone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeMap {
    pieces: Vec<Piece>,
}

impl TimeMap {
    /// A map of one piece: the window is a plain cut of the recording.
    #[must_use]
    pub fn contiguous(file_start: u64, len: u64) -> Self {
        Self { pieces: vec![Piece { window_start: 0, file_start, len }] }
    }

    /// Appends a piece.
    ///
    /// # Panics
    /// When the piece is empty or starts before the end of the last one, in the window or in the recording.
    pub fn push(&mut self, piece: Piece) {
        assert!(piece.len > 0, "a piece has samples");
        if let Some(last) = self.pieces.last() {
            assert!(
                piece.window_start >= last.window_start + last.len,
                "pieces follow each other in the window"
            );
            assert!(
                piece.file_start >= last.file_start + last.len,
                "pieces follow each other in the recording"
            );
        }
        self.pieces.push(piece);
    }

    /// The pieces in order.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The recording's sample at the window's sample `at`; clamped to the mapped range.
    #[must_use]
    pub fn to_file_sample(&self, at: u64) -> u64 {
        let next = self.pieces.partition_point(|p| p.window_start <= at);
        let Some(before) = next.checked_sub(1).map(|i| self.pieces[i]) else {
            return self.pieces.first().map_or(0, |p| p.file_start);
        };
        let offset = at - before.window_start;
        if offset < before.len {
            return before.file_start + offset;
        }
        let end = before.file_start + before.len;
        match self.pieces.get(next) {
            // In the joint: the nearer edge.
            Some(after) if at - (before.window_start + before.len) > after.window_start - at => {
                after.file_start
            }
            _ => end,
        }
    }

    /// The recording's millisecond at the window's millisecond `ms`.
    #[must_use]
    pub fn to_file_ms(&self, ms: u64) -> u64 {
        samples_to_ms(self.to_file_sample(ms * u64::from(SAMPLE_RATE) / 1000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_joint_belongs_to_the_nearer_edge() {
        let mut map = TimeMap::default();
        map.push(Piece { window_start: 0, file_start: 1_000, len: 100 });
        map.push(Piece { window_start: 120, file_start: 5_000, len: 100 });
        assert_eq!(map.to_file_sample(0), 1_000);
        assert_eq!(map.to_file_sample(99), 1_099);
        assert_eq!(map.to_file_sample(105), 1_100);
        assert_eq!(map.to_file_sample(115), 5_000);
        assert_eq!(map.to_file_sample(120), 5_000);
        assert_eq!(map.to_file_sample(10_000), 5_100);
    }

    #[test]
    fn the_map_is_monotone() {
        let mut map = TimeMap::default();
        map.push(Piece { window_start: 10, file_start: 40, len: 7 });
        map.push(Piece { window_start: 21, file_start: 90, len: 3 });
        map.push(Piece { window_start: 24, file_start: 95, len: 3 });
        let mapped: Vec<_> = (0..40).map(|at| map.to_file_sample(at)).collect();
        assert!(mapped.is_sorted());
    }
}
