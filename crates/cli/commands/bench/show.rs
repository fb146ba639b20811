//! What was found, for people and for programs.

use record::Lang;
use serde_json::{Value as Json, json};

use super::Findings;
use super::advice::{Advice, COMFORTABLE_RTF, Choice, Outcome, Row};
use super::plan::Cell;

/// A recommendation that takes more than this share of the free memory leaves other programs too little.
const MUCH_MEMORY: f64 = 0.5;
/// From this width on characters take two columns of a terminal.
const WIDE: char = '\u{1100}';

/// What a measurement has found, in Japanese and English.
pub(super) fn progress(cell: &Cell, outcome: &Outcome) -> (String, String) {
    let Cell { model, tier, sessions, threads, recordings } = cell;
    let what = format!("{model} {tier} {sessions}×{threads}");
    let (ja, en) = match (outcome.rtf(), outcome) {
        (Some(rtf), _) => (format!("録音の{rtf:.3}倍の時間"), format!("{rtf:.3} × the sound")),
        (None, Outcome::GivenUp) => {
            ("録音より長くかかるので打ち切りました".to_owned(), "given up: slower than the sound".to_owned())
        }
        (None, _) => ("測定できません".to_owned(), "failed".to_owned()),
    };
    (format!("{what}、録音{recordings}本: {ja}"), format!("{what}, recordings: {recordings}: {en}"))
}

/// The table and the recommendation.
pub(super) fn text(findings: &Findings, advice: &Advice<'_>, lang: Lang) -> String {
    let ja = lang == Lang::Ja;
    let heads = if ja {
        ["モデル", "精度", "録音", "並列×スレッド", "時間/録音", "CPU秒", "最大MB"]
    } else {
        ["model", "tier", "recordings", "sessions×threads", "time/sound", "CPU s", "peak MB"]
    };
    let mut rows = vec![heads.map(ToOwned::to_owned)];
    rows.extend(findings.rows.iter().map(cells));
    let widths: [usize; 7] =
        std::array::from_fn(|column| rows.iter().map(|row| width(&row[column])).max().unwrap_or(0));
    let mut text = String::new();
    for row in &rows {
        let padded: Vec<String> = row
            .iter()
            .zip(widths)
            .enumerate()
            .map(|(column, (cell, widest))| {
                let space = " ".repeat(widest - width(cell));
                if column < 2 { format!("{cell}{space}") } else { format!("{space}{cell}") }
            })
            .collect();
        text.push_str(&format!("{}\n", padded.join("  ").trim_end()));
    }
    text.push('\n');
    for line in recommendation(findings, advice, ja) {
        text.push_str(&format!("{line}\n"));
    }
    text
}

fn cells(row: &Row) -> [String; 7] {
    let stats = row.outcome.stats();
    let figure =
        |value: Option<f64>, digits: usize| value.map_or("-".to_owned(), |v| format!("{v:.digits$}"));
    let rtf = match row.outcome {
        Outcome::GivenUp => "> 1".to_owned(),
        _ => figure(row.outcome.rtf(), 3),
    };
    [
        row.cell.model.clone(),
        row.cell.tier.to_owned(),
        row.cell.recordings.to_string(),
        format!("{}×{}", row.cell.sessions, row.cell.threads),
        rtf,
        figure(stats.and_then(|stats| stats.cpu_s), 1),
        figure(stats.and_then(|stats| stats.peak_mb), 0),
    ]
}

/// Columns on a terminal.
fn width(text: &str) -> usize {
    text.chars().map(|c| if c >= WIDE { 2 } else { 1 }).sum()
}

fn recommendation(findings: &Findings, advice: &Advice<'_>, ja: bool) -> Vec<String> {
    let say = |in_japanese: String, in_english: String| if ja { in_japanese } else { in_english };
    let Some(fits) = advice.fits else {
        return vec![say(
            "どの設定でも録音より長くかかりました。もっと小さなモデルを使ってください(kikitori models list)"
                .to_owned(),
            "everything took longer than the sound: use a smaller model (kikitori models list)".to_owned(),
        )];
    };
    let (model, tier, rtf) = (&fits.cell.model, fits.cell.tier, fits.rtf);
    let mut lines = vec![if advice.is_comfortable() {
        say(
            format!("おすすめ: {model}、{tier}(録音の{rtf:.2}倍の時間)"),
            format!("recommended: {model}, {tier} ({rtf:.2} × the sound)"),
        )
    } else {
        say(
            format!(
                "録音の{COMFORTABLE_RTF}倍の時間で済む設定はありませんでした。最も速いのは {model}、{tier}({rtf:.2}倍)"
            ),
            format!(
                "nothing measured takes {COMFORTABLE_RTF} × the sound or less; the fastest is {model}, {tier} ({rtf:.2} ×)"
            ),
        )
    }];
    let questions = [
        (advice.batch, say("録音をまとめて:".to_owned(), "a batch of recordings:".to_owned())),
        (advice.short, say("短い口述を1本:".to_owned(), "one short dictation:".to_owned())),
    ];
    let widest = questions.iter().map(|(_, question)| width(question)).max().unwrap_or(0);
    for (choice, question) in questions {
        let space = " ".repeat(widest - width(&question));
        let answer = match choice {
            Some(choice) if choice.is_compared => options(choice.cell),
            Some(choice) => format!(
                "{}  {}",
                options(choice.cell),
                say("(ほかの組み合わせは未測定)".to_owned(), "(nothing else measured)".to_owned())
            ),
            None => say(
                "未測定(--sessions と --threads を付けなければ、プログラムが選びます)".to_owned(),
                "not measured (without --sessions and --threads the program chooses)".to_owned(),
            ),
        };
        lines.push(format!("  {question}{space}  {answer}"));
    }
    if let Some((peak, free)) = short_of_memory(findings, advice) {
        lines.push(say(
            format!("注意: メモリを最大{peak:.0} MB使いますが、空きは{free:.0} MBです。ほかのプログラムを閉じるか、--sessions 1 にしてください"),
            format!("note: it takes up to {peak:.0} MB of memory, and {free:.0} MB are free: close other programs or take --sessions 1"),
        ));
    }
    if findings.left_out > 0 {
        let n = findings.left_out;
        lines.push(say(
            format!("時間が足りず、{n}通りは測りませんでした。--minutes で長くできます"),
            format!("no time for {n} more measurements; --minutes gives more"),
        ));
    }
    lines
}

