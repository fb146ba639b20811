//! Counts and prints what the pass `lexicon` changes in texts: `cargo run -p text --example repair -- FILE…`
//!
//! On correct texts the count must be 0. Each line of a file is one document; columns are separated by tabs and the last one
//! is the text. Output: what stood there, what is written, why.

use std::error::Error;
use std::io::{BufWriter, Write};
use std::time::Instant;

use record::{Document, Segment, Transcript};
use text::{Chain, Lexicon, Pass};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let lexicon = Lexicon::shipped();
    let (mut lines, mut changed, mut asked, mut chars) = (0, 0, 0, 0);
    let mut chain: Vec<&str> = Chain::default().names().collect();
    chain.retain(|name| ["normalize", "numerals", "dates", "times", "ages"].contains(name));
    let chain = Chain::from_names(&chain)?;
    let started = Instant::now();
    lexicon.apply(&mut document("辞書"))?;
    let loaded = started.elapsed();
    let started = Instant::now();
    for path in std::env::args_os().skip(1) {
        for line in std::fs::read_to_string(path)?.lines() {
            let raw = line.rsplit('\t').next().unwrap_or_default();
            let mut doc = document(raw);
            chain.run(&mut doc)?;
            let before = doc.mapped().edits().len();
            lexicon.apply(&mut doc)?;
            lines += 1;
            chars += raw.chars().count();
            for edit in &doc.mapped().edits()[before..] {
                changed += 1;
                writeln!(out, "{}\t{}\t{}\t{raw}", edit.from, edit.to, edit.reason)?;
            }
            for a in doc.annotations().iter().filter(|a| matches!(a.entity, record::Entity::Homophone(_))) {
                asked += 1;
                writeln!(out, "{}\t?\t{:?}\t{raw}", &doc.text()[a.range.clone()], a.entity)?;
            }
        }
    }
    writeln!(
        std::io::stderr(),
        "{lines} lines, {chars} characters, {changed} replacements, {asked} questions; loading {loaded:?}, passes {:?}",
        started.elapsed()
    )?;
    Ok(())
}

fn document(raw: &str) -> Document {
    let segment = Segment { raw: raw.to_owned(), ..Segment::default() };
    Document::new(&Transcript { segments: vec![segment], edits: Vec::new() }, None)
}
