//! Each measure with hand-made records whose score is known.

use record::template::shipped_templates;
use record::{Citation, Gap, Origin, Person, Reason, Row, TemplateRef, ValueRange};
use serde_json::json;

use super::*;

fn template(id: &str) -> Template {
    shipped_templates(extract::rule_names()).unwrap().into_iter().find(|t| t.id == id).unwrap()
}

fn empty(template: &Template) -> Record {
    Record {
        schema: record::RECORD_SCHEMA.to_owned(),
        template: TemplateRef { id: template.id.clone(), version: template.version.clone() },
        recorded_at: None,
        source: record::Source::default(),
        fields: template.fields.iter().map(Field::not_mentioned).collect(),
        gaps: Vec::new(),
        conflicts: Vec::new(),
        unassigned: Vec::new(),
        transcript: record::Transcript::default(),
    }
}

fn field<'r>(record: &'r mut Record, id: &str) -> &'r mut Field {
    record.fields.iter_mut().find(|f| f.id == id).unwrap()
}

fn state(record: &mut Record, id: &str, value: impl Into<Option<Value>>) {
    let field = field(record, id);
    field.state = State::Stated;
    field.origin = Some(Origin::Rule);
    field.value = value.into();
}

fn text(words: &str) -> Value {
    Value::Text(words.to_owned())
}

fn score(record: &Record, expected: &Expected, template: &Template) -> Score {
    super::score(record, expected, template, Names::Written)
}

fn row(cells: Json) -> Row {
    let Json::Object(cells) = cells else { panic!("cells are an object") };
    Row { cells, ..Row::default() }
}

fn expected(fields: &Json) -> Expected {
    serde_json::from_value(json!({
        "template": "visit", "recorded_at": "2025-06-03T16:00:00+09:00", "fields": fields, "gaps": [],
    }))
    .unwrap()
}

#[test]
fn an_empty_record_is_right_where_nothing_was_said() {
    let visit = template("visit");
    let score = score(&empty(&visit), &expected(&json!({})), &visit);
    assert_eq!(score.values, Tally::default());
    assert_eq!((score.states, score.fields), (visit.fields.len(), visit.fields.len()));
    assert_eq!((score.wrong_fills, score.must_be_empty), (0, visit.fields.len()));
    assert!(score.verdicts.is_empty());
}

#[test]
fn a_wrong_value_is_missed_and_invented_and_a_missing_one_only_missed() {
    let visit = template("visit");
    let mut record = empty(&visit);
    state(&mut record, "place", text("家庭"));
    state(&mut record, "form", text("来所面接"));
    let want = expected(&json!({
        "place": {"state": "stated", "value": "家庭"},
        "form": {"state": "stated", "value": "家庭訪問"},
        "purpose": {"state": "stated", "value": "安全確認。"},
    }));
    let score = score(&record, &want, &visit);
    assert_eq!(score.values, Tally { right: 1, found: 2, expected: 3 });
    assert_eq!(score.by_type["enum"], Tally { right: 1, found: 2, expected: 2 });
    assert_eq!(score.by_type["text"], Tally { right: 0, found: 0, expected: 1 });
    assert_eq!((score.correct, score.expected), (1, 3));
    assert_eq!(score.verdicts["form"], Verdict::WrongValue);
    assert_eq!(score.verdicts["purpose"], Verdict::Missing);
    assert_eq!((score.states, score.fields), (visit.fields.len() - 1, visit.fields.len()));
}

#[test]
fn texts_may_differ_in_a_fifth_and_dates_in_nothing() {
    let visit = template("visit");
    let mut record = empty(&visit);
    state(&mut record, "purpose", text("安全の確認と生活の聴取"));
    let at = |start: &str| ValueRange { start: Some(start.to_owned()), end: None };
    state(&mut record, "at", Some(Value::Range(at("2025-06-03T14:01"))));
    let want = expected(&json!({
        "purpose": {"state": "stated", "value": "安全確認と生活の聴取。"},
        "at": {"state": "stated", "value": {"start": "2025-06-03T14:00"}},
    }));
    let score = score(&record, &want, &visit);
    assert_eq!(score.verdicts["purpose"], Verdict::Right);
    assert_eq!(score.verdicts["at"], Verdict::WrongValue);
    assert_eq!(score.exact, Tally { right: 0, found: 1, expected: 1 });
}

