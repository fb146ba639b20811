//! Every call into whisper.cpp, behind types that cannot be misused.
//!
//! The C API is used directly rather than through whisper-rs's wrapper, because the wrapper leaks the language string
//! on every call, frees a state that whisper.cpp has already freed (code −7), maps error codes with the wrong sign, has
//! an unsound abort callback, and forwards debug lines that hold transcribed text to the log.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::io::Read;
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use whisper_rs::whisper_rs_sys as sys;

use crate::bias::TokenBias;
use crate::engine::{Control, Search};
use crate::heard::{Heard, HeardToken};
use crate::mel::{HOP, Spectrogram};

mod callbacks;
mod devices;
mod log;

use self::callbacks::Guard;
pub(super) use self::devices::gpus;
use self::log::install_log_hook;

/// How the weights are put into memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct ContextOptions {
    /// GPU device, where the crate was built for one.
    pub(super) gpu: Option<u32>,
    /// Fused attention kernels; whisper.cpp then cannot align tokens.
    pub(super) flash_attn: bool,
    /// Attention heads that follow the audio, and the memory that whisper.cpp may use for one alignment: it aborts the
    /// process where that is too little. `None` for no alignment.
    pub(super) alignment: Option<(Alignment, usize)>,
}

/// Which cross-attention heads whisper.cpp aligns tokens by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alignment {
    /// whisper.cpp's table for one of the published models.
    Preset(sys::whisper_alignment_heads_preset),
    /// All heads of the decoder's last layers.
    LastLayers(u32),
}

/// Loaded weights. Immutable after loading.
#[derive(Debug)]
pub(super) struct Context {
    ptr: NonNull<sys::whisper_context>,
}

// SAFETY: after `load` the context is only read: `whisper_full_with_state` and `whisper_init_state` write to the state
// alone, the vocabulary is a const map, and the timing counters that `whisper_reset_timings` would touch are not used.
unsafe impl Send for Context {}
// SAFETY: as above; `two_sessions_at_once_agree` runs two states of one context on two threads.
unsafe impl Sync for Context {}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the pointer came from `whisper_init_with_params_no_state`, and every `State` holds an `Arc` of this
        // context, so none is left.
        unsafe { sys::whisper_free(self.ptr.as_ptr()) }
    }
}

/// What the loader callbacks read from.
struct Loader<R> {
    reader: R,
    at_end: bool,
}

impl Context {
    /// Loads a model from a reader whose contents [`crate::ggml::inspect`] accepted. `None` where whisper.cpp refuses.
    pub(super) fn load<R: Read>(reader: R, options: ContextOptions) -> Option<Self> {
        install_log_hook();
        let mut loader = Loader { reader, at_end: false };
        let mut callbacks = sys::whisper_model_loader {
            context: (&raw mut loader).cast(),
            read: Some(loader_read::<R>),
            eof: Some(loader_eof::<R>),
            close: Some(loader_close),
        };
        // SAFETY: plain data without pointers to our memory.
        let mut params = unsafe { sys::whisper_context_default_params() };
        params.use_gpu = options.gpu.is_some();
        params.gpu_device = options.gpu.map_or(0, |device| device.min(i32::MAX as u32) as c_int);
        params.flash_attn = options.flash_attn;
        params.dtw_token_timestamps = options.alignment.is_some();
        if let Some((alignment, bytes)) = options.alignment {
            params.dtw_mem_size = bytes;
            match alignment {
                Alignment::Preset(preset) => params.dtw_aheads_preset = preset,
                Alignment::LastLayers(layers) => {
                    params.dtw_aheads_preset = sys::whisper_alignment_heads_preset_WHISPER_AHEADS_N_TOP_MOST;
                    params.dtw_n_top = layers as c_int;
                }
            }
        }
        // SAFETY: `callbacks` and `loader` outlive the call, which uses them on this thread only; the callbacks' type
        // parameter is the loader's.
        let ptr = unsafe { sys::whisper_init_with_params_no_state(&raw mut callbacks, params) };
        NonNull::new(ptr).map(|ptr| Self { ptr })
    }

    /// Number of a language code; `None` where whisper.cpp does not know it.
    pub(super) fn language_id(code: &CStr) -> Option<c_int> {
        install_log_hook();
        // SAFETY: the string is terminated and only read.
        let id = unsafe { sys::whisper_lang_id(code.as_ptr()) };
        (id >= 0).then_some(id)
    }

    /// Bytes of the text tokens, in the order of their numbers.
    pub(super) fn text_entries(&self) -> Vec<Vec<u8>> {
        let context = self.ptr.as_ptr();
        // SAFETY: the context is alive, the numbers are those of its vocabulary, and each string is copied at once.
        unsafe {
            (0..sys::whisper_token_eot(context))
                .map(|token| copy_bytes(sys::whisper_token_to_str(context, token)))
                .collect()
        }
    }
}

