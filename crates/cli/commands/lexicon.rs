//! `kikitori lexicon`

mod measure;

use std::fs;
use std::io::Read;
use std::path::Path;

use asr::Control;
use record::{Document, Entity, Lang, Segment, Transcript};
use text::lexicon::{Clash, ClashKind, Term, read};
use text::{Chain, Lexicon, Pass};

use super::templates::{print_json, print_text};
use crate::args::{Global, LexiconArgs, LexiconCommand, MeasureArgs};
use crate::failure::Failure;
use crate::progress::line;
use crate::{lexicon, output, places};

/// Clashes told for one term.
const SHOWN: usize = 8;

pub(crate) fn run(args: &LexiconArgs, global: &Global, control: &Control) -> Result<(), Failure> {
    match &args.command {
        LexiconCommand::Import { file } => import(file, global),
        LexiconCommand::List { all, json } => list(*all, *json),
        LexiconCommand::Check { file, json } => check(file.as_deref(), *json, global),
        LexiconCommand::Test { text, json } => test(text, *json, global),
        LexiconCommand::Measure(args) => {
            let MeasureArgs { dir, transcripts, only, recall, engine } = &**args;
            let job =
                measure::Job { dir, transcripts: transcripts.as_deref(), only, recall: *recall, engine };
            measure::run(&job, global, control)
        }
    }
}

/// Takes a checked list into use; it appears whole or not at all.
fn import(file: &Path, global: &Global) -> Result<(), Failure> {
    let bytes = lexicon::bytes(file)?;
    let terms = read(&bytes)?;
    let target = places::lexicon()?;
    if let Some(dir) = target.parent() {
        fs::create_dir_all(dir).map_err(|e| Failure::io(dir, &e))?;
    }
    output::to_file(&target, |out| out.write_all(&bytes).map_err(|e| Failure::io(&target, &e)))?;
    if !global.quiet {
        line(&match global.lang() {
            Lang::Ja => format!("取り込みました: {}語 {}", terms.len(), target.display()),
            Lang::En => format!("imported: {} terms {}", terms.len(), target.display()),
        });
    }
    Ok(())
}

fn list(all: bool, json: bool) -> Result<(), Failure> {
    let office = lexicon::imported()?.unwrap_or_default();
    let shipped = Lexicon::shipped();
    let shipped = if all { shipped.terms() } else { &[] };
    let terms = office.iter().chain(shipped);
    if json {
        let rows: Vec<_> = terms
            .map(|t| {
                serde_json::json!({
                    "term": t.written, "reading": t.reading, "category": t.category, "office": t.office,
                })
            })
            .collect();
        return print_json(&serde_json::json!({ "schema_version": 1, "terms": rows }));
    }
    let rows: Vec<String> =
        terms.map(|t| format!("{}\t{}\t{}\n", t.written, t.reading, t.category)).collect();
    print_text(&rows.concat())
}

fn check(file: Option<&Path>, json: bool, global: &Global) -> Result<(), Failure> {
    let terms = match file {
        Some(file) => read(&lexicon::bytes(file)?)?,
        None => lexicon::imported()?.unwrap_or_default(),
    };
    // Against the program's terms and the office's others.
    let lexicon = Lexicon::with_office(terms.clone());
    let mut rows = Vec::new();
    let mut text = String::new();
    for term in &terms {
        let clashes = lexicon.check(term)?;
        if json {
            rows.extend(clashes.iter().map(|c| {
                serde_json::json!({
                    "term": term.written, "reading": term.reading, "kind": kind_name(c.kind), "word": c.word,
                    "word_reading": c.reading, "distance": c.distance,
                })
            }));
            continue;
        }
        for clash in clashes.iter().take(SHOWN) {
            text.push_str(&tell(term, clash, global.lang()));
        }
    }
    if json {
        return print_json(&serde_json::json!({ "schema_version": 1, "clashes": rows }));
    }
    if text.is_empty() && !global.quiet {
        line(&match global.lang() {
            Lang::Ja => format!("ok: {}語。紛らわしい語はありません", terms.len()),
            Lang::En => format!("ok: {} terms, nothing sounds alike", terms.len()),
        });
    }
    print_text(&text)
}

fn kind_name(kind: ClashKind) -> &'static str {
    match kind {
        ClashKind::Term => "term",
        ClashKind::SameTerm => "same_term",
        ClashKind::TooShort => "too_short",
        _ => "word",
    }
}

fn tell(term: &Term, clash: &Clash, lang: Lang) -> String {
    let (ja, en) = match clash.kind {
        ClashKind::Term => ("用語と紛らわしい", "sounds like the term"),
        ClashKind::SameTerm => ("同じ語に別の読みがある", "the same term has another reading"),
        ClashKind::TooShort => (
            "短すぎて音では見つけられない(書かれたとおりのときだけ使う)",
            "too short to be found by its sound",
        ),
        _ => ("ふつうの語と紛らわしい(その語は置き換えない)", "sounds like an ordinary word, which stays"),
    };
    let what = if lang == Lang::Ja { ja } else { en };
    if clash.kind == ClashKind::TooShort {
        return format!("{}\t{what}\n", term.written);
    }
    format!("{}\t{what}: {}({}) {:.1}\n", term.written, clash.word, clash.reading, clash.distance)
}

fn test(text: &str, json: bool, global: &Global) -> Result<(), Failure> {
    let mut raw = text.to_owned();
    if text == "-" {
        raw.clear();
        std::io::stdin().read_to_string(&mut raw).map_err(|e| Failure::io(Path::new("-"), &e))?;
    }
    let segment = Segment { raw, ..Segment::default() };
    let mut doc = Document::new(&Transcript { segments: vec![segment], edits: Vec::new() }, None);
    let lexicon = lexicon::office()?.unwrap_or_else(Lexicon::shipped);
    let name = lexicon.name();
    Chain::default().with(lexicon).run(&mut doc)?;
    let edits = doc.mapped().edits().iter().filter(|e| e.pass == name);
    let asked = doc.annotations().iter().filter_map(|a| match &a.entity {
        Entity::Homophone(intended) => Some((&doc.text()[a.range.clone()], intended.as_str())),
        _ => None,
    });
    if json {
        let edits: Vec<_> =
            edits.map(|e| serde_json::json!({ "from": e.from, "to": e.to, "reason": e.reason })).collect();
        let asked: Vec<_> =
            asked.map(|(word, intended)| serde_json::json!({ "word": word, "intended": intended })).collect();
        return print_json(&serde_json::json!({
            "schema_version": 1, "text": doc.text(), "edits": edits, "questions": asked,
        }));
    }
    let mut out = format!("{}\n", doc.text());
    for edit in edits {
        out.push_str(&format!("{} → {}  ({})\n", edit.from, edit.to, edit.reason));
    }
    for (word, intended) in asked {
        out.push_str(&match global.lang() {
            Lang::Ja => format!("{word} → {intended}?  (置き換えません。録音を確認してください)\n"),
            Lang::En => format!("{word} → {intended}?  (not replaced: listen again)\n"),
        });
    }
    print_text(&out)
}
