//! Which graphics processor the engine uses.

use std::fmt;
use std::str::FromStr;

use asr::Gpu;

use crate::failure::Failure;

/// What `--gpu` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum GpuSetting {
    /// The best that is there, if one was compiled in.
    #[default]
    Auto,
    /// The processor's cores alone.
    Off,
    /// The one with this number.
    Number(u32),
}

impl FromStr for GpuSetting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "none" => Ok(Self::Off),
            number => number.parse().map(Self::Number).map_err(|_| "expected auto, none or a number".into()),
        }
    }
}

impl fmt::Display for GpuSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Off => f.write_str("none"),
            Self::Number(number) => number.fmt(f),
        }
    }
}

impl GpuSetting {
    /// The number of the one to use among those that are there; `None` for the cores.
    ///
    /// By itself it takes one with memory of its own before one that shares the processor's.
    pub(crate) fn choose(self, there: &[Gpu]) -> Result<Option<u32>, Failure> {
        let found = match self {
            Self::Off => return Ok(None),
            Self::Auto => {
                there.iter().position(|gpu| !gpu.is_integrated).or((!there.is_empty()).then_some(0))
            }
            Self::Number(number) if (number as usize) < there.len() => return Ok(Some(number)),
            Self::Number(number) => {
                return Err(Failure::usage(
                    format!("この番号の GPU はありません: {number}"),
                    format!("there is no such GPU: {number}"),
                )
                .with_hint(
                    "`kikitori doctor` で使える GPU を確かめてください",
                    "`kikitori doctor` lists those that can be used",
                ));
            }
        };
        Ok(found.and_then(|place| u32::try_from(place).ok()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gpu(name: &str, is_integrated: bool) -> Gpu {
        Gpu { name: name.to_owned(), is_integrated }
    }

    /// The choice; the exit code where there is none.
    fn chosen(setting: &str, there: &[Gpu]) -> Result<Option<u32>, u8> {
        setting.parse::<GpuSetting>().unwrap().choose(there).map_err(|failure| failure.code())
    }

    #[test]
    fn one_that_is_there_is_used_and_its_own_memory_is_better() {
        let (shared, own) = (gpu("integrated", true), gpu("card", false));
        assert_eq!(chosen("auto", &[]), Ok(None));
        assert_eq!(chosen("auto", std::slice::from_ref(&shared)), Ok(Some(0)));
        assert_eq!(chosen("auto", &[shared.clone(), own.clone()]), Ok(Some(1)));
        assert_eq!(chosen("auto", &[own.clone(), own.clone()]), Ok(Some(0)));
    }

    #[test]
    fn what_is_asked_for_is_used_or_refused() {
        let there = [gpu("first", false), gpu("second", false)];
        assert_eq!(chosen("1", &there), Ok(Some(1)));
        assert_eq!(chosen("none", &there), Ok(None));
        assert_eq!(chosen("2", &there), Err(2));
        assert_eq!(chosen("0", &[]), Err(2), "not silently on the cores");
    }

    #[test]
    fn a_setting_is_written_as_it_is_read() {
        for text in ["auto", "none", "3"] {
            assert_eq!(text.parse::<GpuSetting>().unwrap().to_string(), text);
        }
        for text in ["", "-1", "cuda", "1.5"] {
            assert!(text.parse::<GpuSetting>().is_err(), "{text}");
        }
    }
}
