//! A form to start from, with every attribute explained.

const SKELETON: &str = include_str!("../../templates/skeleton.toml.in");

/// A commented form with the id `id`, for an office to change; `rules` are listed as the names that a field may use.
#[must_use]
pub fn skeleton(id: &str, rules: &[&str]) -> String {
    let mut listed = String::new();
    let mut line = String::from("#");
    for rule in rules {
        if line.chars().count() + rule.len() > 110 {
            listed.push_str(&line);
            listed.push('\n');
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(rule);
    }
    listed.push_str(&line);
    SKELETON.replace("{id}", id).replace("{rules}", &listed)
}
