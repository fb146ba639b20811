//! Forms: listed, shown, checked, and an office's own in front of ours.

use crate::harness::{Dir, field};

const OWN: &str = r#"schema = 1
id = "memo"
title = "メモ 参考様式(例)"
version = "1"

[[field]]
id = "view"
label = "所見"
type = "text"
required = "must"
fill = "P"
headings = ["所見"]
rule = "section"
"#;

#[test]
fn ours_are_listed_and_shown_with_every_field() {
    let dir = Dir::new();
    let list = dir.kikitori(["templates", "list"]).ok();
    assert!(list.contains("visit") && list.contains("intake"), "{list}");
    for (id, fields, rows) in [("visit", 19, 13), ("intake", 37, 6)] {
        let shown = dir.kikitori(["templates", "show", id, "--json"]).json();
        let listed = shown["template"]["fields"].as_array().unwrap();
        assert_eq!(listed.len(), fields, "{id}");
        let columns = listed.iter().filter_map(|f| f["columns"].as_array()).map(Vec::len).max();
        assert_eq!(columns, Some(rows), "{id}");
    }
}

#[test]
fn an_office_has_its_own_forms() {
    let dir = Dir::new();
    std::fs::create_dir(dir.path("forms")).unwrap();
    dir.write("forms/memo.toml", OWN);
    dir.write("a.txt", "所見。説明が食い違う。");
    dir.kikitori(["templates", "check", "--templates", "forms"]).ok();
    let args = ["map", "a.txt", "--template", "memo", "--templates", "forms", "-f", "json"];
    let record = dir.kikitori(args).json();
    assert_eq!(record["fields"][0]["value"], "説明が食い違う。");
}

#[test]
fn mistakes_are_shown_with_line_and_caret() {
    let dir = Dir::new();
    let wrong = OWN
        .replace(r#"type = "text""#, r#"type = "txet""#)
        .replace(r#"rule = "section""#, r#"rule = "sektion""#);
    dir.write("memo.toml", wrong);
    let report = dir.kikitori(["--lang", "en", "templates", "check", "memo.toml"]).failed(4);
    insta::assert_snapshot!(report, @r#"
    mistakes in the template file (2): memo.toml
    error: unknown type: txet
     --> memo.toml:9:8
      |
    9 | type = "txet"
      |        ^^^^^^
      |
      = help: did you mean `text`?

    error: unknown rule: sektion
      --> memo.toml:13:8
       |
    13 | rule = "sektion"
       |        ^^^^^^^^^
       |
       = help: did you mean `section`?
    error: form files with mistakes: 1
    "#);
}

#[test]
fn a_form_with_an_unknown_type_is_not_used() {
    let dir = Dir::new();
    std::fs::create_dir(dir.path("forms")).unwrap();
    dir.write("forms/memo.toml", OWN.replace(r#"type = "text""#, r#"type = "essay""#));
    dir.write("a.txt", "所見。なし。");
    let message = dir.kikitori(["map", "a.txt", "--template", "memo", "--templates", "forms"]).failed(4);
    assert!(message.contains("unknown type: essay"), "{message}");
    // The other forms go on working.
    dir.kikitori(["map", "a.txt", "--template", "visit", "--templates", "forms"]).ok();
    let list = dir.kikitori(["templates", "list", "--templates", "forms"]);
    assert_eq!(list.code(), 4);
    assert!(list.out().contains("visit") && list.err().contains("unknown type: essay"), "{}", list.err());
}

#[test]
fn a_new_form_is_a_valid_one_that_fills() {
    let dir = Dir::new();
    std::fs::create_dir(dir.path("forms")).unwrap();
    dir.kikitori(["templates", "new", "memo", "-o", "forms/memo.toml"]).ok();
    dir.kikitori(["templates", "check", "forms/memo.toml"]).ok();
    dir.write("a.txt", "令和7年6月3日14時から15時、面接。今後の対応。明日、担当から園に電話。");
    let args = ["map", "a.txt", "--template", "memo", "--templates", "forms", "-f", "json"];
    let record = dir.kikitori(args).json();
    assert_eq!(field(&record, "at")["value"]["start"], "2025-06-03T14:00");
    assert_eq!(field(&record, "next")["value"][0]["what"], "園に電話");
    assert!(dir.kikitori(["templates", "new", "memo"]).ok().contains("# 使える規則"));
    // An existing form is kept.
    dir.kikitori(["templates", "new", "memo", "-o", "forms/memo.toml"]).failed(7);
    dir.kikitori(["templates", "new", "Memo 2"]).failed(4);
}

#[test]
fn the_check_explains_mistakes_in_every_attribute() {
    let dir = Dir::new();
    let wrong = OWN
        .replace(r#"fill = "P""#, "fill = \"P\"\nhours = 48\nsealed = true\nsealed_when = [\"通告\"]")
        .replace(r#"required = "must""#, r#"required = "always""#);
    dir.write("memo.toml", wrong);
    let report = dir.kikitori(["--lang", "en", "templates", "check", "memo.toml"]).failed(4);
    for said in [
        "unknown required: always",
        "only a computed datetime has hours",
        "a field is `sealed` or `sealed_when`, not both",
    ] {
        assert!(report.contains(said), "{said}: {report}");
    }
}
