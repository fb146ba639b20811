//! The whisper.cpp engine with the real model.
#![allow(clippy::unwrap_used)]

mod common;

common::hearing::duties!("whisper.cpp");

#[test]
fn the_fast_kernels_are_compiled_in() {
    let info = asr::system_info().unwrap();
    assert!(info.contains("LLAMAFILE = 1"), "GGML_LLAMAFILE is not ON in .cargo/config.toml: {info}");
    assert!(!asr::whisper_cpp_version().is_empty());
    #[cfg(target_arch = "x86_64")]
    for (has, feature) in [
        (std::arch::is_x86_feature_detected!("avx2"), "AVX2 = 1"),
        (std::arch::is_x86_feature_detected!("fma"), "FMA = 1"),
        (std::arch::is_x86_feature_detected!("f16c"), "F16C = 1"),
    ] {
        assert!(
            !has || info.contains(feature),
            "whisper.cpp was built without {feature}: unset SOURCE_DATE_EPOCH, then `cargo clean -p whisper-rs-sys`: {info}"
        );
    }
}