/// Fills `output` from the reader; zeros after its end, as whisper.cpp checks for the end only between tensors.
unsafe extern "C" fn loader_read<R: Read>(context: *mut c_void, output: *mut c_void, size: usize) -> usize {
    if size == 0 {
        return 0;
    }
    // SAFETY: `context` is the `Loader<R>` that `Context::load` passed, used by one thread at a time; `output` has room
    // for `size` bytes by whisper.cpp's contract and is initialised memory of a C++ object.
    let (loader, output) =
        unsafe { (&mut *context.cast::<Loader<R>>(), slice::from_raw_parts_mut(output.cast::<u8>(), size)) };
    let mut filled = 0;
    while filled < size && !loader.at_end {
        match loader.reader.read(&mut output[filled..]) {
            Ok(0) => loader.at_end = true,
            Ok(count) => filled += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => loader.at_end = true,
        }
    }
    output[filled..].fill(0);
    size
}

unsafe extern "C" fn loader_eof<R: Read>(context: *mut c_void) -> bool {
    // SAFETY: `context` is the `Loader<R>` that `Context::load` passed.
    unsafe { (*context.cast::<Loader<R>>()).at_end }
}

unsafe extern "C" fn loader_close(_context: *mut c_void) {}

/// One window as whisper.cpp gets it.
#[derive(Debug)]
pub(super) enum Sound {
    /// Mono, 16 kHz, finite. whisper.cpp needs them for its own estimate of the tokens' times.
    Samples(Vec<f32>),
    /// Its spectrogram with silence behind it, and the number of its samples.
    Mel(Spectrogram, usize),
}

impl Sound {
    /// Length in frames of the spectrogram, of 10 ms each.
    fn frames(&self) -> usize {
        match self {
            Self::Samples(samples) => samples.len() / HOP,
            Self::Mel(_, samples) => samples / HOP,
        }
    }
}

/// How one window is decoded, in whisper.cpp's terms. Everything the C structure points to is owned here.
#[derive(Clone, Debug)]
pub(super) struct Params {
    /// Language code; `None` to detect.
    pub(super) language: Option<CString>,
    /// Tokens of the prompt.
    pub(super) prompt: Vec<c_int>,
    pub(super) threads: c_int,
    pub(super) search: Search,
    pub(super) temperature: f32,
    pub(super) entropy_threshold: f32,
    /// 0 for the model's own.
    pub(super) audio_ctx: c_int,
    pub(super) timestamps: bool,
    /// 0 for no limit.
    pub(super) max_tokens: c_int,
    pub(super) suppress_non_speech: bool,
    /// Expected words.
    pub(super) bias: Option<Arc<TokenBias>>,
}

impl Params {
    /// The C structure. It borrows from `self` and `guard` and must not outlive them.
    fn to_c(&self, guard: &Guard) -> sys::whisper_full_params {
        let (strategy, best_of, beam_size) = match self.search {
            Search::Greedy { best_of } => {
                (sys::whisper_sampling_strategy_WHISPER_SAMPLING_GREEDY, best_of, 1)
            }
            Search::Beam { size } => {
                (sys::whisper_sampling_strategy_WHISPER_SAMPLING_BEAM_SEARCH, size, size)
            }
        };
        // SAFETY: returns plain data; its pointers are null or to static strings.
        let mut params = unsafe { sys::whisper_full_default_params(strategy) };
        params.n_threads = self.threads;
        params.greedy.best_of = best_of as c_int;
        params.beam_search.beam_size = beam_size as c_int;
        params.language = self.language.as_deref().map_or(ptr::null(), CStr::as_ptr);
        params.temperature = self.temperature;
        // One temperature per call: whisper.cpp does not tell which one gave the result.
        params.temperature_inc = 0.0;
        params.entropy_thold = self.entropy_threshold;
        // Above any probability: whisper.cpp would delete text over silence, and we mark it instead.
        params.no_speech_thold = 2.0;
        params.audio_ctx = self.audio_ctx;
        params.no_timestamps = !self.timestamps;
        params.max_tokens = self.max_tokens;
        params.suppress_nst = self.suppress_non_speech;
        // The window's own earlier text conditions nothing; 0 would switch the prompt off too.
        params.no_context = true;
        params.n_max_text_ctx = if self.prompt.is_empty() { 0 } else { 224 };
        if !self.prompt.is_empty() {
            params.prompt_tokens = self.prompt.as_ptr();
            params.prompt_n_tokens = self.prompt.len() as c_int;
        }
        let guard_data: *mut c_void = ptr::from_ref(guard).cast_mut().cast();
        params.token_timestamps = true;
        params.single_segment = false;
        params.print_special = false;
        params.print_progress = false;
        params.print_realtime = false;
        params.print_timestamps = false;
        callbacks::install(&mut params, guard_data);
        params
    }
}

