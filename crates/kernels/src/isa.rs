//! Which instructions the processor has.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
#[cfg(target_arch = "aarch64")]
pub(crate) mod neon;
pub(crate) mod portable;

use crate::matrix::WIDTH;

/// A set of instructions, the best last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Isa {
    /// What every processor has.
    Portable,
    /// x86-64 since about 2013: AVX2, FMA and F16C.
    Avx2,
    /// x86-64 with AVX-512 (F, BW, DQ, VL) and its products of bytes (VNNI).
    Avx512,
    /// `AArch64` since about 2018: NEON with its products of bytes (dotprod).
    Neon,
}

impl Isa {
    /// All that this processor has, the best last.
    #[must_use]
    pub fn available() -> &'static [Self] {
        static FOUND: LazyLock<Vec<Isa>> = LazyLock::new(|| {
            let mut found = vec![Isa::Portable];
            #[cfg(target_arch = "x86_64")]
            {
                if is_x86_feature_detected!("avx2")
                    && is_x86_feature_detected!("fma")
                    && is_x86_feature_detected!("f16c")
                {
                    found.push(Isa::Avx2);
                }
                if is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512vnni")
                    && is_x86_feature_detected!("fma")
                {
                    found.push(Isa::Avx512);
                }
            }
            #[cfg(target_arch = "aarch64")]
            if std::arch::is_aarch64_feature_detected!("neon")
                && std::arch::is_aarch64_feature_detected!("dotprod")
            {
                found.push(Isa::Neon);
            }
            found
        });
        &FOUND
    }

    /// The best that this processor has.
    #[must_use]
    pub fn best() -> Self {
        Self::available().last().copied().unwrap_or(Self::Portable)
    }

    /// Whether this processor has it.
    #[must_use]
    pub fn is_available(self) -> bool {
        Self::available().contains(&self)
    }

    /// What byte matrices of this set add to their weights.
    pub(crate) fn offset(self) -> u8 {
        match self {
            Self::Portable => portable::Portable::OFFSET,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => avx2::Avx2::OFFSET,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => avx512::Avx512::OFFSET,
            #[cfg(target_arch = "aarch64")]
            Self::Neon => neon::Neon::OFFSET,
            // Another kind of processor's.
            _ => portable::Portable::OFFSET,
        }
    }

    /// Name on the command line and in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
        }
    }

    /// Multiplies and sums bytes in registers alone, so many times; returns the number of products. The most that this
    /// processor can do, which benchmarks hold a measured speed against.
    ///
    /// # Panics
    /// Where the processor lacks the set.
    #[must_use]
    pub fn saturate(self, times: usize) -> usize {
        assert!(self.is_available(), "the processor lacks {self}");
        // SAFETY: the set was found on this processor.
        unsafe {
            match self {
                Self::Portable => portable::Portable::saturate(times),
                #[cfg(target_arch = "x86_64")]
                Self::Avx2 => avx2::Avx2::saturate(times),
                #[cfg(target_arch = "x86_64")]
                Self::Avx512 => avx512::Avx512::saturate(times),
                #[cfg(target_arch = "aarch64")]
                Self::Neon => neon::Neon::saturate(times),
                // Another kind of processor's.
                _ => portable::Portable::saturate(times),
            }
        }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No set has this name, or this processor lacks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownIsa(pub String);

impl fmt::Display for UnknownIsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<_> = Isa::available().iter().map(|isa| isa.name()).collect();
        write!(f, "this processor has no such instructions (it has: {}): {}", known.join(", "), self.0)
    }
}

impl std::error::Error for UnknownIsa {}

impl FromStr for Isa {
    type Err = UnknownIsa;

    /// The set of this name, if this processor has it.
    fn from_str(name: &str) -> Result<Self, UnknownIsa> {
        let found = Self::available().iter().find(|isa| isa.name() == name).copied();
        found.ok_or_else(|| UnknownIsa(name.to_owned()))
    }
}

