//! What whisper.cpp calls back while it decodes.

use std::ffi::{c_int, c_void};
use std::slice;
use std::sync::atomic::{AtomicUsize, Ordering};

use whisper_rs::whisper_rs_sys as sys;

use crate::bias::TokenBias;
use crate::engine::Control;

/// Registers all callbacks; `data` is a [`Guard`] that lives as long as the decoding.
pub(super) fn install(params: &mut sys::whisper_full_params, data: *mut c_void) {
    params.abort_callback = Some(should_abort);
    params.abort_callback_user_data = data;
    params.progress_callback = Some(note_progress);
    params.progress_callback_user_data = data;
    params.encoder_begin_callback = Some(is_tail_long_enough);
    params.encoder_begin_callback_user_data = data;
    params.logits_filter_callback = Some(filter_logits);
    params.logits_filter_callback_user_data = data;
}

/// What the callbacks of one decoding read.
pub(super) struct Guard<'a> {
    /// Stops the decoding, and is told of every step.
    pub(super) control: &'a Control,
    /// Vocabulary number of the timestamp 0.00; the following ones are 0.02 s apart.
    pub(super) first_timestamp: usize,
    /// Number of entries in the vocabulary.
    pub(super) vocabulary: usize,
    /// Length of the samples in frames of 10 ms.
    pub(super) frames: usize,
    /// How much of them whisper.cpp has passed, in percent, rounded down.
    pub(super) progress: AtomicUsize,
    /// Expected words.
    pub(super) bias: Option<&'a TokenBias>,
}

/// The shortest rest of a window that is decoded in another pass, in frames of 10 ms.
///
/// whisper.cpp's alignment aborts the process where it gets fewer than 16 frames ([`EARLIEST_TIMESTAMP`]), and the
/// progress that tells how much is left is known to one percent of 30 s only. Nothing is lost: the decoder has seen the
/// whole window in its first pass.
const MIN_TAIL: usize = 50;

/// The first timestamp after 0.00 that the decoder may emit, in steps of 0.02 s: 0.16 s.
///
/// whisper.cpp aligns the frames up to the last timestamp with a median filter 7 positions wide, and aborts the process
/// where there are no more than 7.
const EARLIEST_TIMESTAMP: usize = 8;

/// Tells whisper.cpp to stop. `data` is the `Guard` that `Params::to_c` was given.
unsafe extern "C" fn should_abort(data: *mut c_void) -> bool {
    // SAFETY: whisper.cpp calls this only inside `whisper_full_with_state`, during which `State::decode` borrows the
    // guard; its parts may be read through a shared pointer from any thread.
    let guard = unsafe { &*data.cast::<Guard>() };
    guard.control.note_progress();
    guard.control.is_cancelled()
}

/// Called before each pass over the window.
unsafe extern "C" fn note_progress(
    _context: *mut sys::whisper_context,
    _state: *mut sys::whisper_state,
    percent: c_int,
    data: *mut c_void,
) {
    // SAFETY: as in `should_abort`.
    let guard = unsafe { &*data.cast::<Guard>() };
    guard.progress.store(usize::try_from(percent).unwrap_or(0), Ordering::Relaxed);
}

/// Called after `note_progress`; false ends the decoding with what there is.
unsafe extern "C" fn is_tail_long_enough(
    _context: *mut sys::whisper_context,
    _state: *mut sys::whisper_state,
    data: *mut c_void,
) -> bool {
    // SAFETY: as in `should_abort`.
    let guard = unsafe { &*data.cast::<Guard>() };
    let passed = guard.frames * guard.progress.load(Ordering::Relaxed) / 100;
    guard.frames.saturating_sub(passed) >= MIN_TAIL
}

/// Called with the logits of the next token, possibly on several threads.
unsafe extern "C" fn filter_logits(
    _context: *mut sys::whisper_context,
    _state: *mut sys::whisper_state,
    tokens: *const sys::whisper_token_data,
    token_count: c_int,
    logits: *mut f32,
    data: *mut c_void,
) {
    // SAFETY: as in `should_abort`; `logits` has one number for each entry of the vocabulary and belongs to the one
    // decoder that this call is for.
    let (guard, logits) = unsafe {
        let guard = &*data.cast::<Guard>();
        (guard, slice::from_raw_parts_mut(logits, guard.vocabulary))
    };
    guard.control.note_progress();
    if let Some(bias) = guard.bias {
        let count = usize::try_from(token_count).unwrap_or(0);
        let history: Vec<c_int> = if tokens.is_null() || count == 0 {
            Vec::new()
        } else {
            // SAFETY: whisper.cpp passes the decoder's own tokens and their number; they do not change during the call.
            unsafe { slice::from_raw_parts(tokens, count) }.iter().map(|token| token.id).collect()
        };
        bias.apply(&history, logits);
    }
    let early = guard.first_timestamp + 1..guard.first_timestamp + EARLIEST_TIMESTAMP;
    if let Some(logits) = logits.get_mut(early) {
        logits.fill(f32::NEG_INFINITY);
    }
}