/// A decoding state.
#[derive(Debug)]
pub(super) struct State {
    ptr: NonNull<sys::whisper_state>,
    context: Arc<Context>,
    /// whisper.cpp has freed the state itself; freeing it again would corrupt the heap.
    freed_by_c: bool,
}

// SAFETY: a state has no ties to the thread that made it (no thread-locals; its thread pools live for one graph), and
// every use takes `&mut self`.
unsafe impl Send for State {}

impl Drop for State {
    fn drop(&mut self) {
        if !self.freed_by_c {
            // SAFETY: the pointer came from `whisper_init_state` and nobody else has it.
            unsafe { sys::whisper_free_state(self.ptr.as_ptr()) }
        }
    }
}

/// `whisper_full_with_state` could not allocate a larger decoder cache: it has freed the state.
pub(super) const STATE_FREED: c_int = -7;
/// There is no spectrogram.
const SPECTROGRAM_FAILED: c_int = -2;
/// A decoder step failed.
const DECODER_FAILED: c_int = -8;

impl State {
    /// Allocates caches and compute buffers. `None` where there is no memory.
    pub(super) fn new(context: Arc<Context>) -> Option<Self> {
        // SAFETY: the context is alive, and the new state keeps it so.
        let ptr = unsafe { sys::whisper_init_state(context.ptr.as_ptr()) };
        NonNull::new(ptr).map(|ptr| Self { ptr, context, freed_by_c: false })
    }

    /// Decodes a window and returns the segments, or whisper.cpp's code.
    ///
    /// Codes: −2 spectrogram, −3 language detection, −4 too many decoders, −5 `audio_ctx` too large, −6 encoder failed
    /// or aborted, −7 [`STATE_FREED`], −8 and −9 decoder failed or aborted.
    pub(super) fn decode(
        &mut self,
        sound: &Sound,
        params: &Params,
        control: &Control,
    ) -> Result<Heard, c_int> {
        if self.freed_by_c {
            return Err(STATE_FREED);
        }
        // SAFETY: the context is alive, and both functions only read it.
        let (first_timestamp, vocabulary) = unsafe {
            let context = self.context.ptr.as_ptr();
            (sys::whisper_token_beg(context), sys::whisper_n_vocab(context))
        };
        let guard = Guard {
            control,
            first_timestamp: usize::try_from(first_timestamp).unwrap_or(0),
            vocabulary: usize::try_from(vocabulary).unwrap_or(0),
            frames: sound.frames(),
            progress: AtomicUsize::new(0),
            bias: params.bias.as_deref(),
        };
        let mut c_params = params.to_c(&guard);
        let samples: &[f32] = match sound {
            Sound::Samples(samples) => samples,
            Sound::Mel(spectrogram, _) => {
                self.set_mel(spectrogram)?;
                // The spectrogram goes on with silence; the window ends here.
                c_params.duration_ms = 10 * sound.frames() as c_int;
                &[]
            }
        };
        // SAFETY: context and state are alive; `c_params` points into `params` and `guard`, which outlive the call and
        // which whisper.cpp does not keep; `samples` has the length that is passed, and without samples whisper.cpp takes
        // the spectrogram that the state holds.
        let code = unsafe {
            sys::whisper_full_with_state(
                self.context.ptr.as_ptr(),
                self.ptr.as_ptr(),
                c_params,
                samples.as_ptr(),
                samples.len() as c_int,
            )
        };
        if code == STATE_FREED {
            self.freed_by_c = true;
        }
        if code != 0 {
            return Err(code);
        }
        let segments = self.segments();
        let no_speech_prob = if segments.is_empty() { 0.0 } else { self.no_speech_prob(params.threads)? };
        Ok(Heard { segments, no_speech_prob })
    }

    /// Gives the state a spectrogram, or whisper.cpp's code for one that is not of its model.
    fn set_mel(&mut self, spectrogram: &Spectrogram) -> Result<(), c_int> {
        let frames = spectrogram.frames.max(1);
        let bands = spectrogram.values.len() / frames;
        // SAFETY: context and state are alive; whisper.cpp copies `frames * bands` numbers, which are there.
        let code = unsafe {
            sys::whisper_set_mel_with_state(
                self.context.ptr.as_ptr(),
                self.ptr.as_ptr(),
                spectrogram.values.as_ptr(),
                frames as c_int,
                bands as c_int,
            )
        };
        if code == 0 { Ok(()) } else { Err(SPECTROGRAM_FAILED) }
    }