fn options(cell: &Cell) -> String {
    let Cell { model, tier, sessions, threads, .. } = cell;
    format!("--model {model} --tier {tier} --sessions {sessions} --threads {threads}")
}

/// What the recommendations take and what is free, where that is little.
fn short_of_memory(findings: &Findings, advice: &Advice<'_>) -> Option<(f64, f64)> {
    advice.peak_mb().zip(findings.free_mb).filter(|(peak, free)| *peak > free * MUCH_MEMORY)
}

/// Everything that was found.
pub(super) fn json(findings: &Findings, advice: &Advice<'_>) -> Json {
    let rows: Vec<Json> = findings
        .rows
        .iter()
        .map(|row| {
            let stats = row.outcome.stats();
            let mut json = options_json(&row.cell);
            json["recordings"] = json!(row.cell.recordings);
            json["rtf"] = json!(row.outcome.rtf());
            json["cpu_s"] = json!(stats.and_then(|stats| stats.cpu_s));
            json["peak_mb"] = json!(stats.and_then(|stats| stats.peak_mb));
            json["given_up"] = json!(matches!(row.outcome, Outcome::GivenUp));
            json
        })
        .collect();
    let choice = |choice: Option<Choice<'_>>| choice.map(|choice| options_json(choice.cell));
    json!({
        "schema_version": 1,
        "cores": findings.cores,
        "free_mb": findings.free_mb,
        "measurements": rows,
        "left_out": findings.left_out,
        "recommended": {
            "model": advice.fits.map(|fits| &fits.cell.model),
            "tier": advice.fits.map(|fits| fits.cell.tier),
            "rtf": advice.fits.map(|fits| fits.rtf),
            "comfortable": advice.is_comfortable(),
            "batch": choice(advice.batch),
            "short": choice(advice.short),
            "short_of_memory": short_of_memory(findings, advice).is_some(),
        },
    })
}

fn options_json(cell: &Cell) -> Json {
    let Cell { model, tier, sessions, threads, .. } = cell;
    json!({ "model": model, "tier": tier, "sessions": sessions, "threads": threads })
}

#[cfg(test)]
mod tests {
    use super::super::advice::tests::row;
    use super::super::plan::Model;
    use super::*;

    fn findings(rows: Vec<Row>) -> Findings {
        Findings { cores: 2, free_mb: Some(600.0), left_out: 3, rows }
    }

    fn shown(findings: &Findings, lang: Lang) -> String {
        let models = [Model { name: "base".to_owned(), parameters: 70 }];
        text(findings, &Advice::new(&findings.rows, &models, &["careful", "fast"]), lang)
    }

    #[test]
    fn the_options_to_use_stand_below_the_table() {
        let findings = findings(vec![
            row("base", "careful", (1, 2), 1, Some(0.2)),
            row("base", "careful", (2, 1), 1, None),
            row("base", "careful", (2, 1), 2, Some(0.1)),
        ]);
        let text = shown(&findings, Lang::En);
        assert!(text.contains("recommended: base, careful (0.10 × the sound)"), "{text}");
        assert!(text.contains("--model base --tier careful --sessions 1 --threads 2\n"), "{text}");
        assert!(text.contains("--sessions 2 --threads 1  (nothing else measured)"), "{text}");
        assert!(text.contains("up to 400 MB of memory, and 600 MB are free"), "{text}");
        assert!(text.contains("no time for 3 more"), "{text}");
        assert!(text.lines().any(|line| line.contains("2×1") && line.contains("> 1")), "{text}");
    }

    #[test]
    fn columns_line_up_in_japanese_too() {
        let text = shown(&findings(vec![row("base", "careful", (1, 2), 1, Some(0.2))]), Lang::Ja);
        let mut lines = text.lines();
        assert_eq!(lines.next().map(width), lines.next().map(width), "{text}");
        assert!(text.contains("おすすめ: base、careful(録音の0.20倍の時間)"), "{text}");
        assert!(text.contains("録音をまとめて:  未測定"), "{text}");
    }

    #[test]
    fn a_machine_that_is_slower_than_the_sound_is_told_so() {
        let text = shown(&findings(vec![row("base", "careful", (1, 2), 1, None)]), Lang::En);
        assert!(text.contains("use a smaller model"), "{text}");
    }
}
