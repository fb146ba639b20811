//! The templates and code lists that come with the program.

use super::{CodeLists, Template, TemplateError, parse_codes, parse_template};

const CODES: &str = include_str!("../../templates/codes.toml");
/// In the build order of forms.md.
const TEMPLATES: &[(&str, &str)] = &[
    ("intake.toml", include_str!("../../templates/intake.toml")),
    ("visit.toml", include_str!("../../templates/visit.toml")),
    ("progress.toml", include_str!("../../templates/progress.toml")),
    ("safety-check.toml", include_str!("../../templates/safety-check.toml")),
    ("urgency.toml", include_str!("../../templates/urgency.toml")),
    ("face-sheet.toml", include_str!("../../templates/face-sheet.toml")),
    ("conference.toml", include_str!("../../templates/conference.toml")),
    ("temporary-custody.toml", include_str!("../../templates/temporary-custody.toml")),
    ("injury.toml", include_str!("../../templates/injury.toml")),
    ("phone-consultation.toml", include_str!("../../templates/phone-consultation.toml")),
];

/// The shared code lists.
pub fn shipped_codes() -> Result<CodeLists, TemplateError> {
    parse_codes(CODES, "codes.toml")
}

/// The forms that come with the program; `rules` are the rule names that `extract` knows.
pub fn shipped_templates(rules: &[&str]) -> Result<Vec<Template>, TemplateError> {
    let codes = shipped_codes()?;
    TEMPLATES.iter().map(|(name, source)| parse_template(source, name, &codes, rules)).collect()
}