#[test]
fn rows_are_matched_best_first_and_their_cells_counted() {
    let visit = template("visit");
    let mut record = empty(&visit);
    let rows = vec![
        row(json!({"part": "背", "kind": "あざ", "count": 1})),
        row(json!({"part": "頬", "side": "左", "kind": "あざ", "count": 2, "size_cm": 9.0})),
    ];
    state(&mut record, "injury", Some(Value::Rows(rows)));
    let want = expected(&json!({"injury": {"state": "stated", "value": [
        {"part": "頬", "side": "左", "kind": "あざ", "count": 1, "size_cm": 2.35, "count_words": "ひとつ"},
    ]}}));
    let score = score(&record, &want, &visit);
    // The cheek matches with three of four cells; the back has no partner. size_cm and words are free.
    assert_eq!(score.values, Tally { right: 3, found: 7, expected: 4 });
    assert_eq!(score.exact, Tally { right: 0, found: 2, expected: 1 });
    assert_eq!(score.verdicts["injury"], Verdict::WrongRows);
}

#[test]
fn the_order_of_rows_does_not_matter() {
    let visit = template("visit");
    let mut record = empty(&visit);
    let rows = vec![
        row(json!({"relation": "実母", "met": "面接した"})),
        row(json!({"relation": "本児", "met": "面接した"})),
    ];
    state(&mut record, "subject", Some(Value::Rows(rows)));
    let want = expected(&json!({"subject": {"state": "stated", "value": [
        {"relation": "本児", "met": "面接した"}, {"relation": "実母", "met": "面接した"},
    ]}}));
    let score = score(&record, &want, &visit);
    assert_eq!(score.values, Tally { right: 4, found: 4, expected: 4 });
    assert_eq!(score.verdicts["subject"], Verdict::Right);
}

#[test]
fn a_value_where_the_form_must_stay_empty_is_a_wrong_fill() {
    let visit = template("visit");
    let mut record = empty(&visit);
    state(&mut record, "assess", text("心配な印象。"));
    state(&mut record, "injury", Some(Value::Rows(vec![row(json!({"part": "背"}))])));
    let want = expected(&json!({"injury": {"state": "denied", "value": null, "reason": "none"}}));
    let score = score(&record, &want, &visit);
    assert_eq!((score.wrong_fills, score.must_be_empty), (2, visit.fields.len()));
    assert_eq!(score.polarity_errors, 1);
    assert_eq!(score.values, Tally { right: 0, found: 2, expected: 0 });
    assert_eq!(score.errors["wrong fill"], 2);
}

#[test]
fn unknown_and_denied_are_other_states_and_reasons_count_where_they_are_given() {
    let visit = template("visit");
    let mut record = empty(&visit);
    let unknown = field(&mut record, "wish.child");
    (unknown.state, unknown.reason) = (State::Unknown, Some(Reason::NotAnswered));
    let denied = field(&mut record, "notice");
    (denied.state, denied.reason) = (State::Denied, Some(Reason::None));
    let want = expected(&json!({
        "wish.child": {"state": "unknown", "value": null, "reason": "not_asked"},
        "notice": {"state": "denied", "value": null},
    }));
    let score = score(&record, &want, &visit);
    assert_eq!((score.states, score.correct, score.expected), (visit.fields.len(), 1, 2));
    assert_eq!(score.verdicts["wish.child"], Verdict::WrongState);
    assert_eq!(score.wrong_fills, 0);
}

