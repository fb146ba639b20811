//! On a terminal: level, time, words and form on one screen.

use std::io::{Stderr, stderr};

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Padding, Paragraph, Wrap};
use ratatui::{Frame, Terminal};
use record::Lang;
use recorder::Phase;

use super::view::{Form, View, clock, say};

/// Cells of the level bar.
const BAR: usize = 24;
/// The quietest level that it shows, in decibels below full scale.
const FLOOR_DB: f32 = -60.0;

/// A wide character that is wrapped may need one cell more.
const EDGE: Padding = Padding { left: 0, right: 1, top: 0, bottom: 0 };

/// The terminal while it is ours; dropping it gives it back.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<Stderr>>,
}

impl Screen {
    pub(super) fn open() -> std::io::Result<Self> {
        enable_raw_mode()?;
        let opened = execute!(stderr(), EnterAlternateScreen)
            .and_then(|()| Terminal::new(CrosstermBackend::new(stderr())));
        match opened {
            Ok(terminal) => Ok(Self { terminal }),
            Err(error) => {
                give_back();
                Err(error)
            }
        }
    }

    /// A terminal that cannot be drawn on stops nothing.
    pub(super) fn show(&mut self, view: &View) {
        if let Err(error) = self.terminal.draw(|frame| draw(frame, view)) {
            tracing::debug!(%error, "the screen could not be drawn");
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn give_back() {
    let _ = disable_raw_mode();
    let _ = execute!(stderr(), LeaveAlternateScreen);
}

fn draw(frame: &mut Frame<'_>, view: &View) {
    let [head, body, keys] =
        Layout::vertical([Constraint::Length(4), Constraint::Min(3), Constraint::Length(2)])
            .areas(frame.area());
    frame.render_widget(Paragraph::new(header(view)), head);
    let [words, form] =
        Layout::horizontal([Constraint::Percentage(55), Constraint::Percentage(45)]).areas(body);
    self::words(frame, words, view);
    self::forms(frame, form, view);
    let (keys_help, voice) = match view.lang {
        Lang::Ja => (
            "p 一時停止/再開  m マーク  c 訂正  f 記録終了  q 中断",
            "声: 「一時停止」「再開」「マーク」「訂正」「記録終了」",
        ),
        Lang::En => (
            "p pause/go on  m mark  c correction  f finish  q stop",
            "by voice: 一時停止 再開 マーク 訂正 記録終了",
        ),
    };
    let tab = match view.lang {
        _ if view.forms.len() < 2 => "",
        Lang::Ja => "  Tab 次の様式",
        Lang::En => "  Tab next form",
    };
    let help = format!("{keys_help}{tab}\n{voice}");
    frame.render_widget(Paragraph::new(help).style(Style::new().add_modifier(Modifier::DIM)), keys);
}

/// Signals never by colour alone: each state has its word and its sign.
fn header(view: &View) -> Vec<Line<'static>> {
    let status = &view.status;
    let (sign, colour) = match status.phase {
        Phase::Recording => ("●", Color::Red),
        Phase::Paused => ("‖", Color::Yellow),
        Phase::Waiting => ("○", Color::Yellow),
        _ => ("…", Color::Reset),
    };
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let mut first = vec![
        Span::styled(format!("{sign} {}", view.phase()), bold.fg(colour)),
        Span::styled(format!("  {}  ", clock(status.elapsed_ms)), bold),
        Span::raw(bar(status.level.peak)),
    ];
    if status.level.clipped {
        first.push(Span::styled(say(view.lang, "  ! 音割れ", "  ! clipping"), bold.fg(Color::Red)));
    }
    let microphone = say(view.lang, "マイク", "microphone");
    let second = format!("{}  {microphone}: {}  {}", view.titles(), view.device, view.kept());
    let third = match (view.alarm(), status.phase) {
        (Some(alarm), _) => Line::styled(format!("!! {alarm}"), bold.fg(Color::White).bg(Color::Red)),
        (None, Phase::Paused) => Line::raw(say(
            view.lang,
            "録音していません。「再開」という声だけを待っています",
            "nothing is recorded; only the word 再開 is waited for",
        )),
        (None, _) => Line::raw(view.remarks().join("  ")),
    };
    vec![Line::from(first), Line::raw(second), third]
}

/// A bar over the range of speech.
fn bar(peak: f32) -> String {
    let db = 20.0 * peak.max(1e-6).log10();
    let filled = ((1.0 - db / FLOOR_DB).clamp(0.0, 1.0) * BAR as f32).round() as usize;
    format!("[{}{}]", "#".repeat(filled), "-".repeat(BAR - filled))
}

fn words(frame: &mut Frame<'_>, area: Rect, view: &View) {
    let block = Block::bordered().title(say(view.lang, " 聞き取った言葉 ", " words ")).padding(EDGE);
    let inner = block.inner(area);
    let mut lines: Vec<Line<'_>> = view.lines.iter().map(|line| Line::raw(line.as_str())).collect();
    // What may still change is in brackets and dim.
    let mut open = vec![Span::raw(view.stable.as_str())];
    if !view.tentative.is_empty() {
        let dim = Style::new().add_modifier(Modifier::DIM);
        open.push(Span::styled(format!("〔{}〕", view.tentative), dim));
    }
    lines.push(Line::from(open));
    let text = Paragraph::new(lines).wrap(Wrap { trim: false });
    // The last lines are those that matter.
    let rows = text.line_count(inner.width).saturating_sub(inner.height.into());
    let text = text.scroll((u16::try_from(rows).unwrap_or(u16::MAX), 0));
    frame.render_widget(text.block(block), area);
}

/// One form under the other, each with what it still lacks; the one that the speaker wants to see is at the top.
fn forms(frame: &mut Frame<'_>, area: Rect, view: &View) {
    let count = view.forms.len();
    let title = match (&view.forms[..], view.lang) {
        ([form], Lang::Ja) => format!(" 様式 (残り必須 {}) ", form.missing.len()),
        ([form], Lang::En) => format!(" form ({} required left) ", form.missing.len()),
        (_, Lang::Ja) => format!(" 様式 {count}枚 "),
        (_, Lang::En) => format!(" {count} forms "),
    };
    let block = Block::bordered().title(title).padding(EDGE);
    // However small the terminal is, each form keeps its place; the one at the top gets twice as much.
    let shares = (0..count).map(|place| Constraint::Fill(if place == 0 { 2 } else { 1 }));
    let places = Layout::vertical(shares).split(block.inner(area));
    frame.render_widget(block, area);
    for (form, place) in view.forms.iter().cycle().skip(view.first).zip(places.iter()) {
        let mut lines: Vec<Line<'_>> = Vec::new();
        if count > 1 {
            let left = form.missing.len();
            let head = match view.lang {
                Lang::Ja => format!("▼ {} (残り必須 {left})", form.title),
                Lang::En => format!("▼ {} ({left} required left)", form.title),
            };
            lines.push(Line::styled(head, Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)));
        }
        lines.extend(fields(form));
        frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), *place);
    }
}

fn fields(form: &Form) -> impl Iterator<Item = Line<'_>> {
    let missing = form.missing.iter();
    let missing = missing.map(|label| Line::styled(format!("□ {label}"), Style::new().fg(Color::Yellow)));
    // The last that were filled are the first to be read.
    let filled = form.filled.iter().rev().map(|(label, value)| {
        Line::from(vec![
            Span::styled(format!("■ {label}: "), Style::new().add_modifier(Modifier::BOLD)),
            Span::raw(value.replace('\n', " ")),
        ])
    });
    missing.chain(filled)
}

#[cfg(test)]
mod tests;