/// The inner loops, which each set has in its own instructions.
///
/// A panel is [`WIDTH`] columns of a packed matrix.
pub(crate) trait Instructions {
    /// What is added to every weight when it is packed: products of bytes take one unsigned factor.
    const OFFSET: u8;
    /// Rows that one call of [`Instructions::bytes`] takes at most.
    const BYTE_ROWS: usize;
    /// Rows that one call of [`Instructions::floats`] takes at most.
    const FLOAT_ROWS: usize;
    /// Whether a product and a sum are one instruction.
    const FMA: bool;

    /// `sums[r][c] = Σ_k rows[r · stride + k] · panel[k / 4][c][k % 4]` for so many `rows` and `k < depth`.
    ///
    /// # Safety
    /// The processor has the set; `depth` is a multiple of 4; `rows ≤ BYTE_ROWS`; `input` holds `rows` rows of `depth`
    /// bytes, `stride` apart; `panel` holds `depth × WIDTH` bytes and starts at a cache line.
    unsafe fn bytes(
        rows: usize,
        depth: usize,
        input: *const i8,
        stride: usize,
        panel: *const u8,
        sums: &mut [[i32; WIDTH]],
    );

    /// Multiplies and sums registers of bytes so many times, as fast as the processor can; returns the number of products.
    ///
    /// # Safety
    /// The processor has the set.
    unsafe fn saturate(times: usize) -> usize;

    /// `sums[r][c] = Σ_k rows[r · stride + k] · panel[k][c]`, summed in the order of `k`.
    ///
    /// # Safety
    /// As for [`Instructions::bytes`], with floating-point numbers and any `depth`.
    unsafe fn floats(
        rows: usize,
        depth: usize,
        input: *const f32,
        stride: usize,
        panel: *const f32,
        sums: &mut [[f32; WIDTH]],
    );
}

/// Compiles a function that is generic over [`Instructions`] once for each set, and calls the one for `$isa`.
///
/// Inlined into a function with the set's features, plain Rust becomes the set's instructions too.
macro_rules! dispatch {
    ($isa:expr, fn $name:ident<$lifetime:lifetime>($($arg:ident: $type:ty),* $(,)?) $(-> $result:ty)?) => {{
        use $crate::isa::Isa;
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma,f16c")]
        fn avx2<$lifetime>($($arg: $type),*) $(-> $result)? {
            $name::<$crate::isa::avx2::Avx2>($($arg),*)
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c")]
        fn avx512<$lifetime>($($arg: $type),*) $(-> $result)? {
            $name::<$crate::isa::avx512::Avx512>($($arg),*)
        }
        #[cfg(target_arch = "aarch64")]
        #[target_feature(enable = "neon,dotprod")]
        fn neon<$lifetime>($($arg: $type),*) $(-> $result)? {
            $name::<$crate::isa::neon::Neon>($($arg),*)
        }
        let isa: Isa = $isa;
        assert!(isa.is_available(), "the processor lacks {isa}");
        match isa {
            Isa::Portable => $name::<$crate::isa::portable::Portable>($($arg),*),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the set was found on this processor.
            Isa::Avx2 => unsafe { avx2($($arg),*) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Isa::Avx512 => unsafe { avx512($($arg),*) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: the set was found on this processor.
            Isa::Neon => unsafe { neon($($arg),*) },
            // Another kind of processor's, which the assertion refuses.
            _ => $name::<$crate::isa::portable::Portable>($($arg),*),
        }
    }};
}
pub(crate) use dispatch;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_found_by_its_name_where_the_processor_has_it() {
        for isa in Isa::available() {
            assert_eq!(isa.name().parse(), Ok(*isa));
        }
        let error = "sse9".parse::<Isa>().unwrap_err();
        assert!(error.to_string().contains("portable"), "{error}");
    }

    #[test]
    fn the_most_that_is_possible_can_be_tried() {
        for isa in Isa::available() {
            assert!(isa.saturate(10) >= 10);
        }
    }

    #[test]
    fn every_processor_has_the_portable_set() {
        assert_eq!(Isa::available()[0], Isa::Portable);
        assert!(Isa::best().is_available());
    }
}
