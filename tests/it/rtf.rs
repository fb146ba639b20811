//! The report, the comparison and the plot of the benchmark of the whole path (`benches/rtf`).

#[path = "../../benches/rtf/compare.rs"]
mod compare;
#[path = "../../benches/rtf/plot.rs"]
mod plot;
#[path = "../../benches/rtf/report.rs"]
mod report;

use report::{Cell, Machine, Report, Round, Row, Setting};

fn cell(tier: &str, sessions: &str) -> Cell {
    let [threads, window_s] = [Setting(None); 2];
    Cell {
        model: "base-q8_0".into(),
        tier: tier.into(),
        sessions: sessions.parse().unwrap(),
        threads,
        window_s,
    }
}

/// A cell whose rounds took these real-time factors.
fn row(cell: Cell, rtf: &[f64], cer: Option<f64>) -> Row {
    let round = |rtf: &f64| {
        let cpu_s = Some(rtf * 90.0);
        Round { rtf: *rtf, audio_s: 48.0, cpu_s, sessions: 2, threads: 1, tokens: 7, cer, ..Round::default() }
    };
    Row::new(cell, rtf.iter().map(round).collect())
}

fn report(rows: Vec<Row>) -> Report {
    Report::new(Machine { cores: 2, ..Machine::default() }, vec!["visit.opus".into()], rows)
}

#[test]
fn a_row_has_the_median_of_its_rounds_and_their_ends() {
    let table = report::table(&report(vec![row(cell("fast", "2"), &[0.3, 0.1, 0.2], Some(0.25))]));
    let line = table.lines().find(|line| line.starts_with("base-q8_0 fast, sessions 2 ")).unwrap();
    let cells: Vec<&str> = line.split_whitespace().skip(4).collect();
    assert_eq!(
        cells,
        ["2", "x", "1", "0.2000", "(0.1000-0.3000)", "18.0", "-", "0", "0", "0", "7", "0.2500"]
    );
}

#[test]
fn a_setting_is_a_number_or_the_programs_own() {
    assert_eq!("default".parse(), Ok(Setting(None)));
    assert_eq!("2".parse(), Ok(Setting(Some(2))));
    assert!("two".parse::<Setting>().is_err());
}

#[test]
fn only_what_is_more_than_a_twentieth_slower_is_marked() {
    let before = report(vec![
        row(cell("fast", "1"), &[0.1], Some(0.2)),
        row(cell("auto", "1"), &[0.1], Some(0.2)),
        row(cell("careful", "1"), &[0.2], None),
    ]);
    let now = report(vec![
        row(cell("fast", "1"), &[0.12], Some(0.19)),
        row(cell("auto", "1"), &[0.104], Some(0.2)),
        row(cell("fast", "2"), &[0.1], None),
    ]);
    let text = compare::compare(&before, &now).unwrap();
    let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    let fast = line("base-q8_0 fast, sessions 1");
    assert!(fast.contains("1.200") && fast.contains("-0.0100") && fast.ends_with("slower"), "{text}");
    assert!(!line("base-q8_0 auto").contains("slower"), "{text}");
    assert!(line("base-q8_0 fast, sessions 2").ends_with("only now"), "{text}");
    assert!(line("base-q8_0 careful").ends_with("only before"), "{text}");
}

#[test]
fn runs_over_other_recordings_are_not_compared() {
    let (before, mut now) = (report(vec![]), report(vec![]));
    now.audio = vec!["other.opus".into()];
    assert!(compare::compare(&before, &now).is_err());
}

#[test]
fn a_report_is_read_as_it_was_written() {
    let written = report(vec![row(cell("fast", "default"), &[0.1], Some(0.2))]);
    let read: Report = serde_json::from_str(&serde_json::to_string(&written).unwrap()).unwrap();
    assert_eq!(report::table(&read), report::table(&written));
    assert!(compare::compare(&read, &written).unwrap().contains("1.000"));
}

#[test]
fn every_cell_with_an_error_rate_is_a_named_point_and_no_names_cross() {
    let rows = ["fast", "auto", "careful"].map(|tier| row(cell(tier, "default"), &[0.1, 0.11], Some(0.2)));
    let mut rows = rows.to_vec();
    rows.push(row(cell("careful", "3"), &[0.3], None));
    let svg = plot::svg(&report(rows));
    assert!(svg.starts_with("<svg "), "{svg}");
    assert_eq!(svg.matches("<circle ").count(), 3);
    let label = |tier: &str| {
        let line = svg.lines().find(|line| line.ends_with(&format!(">base-q8_0 {tier}</text>"))).unwrap();
        line.split(" y=\"").nth(1).unwrap().split('"').next().unwrap().parse::<f64>().unwrap()
    };
    let mut places = ["fast", "auto", "careful"].map(label);
    places.sort_by(f64::total_cmp);
    assert!(places.windows(2).all(|pair| pair[1] - pair[0] > 14.0), "{places:?}");
}
