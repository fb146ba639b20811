//! Mistakes in an office's lexicon, as its author reads them.

use record::Lang;

/// Mistakes told in one message.
const SHOWN: usize = 10;

/// A line of a lexicon that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineMistake {
    /// Number of the line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub kind: MistakeKind,
}

/// What can be wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MistakeKind {
    /// Not UTF-8.
    Encoding,
    /// Other than two or three columns.
    Columns(usize),
    /// The first column is empty.
    NoTerm,
    /// The term has spaces at its ends, control characters, brackets of a quotation, or punctuation that ends a clause.
    BadTerm,
    /// The second column holds something other than kana and ー, or is empty.
    NotKana,
    /// Longer than 64 characters.
    TooLong,
    /// The same term with the same reading stands in this earlier line.
    Duplicate(usize),
    /// More lines than a lexicon may have.
    TooMany,
}

impl MistakeKind {
    fn say(self, lang: Lang) -> String {
        let (ja, en) = match self {
            Self::Encoding => ("文字コードがUTF-8ではありません".to_owned(), "not UTF-8".to_owned()),
            Self::Columns(n) => (
                format!("列が{n}個あります(語、読み、分類の2〜3列にしてください)"),
                format!("{n} columns instead of two or three (term, reading, category)"),
            ),
            Self::NoTerm => ("語がありません".to_owned(), "no term".to_owned()),
            Self::BadTerm => (
                "語に使えない文字(前後の空白、句読点、かぎかっこ、制御文字)があります".to_owned(),
                "the term has spaces around it, punctuation, brackets or control characters".to_owned(),
            ),
            Self::NotKana => ("読みがかなではありません".to_owned(), "the reading is not in kana".to_owned()),
            Self::TooLong => ("64文字を超えています".to_owned(), "longer than 64 characters".to_owned()),
            Self::Duplicate(line) => {
                (format!("{line}行目と同じ語と読みです"), format!("repeats line {line}"))
            }
            Self::TooMany => ("行が多すぎます".to_owned(), "too many lines".to_owned()),
        };
        if lang == Lang::Ja { ja } else { en }
    }
}

/// All mistakes in one message, the first ten by line.
pub(crate) fn explain(mistakes: &[LineMistake], lang: Lang) -> String {
    let lines: Vec<String> = mistakes
        .iter()
        .take(SHOWN)
        .map(|m| match lang {
            Lang::Ja => format!("{}行目: {}", m.line, m.kind.say(lang)),
            Lang::En => format!("line {}: {}", m.line, m.kind.say(lang)),
        })
        .collect();
    let more = mistakes.len().saturating_sub(SHOWN);
    let (head, tail) = match lang {
        Lang::Ja => (format!("用語集に誤りがあります({}件)", mistakes.len()), format!("\nほか{more}件")),
        Lang::En => (format!("The lexicon has {} mistakes", mistakes.len()), format!("\nand {more} more")),
    };
    format!("{head}:\n{}{}", lines.join("\n"), if more == 0 { String::new() } else { tail })
}
