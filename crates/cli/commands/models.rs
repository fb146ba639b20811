//! `kikitori models`

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use asr::Control;
use models::{Format, ImportOptions, PullOptions, State, Store};
use record::Lang;

use super::templates::{print_json, print_text};
use crate::args::{Global, ModelsArgs, ModelsCommand};
use crate::failure::Failure;
use crate::places;
use crate::progress::{Bytes, line};

/// How often a running operation looks at Ctrl-C.
const POLL: Duration = Duration::from_millis(50);

pub(crate) fn run(args: &ModelsArgs, global: &Global, control: &Control) -> Result<(), Failure> {
    let store = Store::new(places::models()?)?;
    let cancel = watch(control);
    let mut progress = Bytes::new(global);
    match &args.command {
        ModelsCommand::List { json } => return list(&store, *json),
        ModelsCommand::Path { name: None } => return print_text(&format!("{}\n", store.dir().display())),
        ModelsCommand::Path { name: Some(name) } => {
            return print_text(&format!("{}\n", store.path(name)?.display()));
        }
        ModelsCommand::Pull { name, force } => {
            let name = match name {
                Some(name) => name.clone(),
                None => store.manifest().default_model()?.name.clone(),
            };
            let options = PullOptions { force: *force, ..PullOptions::default() };
            let model = store.pull(&name, &options, &cancel, &mut progress)?;
            drop(progress);
            done(global, "用意できました", "ready", &model.path.display().to_string());
        }
        ModelsCommand::Import { path, name, quantize, adapter, allow_unverified_model, force } => {
            let format = quantize.as_deref().map(format).transpose()?;
            let options = ImportOptions {
                name: name.clone(),
                format,
                adapter: adapter.clone(),
                allow_unverified: *allow_unverified_model,
                force: *force,
            };
            let model = store.import(path, &options, &cancel, &mut progress)?;
            drop(progress);
            done(global, "取り込みました", "imported", &format!("{} {}", model.name, model.path.display()));
        }
        ModelsCommand::Verify { name } => {
            let names = match name {
                Some(name) => vec![name.clone()],
                None => installed(&store)?,
            };
            for name in names {
                let model = store.verify(&name, &cancel, &mut progress)?;
                done(global, "一致", "verified", &format!("{} {}", model.name, model.sha256));
            }
        }
    }
    Ok(())
}

fn installed(store: &Store) -> Result<Vec<String>, Failure> {
    let there =
        |e: &models::Entry| !matches!(e.state, State::Missing | State::Partial { .. }) && e.model.is_some();
    Ok(store.list()?.into_iter().filter(there).map(|e| e.name).collect())
}

fn format(name: &str) -> Result<Format, Failure> {
    Ok(Format::by_name(name)?)
}

fn list(store: &Store, json: bool) -> Result<(), Failure> {
    let entries = store.list()?;
    if json {
        let rows: Vec<_> = entries
            .iter()
            .map(|e| {
                let family = e.model.as_ref().and_then(|m| store.manifest().family(m));
                serde_json::json!({
                    "name": e.name,
                    "installed": e.state == State::Installed,
                    "path": e.path,
                    "size": e.model.as_ref().map(|m| m.size),
                    "sha256": e.model.as_ref().map(|m| m.sha256.clone()),
                    "licence": family.map(|f| f.licence.clone()),
                    "languages": family.map(|f| f.languages.clone()),
                    "default": e.model.as_ref().is_some_and(|m| m.default),
                })
            })
            .collect();
        return print_json(&serde_json::json!({ "schema_version": 1, "models": rows }));
    }
    let mut text = String::new();
    for entry in &entries {
        let (mark, state) = match entry.state {
            State::Installed => ('✓', "installed".to_owned()),
            State::Partial { bytes } => ('…', format!("{} MB of it", bytes >> 20)),
            State::Damaged { .. } => ('!', "damaged".to_owned()),
            _ => (' ', String::new()),
        };
        let size = entry.model.as_ref().map_or(String::new(), |m| format!("{:>5} MB", m.size / 1_000_000));
        let family = entry.model.as_ref().and_then(|m| store.manifest().family(m));
        let cer = family
            .and_then(|f| f.cer.first())
            .map_or(String::new(), |c| format!("CER {:>4}% {}", c.percent, c.corpus));
        let licence = family.map_or("", |f| f.licence.as_str());
        let default = if entry.model.as_ref().is_some_and(|m| m.default) { " (default)" } else { "" };
        text.push_str(&format!(
            "{mark} {:<28} {size:>8} {licence:<10} {cer}  {state}{default}\n",
            entry.name
        ));
    }
    print_text(&text)
}

fn done(global: &Global, ja: &str, en: &str, what: &str) {
    if !global.quiet {
        line(&format!("{}: {what}", if global.lang() == Lang::Ja { ja } else { en }));
    }
}

/// A flag that follows the control: the models crate knows nothing of engines.
fn watch(control: &Control) -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let (control, followed) = (control.clone(), Arc::clone(&flag));
    std::thread::spawn(move || {
        while Arc::strong_count(&followed) > 1 {
            followed.store(control.is_cancelled(), Ordering::Relaxed);
            std::thread::sleep(POLL);
        }
    });
    flag
}
