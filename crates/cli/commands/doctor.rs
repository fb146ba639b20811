//! `kikitori doctor`: is everything there, and what was compiled in?

use asr::{Gpu, Isa};
use models::Store;
use record::{Explain, Lang};

use super::templates::{print_json, print_text};
use crate::args::{DoctorArgs, Global};
use crate::failure::Failure;
use crate::gpu::GpuSetting;
use crate::{forms, places};

/// A model and an hour of spooled sound fit into this many bytes.
const ENOUGH_DISK: u64 = 1 << 30;

/// One line of the report.
struct Check {
    name: &'static str,
    /// `None`: information, not a check.
    ok: Option<bool>,
    detail: String,
}

pub(crate) fn run(args: &DoctorArgs, global: &Global) -> Result<(), Failure> {
    let lang = global.lang();
    let checks = [
        version(),
        cores(),
        engines(),
        native(lang),
        whisper_cpp(lang),
        gpu(),
        model(lang),
        disk(),
        templates(),
        microphone(lang),
        clock(),
    ];
    let failed = checks.iter().filter(|c| c.ok == Some(false)).count();
    if args.json {
        let rows: Vec<_> = checks
            .iter()
            .map(|c| serde_json::json!({ "check": c.name, "ok": c.ok, "detail": c.detail }))
            .collect();
        print_json(&serde_json::json!({ "schema_version": 1, "checks": rows }))?;
    } else {
        let mut text = String::new();
        for c in &checks {
            let mark = match c.ok {
                Some(true) => "ok",
                Some(false) => "NG",
                None => "--",
            };
            text.push_str(&format!("{mark}  {:<12} {}\n", c.name, c.detail));
        }
        print_text(&text)?;
    }
    match failed {
        0 => Ok(()),
        n => Err(Failure::some_failed(format!("問題があります: {n}件"), format!("checks that failed: {n}"))),
    }
}

fn version() -> Check {
    Check { name: "version", ok: None, detail: format!("kikitori {}", env!("CARGO_PKG_VERSION")) }
}

fn cores() -> Check {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Check { name: "cores", ok: None, detail: cores.to_string() }
}

/// Which engines were compiled in.
fn engines() -> Check {
    let names: Vec<_> = asr::engines().iter().map(|engine| engine.name).collect();
    Check { name: "engines", ok: None, detail: names.join(", ") }
}

/// The instructions that this processor has, and those that the native engine uses; a failed check where others are asked
/// for.
fn native(lang: Lang) -> Check {
    match asr::instructions(places::kernels().as_deref()) {
        Ok(used) => Check { name: "native", ok: None, detail: kernel_list(Isa::available(), used) },
        Err(error) => Check { name: "native", ok: Some(false), detail: error.explain(lang).into_owned() },
    }
}

fn kernel_list(there: &[Isa], used: Isa) -> String {
    let name = |isa: &Isa| if *isa == used { format!("{isa} (used)") } else { isa.to_string() };
    there.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// What was compiled into whisper.cpp; a failed check where this machine cannot run it.
fn whisper_cpp(lang: Lang) -> Check {
    let (ok, detail) = match asr::system_info() {
        Ok(info) => (None, info),
        Err(error) => {
            let hint = error.hint(lang).map(|hint| format!(" — {hint}")).unwrap_or_default();
            (Some(false), format!("{}{hint}", error.explain(lang)))
        }
    };
    Check { name: "whisper.cpp", ok, detail }
}

/// Which graphics processors are there, and the one that is used where nobody says otherwise.
fn gpu() -> Check {
    let there = asr::gpus(asr::GPU_ENGINE).unwrap_or_default();
    let used = GpuSetting::default().choose(&there).ok().flatten();
    Check { name: "gpu", ok: None, detail: gpu_list(&there, used) }
}

fn gpu_list(there: &[Gpu], used: Option<u32>) -> String {
    if there.is_empty() {
        return "none (features cuda, vulkan, metal)".to_owned();
    }
    let line = |(number, gpu): (usize, &Gpu)| {
        let mark = if used.is_some_and(|used| used as usize == number) { " (used)" } else { "" };
        format!("{number}: {}{mark}", gpu.name)
    };
    there.iter().enumerate().map(line).collect::<Vec<_>>().join(", ")
}

fn model(lang: Lang) -> Check {
    let found = places::models().map(Store::new).and_then(|store| {
        let store = store?;
        let name = store.manifest().default_model()?.name.clone();
        Ok(store.resolve(&name, false))
    });
    let (ok, detail) = match found {
        Ok(Ok(model)) => (true, format!("{} {}", model.name, model.path.display())),
        Ok(Err(error)) => {
            let hint = error.hint(lang).map(|h| format!(" — {h}")).unwrap_or_default();
            (false, format!("{}{hint}", error.explain(lang)))
        }
        Err(_) => (false, "no home directory: set KIKITORI_MODELS".to_owned()),
    };
    Check { name: "model", ok: Some(ok), detail }
}

/// Free space where models are kept, or at the nearest directory above it that exists.
fn disk() -> Check {
    let place = places::models().ok();
    let place = place.as_deref().and_then(|dir| dir.ancestors().find(|above| above.is_dir()));
    let free = place.and_then(|dir| Some((dir, fs4::available_space(dir).ok()?)));
    match free {
        Some((dir, bytes)) => Check {
            name: "disk",
            ok: Some(bytes >= ENOUGH_DISK),
            detail: format!("{:.1} GiB free: {}", bytes as f64 / f64::from(1 << 30), dir.display()),
        },
        None => Check { name: "disk", ok: None, detail: "unknown".to_owned() },
    }
}

fn templates() -> Check {
    let (ok, detail) = match forms::all(None) {
        Ok((all, wrong)) if wrong.is_empty() => {
            (true, all.iter().map(|f| f.template.id.as_str()).collect::<Vec<_>>().join(", "))
        }
        _ => (false, "mistakes in the office's form files: run `kikitori templates check`".to_owned()),
    };
    Check { name: "templates", ok: Some(ok), detail }
}

/// A machine without a microphone can still work on files.
fn microphone(lang: Lang) -> Check {
    let detail = match audio::mic::input_devices() {
        Ok(devices) => devices.iter().map(|d| d.name.as_str()).collect::<Vec<_>>().join(", "),
        Err(error) => error.explain(lang).into_owned(),
    };
    Check { name: "microphone", ok: None, detail }
}

fn clock() -> Check {
    Check {
        name: "clock",
        ok: None,
        detail: jiff::ZonedDateTime::now().strftime("%Y-%m-%d %H:%M:%S %:z").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_instructions_that_are_used_are_marked() {
        assert_eq!(kernel_list(&[Isa::Portable, Isa::Avx2], Isa::Portable), "portable (used), avx2");
    }

    #[test]
    fn the_gpu_that_is_used_is_marked() {
        let gpu = |name: &str| Gpu { name: name.to_owned(), is_integrated: false };
        assert_eq!(gpu_list(&[gpu("first"), gpu("second")], Some(1)), "0: first, 1: second (used)");
        assert_eq!(gpu_list(&[], None), "none (features cuda, vulkan, metal)");
    }
}
