//! What can be switched off to see what it is worth.

use crate::failure::Failure;

/// How a record is made: everything on, but for what an ablation takes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// Name of the column in reports.
    pub(crate) name: String,
    /// Names of the text passes in their order; `None` for all.
    pub(crate) passes: Option<Vec<String>>,
    /// Whether the proposers speak beside the rules.
    pub(crate) model: bool,
    /// Whether decoding is biased towards expected words.
    pub(crate) bias: bool,
}

/// The column with everything on.
pub(crate) const FULL: &str = "all";

/// The setting with everything on.
pub(crate) fn full() -> Setting {
    Setting { name: FULL.to_owned(), passes: None, model: true, bias: true }
}

/// What the program that is measured has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Program {
    /// Whether there are proposers.
    pub(crate) model: bool,
    /// Whether recordings are decoded with a bias.
    pub(crate) bias: bool,
}

/// A part beside the text passes that can be switched off.
struct Part {
    name: &'static str,
    exists: fn(&Program) -> bool,
    switch_off: fn(&mut Setting),
}

/// Text passes are not listed: each can be switched off by its own name.
const PARTS: &[Part] = &[
    Part { name: "model", exists: |program| program.model, switch_off: |setting| setting.model = false },
    Part { name: "bias", exists: |program| program.bias, switch_off: |setting| setting.bias = false },
];

/// The settings that a list of names asks for, one for each name.
///
/// # Errors
/// A name that no part has, or a part that this program does not have; the message lists what there is.
pub(crate) fn settings(names: &[String], program: Program) -> Result<Vec<Setting>, Failure> {
    names.iter().map(|name| setting(name, program)).collect()
}

fn setting(name: &str, program: Program) -> Result<Setting, Failure> {
    let passes = pipeline::pass_names();
    let mut setting = Setting { name: format!("-{name}"), ..full() };
    if passes.contains(&name) {
        let rest = passes.iter().filter(|p| **p != name).map(|p| (*p).to_owned());
        setting.passes = Some(rest.collect());
        return Ok(setting);
    }
    let part = PARTS.iter().find(|part| part.name == name);
    let there = part.filter(|part| (part.exists)(&program));
    let Some(there) = there else { return Err(missing(name, part.is_some(), &passes, program)) };
    (there.switch_off)(&mut setting);
    Ok(setting)
}

fn missing(name: &str, is_known: bool, passes: &[&str], program: Program) -> Failure {
    let parts = PARTS.iter().filter(|part| (part.exists)(&program)).map(|part| part.name);
    let known = passes.iter().copied().chain(parts).collect::<Vec<_>>().join(", ");
    let (ja, en) = if is_known {
        ("このプログラムにはその部分がありません", "this program has no such part")
    } else {
        ("切り離せる部分の名前ではありません", "no part of this name")
    };
    Failure::usage(format!("{ja}: {name}"), format!("{en}: {name}"))
        .with_hint(format!("切り離せる部分: {known}"), format!("parts that can be switched off: {known}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_pass_is_left_out_and_the_others_stay_in_order() {
        let settings = settings(&["fillers".to_owned()], Program::default()).ok().unwrap();
        assert_eq!(settings[0].name, "-fillers");
        let passes = settings[0].passes.clone().unwrap();
        assert!(!passes.iter().any(|p| p == "fillers"));
        assert_eq!(passes.len() + 1, pipeline::pass_names().len());
        assert!(pipeline::pass_names().iter().filter(|p| **p != "fillers").eq(passes.iter()));
    }

    #[test]
    fn nothing_is_ignored() {
        let program = Program::default();
        assert!(settings(&["magic".to_owned()], program).is_err());
        assert!(settings(&["fillers".to_owned(), String::new()], program).is_err());
    }

    #[test]
    fn a_part_that_the_program_lacks_cannot_be_switched_off() {
        let model = ["model".to_owned()];
        assert!(settings(&model, Program { model: false, ..Program::default() }).is_err());
        let settings = settings(&model, Program { model: true, ..Program::default() }).ok().unwrap();
        assert!(!settings[0].model && settings[0].passes.is_none());
        assert!(full().model);
    }
}
