//! The scorer, on the development dictations.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use crate::harness::{Dir, args, root};

fn dictations() -> PathBuf {
    root().join("samples/dev")
}

fn eval(dir: &Dir, args: &[&str]) -> crate::harness::Ran {
    dir.kikitori(args!["eval", dictations()].into_iter().chain(args.iter().map(OsString::from)))
}

/// One dictation of each form, scored.
fn eval_few(dir: &Dir, args: &[&str]) -> crate::harness::Ran {
    if !dir.path("few").exists() {
        fs::create_dir(dir.path("few")).unwrap();
        let mut forms = std::collections::BTreeSet::new();
        let mut files: Vec<_> = fs::read_dir(dictations()).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        for path in files {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let Some(stem) = name.strip_suffix(".expected.json") else { continue };
            let expected: serde_json::Value =
                serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            if forms.insert(expected["template"].to_string()) {
                for name in [name.clone(), format!("{stem}.txt")] {
                    fs::copy(dictations().join(&name), dir.path("few").join(&name)).unwrap();
                }
            }
        }
    }
    dir.kikitori(["eval", "few"].iter().chain(args))
}

/// The scores from the scripts, made once for all tests here.
fn scores() -> &'static serde_json::Value {
    static SCORES: OnceLock<serde_json::Value> = OnceLock::new();
    SCORES.get_or_init(|| eval(&Dir::new(), &["--json"]).json())
}

#[test]
fn every_form_and_every_manner_of_speaking_has_its_dictations() {
    let mut forms: BTreeMap<String, usize> = BTreeMap::new();
    let mut headless = 0;
    for entry in fs::read_dir(dictations()).unwrap() {
        let path = entry.unwrap().path();
        if !path.to_string_lossy().ends_with(".expected.json") {
            continue;
        }
        let expected: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        *forms.entry(expected["template"].as_str().unwrap().to_owned()).or_default() += 1;
        headless += usize::from(expected["headless"] == true);
    }
    assert_eq!(forms.len(), 10, "{forms:?}");
    assert!(forms.values().all(|count| *count >= 5), "{forms:?}");
    assert!(forms.values().sum::<usize>() >= 64, "{forms:?}");
    assert!(headless >= 20, "{headless}");
}

#[test]
fn recordings_come_with_the_times_of_their_sentences() {
    let mut recordings = 0;
    let mut bytes = 0;
    for entry in fs::read_dir(dictations()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "opus") {
            continue;
        }
        recordings += 1;
        bytes += path.metadata().unwrap().len();
        let script = fs::read_to_string(path.with_extension("txt")).unwrap();
        let table = fs::read_to_string(path.with_extension("times.tsv")).unwrap();
        let spoken: String = table.lines().filter_map(|line| line.splitn(3, '\t').nth(2)).collect();
        assert_eq!(spoken, script.trim(), "{}", path.display());
    }
    assert!(recordings >= 32, "{recordings}");
    assert!(bytes < 12_000_000, "{bytes}");
}

#[test]
fn the_json_holds_every_figure_for_the_whole_the_forms_and_each_dictation() {
    let scores = scores();
    assert_eq!(scores["schema"], "kikitori.eval/1");
    assert_eq!(scores["input"], "text");
    assert_eq!(scores["templates"].as_object().map(serde_json::Map::len), Some(10));
    let cases = scores["cases"].as_object().unwrap();
    assert_eq!(scores["total"]["records"].as_u64(), Some(cases.len() as u64));
    let groups =
        ["templates", "styles", "cases"].iter().flat_map(|g| scores[*g].as_object().unwrap().values());
    for score in groups.chain([&scores["total"]]) {
        for share in
            ["field_precision", "field_recall", "field_f1", "state_accuracy", "gap_recall", "citation_quotes"]
        {
            let value = score["rates"][share].as_f64().unwrap_or(-1.0);
            assert!((0.0..=1.0).contains(&value), "{share}: {value}");
        }
    }
}

#[test]
fn no_value_is_invented_and_no_field_of_a_person_is_filled() {
    let rates = &scores()["total"]["rates"];
    assert_eq!(rates["unsupported_characters"], 0.0);
    assert_eq!(rates["person_only_filled"], 0.0);
    assert_eq!(rates["citation_quotes"], 1.0);
    assert_eq!(rates["wrong_replacements"], 0.0);
}

#[test]
fn an_ablation_stands_beside_the_whole() {
    let dir = Dir::new();
    let scores = eval_few(&dir, &["--ablate", "dates,quotes", "--json", "-"]).json();
    let names: Vec<_> = scores["ablations"].as_array().unwrap().iter().map(|run| &run["name"]).collect();
    assert_eq!(names, ["-dates", "-quotes"]);
    let exact =
        |run: &serde_json::Value| run["total"]["rates"]["dates_times_numbers_exact"].as_f64().unwrap();
    assert!(exact(&scores["ablations"][0]) < exact(&scores), "without dates fewer dates are right");
    let table = eval_few(&dir, &["--ablate", "dates"]).ok();
    assert!(table.lines().any(|l| l.contains("all") && l.contains("-dates")), "{table}");
}

#[test]
fn a_part_that_does_not_exist_is_refused_by_name() {
    let message = eval_few(&Dir::new(), &["--ablate", "magic"]).failed(2);
    assert!(message.contains("magic") && message.contains("fillers"), "{message}");
}

