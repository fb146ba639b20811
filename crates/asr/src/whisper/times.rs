//! t
use super::ffi::RawSegment;
/// raw
pub(super) fn spans(segments: &[RawSegment], _samples: &[f32]) -> Vec<Vec<(u64, u64)>> {
    segments.iter().map(|s| s.tokens.iter().map(|t| ((t.start_cs.max(0) * 10) as u64, (t.end_cs.max(0) * 10) as u64)).collect()).collect()
}
