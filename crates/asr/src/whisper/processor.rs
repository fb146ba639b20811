//! Whether this machine has the instructions that whisper.cpp was compiled with.
//!
//! An ordinary build takes those of the machine that builds it. On an older one the first such instruction ends the program
//! without a word, so they are compared before any of them can run.

use crate::error::Cause;
use crate::{Result, whisper::ffi};

/// Instruction sets that the program was compiled for and this machine lacks.
pub(super) fn missing() -> Vec<&'static str> {
    lacking(&ffi::compiled_for(), is_present)
}

/// An error where an instruction set is missing.
pub(super) fn check() -> Result<()> {
    match missing() {
        missing if missing.is_empty() => Ok(()),
        missing => Err(Cause::Processor { missing: missing.join(", ") }.into()),
    }
}

fn lacking(compiled: &[(&'static str, bool)], present: impl Fn(&str) -> bool) -> Vec<&'static str> {
    compiled.iter().filter(|(name, wanted)| *wanted && !present(name)).map(|(name, _)| *name).collect()
}

#[cfg(target_arch = "x86_64")]
fn is_present(name: &str) -> bool {
    match name {
        "AVX" => is_x86_feature_detected!("avx"),
        "AVX2" => is_x86_feature_detected!("avx2"),
        "FMA" => is_x86_feature_detected!("fma"),
        "F16C" => is_x86_feature_detected!("f16c"),
        "BMI2" => is_x86_feature_detected!("bmi2"),
        "AVX-512F" => is_x86_feature_detected!("avx512f"),
        "AVX-512VBMI" => is_x86_feature_detected!("avx512vbmi"),
        "AVX-512VNNI" => is_x86_feature_detected!("avx512vnni"),
        "AVX-512BF16" => is_x86_feature_detected!("avx512bf16"),
        _ => true,
    }
}

/// Other architectures are compiled for what all their processors have.
#[cfg(not(target_arch = "x86_64"))]
fn is_present(_: &str) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_compiled_in_and_is_absent_is_missing() {
        let compiled = [("AVX", true), ("AVX2", true), ("AVX-512F", false)];
        assert_eq!(lacking(&compiled, |name| name == "AVX"), ["AVX2"]);
        assert_eq!(lacking(&compiled, |_| true), [""; 0]);
    }

    #[test]
    fn the_machine_that_built_the_program_can_run_it() {
        assert_eq!(missing(), [""; 0]);
    }
}
