//! When each token begins, by the attention of the heads that follow the audio.
//!
//! As in the reference (`whisper/timing.py`, `find_alignment`): each head's shares are normalised over the tokens, smoothed
//! by a median over seven positions, averaged over the heads, and a monotone path of the largest sum is laid through tokens
//! and positions by dynamic time warping. The reference decodes the text a second time for it; here the shares are those
//! with which each token was chosen.

use std::sync::Arc;

use crate::ggml::Header;

/// Layers and heads of the published models that follow the audio (`whisper/__init__.py`, `_ALIGNMENT_HEADS`); of others,
/// all heads of the upper half of the layers.
pub(super) fn heads(header: &Header) -> Vec<(usize, usize)> {
    let english = !header.is_multilingual();
    let known: &[(usize, usize)] = match (header.n_text_layer, header.n_text_head) {
        (4, 6) if english => &[(1, 0), (2, 0), (2, 5), (3, 0), (3, 1), (3, 2), (3, 3), (3, 4)],
        (4, 6) => &[(2, 2), (3, 0), (3, 2), (3, 3), (3, 4), (3, 5)],
        (6, 8) if english => &[(3, 3), (4, 7), (5, 1), (5, 5), (5, 7)],
        (6, 8) => &[(3, 1), (4, 2), (4, 3), (4, 7), (5, 1), (5, 2), (5, 4), (5, 6)],
        (12, 12) if english => &[
            (6, 6),
            (7, 0),
            (7, 3),
            (7, 8),
            (8, 2),
            (8, 5),
            (8, 7),
            (9, 0),
            (9, 4),
            (9, 8),
            (9, 10),
            (10, 0),
            (10, 1),
            (10, 2),
            (10, 3),
            (10, 6),
            (10, 11),
            (11, 2),
            (11, 4),
        ],
        (12, 12) => &[(5, 3), (5, 9), (8, 0), (8, 4), (8, 7), (8, 8), (9, 0), (9, 7), (9, 9), (10, 5)],
        (24, 16) if english => &[
            (11, 4),
            (14, 1),
            (14, 12),
            (14, 14),
            (15, 4),
            (16, 0),
            (16, 4),
            (16, 9),
            (17, 12),
            (17, 14),
            (18, 7),
            (18, 10),
            (18, 15),
            (20, 0),
            (20, 3),
            (20, 9),
            (20, 14),
            (21, 12),
        ],
        (24, 16) => &[(13, 15), (15, 4), (15, 15), (16, 1), (20, 0), (23, 4)],
        (32, 20) if header.n_mels == 128 => {
            &[(7, 0), (10, 17), (12, 18), (13, 12), (16, 1), (17, 14), (19, 11), (21, 4), (24, 1), (25, 6)]
        }
        (32, 20) => &[
            (10, 12),
            (13, 17),
            (16, 11),
            (16, 12),
            (16, 13),
            (17, 15),
            (17, 16),
            (18, 4),
            (18, 11),
            (18, 19),
            (19, 11),
            (21, 2),
            (21, 3),
            (22, 3),
            (22, 9),
            (22, 12),
            (23, 5),
            (23, 7),
            (23, 13),
            (25, 5),
            (26, 1),
            (26, 12),
            (27, 15),
        ],
        (4, 20) => &[(2, 4), (2, 11), (3, 3), (3, 6), (3, 11), (3, 14)],
        (layers, heads) => {
            let upper = layers as usize / 2..layers as usize;
            return upper.flat_map(|layer| (0..heads as usize).map(move |head| (layer, head))).collect();
        }
    };
    known.to_vec()
}

/// The position at which each row's token begins; rows are `[heads][positions]`, of which the first `spoken` count.
///
/// Rises from row to row and is below `spoken`, which is at least 1.
pub(super) fn starts(rows: &[Arc<[f32]>], heads: usize, spoken: usize) -> Vec<usize> {
    let Some(first) = rows.first().filter(|_| heads > 0) else { return Vec::new() };
    let positions = first.len() / heads;
    let spoken = spoken.clamp(1, positions);
    let mut matrix = vec![0.0_f32; rows.len() * spoken];
    let mut head_rows = vec![0.0_f32; rows.len() * spoken];
    for head in 0..heads {
        for (row, out) in rows.iter().zip(head_rows.chunks_exact_mut(spoken)) {
            let shares = &row[head * positions..][..spoken];
            let total: f32 = shares.iter().sum();
            for (out, share) in out.iter_mut().zip(shares) {
                *out = share / total.max(f32::MIN_POSITIVE);
            }
        }
        normalise(&mut head_rows, spoken);
        for (row, sums) in head_rows.chunks_exact(spoken).zip(matrix.chunks_exact_mut(spoken)) {
            add_medians(row, sums);
        }
    }
    path(&matrix, rows.len(), spoken)
}

/// Normalises each position's shares to mean 0 and variance 1 over the rows.
fn normalise(rows: &mut [f32], width: usize) {
    let count = (rows.len() / width) as f32;
    let (mut mean, mut variance) = (vec![0.0_f32; width], vec![0.0_f32; width]);
    for row in rows.chunks_exact(width) {
        for (mean, x) in mean.iter_mut().zip(row) {
            *mean += x / count;
        }
    }
    for row in rows.chunks_exact(width) {
        for ((variance, x), mean) in variance.iter_mut().zip(row).zip(&mean) {
            *variance += (x - mean) * (x - mean) / count;
        }
    }
    for row in rows.chunks_exact_mut(width) {
        for ((x, mean), variance) in row.iter_mut().zip(&mean).zip(&variance) {
            *x = (*x - mean) / variance.sqrt().max(f32::MIN_POSITIVE);
        }
    }
}

