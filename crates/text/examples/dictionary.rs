//! Builds `ipadic.dic.gz` and `ipadic.words.gz` in a directory from the source of IPADIC, as the Debian package `mecab-ipadic` holds it.
//!
//! ```text
//! cargo run -p text --release --example dictionary -- usr/share/mecab/dic/ipadic models
//! ```
//!
//! Every feature is cut down to one letter for the part of speech and the readings in hiragana, the entry's own first.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use encoding_rs::EUC_JP;
use flate2::Compression;
use flate2::write::GzEncoder;
use vibrato::SystemDictionaryBuilder;

/// Readings kept beside the entry's own.
const MAX_OTHERS: usize = 3;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// One line of IPADIC: surface, left id, right id, cost, six features of grammar, base form, reading, pronunciation.
struct Entry {
    surface: String,
    ids: String,
    code: char,
    reading: String,
}

fn main() -> Result<()> {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(source), Some(target)) = (args.next(), args.next()) else {
        return Err("usage: dictionary SOURCE_DIRECTORY TARGET_DIRECTORY".into());
    };
    let entries = entries(&source)?;
    let mut readings: HashMap<&str, Vec<&str>> = HashMap::new();
    for e in entries.iter().filter(|e| !matches!(e.code, 'm' | 'l' | 'v' | 'w' | 'i')) {
        let list = readings.entry(&e.surface).or_default();
        if !list.contains(&e.reading.as_str()) {
            list.push(&e.reading);
        }
    }
    let mut csv = String::new();
    for e in &entries {
        let mut feature = format!("{}{}", e.code, e.reading);
        let others = readings.get(e.surface.as_str()).map_or(&[][..], Vec::as_slice);
        for other in others.iter().filter(|r| **r != e.reading).take(MAX_OTHERS) {
            feature.push('|');
            feature.push_str(other);
        }
        csv.push_str(&format!("{},{},{feature}\n", quote(&e.surface), e.ids));
    }
    let unknown: String = read(&source.join("unk.def"))?
        .lines()
        .filter_map(|line| {
            let f: Vec<&str> = line.split(',').collect();
            (f.len() > 7).then(|| format!("{},{}\n", f[..4].join(","), code(&f[4..8])))
        })
        .collect();
    let dictionary = SystemDictionaryBuilder::from_readers(
        csv.as_bytes(),
        read(&source.join("matrix.def"))?.as_bytes(),
        read(&source.join("char.def"))?.as_bytes(),
        unknown.as_bytes(),
    )?;
    let mut out = pack(&target.join("ipadic.dic.gz"))?;
    let bytes = dictionary.write(&mut out)?;
    out.finish()?.flush()?;

    let mut words: Vec<String> = entries
        .iter()
        .filter(|e| matches!(e.code, 'n' | 's' | 'a' | 't') && e.surface.chars().count() > 1)
        .map(|e| format!("{}\t{}\n", e.surface, e.reading))
        .collect();
    words.sort();
    words.dedup();
    let mut out = pack(&target.join("ipadic.words.gz"))?;
    out.write_all(words.concat().as_bytes())?;
    out.finish()?.flush()?;
    writeln!(std::io::stderr(), "{} entries, {bytes} bytes unpacked, {} words", entries.len(), words.len())?;
    Ok(())
}

fn pack(path: &Path) -> Result<GzEncoder<fs::File>> {
    Ok(GzEncoder::new(fs::File::create(path)?, Compression::best()))
}

fn entries(source: &Path) -> Result<Vec<Entry>> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(source)?.map(|f| f.map(|f| f.path())).collect::<std::io::Result<_>>()?;
    files.retain(|f| f.extension().is_some_and(|e| e == "csv"));
    files.sort();
    let mut entries = Vec::new();
    for file in files {
        for line in read(&file)?.lines() {
            let f = fields(line);
            if f.len() < 12 {
                return Err(format!("{}: too few columns", file.display()).into());
            }
            let grammar: Vec<&str> = f[4..8].iter().map(String::as_str).collect();
            let code = code(&grammar);
            let reading = if code == 'e' { String::new() } else { text::hiragana(&f[11]) };
            entries.push(Entry { surface: f[0].clone(), ids: f[1..4].join(","), code, reading });
        }
    }
    Ok(entries)
}

/// The letter of a part of speech; `Pos::from_code` reads it.
fn code(grammar: &[&str]) -> char {
    match grammar {
        ["名詞", "サ変接続", ..] => 's',
        ["名詞", "形容動詞語幹" | "ナイ形容詞語幹", ..] => 'a',
        ["名詞", "副詞可能", ..] => 't',
        ["名詞", "固有名詞", "人名", ..] => 'm',
        ["名詞", "固有名詞", "地域", ..] => 'l',
        ["名詞", "固有名詞", ..] => 'o',
        ["名詞", "数", ..] => 'c',
        ["名詞", "接尾", "助数詞", ..] => 'k',
        ["名詞", "接尾", ..] => 'x',
        ["接頭詞", ..] => 'f',
        ["名詞", "代名詞", ..] => 'p',
        ["名詞", "非自立" | "特殊" | "接続詞的" | "動詞非自立的", ..] => 'b',
        ["動詞", "自立", ..] => 'v',
        ["動詞", ..] => 'w',
        ["形容詞", ..] => 'i',
        ["副詞", ..] => 'd',
        ["連体詞" | "接続詞" | "感動詞" | "フィラー" | "その他", ..] => 'r',
        ["助詞", ..] => 'j',
        ["助動詞", ..] => 'u',
        ["記号", ..] => 'e',
        _ => 'n',
    }
}

fn read(path: &Path) -> Result<String> {
    let bytes = fs::read(path)?;
    let (text, _, broken) = EUC_JP.decode(&bytes);
    if broken {
        return Err(format!("{}: not EUC-JP", path.display()).into());
    }
    Ok(text.into_owned())
}

/// Columns of a line of CSV.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => fields.last_mut().expect("never empty").push(c),
        }
    }
    fields
}

fn quote(surface: &str) -> String {
    if surface.contains([',', '"']) {
        format!("\"{}\"", surface.replace('"', "\"\""))
    } else {
        surface.to_owned()
    }
}
