//! What can be switched off to see what it is worth.

use crate::failure::Failure;

/// How a record is made: everything on, but for what an ablation takes away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Setting {
    /// Name of the column in reports.
    pub(crate) name: String,
    /// Names of the text passes in their order; `None` for all.
    pub(crate) passes: Option<Vec<String>>,
}

/// The column with everything on.
pub(crate) const FULL: &str = "all";

/// The setting with everything on.
pub(crate) fn full() -> Setting {
    Setting { name: FULL.to_owned(), passes: None }
}

/// A part that can be switched off: its name and how.
struct Ablation {
    name: &'static str,
    /// `None` where this program has no such part.
    apply: fn(&mut Setting) -> Option<()>,
}

/// The parts beside the text passes, each of which can be switched off by its own name.
const PARTS: &[Ablation] = &[
    // Both wait for a part of the program that does not exist yet: asked for, they fail instead of changing nothing.
    Ablation { name: "model", apply: |_| None },
    Ablation { name: "bias", apply: |_| None },
];

/// The settings that a list of names asks for, one for each name.
///
/// # Errors
/// A name that no part has, or a part that this program does not have; the message lists what there is.
pub(crate) fn settings(names: &[String]) -> Result<Vec<Setting>, Failure> {
    names.iter().map(|name| setting(name)).collect()
}

fn setting(name: &str) -> Result<Setting, Failure> {
    let passes = pipeline::pass_names();
    let mut setting = Setting { name: format!("-{name}"), passes: None };
    let applied = if passes.contains(&name) {
        let rest = passes.iter().filter(|p| **p != name).map(|p| (*p).to_owned());
        setting.passes = Some(rest.collect());
        Some(())
    } else {
        PARTS.iter().find(|part| part.name == name).and_then(|part| (part.apply)(&mut setting))
    };
    applied.map(|()| setting).ok_or_else(|| unknown(name, &passes))
}

fn unknown(name: &str, passes: &[&str]) -> Failure {
    let parts = PARTS.iter().filter(|part| (part.apply)(&mut full()).is_some()).map(|part| part.name);
    let known = passes.iter().copied().chain(parts).collect::<Vec<_>>().join(", ");
    let missing = PARTS.iter().any(|part| part.name == name);
    let (ja, en) = if missing {
        (format!("このプログラムにはその部分がありません: {name}"), format!("this program has no such part: {name}"))
    } else {
        (format!("切り離せる部分の名前ではありません: {name}"), format!("no part of this name: {name}"))
    };
    Failure::usage(ja, en).with_hint(format!("切り離せる部分: {known}"), format!("parts that can be switched off: {known}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_pass_is_left_out_and_the_others_stay_in_order() {
        let settings = settings(&["fillers".to_owned()]).ok().unwrap();
        assert_eq!(settings[0].name, "-fillers");
        let passes = settings[0].passes.clone().unwrap();
        assert!(!passes.iter().any(|p| p == "fillers"));
        assert_eq!(passes.len() + 1, pipeline::pass_names().len());
        assert!(pipeline::pass_names().iter().filter(|p| **p != "fillers").eq(passes.iter()));
    }

    #[test]
    fn nothing_is_ignored() {
        assert!(settings(&["magic".to_owned()]).is_err());
        assert!(settings(&["fillers".to_owned(), String::new()]).is_err());
    }
}