    /// Probability of the no-speech token after `<|startoftranscript|>`, given the audio of the last encoder pass.
    ///
    /// whisper.cpp's own number is not used: it reads the first row of logits after a batch that computed only the last
    /// one, and so returns what an earlier window left there.
    fn no_speech_prob(&mut self, threads: c_int) -> Result<f32, c_int> {
        let (context, state) = (self.context.ptr.as_ptr(), self.ptr.as_ptr());
        // SAFETY: both are alive; the batch is one token, so the logits are one row, which is copied before the next
        // call. The decoder's cache is cleared by every decoding.
        let (logits, no_speech) = unsafe {
            let start = [sys::whisper_token_sot(context)];
            let code = sys::whisper_decode_with_state(context, state, start.as_ptr(), 1, 0, threads);
            let logits = sys::whisper_get_logits_from_state(state);
            if code != 0 || logits.is_null() {
                return Err(DECODER_FAILED);
            }
            let vocabulary = usize::try_from(sys::whisper_n_vocab(context)).unwrap_or(0);
            (slice::from_raw_parts(logits, vocabulary).to_vec(), sys::whisper_token_nosp(context))
        };
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let total: f32 = logits.iter().map(|logit| (logit - largest).exp()).sum();
        let own =
            usize::try_from(no_speech).ok().and_then(|index| logits.get(index)).ok_or(DECODER_FAILED)?;
        Ok(((own - largest).exp() / total).clamp(0.0, 1.0))
    }

    /// Copies the result of the last decoding out of the state.
    fn segments(&self) -> Vec<Vec<HeardToken>> {
        let (context, state) = (self.context.ptr.as_ptr(), self.ptr.as_ptr());
        let ms = |centiseconds: i64| u64::try_from(centiseconds).ok().map(|cs| cs * 10);
        // SAFETY: both pointers are alive for the whole function. Segment and token numbers come from the counts that
        // whisper.cpp gives for this very result, and the strings it returns live in the vocabulary, which is copied
        // from before anything else is called.
        unsafe {
            let end_of_text = sys::whisper_token_eot(context);
            let tokens = |segment| {
                (0..sys::whisper_full_n_tokens_from_state(state, segment))
                    .map(move |token| sys::whisper_full_get_token_data_from_state(state, segment, token))
                    // Special tokens and timestamps come after the text in the vocabulary.
                    .filter(|data| data.id < end_of_text)
                    .map(|data| HeardToken {
                        bytes: copy_bytes(sys::whisper_token_to_str(context, data.id)),
                        logprob: data.plog,
                        id: data.id,
                        estimated_ms: (ms(data.t0).unwrap_or(0), ms(data.t1).unwrap_or(0)),
                        // whisper.cpp calls it the token's time without saying which. It skips the row of
                        // `<|notimestamps|>`, whose attention is where the first token is spoken, so each token gets
                        // the time at which the *next* one begins.
                        aligned_end_ms: ms(data.t_dtw),
                    })
                    .collect()
            };
            (0..sys::whisper_full_n_segments_from_state(state)).map(tokens).collect()
        }
    }
}

/// Bytes of a C string; none for a null pointer.
///
/// # Safety
/// The pointer is null or a terminated string that nobody changes during the call.
unsafe fn copy_bytes(text: *const c_char) -> Vec<u8> {
    if text.is_null() {
        return Vec::new();
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(text) }.to_bytes().to_vec()
}

/// What was compiled in: `AVX2 = 1 | … | LLAMAFILE = 1 | …`.
pub(super) fn system_info() -> String {
    static LOCK: std::sync::Mutex<()> = std::sync::Mutex::new(());
    install_log_hook();
    let _guard = LOCK.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    // SAFETY: the function rebuilds a static string; the lock keeps others from rebuilding it while it is copied.
    let bytes = unsafe { copy_bytes(sys::whisper_print_system_info()) };
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Version of whisper.cpp.
pub(super) fn version() -> String {
    // SAFETY: a string literal.
    let bytes = unsafe { copy_bytes(sys::whisper_version()) };
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Instruction sets that the kernels were compiled for, by the names of x86.
pub(super) fn compiled_for() -> [(&'static str, bool); 9] {
    // SAFETY: these functions take nothing and return a constant that was fixed when they were compiled.
    let flags = unsafe {
        [
            ("AVX", sys::ggml_cpu_has_avx()),
            ("AVX2", sys::ggml_cpu_has_avx2()),
            ("FMA", sys::ggml_cpu_has_fma()),
            ("F16C", sys::ggml_cpu_has_f16c()),
            ("BMI2", sys::ggml_cpu_has_bmi2()),
            ("AVX-512F", sys::ggml_cpu_has_avx512()),
            ("AVX-512VBMI", sys::ggml_cpu_has_avx512_vbmi()),
            ("AVX-512VNNI", sys::ggml_cpu_has_avx512_vnni()),
            ("AVX-512BF16", sys::ggml_cpu_has_avx512_bf16()),
        ]
    };
    flags.map(|(name, flag)| (name, flag != 0))
}