#[test]
fn two_runs_are_compared_and_the_errors_drawn() {
    let dir = Dir::new();
    let table = eval_few(&dir, &["--json", "a.json", "--plot", "errors.svg"]).ok();
    assert!(table.contains("field_f1"), "{table}");
    let same = dir.kikitori(["eval", "diff", "a.json", "a.json"]).ok();
    assert!(same.contains("better: 0") && same.contains("worse: 0"), "{same}");
    let svg = fs::read_to_string(dir.path("errors.svg")).unwrap();
    assert!(svg.starts_with("<svg ") && svg.contains(">temporary-custody<"), "{svg}");
    dir.write("b.json", "{}");
    dir.kikitori(["eval", "diff", "a.json", "b.json"]).failed(4);
}

/// A set of one dictation, and an engine that hears it as it is written.
fn one_spoken_dictation(dir: &Dir, stem: &str) {
    fs::create_dir(dir.path("set")).unwrap();
    for ending in ["opus", "txt", "times.tsv", "expected.json"] {
        let name = format!("{stem}.{ending}");
        fs::copy(dictations().join(&name), dir.path("set").join(&name)).unwrap();
    }
    let table = fs::read_to_string(dictations().join(format!("{stem}.times.tsv"))).unwrap();
    let segments: Vec<_> = table
        .lines()
        .map(|line| {
            let cells: Vec<&str> = line.splitn(3, '\t').collect();
            let ms = |cell: &str| cell.parse::<u64>().unwrap();
            serde_json::json!({ "start_ms": ms(cells[0]), "end_ms": ms(cells[1]), "text": cells[2] })
        })
        .collect();
    dir.write("heard.json", serde_json::json!({ "segments": segments }).to_string());
}

const LISTEN: &[&str] = &["eval", "set", "--audio", "--engine", "replay", "--model", "heard.json", "--json"];

#[test]
fn words_heard_as_they_were_spoken_have_no_errors_and_are_cited_on_time() {
    let dir = Dir::new();
    one_spoken_dictation(&dir, "visit-brief");
    let rates = &dir.kikitori(LISTEN).json()["cases"]["visit-brief"]["rates"];
    assert_eq!(rates["cer_raw"], 0.0, "{rates}");
    assert_eq!(rates["cer_written"], 0.0, "{rates}");
    assert_eq!(rates["term_recall_before"], 1.0, "{rates}");
    assert_eq!(rates["citation_times"], 1.0, "{rates}");
    assert_eq!(rates["citations_unchecked"], 0.0, "{rates}");
}

#[test]
fn a_cached_transcript_is_used_again() {
    let dir = Dir::new();
    one_spoken_dictation(&dir, "visit-brief");
    let run = || dir.kikitori(LISTEN.iter().chain(&["-", "--cache", "kept"])).json();
    let first = run();
    assert_ne!(first["total"]["values"]["found"], 0);
    let kept: Vec<_> = fs::read_dir(dir.path("kept")).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(kept.len(), 1);
    assert_eq!(first["total"]["values"], run()["total"]["values"]);
    // What is kept decides, not the recording.
    let mut transcript: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&kept[0]).unwrap()).unwrap();
    transcript["transcript"]["segments"] = serde_json::json!([]);
    fs::write(&kept[0], transcript.to_string()).unwrap();
    assert_eq!(run()["total"]["values"]["found"], 0);
}

/// The fields of each form by id.
fn forms(dir: &Dir) -> BTreeMap<String, serde_json::Value> {
    let list = dir.kikitori(["templates", "list", "--json"]).json();
    let ids = list["templates"].as_array().unwrap().iter().map(|t| t["id"].as_str().unwrap().to_owned());
    ids.map(|id| {
        let form = dir.kikitori(["templates", "show", id.as_str(), "--json"]).json();
        (id, form["template"]["fields"].clone())
    })
    .collect()
}

fn labels(spec: &serde_json::Value) -> Vec<&str> {
    spec["choices"].as_array().into_iter().flatten().filter_map(|c| c["label"].as_str()).collect()
}

fn by_id<'j>(list: &'j serde_json::Value, id: &str) -> Option<&'j serde_json::Value> {
    list.as_array().and_then(|all| all.iter().find(|one| one["id"] == id))
}

#[test]
fn expected_records_fit_their_forms() {
    let forms = forms(&Dir::new());
    for path in fs::read_dir(dictations()).unwrap().map(|e| e.unwrap().path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.ends_with(".expected.json") {
            continue;
        }
        let expected: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let form = &forms[expected["template"].as_str().unwrap()];
        for (id, field) in expected["fields"].as_object().unwrap() {
            let spec = by_id(form, id).unwrap_or_else(|| panic!("{name}: no field {id}"));
            assert!(
                !["H", "K"].contains(&spec["fill"].as_str().unwrap()),
                "{name}: {id} is not the program's"
            );
            if spec["type"] == "enum" && field["state"] == "stated" {
                assert!(labels(spec).contains(&field["value"].as_str().unwrap()), "{name}: {id}");
            }
            let rows = field["value"].as_array().filter(|_| spec["type"] == "rows");
            for (key, cell) in rows.into_iter().flatten().flat_map(|row| row.as_object().unwrap()) {
                let column = key.strip_suffix("_words").or(key.strip_suffix("_detail")).unwrap_or(key);
                let spec = by_id(&spec["columns"], column)
                    .unwrap_or_else(|| panic!("{name}: {id} has no column {column}"));
                if spec["type"] == "enum" && column == key {
                    assert!(labels(spec).contains(&cell.as_str().unwrap()), "{name}: {id}.{key}: {cell}");
                }
            }
        }
        for gap in expected["gaps"].as_array().unwrap() {
            let spec = by_id(form, gap.as_str().unwrap()).unwrap_or_else(|| panic!("{name}: no field {gap}"));
            assert_eq!(spec["required"], "must", "{name}: {gap}");
            assert!(expected["fields"].get(gap.as_str().unwrap()).is_none(), "{name}: {gap} is filled");
        }
    }
}
