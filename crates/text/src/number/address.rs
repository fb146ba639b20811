//! Block and house numbers: 五の二の二百四.

use crate::cursor::{Cursor, before};

use super::{Number, counters};

/// Words that say that an address follows.
const ADDRESS_WORDS: &[&str] = &["住所", "番地", "丁目", "転居先", "居所", "所在地"];
/// 丁目, 番, 号 and a room.
const MAX_NUMBERS: usize = 4;
const JOINTS: &[&str] = &["の", "ノ", "-"];

/// Numbers joined by の or -.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) numbers: Vec<Number>,
    pub(crate) end: usize,
    /// Whether it is part of an address beyond doubt.
    pub(crate) certain: bool,
}

/// Two to four numbers joined by の or -, at `at`. A counter behind the last one, other than that of a room, means that
/// something is counted.
pub(crate) fn parse(text: &str, at: usize) -> Option<Chain> {
    let mut cursor = Cursor::new(text, at);
    let mut numbers = vec![cursor.number().filter(|n| n.integer().is_some())?];
    let mut spoken = false;
    loop {
        let mut next = cursor;
        let Some(joint) = next.any(JOINTS) else { break };
        let Some(number) = next.number().filter(|n| n.integer().is_some()) else { break };
        spoken |= joint != "-";
        numbers.push(number);
        cursor = next;
        if numbers.len() > MAX_NUMBERS {
            return None;
        }
    }
    if numbers.len() < 2 || !spoken {
        return None;
    }
    let end = cursor.at();
    if counters::at(text, end).is_some_and(|(word, _)| !matches!(word, "号" | "号室")) {
        return None;
    }
    // Years and months are dates: R7の6/3.
    if cursor.sees(&["/", "."]) {
        return None;
    }
    Some(Chain { certain: numbers.len() > 2 || in_address(text, at), numbers, end })
}

/// Whether the words before `at` are an address.
pub(crate) fn in_address(text: &str, at: usize) -> bool {
    // 「松原町の四の七」
    let at = if text[..at].ends_with('の') { at - 'の'.len_utf8() } else { at };
    if matches!(before(text, at), Some('町' | '村' | '区' | '市')) {
        return true;
    }
    let mut floor = at.saturating_sub(60);
    while !text.is_char_boundary(floor) {
        floor += 1;
    }
    let near = text[floor..at].rsplit(['。', '\n']).next().unwrap_or_default();
    ADDRESS_WORDS.iter().any(|word| near.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_and_their_certainty() {
        assert!(parse("五の二の二百四", 0).unwrap().certain);
        assert!(!parse("四の七", 0).unwrap().certain);
        let text = "住所は桜台四の七";
        assert!(parse(text, text.find('四').unwrap()).unwrap().certain);
    }

    #[test]
    fn counted_things_are_no_address() {
        assert!(parse("四の三人", 0).is_none());
        assert!(parse("七の六/三", 0).is_none());
        assert!(parse("5-2", 0).is_none());
    }
}
