//! What the screen looks like.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use record::Lang;
use recorder::{Alarm, Keep, Level, Phase, SoundFormat, Status};

use super::draw;
use crate::commands::dictate::view::{Form, View};

fn view(lang: Lang) -> View {
    View {
        lang,
        device: "USB Headset".into(),
        keep: Keep::UntilApproval,
        format: SoundFormat::Wav,
        status: Status {
            phase: Phase::Recording,
            alarm: None,
            elapsed_ms: 83_000,
            saved_ms: 82_000,
            level: Level { peak: 0.25, clipped: false },
            gaps: 0,
            marks: 0,
            listener_missed: false,
        },
        saved: false,
        lines: vec!["目的、安全確認。".into(), "本児の様子。右の頬に青あざがひとつ。".into()],
        stable: "母は".into(),
        tentative: "転んだと".into(),
        first: 0,
        forms: vec![Form {
            title: "面接・家庭訪問記録".into(),
            filled: vec![
                ("目的".into(), "安全確認。".into()),
                ("本児の様子(観察)".into(), "右の頬に青あざがひとつ。".into()),
            ],
            missing: vec!["実施日時".into(), "場所".into()],
        }],
        behind_ms: 0,
        engine_failed: false,
    }
}

fn shown(view: &View) -> String {
    let mut terminal = Terminal::new(TestBackend::new(100, 14)).unwrap();
    terminal.draw(|frame| draw(frame, view)).unwrap();
    // Without the list of cells behind wide characters.
    let screen = terminal.backend().to_string();
    screen.lines().map(|line| line.split("\" Hidden").next().unwrap_or(line).to_owned() + "\n").collect()
}

#[test]
fn words_and_form_fill_up_side_by_side() {
    insta::assert_snapshot!(shown(&view(Lang::Ja)));
}

#[test]
fn an_alarm_is_a_sentence_and_recording_is_not_said() {
    let mut view = view(Lang::Ja);
    view.status.phase = Phase::Waiting;
    view.status.alarm = Some(Alarm::NoSamples);
    view.status.level = Level::default();
    let screen = shown(&view);
    assert!(!screen.contains("録音中"), "{screen}");
    insta::assert_snapshot!(screen);
}

#[test]
fn a_pause_says_that_nothing_is_recorded() {
    let mut view = view(Lang::Ja);
    view.status.phase = Phase::Paused;
    insta::assert_snapshot!(shown(&view));
}

#[test]
fn clipping_gaps_and_a_slow_engine_are_told_in_english_too() {
    let mut view = view(Lang::En);
    view.status.level = Level { peak: 1.0, clipped: true };
    (view.status.gaps, view.status.marks, view.behind_ms, view.keep) = (1, 2, 32_000, Keep::Never);
    insta::assert_snapshot!(shown(&view));
}

#[test]
fn every_form_says_what_it_lacks_and_any_of_them_comes_to_the_top() {
    let mut view = view(Lang::Ja);
    view.forms.push(Form {
        title: "支援経過記録".into(),
        filled: vec![("内容".into(), "右の頬に青あざがひとつ。".into())],
        missing: vec!["相手".into()],
    });
    let first = shown(&view);
    insta::assert_snapshot!(first);
    view.first = 1;
    let second = shown(&view);
    let at = |screen: &str, words: &str| screen.find(words).unwrap_or_else(|| panic!("{words}: {screen}"));
    for screen in [&first, &second] {
        assert!(
            screen.contains("Tab 次の様式") && screen.contains("□ 実施日時") && screen.contains("□ 相手")
        );
    }
    assert!(at(&first, "▼ 面接・家庭訪問記録") < at(&first, "▼ 支援経過記録"));
    assert!(at(&second, "▼ 支援経過記録") < at(&second, "▼ 面接・家庭訪問記録"));
}

#[test]
fn the_last_words_stay_in_sight_and_a_small_terminal_is_no_problem() {
    let mut view = view(Lang::Ja);
    view.lines = (0..200).map(|n| format!("{n}行目の長い文章がここに入ります。")).collect();
    assert!(shown(&view).contains("199"));
    for (width, height) in [(1, 1), (10, 3), (30, 6)] {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, &view)).unwrap();
    }
}
