//! From text to fields: the scripts of the samples, and the laws of the record.

use std::path::Path;

use crate::harness::{Dir, args, field, root, sample, schema_errors};

fn map(dir: &Dir, text: &str, template: &str) -> serde_json::Value {
    dir.write("a.txt", text);
    dir.kikitori([
        "map",
        "a.txt",
        "--template",
        template,
        "-f",
        "json",
        "--recorded-at",
        "2025-06-03T16:00:00+09:00",
    ])
    .json()
}

#[test]
fn the_visit_of_the_language_reference() {
    let record = map(
        &Dir::new(),
        "ええと、令和七年六月三日火曜、十四時から十五時二十分、家庭訪問。対応者、私と保健師の〇〇さん。主訴、近隣からの泣き声通告。\
         本児の様子。左の頬に、五百円玉、いや十円玉くらいの、青あざがひとつ。本児は転んだと言う。実母は、きょうだいげんかと説明。\
         実父は不在、架電するも不通。実母は叩いたことは否認。所見。説明が食い違うので、けがの受傷機転は確認が必要。\
         今後の対応。明日、担当から園に電話、SVに確認。",
        "visit",
    );
    assert_eq!(field(&record, "at")["value"]["start"], "2025-06-03T14:00");
    assert_eq!(field(&record, "at")["value"]["end"], "2025-06-03T15:20");
    assert_eq!(field(&record, "form")["value"], "家庭訪問");
    let injury = &field(&record, "injury")["value"][0];
    assert_eq!(injury["part"], "頬");
    assert_eq!(injury["side"], "左");
    assert_eq!(injury["size"], "10円玉大");
    assert_eq!(injury["trace"][0]["first"], "500円玉");
    assert_eq!(field(&record, "assess")["value"], "説明が食い違うので、けがの受傷機転は確認が必要。");
    assert_eq!(field(&record, "next")["value"][0]["by"], "2025-06-04");
    assert_eq!(field(&record, "wish.child")["state"], "not_mentioned");
    let gaps: Vec<_> =
        record["gaps"].as_array().unwrap().iter().map(|g| g["field"].as_str().unwrap()).collect();
    assert_eq!(gaps, ["purpose", "talk", "wish.child", "wish.parent"]);
    assert!(record["unassigned"].to_string().contains("近隣からの泣き声通告"));
}

#[test]
fn severe_facts_fill_no_judgement() {
    let record = map(
        &Dir::new(),
        "実父が本児を殴り、頭蓋骨骨折。生命の危険がある。緊急度は高いと思われる。身体的な暴力と暴言が毎日ある。",
        "intake",
    );
    for id in ["abuse.type_main", "abuse.type_sub", "response", "decision", "reporter.intent"] {
        assert_eq!(field(&record, id)["state"], "not_mentioned", "{id}");
    }
}

#[test]
fn the_four_states_stay_apart() {
    let dir = Dir::new();
    let state = |text: &str| {
        let record = map(&dir, text, "intake");
        let sib = field(&record, "family.sib").clone();
        (sib["state"].as_str().unwrap().to_owned(), sib["reason"].as_str().map(ToOwned::to_owned))
    };
    assert_eq!(state("きょうだいはいない。"), ("denied".into(), Some("none".into())));
    assert_eq!(state("きょうだいの有無は不明。"), ("unknown".into(), Some("said_unknown".into())));
    assert_eq!(state("きょうだいについては聞けていません。"), ("unknown".into(), Some("not_asked".into())));
    assert_eq!(state("きょうだいは、弟が一人、四歳。"), ("stated".into(), None));
    assert_eq!(state("主訴。夜間の泣き声。"), ("not_mentioned".into(), None));
}

#[test]
fn offering_help_with_violence_says_nothing_about_violence() {
    let record = map(&Dir::new(), "DVの相談窓口を案内した。", "intake");
    assert_eq!(field(&record, "family.dv")["state"], "not_mentioned");
}

#[test]
fn a_time_without_morning_or_afternoon_is_not_guessed() {
    let record = map(&Dir::new(), "六月三日火曜、三時半、家庭訪問。", "visit");
    let at = field(&record, "at");
    assert_eq!(at["value"]["start"], "2025-06-03");
    assert!(at["flags"].to_string().contains("ambiguous_time"), "{at}");
}

/// At least this share of the fields that the samples' references fill is right, from the scripts.
const CORRECT_FROM_TEXT: f64 = 0.97;

#[test]
fn the_samples_scripts_fill_their_fields() {
    let scores = Dir::new().kikitori(args!["eval", root().join("samples"), "--json"]).json();
    let total = &scores["total"];
    let share = total["correct"].as_f64().unwrap() / total["expected"].as_f64().unwrap();
    assert!(share >= CORRECT_FROM_TEXT, "{share:.3}: {total}");
    assert_eq!(total["wrong_fills"], 0, "{scores}");
    assert_eq!(total["gaps_found"], total["gaps_expected"], "{scores}");
}

#[test]
fn a_transcript_of_ours_maps_as_its_recording_does() {
    let dir = Dir::new();
    let audio = sample("visit-home.opus");
    let at = "2025-09-11T16:40:00+09:00";
    // `record` shows the engine the form's words; here both get the same.
    let same = args!["--prompt", "家庭訪問の記録です。", "--bias=off", "--tier=fast", "--recorded-at", at];
    let args = args!["transcribe", &audio, "-f", "json", "-o", "t.json"];
    dir.kikitori(args.into_iter().chain(same.clone())).ok();
    let mapped = dir.kikitori(["map", "t.json", "--template", "visit", "-f", "json"]).json();
    let args = args!["record", &audio, "--template", "visit", "-f", "json"];
    let recorded = dir.kikitori(args.into_iter().chain(same)).json();
    assert_eq!(mapped, recorded);
}

