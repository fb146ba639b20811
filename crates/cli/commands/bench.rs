//! `kikitori bench`: which model, tier, sessions and threads suit this machine?
//!
//! Every measurement is a process of this program that transcribes a sample, so that its memory and its processor time are
//! its own. Nothing is fetched and no setting is changed.

mod advice;
mod child;
mod plan;
mod show;

use std::fs;
use std::io::Write;
use std::time::{Duration, Instant};

use asr::Control;
use models::{State, Store};
use pipeline::Tier;
use record::Lang;
use tempfile::NamedTempFile;

use self::advice::{Advice, Outcome, Row};
use self::child::Child;
use self::plan::{Cell, Model, Plan};
use super::templates::{print_json, print_text};
use crate::args::{BenchArgs, Global};
use crate::failure::Failure;
use crate::places;
use crate::progress::line;

/// A spoken visit of 48 s.
const SAMPLE: &[u8] = include_bytes!("../../../samples/visit-home.opus");
/// Its length.
const SAMPLE_S: u64 = 48;
/// How many times as long as its sound the first measurement may take.
const FIRST_PATIENCE: u32 = 4;

/// What a run found.
pub(super) struct Findings {
    cores: usize,
    /// Memory that programs could still get at the start, in megabytes of 10⁶ bytes, where the system tells it.
    free_mb: Option<f64>,
    /// Measurements of the plan that there was no time for.
    left_out: usize,
    rows: Vec<Row>,
}

pub(crate) fn run(args: &BenchArgs, global: &Global, control: &Control) -> Result<(), Failure> {
    let store = Store::new(places::models()?)?;
    let models = installed(&store)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let tiers: Vec<&str> = by_care().iter().map(|tier| tier.name).collect();
    let plan = Plan::new(&models, &tiers, cores);
    let mut sample = NamedTempFile::new().map_err(|e| Failure::io(&std::env::temp_dir(), &e))?;
    sample.write_all(SAMPLE).map_err(|e| Failure::io(sample.path(), &e))?;
    let free_mb = fs::read_to_string("/proc/meminfo").ok().as_deref().and_then(free_mb);
    let bench = Bench {
        child: Child { sample: sample.path(), lang: global.lang(), control },
        until: Instant::now() + Duration::from_mins(args.minutes.into()),
        global,
    };
    bench.say(
        &format!("測定します(約{}分)。その間、ほかの作業は控えてください", args.minutes.max(1)),
        &format!("measuring for about {} min; let the machine rest meanwhile", args.minutes.max(1)),
    );
    let (rows, left_out) = bench.measure(&plan)?;
    let findings = Findings { cores, free_mb, left_out, rows };
    let advice = Advice::new(&findings.rows, &models, &tiers);
    if args.json {
        return print_json(&show::json(&findings, &advice));
    }
    print_text(&show::text(&findings, &advice, global.lang()))
}

/// The tiers, the most careful first.
fn by_care() -> Vec<Tier> {
    let mut tiers = pipeline::tiers();
    tiers.reverse();
    tiers
}

/// The known models that are there: the default one first, then the others by the size of their files.
fn installed(store: &Store) -> Result<Vec<Model>, Failure> {
    let entries = store.list()?.into_iter().filter(|entry| entry.state == State::Installed);
    let mut rows: Vec<_> = entries.filter_map(|entry| Some((entry.path, entry.model?))).collect();
    if rows.is_empty() {
        // The message of every command that needs a model.
        store.resolve(&store.manifest().default_model()?.name, false)?;
    }
    rows.sort_by_key(|(_, model)| (!model.default, model.size));
    let models = rows.into_iter().map(|(path, model)| Model {
        name: model.name,
        // A damaged file has no place among the larger ones; measuring it will say what is wrong.
        parameters: fs::File::open(path)
            .ok()
            .and_then(|file| asr::ggml::inspect(std::io::BufReader::new(file)).ok())
            .map_or(0, |contents| contents.header.parameters()),
    });
    Ok(models.collect())
}

/// The line `MemAvailable` of `/proc/meminfo`, in kibibytes.
fn free_mb(meminfo: &str) -> Option<f64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: f64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1_024.0 / 1e6)
}

struct Bench<'a> {
    child: Child<'a>,
    until: Instant,
    global: &'a Global,
}

