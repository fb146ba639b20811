//! The patterns that make a candidate, beside the words of the template: `data/evidence.tsv`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};

/// What … stands for in a pattern.
const GAP: &str = "[^。「」]{0,14}?";
/// What ~ stands for: ない, ていない, ておらず, ていません …
const NEGATION: &str = "(?:(?:て|で)?(?:い|お)?(?:な|らず|りませ|ませ)|ず|ぬ)";
/// All patterns of an item become one expression: a few thousand branches.
const SIZE_LIMIT: usize = 64 << 20;

static CUES: LazyLock<BTreeMap<&'static str, Regex>> = LazyLock::new(|| {
    let mut patterns: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (item, pattern) in lines() {
        patterns.entry(item).or_default().push(expression(pattern));
    }
    let compiled = patterns.into_iter().filter_map(|(item, branches)| {
        let regex = RegexBuilder::new(&branches.join("|")).size_limit(SIZE_LIMIT).build().ok()?;
        Some((item, regex))
    });
    compiled.collect()
});

fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("../../../data/evidence.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
}

/// 「体重…(減|落ち)」 as an expression.
fn expression(pattern: &str) -> String {
    regex::escape(pattern)
        .replace("\\~", "~")
        .replace("\\(", "(?:")
        .replace("\\)", ")")
        .replace("\\|", "|")
        .replace('…', GAP)
        .replace('~', NEGATION)
}

/// The first place of a pattern of `item` in `range`; a number is matched whole.
pub(super) fn find(text: &str, range: Range<usize>, item: &str) -> Option<Range<usize>> {
    let words = &text[range.clone()];
    let is_digit = |c: char| c.is_ascii_digit();
    let found = CUES.get(item)?.find_iter(words).find(|m| {
        let split = m.as_str().starts_with(is_digit) && words[..m.start()].ends_with(is_digit);
        !split
    })?;
    Some(range.start + found.start()..range.start + found.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_has_an_expression() {
        for (item, pattern) in lines() {
            assert!(Regex::new(&expression(pattern)).is_ok(), "{pattern}");
            assert!(CUES.contains_key(item), "{item}");
        }
    }

    #[track_caller]
    fn finds(item: &str, texts: &[&str]) {
        for text in texts {
            assert!(find(text, 0..text.len(), item).is_some(), "{item}: {text}");
        }
    }

    #[track_caller]
    fn finds_none(item: &str, texts: &[&str]) {
        for text in texts {
            assert_eq!(find(text, 0..text.len(), item), None, "{item}: {text}");
        }
    }

    #[test]
    fn one_thing_is_said_in_many_ways() {
        finds(
            "子ども自身が保護・救済を求める",
            &["家に戻りたくない", "今晩だけ泊めてほしい", "家には帰さないで", "本児は保護を希望している"],
        );
        finds(
            "保護者が保護を求める",
            &[
                "施設で見てもらえませんか",
                "実父から保護の申し出はない",
                "しばらく預かってもらえないか",
                "母は保護してほしいと頼んだ",
            ],
        );
        finds(
            "栄養失調・衰弱・脱水・医療放棄",
            &[
                "体重が半年で5キロ落ちた",
                "頬がこけてやせ細っている",
                "熱があっても病院に連れて行っていない",
                "治療を拒んでいる",
                "体重が増えていません",
            ],
        );
        finds(
            "乳幼児・多胎・低出生体重・虚弱",
            &["1歳6か月の男児", "生後3週の", "出生体重は1,900グラム", "心臓に生まれつきの病気"],
        );
        finds(
            "頭部顔面打撲・首絞め・戸外放置・溺れさせる・シェーキング",
            &[
                "夜のベランダに1時間出された",
                "裸足のまま玄関の外に立たされた",
                "顔を何度も殴った",
                "お風呂に沈めた",
                "両肩をつかんで激しく揺すった",
            ],
        );
        finds(
            "保護者に自覚なし",
            &[
                "これはしつけです",
                "俺もそうやって育った",
                "悪いことだとは思っていない",
                "どこの家でもやっている",
            ],
        );
        finds(
            "孤立",
            &[
                "頼れる身内は一人もいない",
                "近所づきあいはほとんどない",
                "親戚とも縁が切れている",
                "相談できる人がいるかは不明",
            ],
        );
        finds(
            "経済困窮",
            &["家賃を3か月払っていない", "ガスが止められている", "収入が途絶えた", "お金がなくて困っている"],
        );
        finds("多子", &["子どもは5人", "6人きょうだい"]);
        finds(
            "生活環境",
            &[
                "ごみが膝の高さまで積もっている",
                "台所に腐った食べ物",
                "部屋中に異臭がひどい",
                "足の踏み場もない",
            ],
        );
        finds("DV", &["父が母を殴るところ", "お母さんが夫から暴力を受けている", "夫婦の間の暴力"]);
    }

    #[test]
    fn what_only_sounds_alike_is_no_candidate() {
        finds_none(
            "乳幼児・多胎・低出生体重・虚弱",
            &["家賃は3か月分たまっている", "3か月前から", "11歳の男児", "10歳"],
        );
        finds_none("多子", &["子どもは2人", "15人きょうだい"]);
        finds_none("精神疾患", &["うつむいたまま", "顔がうつる"]);
        finds_none("頭部顔面打撲・首絞め・戸外放置・溺れさせる・シェーキング", &["外に出て遊ぶ", "頭がよい"]);
        finds_none("孤立", &["頼れる祖母が近くにおります"]);
    }
}
