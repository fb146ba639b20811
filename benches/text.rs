//! Text passes, field rules and the model pass: bytes of text a second; and the tagger on 1,000 characters.

use std::fs;
use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use extract::Proposer;
use extract::model::Tagger;
use record::template::{Template, shipped_templates};
use record::{Document, Segment, Transcript};
use text::Chain;

fn transcript(stem: &str) -> Transcript {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("samples/{stem}.txt"));
    let raw = fs::read_to_string(path).expect("a script");
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

criterion_group!(all, benches);
criterion_main!(all);