/// Positions under the median.
const MEDIAN: usize = 7;

/// Adds each number's median with its three neighbours on either side; the row is mirrored at its ends.
fn add_medians(row: &[f32], sums: &mut [f32]) {
    const REACH: usize = MEDIAN / 2;
    if row.len() <= REACH {
        for (sum, x) in sums.iter_mut().zip(row) {
            *sum += x;
        }
        return;
    }
    let last = row.len() - 1;
    let mirrored: Vec<f32> = (1..=REACH)
        .rev()
        .map(|i| row[i])
        .chain(row.iter().copied())
        .chain((1..=REACH).map(|i| row[last - i]))
        .collect();
    for (sum, near) in sums.iter_mut().zip(mirrored.array_windows::<MEDIAN>()) {
        *sum += median(*near);
    }
}

/// The middle one of seven numbers, by the shortest network of exchanges (N. Devillard, "Fast median search").
fn median(mut p: [f32; MEDIAN]) -> f32 {
    let mut sort = |a: usize, b: usize| (p[a], p[b]) = (p[a].min(p[b]), p[a].max(p[b]));
    for (a, b) in [
        (0, 5),
        (0, 3),
        (1, 6),
        (2, 4),
        (0, 1),
        (3, 5),
        (2, 6),
        (2, 3),
        (3, 6),
        (4, 5),
        (1, 4),
        (1, 3),
        (3, 4),
    ] {
        sort(a, b);
    }
    p[3]
}

/// The path of the largest sum from the first row and position to the last, one step in either or both at a time; returns
/// where it enters each row.
fn path(matrix: &[f32], rows: usize, width: usize) -> Vec<usize> {
    #[derive(Clone, Copy, PartialEq)]
    enum Came {
        Both,
        Row,
        Position,
    }
    let mut came = vec![Came::Position; rows * width];
    let mut before = vec![f32::NEG_INFINITY; width];
    let mut now = vec![f32::NEG_INFINITY; width];
    for row in 0..rows {
        for at in 0..width {
            let both = if row == 0 && at == 0 {
                0.0
            } else if at > 0 {
                before[at - 1]
            } else {
                f32::NEG_INFINITY
            };
            let (from_row, from_position) =
                (before[at], if at > 0 { now[at - 1] } else { f32::NEG_INFINITY });
            let (best, step) = if both >= from_row && both >= from_position {
                (both, Came::Both)
            } else if from_row >= from_position {
                (from_row, Came::Row)
            } else {
                (from_position, Came::Position)
            };
            now[at] = best + matrix[row * width + at];
            came[row * width + at] = step;
        }
        std::mem::swap(&mut before, &mut now);
        now.fill(f32::NEG_INFINITY);
    }
    let mut starts = vec![0; rows];
    let (mut row, mut at) = (rows - 1, width - 1);
    while row > 0 || at > 0 {
        let step = came[row * width + at];
        if step != Came::Position && row > 0 {
            starts[row] = at;
        }
        match step {
            Came::Row if row > 0 => row -= 1,
            Came::Position if at > 0 => at -= 1,
            // Sums that are no numbers, of a damaged model, would step over the border.
            _ => (row, at) = (row.saturating_sub(1), at.saturating_sub(1)),
        }
    }
    starts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A row of one head that looks at one position.
    fn looks_at(position: usize, positions: usize) -> Arc<[f32]> {
        (0..positions).map(|at| (-((at as f32 - position as f32) / 3.0).powi(2)).exp()).collect()
    }

    #[test]
    fn tokens_begin_where_the_attention_goes() {
        let rows = [10, 30, 55, 90].map(|at| looks_at(at, 120));
        let starts = starts(&rows, 1, 100);
        assert_eq!(starts[0], 0);
        for (start, between) in starts[1..].iter().zip([10..=30, 30..=55, 55..=90]) {
            assert!(between.contains(start), "{starts:?}");
        }
    }

    #[test]
    fn the_median_is_the_middle_one() {
        assert!((median([7.0, 1.0, 6.0, 2.0, 5.0, 3.0, 4.0]) - 4.0).abs() < f32::EPSILON);
        assert!((median([1.0; 7]) - 1.0).abs() < f32::EPSILON);
    }

    proptest! {
        #[test]
        fn any_shares_give_starts_that_rise_and_stay_inside(
            count in 1_usize..12, heads in 1_usize..3, positions in 1_usize..20, spoken in 0_usize..30, seed in 0_u32..99,
        ) {
            let row = |i: usize| -> Arc<[f32]> {
                (0..heads * positions).map(|at| ((at + i) as f32 * seed as f32).sin().abs()).collect()
            };
            let rows: Vec<_> = (0..count).map(row).collect();
            let found = starts(&rows, heads, spoken);
            prop_assert_eq!(found.len(), count);
            prop_assert!(found.is_sorted() && found.iter().all(|at| *at < spoken.clamp(1, positions)));
        }
    }

    #[test]
    fn shares_that_are_no_numbers_are_survived() {
        let row: Arc<[f32]> = Arc::new([f32::NAN; 8]);
        for rows in 1..4 {
            let found = starts(&vec![Arc::clone(&row); rows], 1, 8);
            assert!(found.len() == rows && found.iter().all(|at| *at < 8));
        }
    }
}
