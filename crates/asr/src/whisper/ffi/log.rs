//! Where whisper.cpp's messages go.

use std::ffi::{c_char, c_void};
use std::ptr;
use std::sync::Once;

use whisper_rs::whisper_rs_sys as sys;

use super::copy_bytes;

/// Logged by whisper.cpp as an error where the encoder's begin callback says no.
const TAIL_REFUSED: &str = "encoder_begin_callback returned false";

/// Sends what whisper.cpp and ggml would print to standard error to `tracing` instead.
///
/// Only information, warnings and errors pass: they are constant phrases with sizes, names of tensors and the model's
/// path. Debug lines hold transcribed text and are dropped here, whatever the subscriber's level.
pub(super) fn install_log_hook() {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        // SAFETY: the callbacks live for the whole program and take no user data. `whisper_log_set` sets ggml's too.
        unsafe {
            sys::whisper_log_set(Some(forward_log), ptr::null_mut());
            sys::ggml_set_abort_callback(Some(forward_abort));
        }
    });
}

unsafe extern "C" fn forward_log(level: sys::ggml_log_level, text: *const c_char, _data: *mut c_void) {
    if !matches!(
        level,
        sys::ggml_log_level_GGML_LOG_LEVEL_INFO
            | sys::ggml_log_level_GGML_LOG_LEVEL_WARN
            | sys::ggml_log_level_GGML_LOG_LEVEL_ERROR
    ) {
        return;
    }
    // SAFETY: whisper.cpp passes a terminated string that lives during the call.
    let bytes = unsafe { copy_bytes(text) };
    let line = String::from_utf8_lossy(&bytes);
    let line = line.trim();
    if line.is_empty() || line.contains(TAIL_REFUSED) {
        return;
    }
    match level {
        sys::ggml_log_level_GGML_LOG_LEVEL_ERROR => tracing::error!(target: "asr::whisper_cpp", "{line}"),
        sys::ggml_log_level_GGML_LOG_LEVEL_WARN => tracing::warn!(target: "asr::whisper_cpp", "{line}"),
        _ => tracing::debug!(target: "asr::whisper_cpp", "{line}"),
    }
}

/// Called by ggml right before it aborts the process.
unsafe extern "C" fn forward_abort(text: *const c_char) {
    // SAFETY: ggml passes a terminated string that lives during the call.
    let bytes = unsafe { copy_bytes(text) };
    tracing::error!(target: "asr::whisper_cpp", "{}", String::from_utf8_lossy(&bytes).trim());
}