impl Bench<'_> {
    /// Goes through the plan while there is time, the first measurement in any case. Also returns how many were left out.
    fn measure(&self, plan: &Plan) -> Result<(Vec<Row>, usize), Failure> {
        let mut rows: Vec<Row> = Vec::new();
        let mut left_out = 0;
        let rest = plan.rest.iter().map(|cell| (cell, true));
        for (number, (cell, is_rest)) in plan.first.iter().map(|cell| (cell, false)).chain(rest).enumerate() {
            let mut cell = cell.clone();
            if is_rest
                && !cell.is_batch()
                && let Some(best) = advice::fastest(rows.iter().filter(|row| !row.cell.is_batch()))
            {
                (cell.sessions, cell.threads) = (best.cell.sessions, best.cell.threads);
            }
            let alike = rows.iter().filter(|row| row.cell.model == cell.model);
            if alike.clone().any(|row| matches!(row.outcome, Outcome::Failed)) {
                continue;
            }
            let expected = expected(alike.filter(|row| row.cell.tier == cell.tier), &cell);
            let Some(expected) = expected else { continue };
            if number > 0 && Instant::now() + expected >= self.until {
                left_out += 1;
                continue;
            }
            // What takes longer than its sound is given up: nobody would want it, and the time is needed for the others.
            // The first one has to tell something on a slow machine too.
            let patience = sound(&cell) * if number == 0 { FIRST_PATIENCE } else { 1 };
            let outcome = self.child.run(&cell, patience)?;
            let (ja, en) = show::progress(&cell, &outcome);
            let at = format!("{}/{}", number + 1, plan.len());
            self.say(&format!("{at} {ja}"), &format!("{at} {en}"));
            rows.push(Row { cell, outcome });
        }
        if rows.iter().all(|row| matches!(row.outcome, Outcome::Failed)) {
            return Err(Failure::some_failed("測定できたモデルがありません", "no model could be measured"));
        }
        Ok((rows, left_out))
    }

    fn say(&self, ja: &str, en: &str) {
        if !self.global.quiet {
            line(if self.global.lang() == Lang::Ja { ja } else { en });
        }
    }
}

/// How long a measurement will take by those before it with the same model and tier: nothing known is no time, and nothing
/// at all is where they, or the one with the same sessions and threads, were given up.
fn expected<'r>(before: impl Iterator<Item = &'r Row>, cell: &Cell) -> Option<Duration> {
    let mut known = None;
    let mut given_up = false;
    for row in before {
        let same = (row.cell.sessions, row.cell.threads) == (cell.sessions, cell.threads);
        match row.outcome.rtf() {
            Some(rtf) => known = Some(known.map_or(rtf, |known: f64| known.min(rtf))),
            None if same => return None,
            None => given_up = true,
        }
    }
    (known.is_some() || !given_up).then(|| sound(cell).mul_f64(known.unwrap_or(0.0)))
}

/// How long what a measurement hears is.
fn sound(cell: &Cell) -> Duration {
    Duration::from_secs(SAMPLE_S * cell.recordings as u64)
}

#[cfg(test)]
mod tests {
    use super::advice::tests::row;
    use super::*;

    #[test]
    fn memory_is_read_as_the_system_writes_it() {
        assert_eq!(free_mb("MemTotal: 9 kB\nMemAvailable:    1000 kB\n"), Some(1.024));
        assert_eq!(free_mb("nonsense"), None);
    }

    #[test]
    fn a_measurement_takes_as_long_as_the_ones_like_it() {
        let seconds = |rows: &[Row]| {
            let cell = row("base", "careful", (2, 1), 2, None).cell;
            expected(rows.iter(), &cell).map(|time| time.as_secs())
        };
        let [short, pair] = [(2, 1), (1, 2)].map(|shape| move |rtf| row("base", "careful", shape, 1, rtf));
        assert_eq!(seconds(&[]), Some(0));
        assert_eq!(seconds(&[short(Some(0.5)), pair(Some(0.25))]), Some(24));
        assert_eq!(seconds(&[short(Some(0.5)), pair(None)]), Some(48), "only other threads were given up");
        assert_eq!(seconds(&[short(None), pair(Some(0.5))]), None);
        assert_eq!(seconds(&[pair(None)]), None);
    }
}
