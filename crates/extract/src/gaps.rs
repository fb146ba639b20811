//! The gap list (聞き漏れ票): required fields about which nothing was said.

use record::template::{Fill, Required};
use record::{Field, Gap};

use crate::is_answered;
use crate::scene::Scene;
use crate::words::has_any;

/// Gaps in the template's order. What only a person decides is on the sign-off list and never here; the question of a computed
/// field asks for what it is computed from.
pub(crate) fn list(scene: &Scene<'_>, fields: &[Field]) -> Vec<Gap> {
    scene
        .template
        .fields
        .iter()
        .zip(fields)
        .filter(|(spec, field)| {
            let asked = spec.required_when.is_empty()
                || has_any(scene.text(), 0..scene.text().len(), &spec.required_when);
            spec.required == Required::Must
                && asked
                && !matches!(spec.fill, Fill::Human | Fill::Candidates)
                && !is_answered(field)
        })
        .map(|(spec, _)| Gap {
            field: spec.id.clone(),
            label: spec.label.clone(),
            question: spec.question.clone(),
        })
        .collect()
}
