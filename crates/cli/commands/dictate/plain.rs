//! Without a terminal: a line for each thing that happens, or a JSON object.

use recorder::Phase;
use serde_json::json;

use super::view::{Form, View, clock, say};
use crate::progress::line;

/// What was told last, so that only news is told.
pub(super) struct Plain {
    json: bool,
    phase: Option<Phase>,
    saved: bool,
    alarm: Option<&'static str>,
    lines: usize,
    partial: String,
    forms: Vec<Form>,
    remarks: Vec<String>,
}

impl Plain {
    pub(super) fn new(json: bool) -> Self {
        let (phase, alarm, lines, partial) = (None, None, 0, String::new());
        Self { json, phase, saved: false, alarm, lines, partial, forms: Vec::new(), remarks: Vec::new() }
    }

    pub(super) fn show(&mut self, view: &View) {
        let status = &view.status;
        if self.phase.is_none() {
            self.tell(&json!({ "device": view.device, "form": view.titles(), "keep": view.keep, "format": view.format }), || {
                let (device, form) = (&view.device, view.titles());
                format!("{form}  {}: {device}  {}", say(view.lang, "マイク", "microphone"), view.kept())
            });
        }
        if self.phase != Some(status.phase) || self.saved != view.saved {
            (self.phase, self.saved) = (Some(status.phase), view.saved);
            let phase =
                if view.saved { "saved".to_owned() } else { format!("{:?}", status.phase).to_lowercase() };
            self.tell(&json!({ "phase": phase, "elapsed_ms": status.elapsed_ms }), || {
                format!("[{}] {}", clock(status.elapsed_ms), view.phase())
            });
        }
        if self.alarm != view.alarm() {
            self.alarm = view.alarm();
            let alarm = status.alarm.map(|alarm| format!("{alarm:?}"));
            self.tell(&json!({ "alarm": alarm, "elapsed_ms": status.elapsed_ms }), || match view.alarm() {
                Some(alarm) => format!("!! {alarm}"),
                None => say(view.lang, "音が届いています", "sound arrives again").to_owned(),
            });
        }
        let new: Vec<&String> = view.lines.iter().skip(self.lines).collect();
        for text in new {
            self.tell(&json!({ "final": text }), || format!("  {text}"));
        }
        self.lines = view.lines.len();
        let partial = format!("{}{}", view.stable, view.tentative);
        if self.json && self.partial != partial {
            self.tell(&json!({ "partial": partial, "stable": view.stable.chars().count() }), String::new);
            self.partial = partial;
        }
        for (place, form) in view.forms.iter().enumerate() {
            self.tell_form(view, self.forms.get(place), form);
        }
        self.forms.clone_from(&view.forms);
        let remarks = view.remarks();
        if self.remarks != remarks {
            self.tell(
                &json!({ "gaps": status.gaps, "marks": status.marks, "behind_ms": view.behind_ms }),
                || format!("  ({})", remarks.join("、")),
            );
            self.remarks = remarks;
        }
    }

    /// What is new in a form, which several have to name.
    fn tell_form(&self, view: &View, before: Option<&Form>, form: &Form) {
        let is_new = before.is_none_or(|before| before != form);
        if !is_new || (before.is_none() && form.filled.is_empty() && form.missing.is_empty()) {
            return;
        }
        let filled: Vec<_> =
            form.filled.iter().map(|(label, value)| json!({ "label": label, "display": value })).collect();
        self.tell(&json!({ "form": form.title, "filled": filled, "missing": form.missing }), || {
            let mut text = String::new();
            if view.forms.len() > 1 {
                text.push_str(&format!("  [{}]\n", form.title));
            }
            let known = |field: &&(String, String)| !before.is_some_and(|b| b.filled.contains(field));
            for (label, value) in form.filled.iter().filter(known) {
                text.push_str(&format!("  + {label}: {value}\n"));
            }
            let missing = say(view.lang, "未聴取の必須項目", "required and missing");
            text.push_str(&format!("  - {missing}: {}", form.missing.join("、")));
            text
        });
    }

    fn tell(&self, json: &serde_json::Value, text: impl FnOnce() -> String) {
        line(&if self.json { json.to_string() } else { text() });
    }
}
