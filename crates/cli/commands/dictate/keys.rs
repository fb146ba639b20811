//! What the speaker types: keys on a terminal, else lines of standard input.

use std::io::{BufRead, IsTerminal, stdin};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use ratatui::crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers, poll, read};

use super::spoken::Wish;

/// Where wishes come from.
pub(super) enum Keys {
    /// Keys, while the screen has the terminal.
    Terminal,
    /// Lines.
    Lines(Receiver<Wish>),
    /// Nothing is typed.
    Deaf,
}

impl Keys {
    /// Lines of standard input where it is no terminal.
    pub(super) fn lines() -> Self {
        if stdin().is_terminal() {
            return Self::Deaf;
        }
        let (wishes, typed) = channel();
        // Ends with the program: nobody can wake it.
        std::thread::spawn(move || {
            for line in stdin().lock().lines().map_while(Result::ok) {
                let wish = line.trim().chars().next().and_then(wish);
                if wish.is_some_and(|wish| wishes.send(wish).is_err()) {
                    return;
                }
            }
        });
        Self::Lines(typed)
    }

    /// What was typed since the last call.
    pub(super) fn typed(&self) -> Vec<Wish> {
        match self {
            Self::Terminal => terminal(),
            Self::Lines(typed) => typed.try_iter().collect(),
            Self::Deaf => Vec::new(),
        }
    }
}

fn terminal() -> Vec<Wish> {
    let mut wishes = Vec::new();
    while poll(Duration::ZERO).unwrap_or(false) {
        let Ok(Event::Key(key)) = read() else { continue };
        if key.kind == KeyEventKind::Release {
            continue;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if control => wishes.push(Wish::Quit),
            KeyCode::Tab => wishes.push(Wish::NextForm),
            KeyCode::Char(c) if !control => wishes.extend(wish(c)),
            _ => {}
        }
    }
    wishes
}

fn wish(key: char) -> Option<Wish> {
    match key {
        'p' => Some(Wish::Toggle),
        'm' => Some(Wish::Mark),
        'c' => Some(Wish::Correct),
        'f' => Some(Wish::Finish),
        'q' => Some(Wish::Quit),
        _ => None,
    }
}