#[test]
fn the_same_input_gives_the_same_record() {
    let dir = Dir::new();
    let script = std::fs::read_to_string(sample("intake-school.txt")).unwrap();
    assert_eq!(map(&dir, &script, "intake"), map(&dir, &script, "intake"));
}

#[test]
fn the_record_validates_against_its_schema() {
    for entry in std::fs::read_dir(root().join("samples")).unwrap() {
        let path = entry.unwrap().path();
        let Some(stem) = path.file_name().and_then(|n| n.to_str()).and_then(|n| n.strip_suffix(".txt"))
        else {
            continue;
        };
        let script = std::fs::read_to_string(&path).unwrap();
        if script.trim().is_empty() || !Path::new(&path).with_extension("opus").exists() {
            continue;
        }
        let template = stem.split('-').next().unwrap();
        let record = map(&Dir::new(), &script, template);
        assert_eq!(schema_errors(&record), [""; 0], "{stem}");
    }
}

#[test]
fn empty_endless_and_foreign_texts_end_clearly() {
    let dir = Dir::new();
    dir.write("empty.txt", "");
    dir.kikitori(["map", "empty.txt", "--template", "visit"]).failed(4);
    dir.write("binary.txt", [0, 159, 146, 150, 0, 0]);
    dir.kikitori(["map", "binary.txt", "--template", "visit"]).failed(4);
    let endless = map(&dir, &"そして母は".repeat(20_000), "visit");
    // Cut into pieces that rules can read, and all of it still there, under a field or under none.
    let left = endless["unassigned"].as_array().unwrap().iter().map(|u| u["text"].as_str().unwrap());
    let taken = endless["fields"].as_array().unwrap().iter().filter_map(|f| f["value"].as_str());
    assert_eq!(left.chain(taken).collect::<String>(), "そして母は".repeat(20_000));
    let foreign = map(&dir, "The weather is fine today. We went home.", "visit");
    assert!(foreign["fields"].as_array().unwrap().iter().all(|f| f["state"] == "not_mentioned"));
}

const ENTRY: &str = "令和七年六月三日火曜、十四時から十五時、家庭訪問。対応者、児福司の森田。左の頬に青あざがひとつ。本児は転んだと話す。";

#[test]
fn one_dictation_fills_several_forms() {
    let dir = Dir::new();
    dir.write("a.txt", ENTRY);
    let both = ["map", "a.txt", "--template", "visit,injury,progress"];
    let all = dir.kikitori(both.into_iter().chain(["-f", "json"])).json();
    let ids: Vec<_> = all.as_array().unwrap().iter().map(|r| r["template"]["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["visit", "injury", "progress"]);
    for (record, id) in all.as_array().unwrap().iter().zip(["injury", "injury"]) {
        assert_eq!(field(record, id)["value"][0]["part"], "頬");
    }
    let text = dir.kikitori(both).ok();
    assert!(
        text.contains("面接・家庭訪問記録") && text.contains("傷の記録") && text.contains("経過記録"),
        "{text}"
    );
    let html = dir.kikitori(both.into_iter().chain(["-f", "html"])).failed(2);
    assert!(html.contains("-o"), "{html}");

    dir.kikitori(both.into_iter().chain(["-f", "html", "-o", "records"])).ok();
    for id in ["visit", "injury", "progress"] {
        assert!(dir.path(&format!("records/a.{id}.html")).is_file(), "{id}");
    }
    // An existing file is kept; nothing is written before that is known.
    dir.kikitori(["map", "a.txt", "--template", "urgency,visit", "-f", "html", "-o", "records"]).failed(7);
    assert!(!dir.path("records/a.urgency.html").exists());
    dir.kikitori(both.into_iter().chain(["-f", "html", "-o", "records", "--force"])).ok();
    dir.kikitori(["map", "a.txt", "--template", "visit,visit"]).failed(2);
}

#[test]
fn an_office_switches_passes_on_and_off() {
    let dir = Dir::new();
    dir.write("a.txt", "本児の様子。お母さんと来所しました。");
    let body = |passes: &str| {
        let record = dir
            .kikitori(["map", "a.txt", "--template", "visit", "-f", "json", &format!("--passes={passes}")])
            .json();
        field(&record, "obs.child")["value"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(body("+plain_style"), "お母さんと来所した。");
    assert_eq!(body("normalize,headings"), "お母さんと来所しました。");
    assert_ne!(body("-headings"), "お母さんと来所しました。", "no heading is found without its pass");
}

#[test]
fn a_pass_that_does_not_exist_is_answered_with_those_that_do() {
    let dir = Dir::new();
    dir.write("a.txt", "主訴。泣き声。");
    let said = dir
        .kikitori([
            "map",
            "a.txt",
            "--template",
            "visit",
            "-o",
            "x.json",
            "-f",
            "json",
            "--passes",
            "dates,lexicn",
        ])
        .failed(2);
    assert!(said.contains("lexicn") && said.contains("lexicon, headings"), "{said}");
    assert!(!dir.path("x.json").exists());
}
