//! Text passes, field rules and the model pass: bytes of text a second; and the tagger on 1,000 characters.

mod common;

use std::fs;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use extract::Proposer;
use extract::model::Tagger;
use record::template::{Template, shipped_templates};
use record::{Document, Segment, Transcript};
use text::lexicon::read;
use text::{Chain, Lexicon, Morphology, Pass};

fn transcript(stem: &str) -> Transcript {
    let raw = fs::read_to_string(common::file(&format!("samples/{stem}.txt"))).expect("a script");
    Transcript { segments: vec![Segment { text: raw.clone(), raw, ..Segment::default() }], edits: vec![] }
}

fn form(id: &str) -> Template {
    let forms = shipped_templates(extract::rule_names()).expect("the shipped forms");
    forms.into_iter().find(|f| f.id == id).expect("a shipped form")
}

fn benches(c: &mut Criterion) {
    let tagger = Tagger::shipped().expect("the shipped weights");
    let script = transcript("visit-plain").segments[0].raw.clone();
    let thousand: String = script.chars().cycle().take(1000).collect();
    let mut group = c.benchmark_group("tagger");
    group.bench_function("load", |b| b.iter(Tagger::shipped));
    group.bench_function("1000 characters", |b| b.iter(|| black_box(tagger.read(&thousand))));
    group.finish();
    for (stem, id) in [("visit-home", "visit"), ("intake-school", "intake")] {
        let transcript = transcript(stem);
        let mut group = c.benchmark_group(stem);
        group.throughput(Throughput::Bytes(transcript.segments[0].raw.len() as u64));
        for pass in text::passes() {
            let mut before = Document::new(&transcript, None);
            // Every pass sees what the ones before it leave.
            for earlier in text::passes().iter().take_while(|p| p.name() != pass.name()) {
                earlier.apply(&mut before).expect("a pass");
            }
            group.bench_function(pass.name(), |b| b.iter(|| pass.apply(&mut before.clone())));
        }
        group.bench_function("all passes", |b| {
            b.iter(|| Chain::default().run(&mut Document::new(&transcript, None)));
        });
        let mut document = Document::new(&transcript, None);
        Chain::default().run(&mut document).expect("the passes");
        let template = form(id);
        group.bench_function("field rules", |b| b.iter(|| extract::extract(&document, &template, &[])));
        group.bench_function("model pass", |b| b.iter(|| tagger.propose(&document, &template)));
        group.finish();
    }
}

/// The dictionary, and the pass with a large list of an office.
fn lexicon(c: &mut Criterion) {
    let mut group = c.benchmark_group("lexicon");
    group.sample_size(10);
    group.bench_function("load dictionary", |b| b.iter(Morphology::load));
    let rows: Vec<String> = (0..50_000u32)
        .map(|i| {
            let kana: String =
                (0..6).filter_map(|k| char::from_u32(u32::from('か') + (i / 9u32.pow(k)) % 20)).collect();
            format!("施設{i}\t{kana}\t機関\n")
        })
        .collect();
    let office = Lexicon::with_office(read(rows.concat().as_bytes()).expect("a lexicon"));
    let document = Document::new(&transcript("visit-home"), None);
    for (name, pass) in [("shipped terms", Lexicon::shipped()), ("50,000 terms of an office", office)] {
        pass.apply(&mut document.clone()).expect("the pass");
        group.bench_function(name, |b| b.iter(|| pass.apply(&mut document.clone())));
    }
    group.finish();
}

criterion_group! {
    name = all;
    config = common::config();
    targets = benches, lexicon
}
criterion_main!(all);
