//! The office's own terms: imported, listed, checked, tested, and used in the record.

use crate::harness::Dir;

const TERMS: &str = "語\t読み\t分類\n若葉台学園\tわかばだいがくえん\t機関\n";

#[test]
fn imported_terms_are_listed_and_used() {
    let dir = Dir::new();
    dir.write("terms.tsv", TERMS);
    dir.write("a.txt", "聴取内容。若葉大学園から受電。");
    dir.kikitori(["lexicon", "import", "terms.tsv"]).ok();
    assert_eq!(dir.kikitori(["lexicon", "list"]).ok(), "若葉台学園\tわかばだいがくえん\t機関\n");
    let all = dir.kikitori(["lexicon", "list", "--all", "--json"]).json();
    assert!(all["terms"].as_array().unwrap().len() > 500);
    let record = dir.kikitori(["map", "a.txt", "--template", "visit", "-f", "json"]).json();
    let edit = &record["transcript"]["edits"][0];
    assert_eq!((edit["from"].as_str(), edit["to"].as_str()), (Some("若葉大学園"), Some("若葉台学園")));
    assert_eq!(edit["pass"], "lexicon");
}

#[test]
fn a_wrong_list_is_refused_and_changes_nothing() {
    let dir = Dir::new();
    dir.write("right.tsv", TERMS);
    dir.write("wrong.tsv", "若葉台学園\t若葉台\n一列だけ\n");
    dir.kikitori(["lexicon", "import", "right.tsv"]).ok();
    let told = dir.kikitori(["lexicon", "import", "wrong.tsv"]).failed(4);
    assert!(told.contains("1行目") && told.contains("2行目"), "{told}");
    assert!(dir.kikitori(["lexicon", "list"]).ok().contains("若葉台学園"));
}

#[test]
fn check_says_what_an_entry_would_hit() {
    let dir = Dir::new();
    dir.write("terms.tsv", "佳伝\tかでん\t人名\n");
    let found = dir.kikitori(["lexicon", "check", "terms.tsv"]).ok();
    assert!(found.contains("架電") && found.contains("家電"), "{found}");
}

#[test]
fn test_shows_what_is_replaced_and_what_is_only_asked() {
    let dir = Dir::new();
    let shown = dir.kikitori(["lexicon", "test", "逆体通告を受理。ナイフが出てきた。", "--json"]).json();
    assert_eq!(shown["text"], "虐待通告を受理。ナイフが出てきた。");
    assert_eq!(shown["edits"][0]["from"], "逆体通告");
    assert_eq!(shown["questions"][0]["intended"], "内夫");
}

#[test]
fn measured_transcripts_give_a_table() {
    let dir = Dir::new();
    dir.write("a.tsv", "0\t2000\t虐待通告を受理しました。\n");
    dir.write(
        "a.json",
        r#"{"schema":"kikitori.transcript/1","recorded_at":null,"source":{"files":[{"name":"a.wav","sha256":"","duration_ms":2000}]},
        "transcript":{"segments":[{"file":0,"start_ms":0,"end_ms":2000,"raw":"逆体通告を受理しました","text":"逆体通告を受理しました",
        "tokens":[{"text":"逆体通告を受理しました","start_ms":0,"end_ms":2000,"logprob":-0.5}]}],"edits":[]}}"#,
    );
    let table = dir.kikitori(["lexicon", "measure", ".", "--transcripts", "."]).ok();
    assert_eq!(table, "虐待通告\t逆体通告\t1\n");
}
