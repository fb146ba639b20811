//! `kikitori templates`

use std::path::{Path, PathBuf};

use record::template::{FieldSpec, Fill, Required, Template};
use record::{Explain, Lang};

use crate::args::{Global, OutputArgs, TemplatesArgs, TemplatesCommand};
use crate::failure::Failure;
use crate::forms::{self, Form};
use crate::output;
use crate::progress::line;

pub(crate) fn run(args: &TemplatesArgs, global: &Global) -> Result<(), Failure> {
    let dir = args.templates.as_deref();
    match &args.command {
        TemplatesCommand::List { json } => {
            let (forms, wrong) = forms::all(dir)?;
            list(&forms, *json)?;
            // The others are listed; what is wrong is said last, and in the exit code.
            wrong.into_iter().next().map_or(Ok(()), |wrong| Err(wrong.why))
        }
        TemplatesCommand::Show { id, json } => show(&forms::by_id(id, dir)?, *json),
        TemplatesCommand::New { id, output } => new(id, output, dir),
        TemplatesCommand::Check { files } => check(files, dir, global),
    }
}

fn list(forms: &[Form], json: bool) -> Result<(), Failure> {
    if json {
        let rows: Vec<_> = forms
            .iter()
            .map(|f| {
                let t = &f.template;
                serde_json::json!({
                    "id": t.id, "title": t.title, "version": t.version, "fields": t.fields.len(), "file": f.file,
                })
            })
            .collect();
        return print_json(&serde_json::json!({ "schema_version": 1, "templates": rows }));
    }
    print(|text| {
        for Form { template, file } in forms {
            let own = file.as_ref().map(|f| format!("  ({})", f.display())).unwrap_or_default();
            text.push_str(&format!("{:<20} {} v{}{own}\n", template.id, template.title, template.version));
        }
    })
}

fn show(template: &Template, json: bool) -> Result<(), Failure> {
    if json {
        return print_json(&serde_json::json!({ "schema_version": 1, "template": template }));
    }
    print(|text| {
        text.push_str(&format!(
            "{} ({} v{})\n{}\n\n",
            template.title, template.id, template.version, template.basis
        ));
        for field in &template.fields {
            text.push_str(&describe(field));
            for column in &field.columns {
                text.push_str(&format!(
                    "      {:<14} {:<8} {}\n",
                    column.id,
                    column.kind.name(),
                    column.label
                ));
            }
        }
        text.push_str(
            "\n◎ 必須  ○ 通常  △ 該当時    P 自動  L 発話どおりのみ  C 計算  K 転記  Q 候補のみ  H 人だけ\n",
        );
    })
}

fn describe(field: &FieldSpec) -> String {
    let required = match field.required {
        Required::Must => '◎',
        Required::Usual => '○',
        Required::IfApplicable => '△',
    };
    let sealed = if field.sealed { " [秘匿]" } else { "" };
    let labels = field.choices.iter().map(|c| c.label.as_str()).collect::<Vec<_>>().join(" / ");
    let choices = if labels.is_empty() { String::new() } else { format!("  {labels}") };
    let person = if field.fill == Fill::Human { " (人だけが記入)" } else { "" };
    format!(
        "{required} {} {:<18} {:<14} {}{sealed}{person}{choices}\n",
        field.fill.name(),
        field.id,
        field.kind.name(),
        field.label
    )
}

/// The skeleton of a form, checked like any other before it is written.
fn new(id: &str, output: &OutputArgs, dir: Option<&Path>) -> Result<(), Failure> {
    let skeleton = record::template::skeleton(id, extract::rule_names());
    let name = format!("{id}.toml");
    record::template::parse_template(&skeleton, &name, &forms::codes(dir)?, extract::rule_names())?;
    output::write(output, |out| {
        out.write_all(skeleton.as_bytes()).map_err(|e| Failure::io(Path::new(&name), &e))
    })
}

fn check(files: &[PathBuf], dir: Option<&Path>, global: &Global) -> Result<(), Failure> {
    let lang = global.lang();
    let codes = forms::codes(dir)?;
    let files = if files.is_empty() { forms::files(dir)? } else { files.to_vec() };
    let mut wrong = 0;
    for file in &files {
        let source = std::fs::read_to_string(file).map_err(|e| Failure::io(file, &e))?;
        let name = file.to_string_lossy();
        match record::template::parse_template(&source, &name, &codes, extract::rule_names()) {
            Ok(t) if global.quiet => drop(t),
            Ok(t) => line(&format!("ok: {name} ({} fields)", t.fields.len())),
            Err(mistakes) => {
                wrong += 1;
                line(&mistakes.explain(lang));
            }
        }
    }
    if files.is_empty() && !global.quiet {
        let ours = record::template::shipped_templates(extract::rule_names())?.len();
        line(&match lang {
            Lang::Ja => format!("ok: 同梱の様式{ours}件。事務所の様式ファイルはありません"),
            Lang::En => format!("ok: {ours} forms of the program; the office has none of its own"),
        });
    }
    match wrong {
        0 => Ok(()),
        n => Err(Failure::bad_input(
            format!("誤りのある様式ファイル: {n}件"),
            format!("form files with mistakes: {n}"),
        )),
    }
}

fn print(write: impl FnOnce(&mut String)) -> Result<(), Failure> {
    let mut text = String::new();
    write(&mut text);
    output::to_stdout(|out| out.write_all(text.as_bytes()).map_err(|e| Failure::io(Path::new("-"), &e)))
}

pub(super) fn print_json(value: &serde_json::Value) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Failure::internal(e.into()))?;
    print(|out| {
        out.push_str(&text);
        out.push('\n');
    })
}

/// Prints lines to standard output.
pub(super) fn print_text(text: &str) -> Result<(), Failure> {
    print(|out| out.push_str(text))
}
