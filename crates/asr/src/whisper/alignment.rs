//! Which attention heads follow the audio.

use whisper_rs::whisper_rs_sys as sys;

use super::ffi::Alignment;
use crate::ggml::Header;

/// whisper.cpp's table entry for the published models, by their dimensions; for others all heads of the upper half of the
/// decoder, as in the reference's
/// `whisper/model.py` (`alignment_heads`). With the memory for the longest result.
pub(super) fn alignment(header: &Header) -> (Alignment, usize) {
    let heads = heads(header);
    (heads, bytes(header, heads))
}

/// See [`alignment`].
fn heads(header: &Header) -> Alignment {
    let english = !header.is_multilingual();
    Alignment::Preset(match (header.n_text_layer, header.n_text_head) {
        (4, 6) if english => sys::whisper_alignment_heads_preset_WHISPER_AHEADS_TINY_EN,
        (4, 6) => sys::whisper_alignment_heads_preset_WHISPER_AHEADS_TINY,
        (6, 8) if english => sys::whisper_alignment_heads_preset_WHISPER_AHEADS_BASE_EN,
        (6, 8) => sys::whisper_alignment_heads_preset_WHISPER_AHEADS_BASE,
        (12, 12) if english => sys::whisper_alignment_heads_preset_WHISPER_AHEADS_SMALL_EN,
        (12, 12) => sys::whisper_alignment_heads_preset_WHISPER_AHEADS_SMALL,
        (24, 16) if english => sys::whisper_alignment_heads_preset_WHISPER_AHEADS_MEDIUM_EN,
        (24, 16) => sys::whisper_alignment_heads_preset_WHISPER_AHEADS_MEDIUM,
        (32, 20) if header.n_mels == 128 => sys::whisper_alignment_heads_preset_WHISPER_AHEADS_LARGE_V3,
        // large-v1 has the same dimensions and other heads; nobody uses it any more.
        (32, 20) => sys::whisper_alignment_heads_preset_WHISPER_AHEADS_LARGE_V2,
        (4, 20) => sys::whisper_alignment_heads_preset_WHISPER_AHEADS_LARGE_V3_TURBO,
        (layers, _) => return Alignment::LastLayers(layers.div_ceil(2)),
    })
}

/// Memory for aligning the longest result: the attention of each head, normalised and filtered (three copies), its
/// mean, the cost and the trace of the warping, and as much again to be safe.
///
/// The heads are the longest lists of whisper.cpp's tables.
fn bytes(header: &Header, alignment: Alignment) -> usize {
    let heads = match alignment {
        Alignment::Preset(sys::whisper_alignment_heads_preset_WHISPER_AHEADS_LARGE_V2) => 23,
        Alignment::Preset(_) if header.is_multilingual() => 10,
        Alignment::Preset(_) => 19,
        Alignment::LastLayers(layers) => (layers * header.n_text_head) as usize,
    };
    let matrix = header.n_text_ctx as usize / 2 * header.n_audio_ctx as usize * size_of::<f32>();
    2 * matrix * (3 * heads + 5)
}
