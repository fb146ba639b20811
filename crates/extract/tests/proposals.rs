//! What becomes of proposals beside the rules, with a source that says what the test wants.

use extract::{Error, Extraction, Outcome, Proposal, Proposer, extract, rule_names};
use record::template::{Template, shipped_templates};
use record::{Document, Field, Flag, Grounded, Origin, Segment, State, Transcript};
use text::{Chain, Headings};

/// Puts the sentence with these words into this field.
struct Says(&'static [(&'static str, &'static str, f32)]);

impl Proposer for Says {
    fn propose(&self, document: &Document, _: &Template) -> Result<Vec<Proposal>, Error> {
        let sentences = document.sentences(700);
        let proposals = self.0.iter().map(|(words, field, probability)| {
            let range =
                sentences.iter().find(|r| document.text()[(*r).clone()].contains(words)).expect("the words");
            Proposal::Sentence { field: (*field).to_owned(), range: range.clone(), probability: *probability }
        });
        Ok(proposals.collect())
    }
}

fn form(id: &str) -> Template {
    shipped_templates(rule_names())
        .expect("the shipped forms")
        .into_iter()
        .find(|t| t.id == id)
        .expect("a shipped form")
}

fn filled(id: &str, text: &str, source: &dyn Proposer) -> Extraction {
    let template = form(id);
    let segment = Segment { raw: text.into(), text: text.into(), ..Segment::default() };
    let mut document = Document::new(&Transcript { segments: vec![segment], edits: vec![] }, None);
    let headings: Vec<String> = template.headings().map(ToOwned::to_owned).collect();
    Chain::default().with(Headings::with(&headings)).run(&mut document).expect("the passes");
    extract(&document, &template, &[source]).expect("a record")
}

fn field(extraction: &Extraction, id: &str) -> Field {
    extraction.fields.iter().find(|f| f.id == id).expect("a field of the form").clone()
}

#[test]
fn a_sentence_fills_a_field_that_the_rules_leave_empty() {
    let done = filled("visit", "玄関に靴が積まれています。", &Says(&[("靴", "obs.home", 0.85)]));
    let home = field(&done, "obs.home");
    assert_eq!((home.state, home.origin), (State::Stated, Some(Origin::Model)));
    assert_eq!(home.display, "玄関に靴が積まれています。");
    assert_eq!(home.citations[0].quote, home.display);
    assert!(done.unassigned.is_empty());
}

#[test]
fn a_sentence_that_no_rule_took_joins_those_that_one_did() {
    let text = "冷蔵庫は空でした。玄関に靴が積まれています。";
    let done = filled("visit", text, &Says(&[("靴", "obs.home", 0.85)]));
    assert_eq!(field(&done, "obs.home").display, text);
}

#[test]
fn what_stands_under_a_heading_is_the_speakers_choice() {
    let text = "家庭内の様子。冷蔵庫は空でした。目的。靴を届けました。";
    let done = filled("visit", text, &Says(&[("靴", "obs.home", 0.99)]));
    let home = field(&done, "obs.home");
    assert_eq!((home.display.as_str(), home.origin), ("冷蔵庫は空でした。", Some(Origin::Rule)));
}

#[test]
fn words_that_say_that_there_is_none_stay() {
    let text = "告知内容。なし。目的。靴を届けました。";
    let done = filled("visit", text, &Says(&[("靴", "notice", 0.99)]));
    assert_eq!(field(&done, "notice").state, State::Denied);
}

#[test]
fn the_rule_wins_and_a_sure_difference_is_flagged() {
    let text = "実母は「手を上げた」と話しました。";
    for (probability, flagged) in [(0.95, true), (0.85, false)] {
        let says: &'static [_] = Box::leak(Box::new([("手を上げた", "obs.parent", probability)]));
        let done = filled("visit", text, &Says(says));
        let talk = field(&done, "talk");
        assert_eq!((talk.display.as_str(), talk.origin), (text, Some(Origin::Rule)));
        assert_eq!(talk.flags.contains(&Flag::ModelDiffers), flagged);
        assert_eq!(field(&done, "obs.parent").state, State::NotMentioned);
    }
}

/// Puts these words, as they stand, into this field.
struct Copies(&'static str, &'static str, f32);

impl Proposer for Copies {
    fn propose(&self, document: &Document, _: &Template) -> Result<Vec<Proposal>, Error> {
        let Self(words, field, probability) = *self;
        let start = document.text().find(words).expect("the words");
        let range = start..start + words.len();
        let copied = Grounded::copied(document, std::slice::from_ref(&range));
        let outcome = Box::new(Outcome::Stated(copied));
        Ok(vec![Proposal::Value { field: field.to_owned(), outcome, probability }])
    }
}

#[test]
fn a_value_fills_an_empty_field_and_flags_one_that_holds_other_words() {
    let text = "駅前の青葉荘にいます。住所は、緑町2-8-11。";
    let done = filled("intake", "駅前の青葉荘にいます。", &Copies("駅前の青葉荘", "child.addr", 0.8));
    let address = field(&done, "child.addr");
    assert_eq!((address.display.as_str(), address.origin), ("駅前の青葉荘", Some(Origin::Model)));
    for (words, probability, flagged) in
        [("駅前の青葉荘", 0.95, true), ("駅前の青葉荘", 0.8, false), ("緑町2-8-11", 0.95, false)]
    {
        let address = field(&filled("intake", text, &Copies(words, "child.addr", probability)), "child.addr");
        assert_eq!((address.display.as_str(), address.origin), ("緑町2-8-11", Some(Origin::Rule)));
        assert_eq!(address.flags.contains(&Flag::ModelDiffers), flagged, "{words} {probability}");
    }
}

/// Says that the sentence with these words belongs into no field that takes what is left.
struct SetsApart(&'static str, f32);

impl Proposer for SetsApart {
    fn propose(&self, document: &Document, _: &Template) -> Result<Vec<Proposal>, Error> {
        let sentences = document.sentences(700);
        let range = sentences.into_iter().find(|r| document.text()[r.clone()].contains(self.0));
        Ok(vec![Proposal::Apart { range: range.expect("the words"), probability: self.1 }])
    }
}

#[test]
fn what_is_set_apart_leaves_the_field_that_takes_what_is_left_and_is_listed() {
    let text = "夜泣きがひどく、眠れないとのこと。受話器の向こうで犬が鳴いていた。";
    let done = filled("phone-consultation", text, &SetsApart("犬", 0.95));
    assert_eq!(field(&done, "content").display, "夜泣きがひどく、眠れないとのこと。");
    assert_eq!(done.unassigned.len(), 1);
    let unsure = filled("phone-consultation", text, &SetsApart("犬", 0.8));
    assert_eq!(field(&unsure, "content").display, text);
    let all = filled("phone-consultation", "夜泣きがひどく、眠れないとのこと。", &SetsApart("夜泣き", 0.99));
    assert_ne!(field(&all, "content").display, "", "something stays");
}

#[test]
fn agreement_adds_nothing() {
    let text = "実母は「手を上げた」と話しました。";
    let alone = filled("visit", text, &Says(&[]));
    assert_eq!(filled("visit", text, &Says(&[("手を上げた", "talk", 0.99)])), alone);
}

#[test]
fn fields_of_a_person_and_of_the_speakers_own_label_take_no_proposal() {
    let text = "玄関に靴が積まれています。";
    for id in ["decision", "response", "abuse.type_main"] {
        let says: &'static [_] = Box::leak(Box::new([("靴", id, 1.0)]));
        let done = filled("intake", text, &Says(says));
        assert_eq!(field(&done, id).state, State::NotMentioned, "{id}");
    }
}