#[test]
fn words_without_a_normal_form_are_right_only_without_a_value() {
    let intake = template("intake");
    let want = expected(&json!({"child.age": {"state": "stated", "value": null, "display": "3、4歳くらい"}}));
    let mut record = empty(&intake);
    state(&mut record, "child.age", None::<Value>);
    assert_eq!(score(&record, &want, &intake).verdicts["child.age"], Verdict::Right);
    state(&mut record, "child.age", Some(Value::Number(3.into())));
    let guessed = score(&record, &want, &intake);
    assert_eq!(guessed.verdicts["child.age"], Verdict::WrongValue);
    assert_eq!(guessed.exact, Tally { right: 0, found: 1, expected: 1 });
}

#[test]
fn open_fields_are_not_scored() {
    let visit = template("visit");
    let mut record = empty(&visit);
    state(&mut record, "talk", text("実母は不在。"));
    let mut want = expected(&json!({}));
    want.open.push("talk".to_owned());
    let score = score(&record, &want, &visit);
    assert_eq!((score.fields, score.wrong_fills), (visit.fields.len() - 1, 0));
}

#[test]
fn a_field_of_a_person_that_the_program_filled_is_counted() {
    let intake = template("intake");
    let mut record = empty(&intake);
    state(&mut record, "decision", text("一時保護とする。"));
    let by_program = score(&record, &expected(&json!({})), &intake);
    assert_eq!(by_program.person_only_filled, 1);
    field(&mut record, "decision").origin = Some(Origin::Human);
    assert_eq!(score(&record, &expected(&json!({})), &intake).person_only_filled, 0);
}

#[test]
fn gaps_are_found_missed_or_too_many() {
    let visit = template("visit");
    let mut record = empty(&visit);
    let gap = |field: &str| Gap { field: field.to_owned(), label: String::new(), question: String::new() };
    record.gaps = vec![gap("wish.child"), gap("talk")];
    let mut want = expected(&json!({}));
    want.gaps = vec!["wish.child".to_owned(), "wish.parent".to_owned()];
    let score = score(&record, &want, &visit);
    assert_eq!((score.gaps_found, score.gaps_expected, score.gaps_extra), (1, 2, 1));
}

#[test]
fn copied_characters_that_no_quote_holds_are_unsupported() {
    let visit = template("visit");
    let mut record = empty(&visit);
    state(&mut record, "purpose", text("安全確認と指導。"));
    let quote = |words: &str| Citation { quote: words.to_owned(), ..Citation::default() };
    field(&mut record, "purpose").citations = vec![quote("安全確認。")];
    let mut injury = row(json!({"part": "頬", "size": "10円玉大", "explanation": "本児「転んだ」"}));
    injury.citations = vec![quote("左の頬に10円玉くらいのあざ。"), quote("転んだと言う。")];
    state(&mut record, "injury", Some(Value::Rows(vec![injury])));
    let person =
        Person {
            name: Some("平田".to_owned()), role: Some("児童福祉司".to_owned()), ..Person::default()
        };
    let score_of = |record: &Record| score(record, &expected(&json!({})), &visit).unsupported_characters;
    // 「と指導」; labels and normal forms need no characters of their own.
    assert_eq!(score_of(&record), 3);

    let intake = template("intake");
    let mut record = empty(&intake);
    state(&mut record, "listener", Some(Value::Person(person)));
    field(&mut record, "listener").citations = vec![quote("児福司の平野。")];
    assert_eq!(score(&record, &expected(&json!({})), &intake).unsupported_characters, 1);
}

#[test]
fn scores_add_up() {
    let mut total = Score::default();
    let errors = [("missing".to_owned(), 1)].into();
    let one =
        Score { records: 1, expected: 2, mapping_ms: 4.0, mapping_ms_max: 4.0, errors, ..Score::default() };
    let two = Score { mapping_ms: 6.0, mapping_ms_max: 6.0, ..one.clone() };
    total.add(&one);
    total.add(&two);
    assert_eq!((total.records, total.expected, total.errors["missing"]), (2, 4, 2));
    assert!((total.mapping_ms - 10.0).abs() < 1e-9 && (total.mapping_ms_max - 6.0).abs() < 1e-9);
}
