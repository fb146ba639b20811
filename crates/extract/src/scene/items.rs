//! Where a section of free text ends without a heading: at the topic of another field of the form.

use std::sync::LazyLock;

use record::template::Template;

use crate::vocabulary::WORDS;
use crate::words::starts_with_any;

/// Topics and the rules of their fields, longest topic first.
static ITEMS: LazyLock<Vec<(&'static str, Vec<&'static str>)>> = LazyLock::new(|| {
    let lines = include_str!("../../data/items.tsv").lines().filter(|l| !l.starts_with('#'));
    let mut items: Vec<_> = lines
        .filter_map(|line| line.split_once('\t'))
        .map(|(topic, rules)| (topic, rules.split_whitespace().collect()))
        .collect();
    items.sort_by_key(|(topic, _): &(&str, Vec<&str>)| usize::MAX - topic.len());
    items
});
/// In front of it.
const LEADS: &[&str] = &["なお", "また", "あと", "それから", "次に", "ちなみに", "え", "ー", "、", " "];

const DWELLINGS: &[&str] = &["住まい", "お住まい", "自宅", "家族"];
/// Headings of what happened.
const ACCOUNTS: &[&str] = &["主訴", "通告内容", "相談内容", "聴取内容"];

/// Whether `sentence` opens with the topic of a field of the form that is not among those with the heading.
pub(super) fn opens(template: &Template, heading: &str, sentence: &str) -> bool {
    let mut words = sentence.trim_start();
    while let Some(rest) = LEADS.iter().find_map(|lead| words.strip_prefix(lead)) {
        words = rest;
    }
    // Where the family lives is told there too.
    if starts_with_any(words, DWELLINGS) && !ACCOUNTS.contains(&heading) {
        return false;
    }
    let known = ITEMS.iter().find(|(topic, _)| {
        words.strip_prefix(topic).is_some_and(|rest| starts_with_any(rest, &WORDS.items.topical))
    });
    known.is_some_and(|(_, rules)| {
        let of = |f: &&record::template::FieldSpec| f.rule.as_deref().is_some_and(|r| rules.contains(&r));
        let mut fields = template.fields.iter().filter(of).peekable();
        fields.peek().is_some() && fields.all(|f| f.headings.iter().all(|h| h != heading))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_the_table_exists() {
        for (topic, rules) in ITEMS.iter() {
            for rule in rules {
                assert!(crate::rules::by_name(rule).is_ok(), "{topic}: {rule}");
            }
        }
        assert!(ITEMS.len() > 80);
    }

    #[test]
    fn a_topic_ends_only_the_sections_of_forms_that_have_it() {
        let forms = record::template::shipped_templates(crate::rules::names()).unwrap();
        let form = |id: &str| forms.iter().find(|f| f.id == id).cloned().unwrap();
        let (intake, visit) = (form("intake"), form("visit"));
        assert!(opens(&intake, "主訴", "住まいは、団地の三階です。"));
        assert!(opens(&intake, "主訴", "なお、きょうだいがいるかどうかは不明です。"));
        assert!(!opens(&intake, "主訴", "住まいが荒れている。"));
        assert!(!opens(&visit, "聴取内容", "住まいは、寒いと話す。"));
    }
}
