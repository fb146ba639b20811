//! What every [`Pass`] must do, as a function that its tests call.

use record::{Document, Entity, MappedText, Segment, Transcript};

use crate::Pass;

/// Texts that passes meet: dictation, recogniser output without punctuation, quotations, turns, foreign and broken text.
const SAMPLES: &[&str] = &[
    "",
    "。",
    "ええと、令和七年六月三日火曜、十四時から十五時二十分、家庭訪問。対応者、私と保健師の佐藤さん。",
    "令和7年6月3日 火曜14時から15時20分家庭訪問対応者 私と保健師の佐藤さん 主訴 近隣からの泣き声通告",
    "左の頬に、五百円玉、いや十円玉くらいの、青あざがひとつ。本児は転んだと言う。",
    "本児は「三日、いや四日、えっと、ママがたたいた」と話す。",
    "受「はい、相談室です。」通「三つか四つくらいだと思います。」",
    "電話はゼロサン、イチニーサンヨン、ゴーロクナナハチ。三丁目五の二の二百四。",
    "三歳児健診、一時保護、一日中、二十日鼠、八王子、一人親。",
    "ｱｲｳｴｵ　１２３　Ａ４ ①㈱",
    "the child is 4 years old, 10:15 am",
    "「閉じない。いや、三日、いや",
    "いやいやいやいや、えっとえっとえっと、一一一一一一一一一一一一",
    "年月日時分秒、令和年月日、ゼロゼロゼロゼロ",
    "\u{3099}か\u{3099}ﾞ\u{200b}\r\n🙂",
];

/// Runs `pass` over sample texts and checks the duties of [`Pass`].
///
/// # Panics
/// When a duty is broken; the message names the pass and the sample.
pub fn run(pass: &dyn Pass) {
    let name = pass.name();
    assert!(
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
        "pass name is lower-case ASCII: {name}"
    );
    for sample in SAMPLES {
        check(pass, sample);
    }
}

/// Checks the duties on one text.
///
/// # Panics
/// When a duty is broken.
pub fn check(pass: &dyn Pass, sample: &str) {
    let name = pass.name();
    let mut doc = document(sample);
    if let Err(error) = pass.apply(&mut doc) {
        panic!("{name} fails on {sample:?}: {error}");
    }
    invariants(&doc, name);

    let (text, annotations) = (doc.text().to_owned(), doc.annotations().to_vec());
    let again = pass.apply(&mut doc);
    assert!(again.is_ok(), "{name} fails the second time on {sample:?}");
    assert_eq!(doc.text(), text, "{name} is not idempotent on {sample:?}");
    assert_eq!(doc.annotations(), annotations, "{name} annotates again on {sample:?}");

    let mut same = document(sample);
    let repeated = pass.apply(&mut same);
    assert!(repeated.is_ok() && same.text() == text, "{name} is not deterministic on {sample:?}");
}

/// Checks that annotations and edits of `doc` lie on its texts.
///
/// # Panics
/// When one does not.
pub fn invariants(doc: &Document, name: &str) {
    let text = doc.text();
    for a in doc.annotations() {
        assert!(
            !a.range.is_empty() && text.get(a.range.clone()).is_some(),
            "{name} annotates {:?} outside the characters of the text",
            a.range
        );
        if let Entity::Quote(quote) = &a.entity {
            let speaker = quote.speaker.clone().unwrap_or_default();
            assert!(
                text.get(quote.verb.clone()).is_some() && text.get(speaker).is_some(),
                "{name} quotes outside the characters of the text"
            );
        }
    }
    let mapped: &MappedText = doc.mapped();
    for edit in mapped.edits() {
        assert!(!edit.reason.is_empty(), "{name} edits without a reason");
        assert!(edit.from != edit.to, "{name} reports an edit that changes nothing");
        assert!(mapped.original().get(edit.original.clone()).is_some(), "{name} edits outside the original");
    }
    assert_eq!(
        mapped.to_current(0..mapped.original().len()),
        0..text.len(),
        "{name} loses the way to the original"
    );
}

fn document(text: &str) -> Document {
    let segment = Segment { raw: text.to_owned(), ..Segment::default() };
    Document::new(
        &Transcript { segments: vec![segment], edits: vec![] },
        jiff::civil::Date::new(2025, 6, 3).ok(),
    )
}
