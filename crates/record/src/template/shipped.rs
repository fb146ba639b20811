//! The templates and code lists that come with the program.

use super::{CodeLists, Template, TemplateError, parse_codes, parse_template};

const CODES: &str = include_str!("../../templates/codes.toml");
/// In the build order of forms.md.
const TEMPLATES: &[(&str, &str)] = &[
    ("intake.toml", include_str!("../../templates/intake.toml")),
    ("visit.toml", include_str!("../../templates/visit.toml")),
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
